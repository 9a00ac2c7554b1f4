"""Where a WebSocket's way differs from a request's: who may come, how the view is run, how it ends.

All the other steps, and their order, are the `Pipeline`'s own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from .. import bridge
from ..exceptions import Forbidden, InternalServerError
from ..signals import (
    got_websocket_exception,
    websocket_finished,
    websocket_started,
    websocket_tearing_down,
)
from ..wrappers import Response
from .closing import closing_for, closing_for_error, is_disconnect
from .origins import is_allowed_origin
from .pipeline import Pipeline, no_view
from .steps import is_awaitable, settle

if TYPE_CHECKING:
    from blinker import Signal

    from ..ctx import AppContext
    from ..wrappers import WebSocket
    from ..wrappers.channel import RawHeaders

ENDED: Final = Response()
"""In place of a response where there is none to send: the handshake has been answered."""


class WebSocketPipeline(Pipeline):
    """An endpoint's steps for WebSockets.

    Until the handshake is accepted it is answered as a request is: whatever a hook, a handler
    or the view returns is a response, which denies it. Afterwards there is only a close code.
    """

    __slots__ = ()

    hooks: ClassVar[tuple[str, str, str]] = (
        "before_websocket_funcs",
        "after_websocket_funcs",
        "teardown_websocket_funcs",
    )
    started: ClassVar[Signal] = websocket_started
    finished: ClassVar[Signal] = websocket_finished
    tearing_down: ClassVar[Signal] = websocket_tearing_down
    got_exception: ClassVar[Signal] = got_websocket_exception
    always_preprocesses: ClassVar[bool] = True

    overridable: ClassVar[frozenset[str]] = frozenset({"do_teardown_appcontext"})
    """Of the methods that an app may replace, those that do not take a request for granted."""

    # -- who may come

    async def _preprocess(self, ctx: AppContext) -> Any:
        websocket: Any = ctx.websocket
        origin = websocket.headers.get("Origin")
        if websocket.url_rule is not None and origin is not None:
            allowed = websocket.url_rule.origins
            if allowed is ...:
                allowed = ctx.app.config["WEBSOCKET_ALLOWED_ORIGINS"]
            if not is_allowed_origin(origin, websocket.host, allowed):
                raise Forbidden(f"Pages of {origin} may not open this WebSocket.")
        return await self.preprocess_request(ctx)

    async def headers_at_handshake(self, ctx: AppContext) -> RawHeaders:
        """Save the session; the headers that let the client keep it."""
        if not (self.saves_session or ctx.opened_session is not None or ctx.may_have_session):
            return []
        # A context of its own: the handler's may be in a worker while this is on the event loop.
        own = ctx.copy()
        response = ctx.app.response_class()
        await bridge.drive(Pipeline.save_session(self, own, response), own)
        ctx.opened_session = own.opened_session
        if ctx.opened_session is not None:
            _note_saved(ctx.websocket, ctx.opened_session)
        return [pair for pair in response.headers.raw() if pair[0] == b"set-cookie"]

    # -- the view

    async def dispatch_request(self, ctx: AppContext) -> Any:
        """What the view returns, once it has ended, or its client has gone.

        Raises:
            Forbidden: it returned nothing and has not answered the handshake.
            TypeError: it returned something that nobody can be sent any more.
            WebSocketDisconnected: it was waiting when the client went.
        """
        websocket: Any = ctx.websocket
        if websocket.routing_exception is not None:
            ctx.app.raise_routing_exception(websocket)
        step = self.view
        if step is None:
            raise no_view(websocket.url_rule)
        if step.blocks and not ctx.in_worker:
            await bridge.to_worker()
        value = step.function(**websocket.view_args)
        if is_awaitable(value):
            handler = websocket._watch.attend(value)
            # PERF: 216 bytes less to wait with than by `settle`, where there is nothing to settle.
            value = await (settle(ctx, handler) if ctx.in_worker else handler)
        if value is None and websocket._channel.is_handshaking:
            raise Forbidden()
        if value is not None and websocket._channel.is_accepted:
            raise TypeError(
                f"The view of {websocket.endpoint!r} returned {value!r:.80} after its WebSocket was"
                " accepted, when there is no response any more. Send messages with"
                " websocket.send(); return a response instead of accepting, to deny the handshake."
            )
        return value

    # -- errors

    async def handle_user_exception(self, ctx: AppContext, exc: Exception) -> Any:
        """What the handler of `exc` returns; nothing where it only says that the client has gone.

        Raises:
            Exception: `exc` itself, where it has no handler, or where the view was interrupted.
        """
        websocket: Any = ctx.websocket
        try:
            if not is_disconnect(exc):
                return await super().handle_user_exception(ctx, exc)
            if websocket._watch.interrupted:
                # The teardown functions are to know that something was left unfinished.
                raise exc
        finally:
            # An exception in a frame that its traceback holds would be a cycle.
            del exc
        return None

    async def handle_exception(self, ctx: AppContext, exc: Exception) -> Response:
        """The end of a connection that nobody handled the error of; it is logged.

        Raises:
            Exception: `exc` itself, where errors are to propagate: in tests and in debug mode.
        """
        try:
            if not is_disconnect(exc):
                return await super().handle_exception(ctx, exc)
        finally:
            del exc
        return await self.finalize_request(ctx, None, from_error_handler=True)

    def end_with_error(self, ctx: AppContext, exc: BaseException) -> Response:
        """The same for a WebSocket: a 500 instead of the handshake, or a close code after it."""
        response = super().end_with_error(ctx, exc)
        websocket: Any = ctx.websocket
        if websocket._channel.is_handshaking:
            return response
        websocket._closing = closing_for_error(InternalServerError())
        return ENDED

    # -- the end

    async def finalize_request(
        self, ctx: AppContext, value: Any, from_error_handler: bool = False
    ) -> Response:
        """Let the after functions have the response that denies the handshake, or None.

        Returns:
            `ENDED`, where there is no response to be sent.
        """
        response: Any = await super().finalize_request(ctx, value, from_error_handler)
        if response is not None:
            return response  # type: ignore[no-any-return]  # an after function's, which is trusted
        websocket: Any = ctx.websocket
        if websocket._channel.is_handshaking:
            raise TypeError(
                f"An after_websocket function of {websocket.endpoint!r} returned None for a"
                " response. Let it return what it was given, or another response."
            )
        return ENDED

    def make_response(self, ctx: AppContext, value: Any) -> Any:
        """The response that denies the handshake; None where it was answered."""
        websocket: Any = ctx.websocket
        if websocket._channel.is_handshaking:
            return ctx.app.make_response(Forbidden() if value is None else value)
        websocket._closing = closing_for(value, ctx.app.make_response)
        return None

    async def save_session(self, ctx: AppContext, response: Response) -> None:
        """Save the session with the response, or what was changed of it since the handshake."""
        if response is not None:
            await super().save_session(ctx, response)
        elif ctx.opened_session is not None:
            await self._save_late(ctx)

    async def _save_late(self, ctx: AppContext) -> None:
        """Save what can be saved without a cookie: what an interface of the app's own stores."""
        websocket: Any = ctx.websocket
        session: Any = ctx.opened_session
        # A session is not saved without need: requests may have changed it in the meantime.
        if not session.modified or dict(session) == websocket._saved_session:
            return
        if self.saves_session:
            await super().save_session(ctx, ctx.app.response_class())
        elif websocket._channel.is_accepted:
            _warn_of_late_change(ctx.app, websocket)


def _note_saved(websocket: Any, session: Any) -> None:
    """Remember what was saved, so that changes after it can be told."""
    if type(session).modified is False:
        # It notices changes by itself, and may be told of those that it cannot notice.
        session.modified = False
    else:
        websocket._saved_session = dict(session)


def _warn_of_late_change(app: Any, websocket: WebSocket) -> None:
    if websocket.endpoint in app._warned_of_sessions:
        return
    app._warned_of_sessions.add(websocket.endpoint)
    app.logger.warning(
        f"The session was changed in the WebSocket {websocket.endpoint!r} after its handshake,"
        " and is lost: a cookie can only be sent when the WebSocket is accepted. Change the"
        " session before the first send or receive, or before accept()."
    )
