"""WebSockets of our own apps in tests: sessions, contexts, errors and threads."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager

import pytest

from asyncflask import Flask, g, has_websocket_context, request, session, websocket
from asyncflask.testing import WebSocketClosed


@pytest.fixture
def app():
    app = Flask("shop")
    app.secret_key = "secret"
    app.testing = True

    @app.get("/visits")
    def visits():
        return str(session.get("visits", 0))

    @app.websocket("/async")
    async def on_loop():
        g.place = "shop"
        session["visits"] = session.get("visits", 0) + 1
        async for message in websocket:
            await websocket.send(message)

    @app.websocket("/sync")
    def in_worker():
        g.place = "shop"
        session["visits"] = session.get("visits", 0) + 1
        for message in websocket:
            websocket.send(message)

    @app.websocket("/broken")
    async def broken():
        await websocket.accept()
        raise LookupError("no tea")

    return app


BOTH = pytest.mark.parametrize("path", ["/async", "/sync"])


@BOTH
def test_sync_tests_talk_to_views_of_both_kinds(app, path):
    """Neither keeps the test from sending its next message."""
    with app.test_client().websocket_connect(path) as ws:
        for message in ["tea", "cup"]:
            ws.send(message)

            assert ws.receive() == message


@pytest.mark.anyio
@BOTH
async def test_async_tests_talk_to_views_of_both_kinds(app, path):
    """The same, awaited."""
    async with app.async_test_client().websocket_connect(path) as ws:
        for message in ["tea", "cup"]:
            await ws.send(message)

            assert await ws.receive() == message


@BOTH
def test_the_session_is_the_clients(app, path):
    """It goes from one WebSocket to the next, and to requests."""
    client = app.test_client()
    for _ in range(2):
        with client.websocket_connect(path) as ws:
            ws.send("tea")
            ws.receive()

    assert client.get("/visits").text == "2"


@BOTH
def test_the_last_context_is_kept(app, path):
    """In the client's block, until the next request or the block's end."""
    with app.test_client() as client:
        with client.websocket_connect(path) as ws:
            ws.send("tea")
            ws.receive()
        kept = websocket.path, g.place, session["visits"]
        client.get("/visits")
        path_of_request = request.path

    assert kept == (path, "shop", 1)
    assert path_of_request == "/visits"
    assert not has_websocket_context()


@pytest.mark.anyio
async def test_the_last_context_is_kept_in_async_tests(app):
    """As in sync ones."""
    async with app.async_test_client() as client:
        async with client.websocket_connect("/async") as ws:
            await ws.send("tea")
            await ws.receive()

        assert (websocket.path, g.place) == ("/async", "shop")

    assert not has_websocket_context()


def test_requests_within_a_websocket(app):
    """The client may send them while the websocket is open."""
    with app.test_client() as client, client.websocket_connect("/async") as ws:
        ws.send("tea")
        ws.receive()

        assert client.get("/visits").text == "1"
        assert request.path == "/visits"

        ws.send("cup")
        assert ws.receive() == "cup"


def test_no_context_is_kept_outside_of_the_clients_block(app):
    """As after requests."""
    with app.test_client().websocket_connect("/async"):
        pass

    assert not has_websocket_context()


def test_errors_are_raised_in_tests(app):
    """Where TESTING says so."""
    connection = app.test_client().websocket_connect("/broken")

    with pytest.raises(LookupError, match="no tea"), connection as ws:
        ws.receive()


def test_errors_close_the_websocket_elsewhere(app):
    """As a client sees it in production."""
    app.testing = False
    connection = app.test_client().websocket_connect("/broken")

    with connection as ws, pytest.raises(WebSocketClosed) as caught:
        ws.receive()

    assert caught.value.code == 1011


def test_an_app_context_of_the_test_is_shared(app):
    """What the test has put into `g` is there, as it is for requests."""

    @app.websocket("/g")
    async def place():
        await websocket.send(g.place)

    with app.app_context():
        g.place = "shop"
        with app.test_client().websocket_connect("/g") as ws:
            assert ws.receive() == "shop"


def test_sync_functions_run_in_workers(app):
    """All of a WebSocket's: the hooks too."""
    threads = []
    app.before_websocket(lambda: threads.append(threading.get_ident()))
    app.teardown_websocket(lambda exc: threads.append(threading.get_ident()))

    with app.test_client().websocket_connect("/sync"):
        pass

    assert len(threads) == 2
    assert threading.get_ident() not in threads


def test_websockets_have_the_state_of_the_lifespan():
    """In the client's block, where the app has started up."""

    @asynccontextmanager
    async def lifespan(app):
        yield {"tea": "Sencha"}

    app = Flask("shop", lifespan=lifespan)

    @app.websocket("/state")
    async def state():
        await websocket.send(websocket.state["tea"])

    with app.test_client() as client, client.websocket_connect("/state") as ws:
        assert ws.receive() == "Sencha"
