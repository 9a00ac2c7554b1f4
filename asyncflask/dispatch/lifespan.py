"""The server's start-up and shutdown messages, and protocols that the app does not speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import bridge
from .serving import Serving

if TYPE_CHECKING:
    from ..typing import Receive, Scope, Send


async def answer_lifespan(app: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Start the app up and shut it down as the server says, and tell it how that went."""
    await receive()
    serving = Serving(app, scope.get("state"))
    async with serving.stack:
        if await serving.start_up():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await serving.begin_to_stop()
    bridge.dismiss_workers()
    part = "shutdown" if serving.has_started else "startup"
    failure = serving.failure
    if failure is None:
        await send({"type": f"lifespan.{part}.complete"})
    else:
        # The log has its traceback already; this is what the server shows.
        message = f"{type(failure).__name__}: {failure}"
        await send({"type": f"lifespan.{part}.failed", "message": message})


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a scope of a protocol that an application does not speak.

    Raises:
        ValueError: the server speaks a protocol that has no polite refusal.
    """
    if scope["type"] != "websocket":
        raise ValueError(
            "An asyncflask app answers 'http', 'websocket' and 'lifespan' scopes, not"
            f" {scope['type']!r}. Give such scopes to another ASGI application, in a middleware"
            " around this one."
        )
    await receive()
    # SPEC: ASGI "Close", sent before accepting: the server answers the handshake with 403.
    await send({"type": "websocket.close", "code": 1000, "reason": ""})
