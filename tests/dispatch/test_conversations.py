"""What a server's stop waits for of WebSockets that it has cut."""

from __future__ import annotations

import anyio
import pytest

from asyncflask import Flask, websocket

SCOPE = {"type": "websocket", "path": "/ws", "query_string": b"", "headers": []}

pytestmark = pytest.mark.anyio


class Messages:
    """What a server tells an app, in its order, and the app's answers' types."""

    def __init__(self, order):
        self._send, self._receive = anyio.create_memory_object_stream(9)
        self._order = order
        self.answered = anyio.Event()

    def tell(self, kind):
        self._send.send_nowait({"type": kind, "code": 1006})

    async def receive(self):
        return await self._receive.receive()

    async def send(self, message):
        self._order.append(message["type"])
        self.answered.set()

    def close(self):
        self._send.close()
        self._receive.close()


async def test_the_stop_waits_for_handlers_that_were_cut():
    """The end of shutdown is told when they are torn down, for the event loop may end with it."""
    app, order = Flask("stopping"), []

    @app.websocket("/ws")
    async def ws():
        await websocket.accept()
        await websocket.receive()

    @app.teardown_websocket
    async def tear_down(exc):
        await app.shutdown_event.wait()
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        order.append("torn down")

    lifespan, connection = Messages(order), Messages(order)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, {"type": "lifespan", "state": {}}, lifespan.receive, lifespan.send)
        lifespan.tell("lifespan.startup")
        await lifespan.answered.wait()
        tasks.start_soon(app, SCOPE, connection.receive, connection.send)
        connection.tell("websocket.connect")
        await connection.answered.wait()
        connection.tell("websocket.disconnect")
        lifespan.tell("lifespan.shutdown")
    lifespan.close()
    connection.close()

    assert order[2:] == ["torn down", "lifespan.shutdown.complete"]
