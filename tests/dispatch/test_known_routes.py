"""Routes without variables, which are found by their path once they were asked for."""

from __future__ import annotations

import pytest

from asyncflask import Flask, websocket
from asyncflask.routing import Rule

pytestmark = pytest.mark.anyio

HOST = {"host": "localhost"}


@pytest.fixture
def app():
    app = Flask("known")
    app.add_url_rule("/", "index", lambda: "index")
    return app


async def test_a_host_that_is_no_longer_trusted_is_refused(app, exchange):
    """TRUSTED_HOSTS counts for a route that was found before it was set."""
    before = await exchange(app, headers=HOST)
    app.config["TRUSTED_HOSTS"] = ["example.org"]

    after = await exchange(app, headers=HOST)

    assert (before.status, after.status) == (200, 400)


async def test_the_first_host_counts(app):
    """A server that passes two Host headers on: it is the first that `request.host` gives."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    def scope(*hosts):
        headers = [(b"host", host) for host in hosts]
        return {"type": "http", "method": "GET", "path": "/", "headers": headers, "scheme": "http"}

    await app(scope(b"good.example"), receive, send)
    await app(scope(b"b/d", b"good.example"), receive, send)
    await app(scope(b"good.example", b"b/d"), receive, send)

    assert [message["status"] for message in sent if "status" in message] == [200, 400, 200]


async def test_the_first_host_counts_for_a_websocket(app):
    """As for a request: the handshake is denied where it is no host."""
    sent = []

    @app.websocket("/ws")
    async def ws():
        await websocket.accept()

    async def send(message):
        sent.append(message["type"])

    async def receive():
        return {"type": "websocket.connect"}

    def scope(*hosts):
        headers = [(b"host", host) for host in hosts]
        return {"type": "websocket", "path": "/ws", "headers": headers, "scheme": "ws"}

    await app(scope(b"good.example"), receive, send)
    await app(scope(b"b/d", b"good.example"), receive, send)

    assert sent == ["websocket.accept", "websocket.close", "websocket.close"]


async def test_a_rule_added_to_the_map_later_is_found(app, exchange):
    """One that comes first for the same path, too."""
    app.add_url_rule("/<path:rest>", "rest", lambda rest: "rest")
    await exchange(app, headers=HOST)
    await exchange(app, headers=HOST)
    app.url_map.add(Rule("/late", endpoint="index"))

    answer = await exchange(app, "/late", headers=HOST)

    assert answer.body == b"index"


async def test_below_another_root_the_path_is_another(app, exchange):
    """The same path with a root_path is matched without it."""
    app.add_url_rule("/app/", "inner", lambda: "inner")
    await exchange(app, "/app/", headers=HOST)

    answer = await exchange(app, "/app/", headers=HOST, root_path="/app")

    assert answer.body == b"index"


async def test_its_view_may_be_replaced(app, exchange):
    """As by an extension that wraps views after the first request."""
    await exchange(app, headers=HOST)
    app.view_functions["index"] = lambda: "replaced"

    answer = await exchange(app, headers=HOST)

    assert answer.body == b"replaced"
