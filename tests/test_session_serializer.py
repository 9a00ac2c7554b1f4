"""What signs sessions: the cookies are those of Flask, and keys and settings count at once."""

from __future__ import annotations

import hashlib

import itsdangerous
import pytest

from asyncflask.json.tag import TaggedJSONSerializer
from asyncflask.sessions import SecureCookieSession, SecureCookieSessionInterface
from tests.session_cookies import (
    BYTES_KEY,
    COMPRESSED,
    FLASK_BYTES_KEY,
    FLASK_CLOCK,
    FLASK_COMPRESSED,
    FLASK_OLD_KEY,
    FLASK_PERMANENT,
    FLASK_PLAIN,
    FLASK_TYPES,
    OLD_KEY,
    PERMANENT,
    PLAIN,
    TYPES,
    App,
    open_cookie,
    save,
    written_cookie,
)


@pytest.fixture
def interface():
    return SecureCookieSessionInterface()


class TestCookiesOfFlask:
    @pytest.mark.parametrize(
        ("cookie", "content"),
        [
            (FLASK_PLAIN, PLAIN),
            (FLASK_TYPES, TYPES),
            (FLASK_COMPRESSED, COMPRESSED),
            (FLASK_PERMANENT, PERMANENT),
        ],
    )
    def test_they_are_read(self, interface, cookie, content):
        """A user who was logged in stays logged in when an app changes over."""
        session = open_cookie(interface, App(), cookie)

        assert session == content
        assert {key: type(value) for key, value in session.items()} == {
            key: type(value) for key, value in content.items()
        }

    def test_a_bytes_key(self, interface):
        """A secret key of bytes signs as the bytes it is."""
        assert open_cookie(interface, App(SECRET_KEY=BYTES_KEY), FLASK_BYTES_KEY) == {"user": 1}

    def test_ours_are_the_same_to_the_byte(self, interface, monkeypatch):
        """At the same moment, under the same key, the cookie is the one that Flask writes."""
        clock = FLASK_CLOCK
        monkeypatch.setattr(itsdangerous.TimestampSigner, "get_timestamp", lambda self: clock)
        session = SecureCookieSession()
        session["name"] = "Ada"
        session["user"] = 42

        value, _attributes = written_cookie(save(interface, App(), session))

        assert value == FLASK_PLAIN


class TestSigningSerializer:
    def test_without_a_key_there_is_none(self, interface):
        """Fallback keys alone sign nothing."""
        app = App(SECRET_KEY=None, SECRET_KEY_FALLBACKS=[OLD_KEY])

        assert interface.get_signing_serializer(app) is None

    def test_it_is_built_once(self, interface):
        """Requests share it as long as key and settings are the same, also between apps."""
        serializer = interface.get_signing_serializer(App())

        assert interface.get_signing_serializer(App()) is serializer

    def test_a_new_key_counts_at_once(self, interface):
        """Changing the key of a running app changes what signs and what verifies."""
        app = App()
        open_cookie(interface, app, FLASK_PLAIN)

        app.secret_key = OLD_KEY

        assert open_cookie(interface, app, FLASK_OLD_KEY) == {"user": 7}
        assert open_cookie(interface, app, FLASK_PLAIN) == {}

    def test_fallbacks_changed_in_place_count_at_once(self, interface):
        """The list in the configuration may be edited."""
        app = App(SECRET_KEY_FALLBACKS=[OLD_KEY])
        open_cookie(interface, app, FLASK_OLD_KEY)

        app.config["SECRET_KEY_FALLBACKS"].clear()

        assert open_cookie(interface, app, FLASK_OLD_KEY) == {}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("salt", "another"),
            ("digest_method", staticmethod(hashlib.sha256)),
            ("key_derivation", "concat"),
            ("serializer", TaggedJSONSerializer()),
        ],
    )
    def test_each_setting_makes_another(self, interface, name, value):
        """Changed settings are not answered with the serializer for the former ones."""
        before = interface.get_signing_serializer(App())

        changed = type("Changed", (SecureCookieSessionInterface,), {name: value})()
        setattr(interface, name, getattr(changed, name))

        assert interface.get_signing_serializer(App()) is not before

    @pytest.mark.parametrize("key", ["dev", "fifteen letters", b"short"])
    def test_a_short_key_is_warned_of_once(self, interface, caplog, key):
        """In debug mode, when it is first used; the key itself is not shown."""
        app = App(SECRET_KEY=key, DEBUG=True)

        for _ in range(3):
            interface.get_signing_serializer(app)

        [record] = caplog.records
        assert record.levelname == "WARNING"
        assert f"SECRET_KEY has {len(key)} bytes" in record.getMessage()
        assert repr(key) not in record.getMessage()

    @pytest.mark.parametrize(
        "config",
        [
            {"DEBUG": False, "SECRET_KEY": "dev"},
            {"DEBUG": True, "SECRET_KEY": "dev", "TESTING": True},
            {"DEBUG": True, "SECRET_KEY": "sixteen letters!"},
            {"DEBUG": True, "SECRET_KEY_FALLBACKS": ["dev"]},
        ],
    )
    def test_nothing_else_is_warned_of(self, interface, caplog, config):
        """No long key, no test, no old key, and nothing in production."""
        interface.get_signing_serializer(App(**config))

        assert caplog.records == []

    def test_few_are_kept(self, interface):
        """An app that changes its key for ever does not fill the memory."""
        for number in range(100):
            interface.get_signing_serializer(App(SECRET_KEY=f"key {number}"))

        assert len(interface._serializers) <= 16
