"""The proxies to what is current, for users' code. The framework passes `ctx` instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .ctx import (
    _current,
    require_app_context,
    require_connection_context,
    require_request_context,
    require_websocket_context,
)
from .local import LocalProxy

if TYPE_CHECKING:
    from .app import Flask
    from .ctx import AppContext, _AppCtxGlobals
    from .sessions import SessionMixin
    from .wrappers import Request, WebSocket

_cv_app = _cv_request = _current
"""COMPAT: Flask's two ContextVars. One context serves as both."""


def _current_app() -> Any:
    return require_app_context().app


def _current_g() -> Any:
    return require_app_context().g


def _current_app_context() -> AppContext:
    return require_app_context().app_context


def _current_request() -> Any:
    return require_request_context().request


def _current_websocket() -> Any:
    return require_websocket_context().websocket


def _current_session() -> Any:
    return require_connection_context().session


# Typed as what they show: that is how they are used, and what type checkers should help with.
app_ctx: AppContext = LocalProxy(_current_app_context)  # type: ignore[assignment]  # see above
current_app: Flask = LocalProxy(_current_app)  # type: ignore[assignment]  # see above
g: _AppCtxGlobals = LocalProxy(_current_g)  # type: ignore[assignment]  # see above
request_ctx: AppContext = LocalProxy(require_request_context)  # type: ignore[assignment]  # see above
request: Request = LocalProxy(_current_request)  # type: ignore[assignment]  # see above
session: SessionMixin = LocalProxy(_current_session)  # type: ignore[assignment]  # see above
websocket: WebSocket = LocalProxy(_current_websocket)  # type: ignore[assignment]  # see above
