"""What is freed at once, with nothing left to the garbage collector."""

from __future__ import annotations

import gc
import weakref

import anyio
import anyio.lowlevel
import pytest

from asyncflask import Flask, websocket
from asyncflask.ctx import current

pytestmark = pytest.mark.anyio


@pytest.fixture
def contexts():
    """Weak references to the contexts in which views ran."""
    return []


@pytest.fixture
def note(contexts):
    """Note the current context."""
    return lambda: contexts.append(weakref.ref(current()))


@pytest.fixture
def app(note):
    app = Flask("memory")

    @app.get("/async")
    async def fail():
        note()
        raise ZeroDivisionError

    @app.get("/sync")
    def fail_in_worker():
        note()
        raise ZeroDivisionError

    @app.get("/handled")
    async def fail_handled():
        note()
        raise KeyError("x")

    @app.errorhandler(KeyError)
    def handle(error):
        return "handled"

    add_websockets(app, note)
    return app


def add_websockets(app, note):
    @app.websocket("/ws")
    async def fail_in_websocket():
        note()
        await websocket.accept()
        raise ZeroDivisionError

    @app.websocket("/ws-sync")
    def fail_in_worker_after_accepting():
        note()
        websocket.accept()
        raise ZeroDivisionError

    @app.websocket("/ws-denied")
    async def fail_before_the_handshake():
        note()
        raise ZeroDivisionError

    @app.websocket("/ws-echo")
    async def echo():
        note()
        async for message in websocket:
            await anyio.lowlevel.checkpoint()
            await websocket.send(message)

    @app.websocket("/ws-echo-sync")
    def echo_in_worker():
        note()
        for message in websocket:
            websocket.send(message)

    @app.websocket("/ws-no")
    def deny():
        note()
        return "no"


@pytest.fixture
def left_after(app, contexts):
    """Answer a path once, and tell which contexts are still there."""

    async def left_after(path):
        gc.collect()
        gc.disable()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call, app, path)
            return [context() for context in contexts]
        finally:
            gc.enable()

    return left_after


async def call(app, path):
    """Call the app as a server does; in tests its errors come up to here."""
    kind = "websocket" if path.startswith("/ws") else "http"
    scope = {"type": kind, "method": "GET", "path": path, "headers": [], "query_string": b""}
    to_receive = [
        {"type": "websocket.disconnect", "code": 1000},
        {"type": "websocket.receive", "text": "x"},
        {"type": "websocket.connect"},
    ]

    async def receive():
        await anyio.lowlevel.checkpoint()
        return to_receive.pop() if to_receive else await anyio.sleep_forever()

    async def send(message):
        pass

    try:
        await app(scope, receive, send)
    except ZeroDivisionError:
        assert app.testing


@pytest.mark.parametrize("path", ["/ws-echo", "/ws-echo-sync", "/ws-no"])
async def test_a_websocket_that_has_ended(left_after, path):
    """Its context is freed."""
    left = await left_after(path)

    assert left == [None]


@pytest.mark.parametrize("testing", [False, True])
@pytest.mark.parametrize("path", ["/async", "/sync", "/handled", "/ws", "/ws-sync", "/ws-denied"])
async def test_a_view_that_has_failed(app, left_after, path, testing):
    """Its context is freed, whether the error was answered or reached the server."""
    app.testing = testing
    # A test's log keeps the records, and each record its error.
    app.logger.disabled = True

    left = await left_after(path)

    assert left == [None]
