"""Sessions, as applications lean on them: the same on Flask 3.1, checked there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from itsdangerous import URLSafeTimedSerializer
from markupsafe import Markup

from asyncflask import Flask, session
from asyncflask.sessions import session_json_serializer


@pytest.fixture
def app():
    app = Flask(__name__, static_folder=None)
    app.secret_key = "key"
    app.testing = True
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def store():
    session["name"] = "ada"
    return ""


def show():
    return session.get("name", "nobody")


# -- Vary


@pytest.mark.parametrize(
    ("touch", "vary"),
    [
        (lambda: "", None),
        (lambda: session.get("name") or "", "Cookie"),
        (lambda: str("name" in session), "Cookie"),
        (lambda: str(list(session)), "Cookie"),
        (store, "Cookie"),
    ],
    ids=["untouched", "get", "contains", "keys", "store"],
)
def test_vary(app, client, coloured, touch, vary):
    """Vary: Cookie is sent where the session was touched, and only there."""
    app.add_url_rule("/", view_func=coloured(touch))

    response = client.get("/")

    assert response.headers.get("Vary") == vary


@pytest.mark.parametrize(
    ("own", "merged"), [("Accept-Encoding", "Accept-Encoding, Cookie"), ("cookie", "cookie")]
)
def test_vary_is_merged(app, client, coloured, own, merged):
    """A Vary of the view's is kept, in one header, and says Cookie once."""
    app.add_url_rule("/", view_func=coloured(lambda: (store(), {"Vary": own})))

    response = client.get("/")

    assert response.headers.getlist("Vary") == [merged]


# -- saving


def test_session_is_saved_after_the_after_functions(app, client, coloured):
    """What an after function puts into the session is in the cookie."""

    def after(response):
        session["name"] = "from after"
        return response

    app.after_request(coloured(after))
    app.add_url_rule("/", view_func=coloured(show))

    texts = [client.get("/").text, client.get("/").text]

    assert texts == ["nobody", "from after"]


@pytest.mark.parametrize(("each_request", "count"), [(True, 1), (False, 0)])
def test_permanent_session_is_refreshed(app, client, coloured, each_request, count):
    """A permanent session's cookie is sent anew as SESSION_REFRESH_EACH_REQUEST says."""

    def store_for_long():
        session.permanent = True
        return store()

    app.config["SESSION_REFRESH_EACH_REQUEST"] = each_request
    app.add_url_rule("/store", "store", coloured(store_for_long))
    app.add_url_rule("/", "index", coloured(lambda: ""))
    client.get("/store")

    response = client.get("/")

    assert len(response.headers.getlist("Set-Cookie")) == count


def test_permanent_session_expires(app, client, coloured):
    """The cookie of a permanent session lives as long as the setting says."""
    app.permanent_session_lifetime = timedelta(days=2)
    app.before_request(coloured(lambda: setattr(session, "permanent", True)))
    app.add_url_rule("/", view_func=coloured(store))

    client.get("/")

    left = client.get_cookie("session").expires - datetime.now(UTC)
    assert timedelta(days=1, hours=23) < left <= timedelta(days=2)


def test_unchanged_session_is_not_sent(app, client, coloured):
    """Reading the session sends no cookie."""
    app.add_url_rule("/store", "store", coloured(store))
    app.add_url_rule("/", "index", coloured(show))
    client.get("/store")

    response = client.get("/")

    assert response.text == "ada"
    assert "Set-Cookie" not in response.headers


def test_deleting_cookie_has_the_same_attributes(app, client, coloured):
    """An emptied session's cookie is deleted where it was set."""
    app.config.update(
        SESSION_COOKIE_DOMAIN="localhost",
        SESSION_COOKIE_HTTPONLY=False,
        SESSION_COOKIE_PARTITIONED=True,
        SESSION_COOKIE_PATH="/shop",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=True,
    )
    app.add_url_rule("/shop/store", "store", coloured(store))
    app.add_url_rule("/shop/clear", "clear", coloured(lambda: session.clear() or ""))

    client.get("/shop/store", base_url="https://localhost")
    response = client.get("/shop/clear", base_url="https://localhost")

    first, *attributes = response.headers["Set-Cookie"].split("; ")
    assert first == "session="
    assert {"Domain=localhost", "Path=/shop", "SameSite=Lax", "Secure", "Partitioned"} <= set(
        attributes
    )
    assert "Max-Age=0" in attributes
    assert client.get_cookie("session", path="/shop") is None


