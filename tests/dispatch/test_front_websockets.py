"""WebSockets of an app with mounts and middleware."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import WebSocketRoute

from asyncflask import Flask, session, url_for, websocket
from asyncflask.testing import WebSocketDenied


async def echo(websocket):
    """A WebSocket of Starlette's that says where it is mounted."""
    await websocket.accept()
    text = await websocket.receive_text()
    await websocket.send_text(f"{websocket.scope['root_path']} {text}")
    await websocket.close()


STARLETTE = Starlette(routes=[WebSocketRoute("/echo", echo)])


def wsgi_app(environ, start_response):
    start_response("404 Not Found", [])
    return []


def talking(name):
    """An asyncflask app with a WebSocket that tells its name and paths."""
    app = Flask(name)

    @app.websocket("/talk")
    async def talk():
        await websocket.send(f"{name} {websocket.root_path} {websocket.path} {url_for('talk')}")

    return app


def ask(app, path, text=None):
    """The first message of a WebSocket, and what was sent before it."""
    with app.test_client().websocket_connect(path) as ws:
        if text is not None:
            ws.send(text)
        return ws.receive()


def test_starlettes():
    """A mounted Starlette app answers its own."""
    app = Flask("host")
    app.mount("/star", STARLETTE)

    assert ask(app, "/star/echo", "hello") == "/star hello"


def test_a_mounted_apps():
    """A mounted asyncflask app knows its root path."""
    app = talking("host")
    app.mount("/inner", talking("inner"))

    assert ask(app, "/talk").startswith("host  /talk ")
    assert ask(app, "/inner/talk").startswith("inner /inner /talk ")
    assert ask(app, "/inner/talk").endswith("/inner/talk")


def test_of_the_fallback():
    """The app's own come first, the fallback's next."""
    app = talking("host")
    app.mount("/", STARLETTE)

    assert ask(app, "/talk").startswith("host ")
    assert ask(app, "/echo", "hello") == " hello"


def test_that_is_a_page_of_the_apps():
    """A path that the app has for requests alone is the fallback's for WebSockets."""
    app = Flask("host")
    app.add_url_rule("/echo", "page", lambda: "page")
    app.mount("/", STARLETTE)

    assert app.test_client().get("/echo").text == "page"
    assert ask(app, "/echo", "hello") == " hello"


def test_a_wsgi_fallback_has_none():
    """The app itself denies what neither knows."""
    app = talking("host")
    app.mount("/", wsgi_app)

    assert ask(app, "/talk").startswith("host ")
    with pytest.raises(WebSocketDenied) as caught:
        ask(app, "/nothing")
    assert caught.value.status_code == 404


def test_through_middleware():
    """Starlette's middleware lets them pass, sessions and all."""
    app = Flask("host")
    app.secret_key = "a key"
    app.add_middleware(GZipMiddleware)
    app.add_middleware(BaseHTTPMiddleware, dispatch=lambda request, call_next: call_next(request))
    app.add_middleware(CORSMiddleware, allow_origins=["*"])

    @app.get("/login")
    def login():
        session["name"] = "Ada"
        return ""

    @app.websocket("/talk")
    async def talk():
        await websocket.send(session["name"])

    client = app.test_client()
    client.get("/login")

    with client.websocket_connect("/talk") as ws:
        assert ws.receive() == "Ada"


def test_middleware_may_deny_them():
    """What refuses a request refuses a WebSocket."""
    app = talking("host")
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["example.org"])

    with pytest.raises(WebSocketDenied) as caught:
        ask(app, "/talk")

    assert caught.value.status_code == 400
