"""The server's start-up and shutdown messages, and protocols that the app does not speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..typing import Receive, Scope, Send


async def answer_lifespan(receive: Receive, send: Send) -> None:
    """Tell the server that start-up and shutdown are complete, when it asks."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a scope that is neither HTTP nor lifespan.

    Raises:
        ValueError: the server speaks a protocol that has no polite refusal.
    """
    if scope["type"] != "websocket":
        raise ValueError(
            f"An asyncflask app answers 'http' and 'lifespan' scopes, not {scope['type']!r}."
            " Give such scopes to another ASGI application, in a middleware around this one."
        )
    await receive()
    # SPEC: ASGI "Close", sent before accepting: the server answers the handshake with 403.
    await send({"type": "websocket.close", "code": 1000, "reason": ""})
