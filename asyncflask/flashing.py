"""Messages kept in the session from one request to be shown in the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .bridge import ensure_sync
from .ctx import require_connection_context
from .signals import message_flashed

if TYPE_CHECKING:
    from collections.abc import Iterable


def flash(message: str, category: str = "message") -> None:
    """Keep a message for the next request that shows its messages.

    Args:
        category: any word; by convention "message", "error", "info" or "warning".
    """
    ctx = require_connection_context()
    # Assigned, not appended to: the session notices its own changes, not those of a list in it.
    flashes = ctx.session.get("_flashes", [])
    flashes.append((category, message))
    ctx.session["_flashes"] = flashes
    if message_flashed.receivers:
        message_flashed.send(
            ctx.app, _async_wrapper=ensure_sync, message=message, category=category
        )


@overload
def get_flashed_messages(
    with_categories: Literal[False] = False, category_filter: Iterable[str] = ()
) -> list[str]: ...
@overload
def get_flashed_messages(
    with_categories: Literal[True], category_filter: Iterable[str] = ()
) -> list[tuple[str, str]]: ...
def get_flashed_messages(with_categories: bool = False, category_filter: Iterable[str] = ()) -> Any:
    """Take the messages out of the session; later calls in the same request give them again.

    Args:
        with_categories: give (category, message) pairs.
        category_filter: give only messages of these categories; empty means all.
    """
    ctx = require_connection_context()
    if ctx.flashes is None:
        ctx.flashes = ctx.session.pop("_flashes") if "_flashes" in ctx.session else []
    wanted = set(category_filter)
    flashes = [pair for pair in ctx.flashes if not wanted or pair[0] in wanted]
    return flashes if with_categories else [message for _, message in flashes]
