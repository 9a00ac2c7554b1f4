"""Awaitables of any make, for code that steps through them itself."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator, Iterator

T = TypeVar("T")


def steps_of(awaitable: Awaitable[T]) -> Generator[Any, Any, T]:
    """What an awaitable is awaited through, which can be sent to and thrown into.

    `__await__` may give any iterator: those of Granian, which is compiled, have neither method.
    """
    steps: Any = awaitable.__await__()
    return steps if hasattr(steps, "send") else _delegate(steps)


@types.coroutine
def _delegate(steps: Iterator[Any]) -> Generator[Any, Any, Any]:
    return (yield from steps)
