"""What is current here: whether there is a context, which, and a copy of it to take along."""

from __future__ import annotations

from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .. import bridge
from .context import _current
from .outside import NO_APP, NO_REQUEST, NO_WEBSOCKET, REQUEST_INSTEAD, WEBSOCKET_INSTEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from .context import AppContext

F = TypeVar("F", bound="Callable[..., Any]")


def require_app_context() -> AppContext:
    """The current context.

    Raises:
        RuntimeError: there is none.
    """
    ctx = _current.get()
    if ctx is None:
        raise RuntimeError(NO_APP)
    return ctx


def require_connection_context() -> AppContext:
    """The nearest context that has a request or a WebSocket.

    Raises:
        RuntimeError: there is none.
    """
    ctx = _current.get()
    if ctx is not None and ctx.connection is None:
        ctx = ctx.connection_context
    if ctx is None:
        raise RuntimeError(NO_REQUEST)
    return ctx


def require_request_context() -> AppContext:
    """The nearest context, which has a request.

    Raises:
        RuntimeError: there is none, or it has a WebSocket.
    """
    ctx = _current.get()
    if ctx is not None and ctx.request is None:
        ctx = ctx.connection_context
    if ctx is None:
        raise RuntimeError(NO_REQUEST)
    if ctx.request is None:
        raise RuntimeError(WEBSOCKET_INSTEAD)
    return ctx


def require_websocket_context() -> AppContext:
    """The nearest context, which has a WebSocket.

    Raises:
        RuntimeError: there is none, or it has a request.
    """
    ctx = _current.get()
    if ctx is not None and ctx.websocket is None:
        ctx = ctx.connection_context
    if ctx is None:
        raise RuntimeError(NO_WEBSOCKET)
    if ctx.websocket is None:
        raise RuntimeError(REQUEST_INSTEAD)
    return ctx


def has_request_context() -> bool:
    """Whether code running here may use `request`."""
    ctx = _current.get()
    return ctx is not None and ctx.request_context is not None


def has_websocket_context() -> bool:
    """Whether code running here may use `websocket`."""
    ctx = _current.get()
    return ctx is not None and ctx.websocket_context is not None


def has_app_context() -> bool:
    """Whether code running here may use `current_app` and `g`."""
    return _current.get() is not None


def after_this_request(f: F) -> F:
    """Run `f(response)` after this request only; it returns the response to be sent.

    Raises:
        RuntimeError: there is no request.
    """
    require_request_context()._after_request_functions.append(f)
    return f


def copy_current_request_context(f: F) -> F:
    """Let `f` run in another thread, greenlet or task with a copy of this request's context.

    Raises:
        RuntimeError: there is no request.
    """
    return _in_copy_of(require_request_context(), f)


def copy_current_websocket_context(f: F) -> F:
    """Let `f` run in another thread, greenlet or task with a copy of this WebSocket's context.

    Raises:
        RuntimeError: there is no WebSocket.
    """
    return _in_copy_of(require_websocket_context(), f)


def _in_copy_of(ctx: AppContext, f: F) -> F:
    original = ctx.copy()

    async def run_async(*args: Any, **kwargs: Any) -> Any:
        async with original.copy():
            return await f(*args, **kwargs)

    def run(*args: Any, **kwargs: Any) -> Any:
        with original.copy():
            return f(*args, **kwargs)

    return cast("F", update_wrapper(run_async if bridge.is_async(f) else run, f))
