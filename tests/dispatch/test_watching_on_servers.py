"""When the client goes, on servers of other manners than the test client's."""

from __future__ import annotations

import anyio
import pytest

from asyncflask import Flask, WebSocketDisconnected, websocket

pytestmark = pytest.mark.anyio


@pytest.fixture
def log():
    """What happened, in its order."""
    return []


@pytest.fixture
def app(log):
    app = Flask("gone")
    app.teardown_websocket(lambda exc: log.append(("teardown", type(exc).__name__)))
    app.after_websocket(lambda response: log.append(("after", response)))
    return app


NORMAL_END = [("after", None), ("teardown", "NoneType")]
INTERRUPTED = [("after", None), ("teardown", "WebSocketDisconnected")]


@pytest.fixture
def call(app):
    """Call the app with a `receive` and a `send`, as a server does."""

    async def call(receive, send):
        scope = {
            "type": "websocket",
            "path": "/ws",
            "headers": [],
            "query_string": b"",
            "extensions": {"websocket.http.response": {}},
        }
        await app(scope, receive, send)

    return call


async def test_client_that_leaves_before_the_handshake(app, call, log):
    """No view is run for it, and no hook."""
    app.websocket("/ws")(lambda: log.append("view"))

    async def receive():
        return {"type": "websocket.disconnect", "code": 1006}

    await call(receive, anyio.sleep_forever)

    assert log == []


async def test_client_that_leaves_while_it_is_denied(app, call, log, caplog):
    """The denial is sent to nobody, which is no error."""
    may_receive = anyio.Event()
    to_receive = [{"type": "websocket.connect"}]

    @app.websocket("/ws")
    async def ws():
        await anyio.lowlevel.checkpoint()
        may_receive.set()
        await anyio.sleep_forever()

    async def receive():
        if to_receive:
            return to_receive.pop()
        await may_receive.wait()
        return {"type": "websocket.disconnect", "code": 1006}

    async def send(message):
        raise OSError("gone")

    await call(receive, send)

    assert log == INTERRUPTED
    assert not caplog.records


async def test_server_that_raises_for_a_lost_client(app, call, log):
    """Its OSError becomes WebSocketDisconnected."""
    to_receive = [{"type": "websocket.connect"}]

    @app.websocket("/ws")
    async def ws():
        try:
            await websocket.send("x")
        except WebSocketDisconnected as gone:
            log.append(gone.code)

    async def receive():
        return to_receive.pop() if to_receive else await anyio.sleep_forever()

    async def send(message):
        if message["type"] == "websocket.send":
            raise ConnectionResetError

    await call(receive, send)

    assert log == [1006, *NORMAL_END]


async def test_server_that_sends_into_the_void(app, call, log):
    """A view that sends without end leaves others their turn, and is noticed to be alone."""
    to_receive = [{"type": "websocket.connect"}]

    @app.websocket("/ws")
    async def ws():
        while True:
            await websocket.send("x")

    async def receive():
        if to_receive:
            return to_receive.pop()
        await anyio.lowlevel.checkpoint()
        return {"type": "websocket.disconnect", "code": 1006}

    async def send(message):
        pass

    with anyio.fail_after(10):
        await call(receive, send)

    assert [entry[0] for entry in log] == ["after", "teardown"]


async def test_server_that_has_closed_by_itself(app, call, log, caplog):
    """It refuses the next message; what it says of the closing counts."""
    closed = {"type": "websocket.disconnect", "code": 1002, "reason": "bad frame"}
    to_receive = [closed, {"type": "websocket.connect"}]

    @app.websocket("/ws")
    async def ws():
        try:
            await websocket.send("x")
        except WebSocketDisconnected as gone:
            log.append((gone.code, gone.reason))

    async def receive():
        return to_receive.pop()

    async def send(message):
        if message["type"] == "websocket.send":
            raise RuntimeError("websocket.send after websocket.close")

    await call(receive, send)

    assert log == [(1002, "bad frame"), *NORMAL_END]


async def test_error_of_middleware(app, call):
    """An error of `send` that has another cause is an error."""
    app.testing = True
    to_receive = [{"type": "websocket.connect"}]

    @app.websocket("/ws")
    async def ws():
        await websocket.send("x")

    async def receive():
        return to_receive.pop() if to_receive else await anyio.sleep_forever()

    async def send(message):
        if message["type"] == "websocket.send":
            raise RuntimeError("a mistake of middleware")

    with pytest.raises(RuntimeError, match="a mistake"):
        await call(receive, send)


async def test_cancelled_connection(app, call, log):
    """A server that cancels the app has its teardown run first."""
    to_receive = [{"type": "websocket.connect"}]
    is_waiting = anyio.Event()

    @app.websocket("/ws")
    async def ws():
        is_waiting.set()
        await anyio.sleep_forever()

    async def receive():
        return to_receive.pop() if to_receive else await anyio.sleep_forever()

    async def send(message):
        pass

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call, receive, send)
        await is_waiting.wait()
        tasks.cancel_scope.cancel()

    assert [entry[0] for entry in log] == ["teardown"]
