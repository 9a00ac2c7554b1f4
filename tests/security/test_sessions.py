"""Sessions over real servers: cookies that are not the app's own, and what is told of them."""

from __future__ import annotations

import json
from datetime import timedelta
from http.cookies import SimpleCookie

import itsdangerous
import pytest

from asyncflask import Flask, session
from asyncflask.sessions import SecureCookieSessionInterface

HOST = "Host: localhost"
KEY = "a key of more than sixteen letters"
OLD_KEY = "the key that it was before"


def make_app(**config):
    app = Flask("sessions")
    app.config.update({"SECRET_KEY": KEY, **config})

    @app.get("/login")
    def login():
        session["user"] = "ada"
        return "welcome"

    @app.get("/keep")
    def keep():
        session.permanent = True
        session["user"] = "ada"
        return "welcome"

    @app.get("/show")
    def show():
        return dict(session)

    @app.get("/touch/<how>")
    def touch(how):
        return {"answer": bool(TOUCHES[how]())}

    @app.get("/nothing")
    def nothing():
        return "nothing"

    return app


TOUCHES = {
    "item": lambda: session.get("user"),
    "in": lambda: "user" in session,
    "len": lambda: len(session),
    "bool": lambda: bool(session),
    "iter": lambda: list(session),
    "keys": lambda: session.keys(),
    "equal": lambda: session == {},
    "permanent": lambda: session.permanent,
    "new": lambda: session.new,
    "repr": lambda: repr(session),
    "or": lambda: session | {},
}


@pytest.fixture(scope="module")
def app():
    return make_app()


@pytest.fixture(scope="module")
def server(serve, app):
    # Longer headers than uvicorn takes by default: other servers do.
    return serve(app, h11_max_incomplete_event_size=1_000_000)


def cookie_of(answer, name="session"):
    return SimpleCookie(answer.headers["Set-Cookie"])[name]


def sign(app, value, **changes):
    interface = SecureCookieSessionInterface()
    for name, change in changes.items():
        setattr(interface, name, change)
    return interface.get_signing_serializer(app).dumps(value)


def show(server, *cookies):
    answer = server.ask("GET /show HTTP/1.1", HOST, f"Cookie: {'; '.join(cookies)}")
    assert answer.status == 200
    return json.loads(answer.text)


def test_the_apps_own_cookie_is_read(server, app):
    """So that the others show something."""
    assert show(server, f"session={sign(app, {'user': 'ada'})}") == {"user": "ada"}


@pytest.mark.parametrize(
    "forge",
    [
        lambda app: sign(make_app(SECRET_KEY="another key"), {"user": "eve"}),
        lambda app: sign(app, {"user": "eve"}, salt="another use"),
        lambda app: sign(app, {"user": "eve"}, key_derivation="none"),
        lambda app: itsdangerous.URLSafeSerializer(KEY, "cookie-session").dumps({"user": "eve"}),
        lambda app: itsdangerous.URLSafeTimedSerializer(KEY).dumps({"user": "eve"}),
        lambda app: sign(app, {"user": "ada"}).replace("eyJ", "eyK", 1),
        lambda app: sign(app, ["user", "eve"]),
        lambda app: sign(app, "eve"),
        lambda app: sign(app, None),
        lambda app: "eyJhbGciOiJub25lIn0.eyJ1c2VyIjoiZXZlIn0.",
        lambda app: "." * 30_000,
        lambda app: "e" * 50_000,
        lambda app: ".eJw" + "A" * 50_000 + ".aaaaaa.bbbb",
        lambda app: '"' + "\\777" * 10_000 + '"',
        lambda app: "\xff" * 1000,
        lambda app: "",
    ],
    ids=range(16),
)
def test_a_cookie_that_is_not_the_apps_own_is_ignored(server, app, forge):
    """Signed by another key or for another use, with no session in it, or no cookie at all."""
    assert show(server, f"session={forge(app)}") == {}


def test_an_expired_cookie_is_ignored(serve):
    """After PERMANENT_SESSION_LIFETIME, whatever the browser says."""
    app = make_app(PERMANENT_SESSION_LIFETIME=timedelta(seconds=-1))
    server = serve(app)

    assert show(server, f"session={sign(app, {'user': 'ada'})}") == {}


def test_cookies_of_similar_names_are_ignored(server, app):
    """Nor does one of theirs hide the session."""
    good, evil = sign(app, {"user": "ada"}), sign(app, {"user": "eve"})

    assert show(server, f"Session={evil}", f"xsession={evil}", f"session.x={evil}") == {}
    assert show(server, f"=session={evil}", f"session={good}") == {"user": "ada"}


