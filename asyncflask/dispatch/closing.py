"""What an accepted WebSocket is closed with: the close code that stands for an HTTP status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..exceptions import HTTPException
from ..wrappers.channel import WebSocketDisconnected, fitting_reason

if TYPE_CHECKING:
    from collections.abc import Callable

NORMAL: Final = (1000, "")
GOING_AWAY: Final = (1001, "")

# SPEC: the IANA registry of close codes: 3000, 3003 and 3008 mirror these statuses, 1009 is for
# messages that are too big, 1013 means "try again later".
_CODES: Final = {401: 3000, 403: 3003, 408: 3008, 413: 1009, 503: 1013}
_CLIENT_ERROR: Final = 1008
_SERVER_ERROR: Final = 1011


def closing_for_error(exc: HTTPException) -> tuple[int, str]:
    """The code and the reason for an HTTP error that nobody handled; never a traceback."""
    status = exc.code if exc.code is not None else exc.get_response().status_code
    code = getattr(exc, "close_code", None) or code_for_status(status)
    if code == NORMAL[0]:
        return NORMAL
    # An own description is for the client. The general one talks of pages and URLs.
    is_own = exc.description is not None and exc.description != type(exc).description
    return code, fitting_reason(str(exc.description) if is_own else exc.name)


def code_for_status(status: int) -> int:
    """The close code for an HTTP status."""
    if status < 400:
        return NORMAL[0]
    return _CODES.get(status, _CLIENT_ERROR if status < 500 else _SERVER_ERROR)


def closing_for(value: Any, make_response: Callable[[Any], Any]) -> tuple[int, str]:
    """The code and the reason for what an error handler returned.

    Args:
        make_response: makes it a response.
    """
    if value is None:
        return NORMAL
    if isinstance(value, HTTPException):
        return closing_for_error(value)
    return code_for_status(make_response(value).status_code), ""


def is_disconnect(exc: BaseException) -> bool:
    """Whether an error says that the client has gone and nothing else, as tasks say it too."""
    if isinstance(exc, BaseExceptionGroup):
        return exc.split(WebSocketDisconnected)[1] is None
    return isinstance(exc, WebSocketDisconnected)
