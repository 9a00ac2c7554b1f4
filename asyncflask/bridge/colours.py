"""Which functions are async, which block, which say that they never do."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling `function` gives a coroutine or an async generator."""
    while isinstance(function, partial):
        function = function.func
    return _is_async_function(function) or _is_async_function(
        inspect.getattr_static(type(function), "__call__", None)
    )


def _is_async_function(function: object) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def inline(function: F) -> F:
    """Mark a sync function that never blocks: it runs on the event loop, not in a worker."""
    function.__asyncflask_inline__ = True  # type: ignore[attr-defined]  # a mark on a function
    return function


def blocks(function: Callable[..., Any]) -> bool:
    """Whether `function` needs a worker thread: it is sync and not marked `inline`."""
    while isinstance(function, partial):
        function = function.func
    return not is_async(function) and not getattr(function, "__asyncflask_inline__", False)
