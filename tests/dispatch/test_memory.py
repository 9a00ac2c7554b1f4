"""What is freed at once, with nothing left to the garbage collector."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

import asyncflask
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


class IdleClient:
    """Connects, and then says nothing until it goes."""

    def __init__(self, *messages):
        self.messages = list(messages)
        self.is_answered = anyio.Event()
        self.is_to_go = anyio.Event()

    async def receive(self):
        if self.messages:
            return self.messages.pop()
        await self.is_to_go.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if message["type"] in {"websocket.accept", "http.response.body"}:
            self.is_answered.set()


async def bytes_of_idle(app, scope, first, count=20):
    """Bytes that the package's own lines have allocated for each connection that waits."""
    clients = [IdleClient(first) for _ in range(count + 1)]
    async with anyio.create_task_group() as tasks:

        async def open_them(clients):
            for client in clients:
                tasks.start_soon(app, dict(scope), client.receive, client.send)
                await client.is_answered.wait()
            await anyio.wait_all_tasks_blocked()

        await open_them(clients[:1])
        tracemalloc.start()
        try:
            await open_them(clients[1:])
            own = tracemalloc.Filter(True, f"{Path(asyncflask.__file__).parent}/*")
            held = tracemalloc.take_snapshot().filter_traces([own])
        finally:
            tracemalloc.stop()
        tasks.cancel_scope.cancel()
    return sum(trace.size for trace in held.traces) / count


async def test_an_idle_websocket(app):
    """It holds little beside its task and what has led to the view: less than 5 kB."""

    @app.websocket("/ws-idle")
    async def wait():
        while True:
            await websocket.receive()

    scope = {"type": "websocket", "path": "/ws-idle", "headers": [], "query_string": b""}

    held = await bytes_of_idle(app, scope, {"type": "websocket.connect"})

    assert held < 5000


async def test_an_idle_stream(app):
    """It holds little beside its two tasks and what has led to the generator: 7 kB."""

    @app.get("/idle")
    async def stream():
        async def chunks():
            yield b"x"
            await anyio.sleep_forever()

        return chunks()

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/idle",
        "headers": [],
        "query_string": b"",
    }

    held = await bytes_of_idle(app, scope, {"type": "http.request", "body": b""})

    assert held < 8000
