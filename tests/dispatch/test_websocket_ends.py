"""How a WebSocket ends: by its view, by an error, by its client; and the code that tells."""

from __future__ import annotations

import anyio
import pytest

from asyncflask import (
    Flask,
    abort,
    websocket,
)
from asyncflask.testing import WebSocketClosed

pytestmark = pytest.mark.anyio


@pytest.fixture
def app():
    app = Flask("sockets")
    app.secret_key = "secret"
    return app


@pytest.fixture
def connect(app):
    """`connect(path, ...)` opens a WebSocket of the app."""

    def connect(path="/ws", **options):
        return app.async_test_client().websocket_connect(path, **options)

    return connect


async def closing(connection):
    """The code and reason that the app closes an open WebSocket with."""
    with pytest.raises(WebSocketClosed) as closed:
        await connection.receive()
    return closed.value.code, closed.value.reason


class TestClosing:
    @pytest.mark.parametrize(
        ("status", "code"),
        [(401, 3000), (403, 3003), (404, 1008), (408, 3008), (413, 1009), (500, 1011), (503, 1013)],
    )
    async def test_http_error_after_accepting(self, app, connect, status, code):
        """It becomes the close code that says the same."""

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            abort(status, "Because.")

        async with connect() as connection:
            assert await closing(connection) == (code, "Because.")

    async def test_view_that_returns(self, app, connect):
        """It closes normally."""

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()

        async with connect() as connection:
            assert await closing(connection) == (1000, "")

    async def test_close_of_the_view(self, app, connect):
        """It closes with what it says, and is not closed again."""

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            await websocket.close(4000, "enough")

        async with connect() as connection:
            assert await closing(connection) == (4000, "enough")

    async def test_unhandled_error(self, app, connect, caplog):
        """It closes with 1011 and no traceback, and is logged once."""

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            raise KeyError("a secret")

        async with connect() as connection:
            ended = await closing(connection)

        assert ended == (1011, "Internal Server Error")
        assert [record.getMessage() for record in caplog.records] == [
            "Exception on /ws [WEBSOCKET]"
        ]

    async def test_unhandled_error_in_tests(self, app, connect):
        """With TESTING it is raised."""
        app.testing = True

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            raise KeyError("broken")

        with pytest.raises(KeyError, match="broken"):
            async with connect() as connection:
                await connection.receive()

    async def test_error_handler_sends_and_chooses_the_code(self, app, connect):
        """It still has the WebSocket; its status is what counts of what it returns."""

        @app.errorhandler(KeyError)
        async def handle(error):
            await websocket.send("sorry")
            return "seen by nobody", 503

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            raise KeyError("broken")

        async with connect() as connection:
            received = await connection.receive()
            ended = await closing(connection)

        assert (received, ended) == ("sorry", (1013, ""))

    async def test_invalid_json(self, app, connect, caplog):
        """It closes with 1007, and is nothing to log."""

        @app.websocket("/ws")
        async def ws():
            await websocket.receive_json()

        async with connect() as connection:
            await connection.send("{")
            ended = await closing(connection)

        assert ended == (1007, "The message is not valid JSON.")
        assert not caplog.records

    async def test_message_over_the_limit(self, app, connect):
        """It closes with 1009; the view ends."""
        app.config["WEBSOCKET_MAX_MESSAGE_SIZE"] = 8

        @app.websocket("/ws")
        async def ws():
            async for message in websocket:
                await websocket.send(message)

        async with connect() as connection:
            await connection.send("€€")
            received = await connection.receive()
            await connection.send("€€€")
            code, _ = await closing(connection)

        assert (received, code) == ("€€", 1009)

    async def test_value_after_accepting(self, app, connect, caplog):
        """A view that returns something then has made a mistake, which is explained."""

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            return "hello"

        async with connect() as connection:
            code, _ = await closing(connection)

        assert code == 1011
        assert "after its WebSocket was accepted" in caplog.text


async def test_a_server_that_stops_has_clients_told(app):
    """A handler that the server cancels is closed with 1001, going away."""
    sent = []
    is_open = anyio.Event()

    @app.websocket("/ws")
    async def ws():
        await websocket.accept()
        is_open.set()
        await websocket.receive()

    async def send(message):
        await anyio.lowlevel.checkpoint()
        sent.append(message)

    connecting = iter([{"type": "websocket.connect"}])

    async def receive():
        return next(connecting, None) or await anyio.sleep_forever()

    scope = {"type": "websocket", "path": "/ws", "query_string": b"", "headers": []}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, scope, receive, send)
        await is_open.wait()
        tasks.cancel_scope.cancel()

    assert [each["type"] for each in sent] == ["websocket.accept", "websocket.close"]
    assert sent[1]["code"] == 1001
