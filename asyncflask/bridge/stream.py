"""Streaming a sync iterable from worker threads to the event loop, in one context."""

from __future__ import annotations

from collections import deque
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import anyio
from anyio.lowlevel import current_token

from .cancelling import is_error
from .event import call_soon
from .hop import Worker, _HopCancelled
from .lane import current_lane

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

BATCH: Final = 64
"""Items that are made in one stay in a worker, while at most half as many wait to be sent."""

BATCH_SIZE: Final = 64 * 1024
"""Bytes at which a batch is full although it has fewer items."""

LONGEST_STAY: Final = 0.5
"""Seconds after which the worker is given back, to be queued for anew, once an item is made."""


@asynccontextmanager
async def iterate(
    iterable: Iterable[Any], encode: Callable[[Any], bytes]
) -> AsyncIterator[AsyncIterator[bytes]]:
    """Stream a sync iterable, encoded: one context, from the first item to `close()`.

        async with iterate(rows, str.encode) as items:
            async for item in items: ...

    It runs in stays in a worker, a batch of items each. While nobody takes the items the
    iteration rests and holds no thread. Leaving the block closes the iterable where it has a
    `close()`, after the item that it may be busy with. An error of the iterable is raised at
    the item where it happened, one of its `close()` at the end of the block.
    """
    if current_lane.get() is not None:
        async with _iterate_in_lane(iterable, encode) as items:
            yield items
        return
    feed = _Feed(iterable, encode)
    error: BaseException | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.fill)
        try:
            yield feed
        except BaseException as exc:
            if not is_error(exc):
                raise
            # The task group would wrap it in an ExceptionGroup.
            error = exc
        finally:
            feed.stop()
    error = error or feed.untold_error()
    if error is not None:
        try:
            raise error
        finally:
            del error


@asynccontextmanager
async def _iterate_in_lane(
    iterable: Iterable[Any], encode: Callable[[Any], bytes]
) -> AsyncIterator[AsyncIterator[bytes]]:
    """Item by item, since the lent thread reads what it produces."""
    worker = Worker()

    async def pull() -> AsyncIterator[bytes]:
        iterator = iter(iterable)
        while True:
            try:
                ended, item = await worker.run(partial(_next, iterator, encode))
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


def _next(iterator: Iterator[Any], encode: Callable[[Any], bytes]) -> tuple[bool, bytes]:
    for item in iterator:
        return False, encode(item)
    return True, b""


def _close(iterable: object) -> tuple[bool, None]:
    close = getattr(iterable, "close", None)
    if close is not None:
        close()
    return True, None


class _Feed:
    """A bounded hand-off from a sync iterable, in a worker or at rest, to the event loop.

    The deque alone is shared by both sides at once. Who waits says so first and looks at it
    again, who adds to it does that first and looks then whether somebody waits.
    """

    def __init__(self, iterable: Iterable[Any], encode: Callable[[Any], bytes]) -> None:
        self._iterable = iterable
        self._iterator: Iterator[Any] | None = None
        self._encode = encode
        self._loop = current_token().native_token
        self._items: deque[bytes] = deque()
        self._batch = 0
        self._room: anyio.Event | None = None
        self._ready: anyio.Event | None = None
        self._error: BaseException | None = None
        self._has_ended = self._is_stopped = False

    # On the event loop

    async def fill(self) -> None:
        """Run the iterable, stay by stay, until it is exhausted or nobody listens."""
        worker = Worker()
        reason: BaseException | None = None
        with anyio.CancelScope(shield=True):
            while not self._has_ended:
                # asyncio's own Task.cancel() knows no shield; the iterable is closed even so.
                try:
                    await worker.run(self._produce)
                    await self._wait_for_room()
                except _HopCancelled as cancelled:
                    self._is_stopped, reason = True, cancelled.reason
                except anyio.get_cancelled_exc_class() as exc:
                    self._is_stopped, reason = True, exc
        if reason is not None:
            try:
                raise reason
            finally:
                del reason

    async def _wait_for_room(self) -> None:
        """Wait until half of the last batch is taken, or nobody listens."""
        if not (self._has_room() or self._is_stopped or self._has_ended):
            self._room = anyio.Event()
            await self._room.wait()

    def _has_room(self) -> bool:
        """Whether it is time to make more; of large items, only once none is left."""
        return len(self._items) <= self._batch // 2

    def stop(self) -> None:
        """Nobody listens any more."""
        self._is_stopped = True
        self._resume()

    def _resume(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.set()

    def untold_error(self) -> BaseException | None:
        """The error that ended the iterable, where nobody was there to be told."""
        error, self._error = self._error, None
        return error

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._room is not None and self._has_room():
            self._resume()
        while not self._items:
            if self._has_ended:
                self._raise_end()
            self._ready = ready = anyio.Event()
            if not (self._items or self._has_ended):
                await ready.wait()
        return self._items.popleft()

    def _raise_end(self) -> None:
        # The last item may have come between the look at the items and that at the end.
        if self._items:
            return
        error, self._error = self._error, None
        if error is None:
            raise StopAsyncIteration
        if isinstance(error, (StopIteration, StopAsyncIteration)):
            # As Python does with a generator's, since it would look like an ordinary end.
            raise RuntimeError(f"The stream raised {type(error).__name__}") from error
        try:
            raise error
        finally:
            del error

    # In the worker

    def _produce(self) -> tuple[bool, None]:
        """Make a batch; close the iterable at its end, or where nobody listens any more."""
        try:
            if self._make_batch():
                _close(self._iterable)
                self._has_ended = True
        except BaseException as exc:
            self._error = exc
            self._has_ended = True
        self._announce()
        return True, None

    def _make_batch(self) -> bool:
        """Queue items until the batch is full; True where there is nothing left to make."""
        self._batch = size = 0
        turn_over = monotonic() + LONGEST_STAY
        if self._iterator is None and not self._is_stopped:
            self._iterator = iter(self._iterable)
        while not self._is_stopped:
            for item in self._iterator or ():
                data = self._encode(item)
                self._items.append(data)
                self._batch += 1
                size += len(data)
                break
            else:
                return True
            if self._batch >= BATCH or size >= BATCH_SIZE or monotonic() >= turn_over:
                return False
            if self._ready is not None:
                self._announce()
        return True

    def _announce(self) -> None:
        """Wake who waits for an item or for the end."""
        ready, self._ready = self._ready, None
        if ready is not None:
            # PERF: to wait for the loop, as anyio's from_thread.run_sync does, is a change of
            # threads there and back: 16 to 50 ms for 1,000 items in place of 5.
            call_soon(self._loop, ready.set)
