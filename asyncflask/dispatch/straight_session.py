"""The session of an answer that takes the short way: where no pipeline is there to save it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..datastructures import Headers
from ..wrappers.cookies import ResponseCookies

if TYPE_CHECKING:
    from ..ctx import AppContext
    from ..sessions import SessionMixin
    from ..typing import Message
    from ..wrappers.response import Response

# Content-Type and Content-Length; only a file has more.
_FEWEST = 2


class _Head(ResponseCookies):
    """What the cookie session's interface needs of a response: its headers."""

    def __init__(self) -> None:
        self.headers = Headers()


def add_session(ctx: AppContext, start: Message) -> bool:
    """Save the session, as the ordinary way does, into the headers of an answer.

    Returns:
        whether that went well; the ordinary way is to meet the error again.
    """
    session, interface = ctx.opened_session, ctx.app.session_interface
    if session is None and not ctx.may_have_session:
        return True
    headers = start["headers"]
    try:
        if session is None and not interface._concerns(ctx.app, ctx.request):
            return True
        added = _save(ctx, ctx.open_session() if session is None else session)
    except Exception:
        return False
    if added and len(headers) > _FEWEST and b"vary" in dict(headers):
        # Which Cookie has to join, where the response is at hand.
        return False
    headers += added
    return True


def _save(ctx: AppContext, session: SessionMixin) -> list[tuple[bytes, bytes]]:
    """The headers that saving the session adds."""
    app, interface = ctx.app, ctx.app.session_interface
    fields: list[tuple[bytes, bytes]] | None = interface._plain_fields(app, session)
    if fields is None:
        head: Any = _Head()
        if not interface.is_null_session(session):
            interface.save_session(app, session, head)
        fields = head.headers.raw()
    return fields


def save_into(ctx: AppContext, response: Response) -> None:
    """Save the session into a response, if it was opened or may have to be refreshed."""
    if ctx.opened_session is not None or ctx.may_have_session:
        interface, session = ctx.app.session_interface, ctx.open_session()
        if not interface.is_null_session(session):
            interface.save_session(ctx.app, session, response)
