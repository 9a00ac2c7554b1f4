"""Sessions: what changes them, what they become on the wire, and what a bad cookie does."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, datetime, timedelta

import itsdangerous
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncflask.config import Config
from asyncflask.http import parse_cookie, parse_date
from asyncflask.sessions import (
    NullSession,
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionInterface,
    SessionMixin,
    session_json_serializer,
)
from asyncflask.wrappers.response import Response
from tests.session_cookies import (
    FLASK_OLD_KEY,
    FLASK_PERMANENT,
    FLASK_PLAIN,
    FLASK_TYPES,
    KEY,
    OLD_KEY,
    PLAIN,
    TYPES,
    App,
    make_request,
    open_cookie,
    save,
    written_cookie,
)


@pytest.fixture
def interface():
    return SecureCookieSessionInterface()


def old_cookie(content, age):
    """A cookie as it was signed `age` seconds ago."""

    class Signer(itsdangerous.TimestampSigner):
        def get_timestamp(self):
            return super().get_timestamp() - age

    serializer = itsdangerous.URLSafeTimedSerializer(
        KEY,
        salt="cookie-session",
        serializer=session_json_serializer,
        signer=Signer,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1},
    )
    return serializer.dumps(content)


def signed(content):
    """A cookie with our signature around JSON that may be anything."""
    serializer = itsdangerous.URLSafeTimedSerializer(
        KEY,
        salt="cookie-session",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1},
    )
    return serializer.dumps(content)


class TestSessionInterface:
    def test_the_null_session_is_recognised(self):
        """What make_null_session makes is what is_null_session means."""
        interface = SessionInterface()

        assert interface.is_null_session(interface.make_null_session(App()))
        assert not interface.is_null_session(SecureCookieSession())

    def test_the_null_session_class_can_be_set(self):
        """A subclass may have a null session of its own."""

        class Own(SessionInterface):
            class null_session_class(dict):
                pass

        interface = Own()

        assert interface.is_null_session(interface.make_null_session(App()))
        assert not interface.is_null_session(NullSession())

    def test_the_cookie_follows_the_configuration(self):
        """Each attribute has its setting."""
        interface = SessionInterface()
        app = App(
            SESSION_COOKIE_NAME="s",
            SESSION_COOKIE_DOMAIN="shop.example",
            SESSION_COOKIE_PATH="/cart",
            SESSION_COOKIE_HTTPONLY=False,
            SESSION_COOKIE_SECURE=True,
            SESSION_COOKIE_SAMESITE="Lax",
            SESSION_COOKIE_PARTITIONED=True,
        )

        assert interface.get_cookie_name(app) == "s"
        assert interface.get_cookie_domain(app) == "shop.example"
        assert interface.get_cookie_path(app) == "/cart"
        assert interface.get_cookie_httponly(app) is False
        assert interface.get_cookie_secure(app) is True
        assert interface.get_cookie_samesite(app) == "Lax"
        assert interface.get_cookie_partitioned(app) is True

    def test_the_path_falls_back_on_the_application_root(self):
        """Two apps under one host keep their cookies apart."""
        assert SessionInterface().get_cookie_path(App(APPLICATION_ROOT="/shop")) == "/shop"

    def test_a_permanent_session_expires(self):
        """The lifetime counts from now, in UTC; other sessions end with the browser."""
        app = App(PERMANENT_SESSION_LIFETIME=timedelta(hours=1))
        interface, session = SessionInterface(), SecureCookieSession()
        before = datetime.now(UTC)

        assert interface.get_expiration_time(app, session) is None
        session.permanent = True
        expires = interface.get_expiration_time(app, session)

        assert timedelta(hours=1) <= expires - before < timedelta(hours=1, minutes=1)

    @pytest.mark.parametrize(
        ("permanent", "modified", "refresh", "expected"),
        [
            (False, False, True, False),
            (False, True, False, True),
            (True, False, True, True),
            (True, False, False, False),
            (True, True, False, True),
        ],
    )
    def test_when_the_cookie_is_set(self, permanent, modified, refresh, expected):
        """When changed, or at each request for a permanent session that is to be refreshed."""
        session = SecureCookieSession({"_permanent": permanent})
        session.modified = modified
        app = App(SESSION_REFRESH_EACH_REQUEST=refresh)

        assert SessionInterface().should_set_cookie(app, session) is expected

    def test_the_interface_alone_says_what_is_missing(self):
        """The errors name the class and the methods to define."""
        interface = SessionInterface()

        with pytest.raises(NotImplementedError, match=r"define open_session\(\)"):
            interface.open_session(App(), make_request())
        with pytest.raises(NotImplementedError, match=r"define save_session\(\)"):
            interface.save_session(App(), SecureCookieSession(), Response())

    def test_a_plain_mapping_session_counts_as_modified(self):
        """Where nothing tracks changes, saving is the safe answer."""

        class Plain(dict, SessionMixin):
            pass

        session = Plain()

        assert session.modified is True
        assert session.accessed is False


class TestOpening:
    def test_without_a_cookie_the_session_is_empty(self, interface):
        """A first visit has a session that nothing was done to."""
        session = open_cookie(interface, App(), None)

        assert session == {}
        assert session.modified is False

    @pytest.mark.parametrize("key", [None, "", b""])
    def test_without_a_key_there_is_none(self, interface, key):
        """None tells the caller to make a null session."""
        assert open_cookie(interface, App(SECRET_KEY=key), FLASK_PLAIN) is None

    def test_the_cookies_name_is_configured(self, interface):
        """Only the cookie of that name is looked at."""
        request = make_request(FLASK_PLAIN, name="shop")

        assert interface.open_session(App(SESSION_COOKIE_NAME="shop"), request) == PLAIN
        assert interface.open_session(App(), request) == {}

    def test_another_session_class(self):
        """The class is the interface's attribute."""

        class Session(SecureCookieSession):
            pass

        class Interface(SecureCookieSessionInterface):
            session_class = Session

        assert type(open_cookie(Interface(), App(), FLASK_PLAIN)) is Session

    def test_a_fallback_key_verifies(self, interface):
        """After a key was rotated, cookies under the former keys are still good."""
        app = App(SECRET_KEY_FALLBACKS=["another", OLD_KEY])

        assert open_cookie(interface, app, FLASK_OLD_KEY) == {"user": 7}
        assert open_cookie(interface, app, FLASK_PLAIN) == PLAIN

    def test_a_key_that_was_dropped_verifies_no_more(self, interface):
        """Without the fallback the old cookie is an empty session."""
        assert open_cookie(interface, App(), FLASK_OLD_KEY) == {}

    def test_an_expired_cookie_is_empty(self, interface):
        """A cookie counts for the lifetime of permanent sessions, whatever the browser does."""
        app = App(PERMANENT_SESSION_LIFETIME=timedelta(hours=1))

        assert open_cookie(interface, app, old_cookie({"a": 1}, age=3000)) == {"a": 1}
        assert open_cookie(interface, app, old_cookie({"a": 1}, age=4000)) == {}

    @pytest.mark.parametrize(
        "cookie",
        [
            "",
            "garbage",
            "a.b.c.d",
            "...",
            FLASK_PLAIN[:-3] + "xxx",
            FLASK_PLAIN[1:],
            FLASK_PLAIN.replace(".ZVPxAA.", ".ZVPxAB."),
            FLASK_PLAIN.rpartition(".")[0],
            ".eJ" + FLASK_PLAIN,
            "é" * 20,
        ],
    )
    def test_a_forged_cookie_is_empty(self, interface, cookie):
        """Whatever the client sends, it gets an empty session and no error."""
        assert open_cookie(interface, App(), cookie) == {}

    @given(st.text(st.characters(codec="latin-1"), max_size=60))
    def test_any_text_is_empty(self, cookie):
        """No string at all makes opening fail."""
        assert open_cookie(SecureCookieSessionInterface(), App(), cookie) == {}

    @pytest.mark.parametrize("content", [[1, 2], "text", 5, None, [["a", 1]], {"a": {" u": "x"}}])
    def test_a_signed_payload_that_is_no_session_is_empty(self, interface, content):
        """A cookie that other code signed with the key, or an older tag, is no 500."""
        assert open_cookie(interface, App(), signed(content)) == {}


