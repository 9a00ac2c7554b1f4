"""Async functions in plain rendering: a worker thread waits for them, the event loop must not."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import CoroutineType
from typing import Any

from .. import bridge

Function = Callable[..., Any]


def resolved(value: Any, function: object) -> Any:
    """`value`, or where it is a coroutine what it returns: this thread waits for it.

    Args:
        function: what was called, for the message.
    Raises:
        RuntimeError: this is the event loop's thread, which must not wait.
    """
    if not isinstance(value, CoroutineType):
        return value
    if not bridge.is_on_event_loop():
        return bridge.wait_for(_awaited, value)

    value.close()
    raise RuntimeError(
        f"Rendering needs the result of {function!r}, which is async, and the event loop cannot"
        " wait for it inside a plain call. Use `await render_template_async(...)` or"
        " `await render_template_string_async(...)` with the same arguments, or to stream"
        " `stream_template_async(...)`."
    )


async def _awaited(coroutine: CoroutineType[Any, Any, Any]) -> Any:
    return await coroutine


def plain(function: Function) -> Function:
    """`function`, or a sync one that waits for it where it is async."""
    if not bridge.is_async(function):
        return function

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return resolved(function(*args, **kwargs), function)

    call._waits_for = function  # type: ignore[attr-defined]  # a mark on a function
    return call
