"""From the server's call to the close frame: WebSockets on their way through."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from .. import bridge
from ..ctx import AppContext, variables_before
from ..signals import appcontext_pushed
from ..wrappers.channel import Channel
from .closing import GOING_AWAY, NORMAL
from .watching import Watch
from .websocket_pipeline import ENDED

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ..typing import Message, Receive, Scope, Send
    from ..wrappers import Response
    from .websocket_pipeline import WebSocketPipeline

_POOL = "websockets"

_LONGEST_FAREWELL = 1.0  # seconds that a client may take to be told that the server stops


def _first_host(scope: Scope) -> bytes | None:
    # Of two, the one that `websocket.host` gives is the one to be checked.
    return next((value for name, value in scope["headers"] if name == b"host"), None)


async def answer_websocket(app: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one handshake, and live as long as the connection does.

    Args:
        app: a `Flask`.
    """
    stale = variables_before()
    if stale is not None:
        await bridge.run_with(stale, answer_websocket(app, scope, receive, send))
        return
    # PERF: not by an attribute, whose change has Flask.__setattr__ drop every compiled pipeline.
    app.__dict__["_got_first_request"] = True
    if (await receive())["type"] != "websocket.connect":
        # The client has left again.
        return
    websocket = app.websocket_class(scope)
    channel = Channel(
        scope, receive, send, max_message_size=app.config["WEBSOCKET_MAX_MESSAGE_SIZE"]
    )
    websocket._app = app
    websocket._connect(channel)
    ctx = AppContext(app, websocket=websocket)
    ctx.enter()
    app._conversations.begin()
    try:
        ctx.may_have_session = app._sent_session(scope)
        if appcontext_pushed.receivers and ctx.joined is None:
            appcontext_pushed.send(app, _async_wrapper=app.ensure_sync)
        app._match(ctx, websocket, _first_host(scope))
        response = await _converse(ctx, channel)
        # A client that has gone meanwhile is no error.
        with suppress(OSError):
            if response is not ENDED:
                await _deny(ctx, response, (scope, receive, send))
            elif channel.closed is None:
                await channel.close(*(websocket._closing or NORMAL))
    except anyio.get_cancelled_exc_class():
        await _go_away(channel)
        raise
    finally:
        app._conversations.end()
        ctx.leave()
        # What refers to each other would be left to the collector.
        channel.prepare = channel.on_close = websocket._watch = None
        if "asyncflask.preserve_context" in scope:
            scope["asyncflask.preserve_context"](ctx)


def _converse(ctx: AppContext, channel: Channel) -> Awaitable[Response]:
    """Run the pipeline, and have it watched whether the client leaves."""
    websocket: Any = ctx.websocket
    pipeline: WebSocketPipeline = ctx.app.websocket_pipeline_of(websocket.url_rule)
    channel.prepare = partial(pipeline.headers_at_handshake, ctx)
    assert ctx.around is not None
    watch = Watch(channel, ctx.around, ctx.app.config["WEBSOCKET_CLOSE_TIMEOUT"])
    websocket._watch = watch
    running = bridge.drive(pipeline.run(ctx), ctx)
    if pipeline.view is not None and pipeline.view.blocks:
        bridge.limit_workers(pipeline.workers, _POOL)
        return watch.attend_thread(running)
    if pipeline.workers != bridge.DEFAULT_WORKERS:
        bridge.limit_workers(pipeline.workers)
    return running


async def _go_away(channel: Channel) -> None:
    """Close for a server that ends what is left when it stops, which tells clients of an error."""
    if channel.is_accepted and channel.closed is None:
        with anyio.move_on_after(_LONGEST_FAREWELL, shield=True), suppress(Exception):
            await channel.close(*GOING_AWAY)


async def _deny(
    ctx: AppContext, response: Response, connection: tuple[Scope, Receive, Send]
) -> None:
    """Answer the handshake with a response, or with a mere 403 where the server knows no other."""
    scope, receive, send = connection
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        # SPEC: ASGI "Close": before it is accepted, it makes the server answer with 403.
        await send({"type": "websocket.close", "code": 1000, "reason": ""})
        await response.aclose()
        await ctx.app._tear_down_shielded(ctx, None)
    elif ctx.torn_down:
        await response(scope, receive, send)
    else:
        await ctx.app._stream(ctx, response, (scope, partial(_receive_as_http, receive), send))


async def _receive_as_http(receive: Receive) -> Message:
    message = await receive()
    # What sends a stream only looks out for the message of this name.
    return {"type": "http.disconnect"} if message["type"] == "websocket.disconnect" else message