def test_a_fallback_key_verifies_and_never_signs(serve):
    """What it signed is read, and signed anew with the key of today."""
    old, new = make_app(SECRET_KEY=OLD_KEY), make_app(SECRET_KEY_FALLBACKS=[OLD_KEY])
    server = serve(new)

    assert show(server, f"session={sign(old, {'user': 'ada'})}") == {"user": "ada"}
    signed = cookie_of(server.ask("GET /login HTTP/1.1", HOST)).value
    assert show(serve(make_app()), f"session={signed}") == {"user": "ada"}
    assert show(serve(old), f"session={signed}") == {}


@pytest.mark.parametrize("how", TOUCHES)
@pytest.mark.parametrize("has_cookie", [True, False])
def test_every_look_at_the_session_varies_by_cookie(server, app, how, has_cookie):
    """Or a cache would show one user's page to another."""
    cookie = f"Cookie: session={sign(app, {'user': 'ada'})}" if has_cookie else "X-None: x"

    answer = server.ask(f"GET /touch/{how} HTTP/1.1", HOST, cookie)

    assert answer.headers["Vary"] == "Cookie"


def test_a_session_that_is_refreshed_varies_by_cookie(server):
    """Though nobody looked at it: the answer carries it."""
    kept = cookie_of(server.ask("GET /keep HTTP/1.1", HOST)).value

    answer = server.ask("GET /nothing HTTP/1.1", HOST, f"Cookie: session={kept}")

    assert "session=" in answer.headers["Set-Cookie"]
    assert answer.headers["Vary"] == "Cookie"


def test_a_page_without_a_session_does_not_vary(server):
    """It may be cached for all."""
    answer = server.ask("GET /nothing HTTP/1.1", HOST)

    assert "Vary" not in answer.headers
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("config", "attribute", "value"),
    [
        ({}, "httponly", True),
        ({}, "secure", ""),
        ({}, "samesite", ""),
        ({}, "domain", ""),
        ({}, "path", "/"),
        ({"SESSION_COOKIE_DOMAIN": "shop.test"}, "domain", "shop.test"),
        ({"SESSION_COOKIE_PATH": "/shop"}, "path", "/shop"),
        ({"APPLICATION_ROOT": "/shop"}, "path", "/shop"),
        ({"SESSION_COOKIE_HTTPONLY": False}, "httponly", ""),
        ({"SESSION_COOKIE_SECURE": True}, "secure", True),
        ({"SESSION_COOKIE_SAMESITE": "Strict"}, "samesite", "Strict"),
        ({"SESSION_COOKIE_SAMESITE": "lax"}, "samesite", "Lax"),
    ],
)
def test_the_cookie_is_as_configured(serve, config, attribute, value):
    """Each attribute by its key."""
    cookie = cookie_of(serve(make_app(**config)).ask("GET /login HTTP/1.1", HOST))

    assert cookie[attribute] == value


def test_the_cookie_may_be_partitioned(serve):
    """SESSION_COOKIE_PARTITIONED, which makes it secure too."""
    answer = serve(make_app(SESSION_COOKIE_PARTITIONED=True)).ask("GET /login HTTP/1.1", HOST)

    assert answer.headers["Set-Cookie"].endswith("; Secure; HttpOnly; Path=/; Partitioned")


def test_the_cookies_name_is_configured(serve):
    """And no other cookie is the session then."""
    app = make_app(SESSION_COOKIE_NAME="__Host-id")
    server = serve(app)
    signed = cookie_of(server.ask("GET /login HTTP/1.1", HOST), "__Host-id").value

    assert show(server, f"__Host-id={signed}") == {"user": "ada"}
    assert show(server, f"session={signed}") == {}


@pytest.mark.parametrize("refresh", [True, False])
def test_a_permanent_session_is_refreshed_as_configured(serve, refresh):
    """SESSION_REFRESH_EACH_REQUEST; its lifetime is PERMANENT_SESSION_LIFETIME."""
    server = serve(make_app(SESSION_REFRESH_EACH_REQUEST=refresh))
    first = server.ask("GET /keep HTTP/1.1", HOST)
    cookie = cookie_of(first)

    answer = server.ask("GET /nothing HTTP/1.1", HOST, f"Cookie: session={cookie.value}")

    assert cookie["expires"]
    assert ("Set-Cookie" in answer.headers) is refresh


@pytest.mark.parametrize("name", ["a;b", "a=b", "a\r\nX: y", ""])
def test_a_cookie_name_that_is_none_is_an_error(serve, name, caplog):
    """For the developer; the client sees an ordinary 500."""
    answer = serve(make_app(SESSION_COOKIE_NAME=name)).ask("GET /login HTTP/1.1", HOST)

    assert answer.status == 500
    assert "Set-Cookie" not in answer.headers
    assert "of a cookie" in caplog.text