class TestSaving:
    def test_an_untouched_session_leaves_the_response_alone(self, interface):
        """No cookie and no Vary: the response may be cached."""
        response = save(interface, App(), open_cookie(interface, App(), FLASK_PLAIN))

        assert "Set-Cookie" not in response.headers
        assert "Vary" not in response.headers

    def test_an_accessed_session_varies(self, interface):
        """What was read may have changed the answer: caches are told, the cookie is not sent."""
        session = open_cookie(interface, App(), FLASK_PLAIN)
        session.accessed = True

        response = save(interface, App(), session)

        assert response.headers["Vary"] == "Cookie"
        assert "Set-Cookie" not in response.headers

    def test_vary_joins_what_is_there(self, interface):
        """One header names everything, each once."""
        session = SecureCookieSession({"a": 1})
        session.accessed = session.modified = True
        response = Response("body", headers={"Vary": "Accept-Language"})

        interface.save_session(App(), session, response)

        assert response.headers.getlist("Vary") == ["Accept-Language, Cookie"]

    def test_a_changed_session_is_written(self, interface):
        """The cookie that is set opens as the same session."""
        session = open_cookie(interface, App(), FLASK_TYPES)
        session["more"] = (1, (2,))

        response = save(interface, App(), session)
        value, attributes = written_cookie(response)

        assert open_cookie(interface, App(), value) == TYPES | {"more": (1, (2,))}
        assert attributes == ["HttpOnly", "Path=/"]
        assert response.headers["Vary"] == "Cookie"

    @pytest.mark.parametrize(
        ("setting", "value", "part"),
        [
            ("SESSION_COOKIE_NAME", "shop", "shop="),
            ("SESSION_COOKIE_DOMAIN", "shop.example", "; Domain=shop.example"),
            ("SESSION_COOKIE_PATH", "/cart", "; Path=/cart"),
            ("APPLICATION_ROOT", "/shop", "; Path=/shop"),
            ("SESSION_COOKIE_SECURE", True, "; Secure"),
            ("SESSION_COOKIE_SAMESITE", "Lax", "; SameSite=Lax"),
            ("SESSION_COOKIE_PARTITIONED", True, "; Partitioned"),
            ("PERMANENT_SESSION_LIFETIME", timedelta(days=365 * 7000), " 90"),
        ],
    )
    def test_a_changed_setting_counts_at_once(self, interface, setting, value, part):
        """Whatever was kept for the former ones."""
        app = App(PERMANENT_SESSION_LIFETIME=timedelta(days=1))
        session = SecureCookieSession({"_permanent": True})
        before = save(interface, app, session).headers["Set-Cookie"]

        app.config[setting] = value
        after = save(interface, app, session).headers["Set-Cookie"]

        assert part not in before
        assert part in after

    def test_a_method_of_the_instance_counts_at_once(self, interface):
        """Extensions and tests may put one there."""
        session = SecureCookieSession({"_permanent": True})
        save(interface, App(), session)

        interface.get_cookie_path = lambda app: "/own"

        assert "Path=/own" in save(interface, App(), session).headers["Set-Cookie"]

    def test_a_method_of_the_class_counts_at_once(self, interface, monkeypatch):
        """As a test may replace it for a while."""
        app, session = App(), SecureCookieSession({"_permanent": True})
        save(interface, app, session)

        monkeypatch.setattr(
            SecureCookieSessionInterface, "should_set_cookie", lambda *arguments: False
        )

        assert "Set-Cookie" not in save(interface, app, session).headers

    def test_a_salt_that_is_computed_is_asked_for_each_time(self):
        """What is no plain attribute is never kept."""
        numbers = itertools.count()

        class Interface(SecureCookieSessionInterface):
            salt = property(lambda self: f"salt {next(numbers)}")

        interface, session = Interface(), SecureCookieSession({"_permanent": True})

        values = {written_cookie(save(interface, App(), session))[0] for _ in range(3)}

        assert len(values) == 3

    def test_an_apps_own_lifetime_counts(self, interface):
        """A subclass need not take it from the configuration."""

        class Own(App):
            permanent_session_lifetime = timedelta(seconds=100)

        assert open_cookie(interface, Own(), old_cookie({"a": 1}, age=50)) == {"a": 1}
        assert open_cookie(interface, Own(), old_cookie({"a": 1}, age=200)) == {}

    def test_a_configuration_may_compute_its_values(self, interface):
        """A class of somebody's own is asked for each of them."""

        class Computing(Config):
            names = iter(["one", "two"])

            def __getitem__(self, key):
                if key == "SESSION_COOKIE_NAME":
                    return next(self.names)
                return super().__getitem__(key)

        app, session = App(), SecureCookieSession({"_permanent": True})
        app.config = Computing("", app.config)

        headers = [save(interface, app, session).headers["Set-Cookie"] for _ in range(2)]

        assert [header.partition("=")[0] for header in headers] == ["one", "two"]

    def test_apps_share_an_interface(self, interface):
        """Each has its own settings."""
        apps = [App(SESSION_COOKIE_NAME=f"s{number}") for number in range(40)]
        session = SecureCookieSession({"_permanent": True})

        for app in apps * 2:
            header = save(interface, app, session).headers["Set-Cookie"]

            assert header.startswith(f"{app.config['SESSION_COOKIE_NAME']}=")
        assert len(interface._kept_terms) <= 16

    def test_the_expiry_is_that_of_the_method(self, interface):
        """To the second, be the lifetime whole seconds or not."""
        for lifetime in (timedelta(days=3), timedelta(days=3, microseconds=1)):
            app = App(PERMANENT_SESSION_LIFETIME=lifetime)
            session = SecureCookieSession({"_permanent": True})

            earliest = interface.get_expiration_time(app, session).replace(microsecond=0)
            header = save(interface, app, session).headers["Set-Cookie"]
            latest = interface.get_expiration_time(app, session)

            assert earliest <= parse_date(header.split("Expires=")[1].split(";")[0]) <= latest

    def test_a_setting_that_is_wrong_is_told_when_the_cookie_is_set(self, interface):
        """Not when a session is read."""
        app = App(SESSION_COOKIE_SAMESITE="maybe")
        session = open_cookie(interface, app, FLASK_PLAIN)
        session["a"] = 1

        with pytest.raises(ValueError, match="it is 'maybe'"):
            save(interface, app, session)

    def test_a_response_may_set_its_cookies_itself(self, interface):
        """A subclass sees the session's cookie as any other."""

        class Recording(Response):
            def set_cookie(self, key, value="", **attributes):
                super().set_cookie(f"own-{key}", value, **attributes)

        response = Recording("body")
        interface.save_session(App(), SecureCookieSession({"_permanent": True}), response)

        assert response.headers["Set-Cookie"].startswith("own-session=")

    def test_any_serializer_may_make_the_value(self):
        """What a cookie cannot hold is escaped."""

        class Plain:
            def dumps(self, content):
                return f"{sorted(content)}; ä"

        class Interface(SecureCookieSessionInterface):
            def get_signing_serializer(self, app):
                return Plain()

        response = save(Interface(), App(), SecureCookieSession({"_permanent": True}))

        name, _, value = response.headers["Set-Cookie"].partition("=")
        assert parse_cookie(f"{name}={value}")["session"] == "['_permanent']; ä"

    def test_a_large_session_warns(self, interface):
        """As any cookie does."""
        session = SecureCookieSession()
        session["noise"] = "".join(map(chr, range(0x4E00, 0x5600)))

        with pytest.warns(UserWarning, match="'session' cookie is too large"):
            save(interface, App(), session)

    def test_the_current_key_signs(self, interface):
        """Fallbacks verify only: what is written opens without them."""
        session = open_cookie(interface, App(SECRET_KEY_FALLBACKS=[OLD_KEY]), FLASK_OLD_KEY)
        session["more"] = 1

        value, _ = written_cookie(save(interface, App(SECRET_KEY_FALLBACKS=[OLD_KEY]), session))

        assert open_cookie(interface, App(), value) == {"user": 7, "more": 1}

    def test_a_permanent_session_has_an_expiry(self, interface):
        """A refreshed permanent session is written at each request, with its new date."""
        app = App(PERMANENT_SESSION_LIFETIME=timedelta(days=20000))
        session = open_cookie(interface, app, FLASK_PERMANENT)

        _, attributes = written_cookie(save(interface, app, session))

        assert [name.partition("=")[0] for name in attributes] == ["Expires", "HttpOnly", "Path"]

    def test_a_permanent_session_is_left_alone_without_refresh(self, interface):
        """SESSION_REFRESH_EACH_REQUEST off: only changes write the cookie."""
        app = App(SESSION_REFRESH_EACH_REQUEST=False)

        response = save(interface, app, open_cookie(interface, app, FLASK_PERMANENT))

        assert "Set-Cookie" not in response.headers

    def test_an_emptied_session_deletes_the_cookie(self, interface):
        """Clearing the session is how users log out."""
        session = open_cookie(interface, App(), FLASK_PLAIN)
        session.clear()

        response = save(interface, App(), session)
        value, attributes = written_cookie(response)

        assert value == ""
        assert "Expires=Thu, 01 Jan 1970 00:00:00 GMT" in attributes
        assert "Max-Age=0" in attributes
        assert response.headers["Vary"] == "Cookie"

    @pytest.mark.parametrize("change", [SecureCookieSession.clear, SecureCookieSession.update])
    def test_setting_and_deleting_carry_the_same_attributes(self, interface, change):
        """A browser takes the deletion only for the cookie with the same attributes."""
        app = App(
            SESSION_COOKIE_DOMAIN="shop.example",
            SESSION_COOKIE_PATH="/cart",
            SESSION_COOKIE_SECURE=True,
            SESSION_COOKIE_SAMESITE="Lax",
            SESSION_COOKIE_PARTITIONED=True,
        )
        session = open_cookie(interface, app, FLASK_PLAIN)
        change(session)

        _, attributes = written_cookie(save(interface, app, session))

        assert {
            "Domain=shop.example",
            "Path=/cart",
            "Secure",
            "HttpOnly",
            "SameSite=Lax",
            "Partitioned",
        } <= set(attributes)

    def test_a_value_that_json_lacks_is_a_type_error(self, interface):
        """The server's own mistake is told, not swallowed."""
        session = SecureCookieSession()
        session["lock"] = object()

        with pytest.raises(TypeError, match="object is not JSON serializable"):
            save(interface, App(), session)

    def test_a_key_that_vanished_explains_itself(self, interface):
        """An app that lost its key after opening gets the error about the key."""
        session = SecureCookieSession()
        session["a"] = 1

        with pytest.raises(RuntimeError, match="no secret key was set"):
            save(interface, App(SECRET_KEY=None), session)
