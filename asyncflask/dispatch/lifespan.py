"""The server's start-up and shutdown messages, and protocols that the app does not speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .stop_signals import telling_of_stop_signals

if TYPE_CHECKING:
    from .. import bridge
    from ..typing import Receive, Scope, Send


async def answer_lifespan(shutdown_event: bridge.Event, receive: Receive, send: Send) -> None:
    """Tell the server that start-up and shutdown are complete, when it asks."""
    await receive()
    shutdown_event.clear()
    with telling_of_stop_signals(shutdown_event.set):
        await send({"type": "lifespan.startup.complete"})
        await receive()
        shutdown_event.set()
        await send({"type": "lifespan.shutdown.complete"})


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
