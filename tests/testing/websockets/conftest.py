"""Small ASGI apps to speak with."""

from __future__ import annotations

import pytest


@pytest.fixture
def speaking():
    """An app that takes the handshake, sends the given messages and returns."""

    def app_that_says(*messages):
        async def app(scope, receive, send):
            await receive()
            for message in messages:
                await send(message)

        return app

    return app_that_says


@pytest.fixture
def echo():
    """Sends back what it receives; closes with code 4000 when it receives "bye".

    Each scope and each disconnect are in its `scopes` and `disconnects`.
    """

    async def echo(scope, receive, send):
        echo.scopes.append(scope)
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            if message.get("text") == "bye":
                await send({"type": "websocket.close", "code": 4000, "reason": "Bye."})
            else:
                await send({**message, "type": "websocket.send"})
        echo.disconnects.append(message)

    echo.scopes = []
    echo.disconnects = []
    return echo


@pytest.fixture
def accept():
    """The message that accepts a websocket, with more in it where that is given."""
    return lambda **more: {"type": "websocket.accept", **more}
