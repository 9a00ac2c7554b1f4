"""Streaming a sync iterable from one worker thread to the event loop."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

import anyio
import anyio.from_thread
from anyio.lowlevel import current_token

from .hop import Worker, _HopCancelled, run_in_worker
from .lane import current_lane

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

T = TypeVar("T")

BATCH: Final = 32
"""Items of a sync iterable that may wait for the event loop before its worker pauses."""


@asynccontextmanager
async def iterate(iterable: Iterable[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Stream a sync iterable: one worker, one context, from the first item to `close()`.

        async with iterate(rows) as items:
            async for item in items: ...

    At most `BATCH` items wait for the loop; then the worker pauses. Leaving the block closes
    the iterable where it has a `close()`, after the item that it may be busy with. An error
    of the iterable is raised at the item where it happened.
    """
    if current_lane.get() is not None:
        async with _iterate_in_lane(iterable) as items:
            yield items
        return
    feed: _Feed[T] = _Feed(iterable)
    error: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.fill)
        try:
            yield feed
        except Exception as exc:
            # The task group would wrap it in an ExceptionGroup.
            error = exc
        finally:
            feed.stop()
    if error is not None:
        try:
            raise error
        finally:
            del error


@asynccontextmanager
async def _iterate_in_lane(iterable: Iterable[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Item by item, since the lent thread reads what it produces."""
    worker = Worker()

    async def pull() -> AsyncIterator[T]:
        iterator = iter(iterable)
        while True:
            try:
                ended, item = await worker.run(partial(_next, iterator))
            except _HopCancelled as cancelled:
                # Only the reason itself is a cancellation to the task groups around this.
                raise cancelled.reason from None
            if ended:
                return
            yield item

    try:
        yield pull()
    finally:
        with anyio.CancelScope(shield=True):
            await worker.run(partial(_close, iterable))


def _next(iterator: Iterator[T]) -> tuple[bool, T]:
    for item in iterator:
        return False, item
    return True, cast("T", None)


def _close(iterable: object) -> tuple[bool, None]:
    close = getattr(iterable, "close", None)
    if close is not None:
        close()
    return True, None


class _Feed(Generic[T]):
    """A bounded hand-off from one worker thread to the event loop."""

    def __init__(self, iterable: Iterable[T]) -> None:
        self._iterable = iterable
        self._token = current_token()
        self._items: deque[T] = deque()
        self._room = threading.Condition()
        self._ready: anyio.Event | None = None
        self._error: BaseException | None = None
        self._ended = self._stopped = False

    async def fill(self) -> None:
        """Run the iterable in a worker until it is exhausted or nobody listens."""
        with anyio.CancelScope(shield=True):
            await run_in_worker(self._produce)

    def stop(self) -> None:
        """From the loop: nobody listens any more."""
        with self._room:
            self._stopped = True
            self._room.notify()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while True:
            with self._room:
                if self._items:
                    self._room.notify()
                    return self._items.popleft()
                if self._ended:
                    break
                self._ready = ready = anyio.Event()
            await ready.wait()
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration

    def _produce(self) -> None:
        try:
            for item in self._iterable:
                if not self._put(item):
                    break
            _close(self._iterable)
        except BaseException as exc:
            self._error = exc
        self._tell(ended=True)

    def _put(self, item: T) -> bool:
        """Queue `item`; False when nobody listens any more."""
        with self._room:
            self._room.wait_for(lambda: self._stopped or len(self._items) < BATCH)
            if self._stopped:
                return False
            self._items.append(item)
        self._tell()
        return True

    def _tell(self, *, ended: bool = False) -> None:
        with self._room:
            self._ended = ended
            ready, self._ready = self._ready, None
        if ready is not None:
            anyio.from_thread.run_sync(ready.set, token=self._token)