# -- keys


def test_no_secret_key(app, client, coloured):
    """Without a key the session can be read, and writing explains itself."""
    app.secret_key = None
    app.add_url_rule("/read", "read", coloured(show))
    app.add_url_rule("/write", "write", coloured(store))

    response = client.get("/read")
    with pytest.raises(RuntimeError, match=r"session is unavailable.*secret key"):
        client.get("/write")

    assert response.text == "nobody"


def test_old_keys_verify(app, client, coloured):
    """A session signed with a fallback key is read, and signed with the new one when changed."""
    app.add_url_rule("/store", "store", coloured(store))
    app.add_url_rule("/", "index", coloured(show))
    client.get("/store")

    app.secret_key = "new key"
    forgotten = client.get("/").text
    app.config["SECRET_KEY_FALLBACKS"] = ["key"]
    remembered = client.get("/").text
    client.get("/store")
    app.config["SECRET_KEY_FALLBACKS"] = None
    signed_anew = client.get("/").text

    assert (forgotten, remembered, signed_anew) == ("nobody", "ada", "ada")


def test_cookies_of_flask_are_read(app, client, coloured):
    """A cookie that Flask's documented signing made is a session here."""
    app.add_url_rule("/", view_func=coloured(show))
    signer = URLSafeTimedSerializer(
        "key",
        salt="cookie-session",
        serializer=session_json_serializer,
        signer_kwargs={"key_derivation": "hmac"},
    )
    client.set_cookie("session", signer.dumps({"name": "ada"}))

    response = client.get("/")

    assert response.text == "ada"


def test_long_sessions_are_compressed(app, client, coloured):
    """What zlib makes shorter is sent compressed, which a leading dot tells, and is read again."""

    def store_much():
        session["name"] = "ada " * 500
        return ""

    app.add_url_rule("/store", "store", coloured(store_much))
    app.add_url_rule("/", "index", coloured(show))

    client.get("/store")
    cookie = client.get_cookie("session").value
    response = client.get("/")

    assert cookie.startswith(".")
    assert len(cookie) < 200
    assert response.text == "ada " * 500


def test_forged_cookie_is_an_empty_session(app, client, coloured):
    """A cookie that was changed counts for nothing."""
    app.add_url_rule("/", view_func=coloured(show))
    client.set_cookie("session", "eyJuYW1lIjoiYWRhIn0.made.up")

    response = client.get("/")

    assert response.text == "nobody"


@pytest.mark.parametrize(
    "value",
    [
        (1, "two", (3,)),
        b"\x00\xff",
        Markup("<b>bold</b>"),
        UUID("12345678123456781234567812345678"),
        datetime(2026, 5, 17, 9, 30, tzinfo=UTC),
        {" t": "looks like a tag"},
        {"plain": [1, {"deep": None}]},
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_come_back_as_they_were(app, client, coloured, value):
    """Values beyond JSON's keep their types in the cookie."""
    seen = []

    def keep():
        session["value"] = value
        return ""

    app.add_url_rule("/store", "store", coloured(keep))
    app.add_url_rule("/", "index", coloured(lambda: seen.append(session["value"]) or ""))

    client.get("/store")
    client.get("/")

    assert seen == [value]
    assert type(seen[0]) is type(value)


# -- flashes


def test_messages_wait_until_they_are_read(app, client, coloured, package):
    """Messages of several requests come together, with their categories, once."""
    app.add_url_rule(
        "/flash/<text>", "flash", coloured(lambda text: package.flash(text, "note") or "")
    )
    app.add_url_rule(
        "/", "index", coloured(lambda: package.get_flashed_messages(with_categories=True))
    )
    for text in ("one", "two"):
        client.get(f"/flash/{text}")

    first, second = client.get("/").json, client.get("/").json

    assert (first, second) == ([["note", "one"], ["note", "two"]], [])
