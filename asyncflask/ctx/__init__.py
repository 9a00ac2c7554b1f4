"""The context of a request or of an app: what the proxies show, and how long it lives.

Dispatching a request is not known here.
"""

from typing import TYPE_CHECKING

from .context import (
    AppContext,
    ContextApp,
    RequestContext,
    _current,
    current,
    leave_all,
    variables_before,
)
from .lookup import (
    after_this_request,
    copy_current_request_context,
    copy_current_websocket_context,
    has_app_context,
    has_request_context,
    has_websocket_context,
    require_app_context,
    require_connection_context,
    require_request_context,
    require_websocket_context,
)
from .namespace import _AppCtxGlobals

if TYPE_CHECKING:
    from .context import Connection as Connection

__all__ = [
    "AppContext",
    "ContextApp",
    "RequestContext",
    "_AppCtxGlobals",
    "_current",
    "after_this_request",
    "copy_current_request_context",
    "copy_current_websocket_context",
    "current",
    "has_app_context",
    "has_request_context",
    "has_websocket_context",
    "leave_all",
    "require_app_context",
    "require_connection_context",
    "require_request_context",
    "require_websocket_context",
    "variables_before",
]
