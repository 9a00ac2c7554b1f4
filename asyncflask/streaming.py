"""Iterators that run within a context, wherever they are consumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from .ctx import AppContext


def in_context(ctx: AppContext, iterator: Any) -> Any:
    """The same items, each made while `ctx` is current; the iterator is closed at the end.

    Between two items the consumer's own context is current, so nothing leaks into it.
    """
    if hasattr(iterator, "__aiter__"):
        return _async_items(ctx, iterator)
    return _items(ctx, iter(iterator))


def _items(ctx: AppContext, iterator: Iterator[Any]) -> Iterator[Any]:
    try:
        while True:
            with ctx.as_current():
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item
    finally:
        _close(ctx, iterator)


def _close(ctx: AppContext, iterator: Any) -> None:
    close = getattr(iterator, "close", None)
    if close is not None:
        with ctx.as_current():
            close()


async def _async_items(ctx: AppContext, iterator: AsyncIterator[Any]) -> AsyncIterator[Any]:
    items = aiter(iterator)
    try:
        while True:
            with ctx.as_current():
                try:
                    item = await anext(items)
                except StopAsyncIteration:
                    return
            yield item
    finally:
        aclose = getattr(items, "aclose", None)
        if aclose is not None:
            with ctx.as_current():
                await aclose()
