"""An event that signal handlers and any thread may set, and that both kinds of code wait for."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import anyio
from anyio.lowlevel import current_token

from .hop import is_on_event_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Event:
    """Something that happens once, until it is cleared.

    It takes no lock, so that a signal handler may set it whatever its thread was doing.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._wakers: set[Callable[[], object]] = set()

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._is_set

    def set(self) -> None:
        """Let it happen: wake whoever waits, in threads and on event loops."""
        self._is_set = True
        for wake in tuple(self._wakers):
            wake()

    def clear(self) -> None:
        """Let it be waited for again; those who waited until now have been woken."""
        self._is_set = False

    def wait(self, timeout: float | None = None) -> Any:
        """Wait until it happens: in a worker this blocks, in async code it is to be awaited.

        Args:
            timeout: seconds to wait at most; None waits for ever.
        Returns:
            Whether it has happened; in async code, an awaitable of that.
        """
        return self._wait_on_loop(timeout) if is_on_event_loop() else self._block(timeout)

    async def _wait_on_loop(self, seconds: float | None) -> bool:
        happened = anyio.Event()
        with self._waking(partial(call_soon, current_token().native_token, happened.set)):
            if self._is_set:
                await anyio.lowlevel.checkpoint()
                return True
            with anyio.move_on_after(seconds):
                await happened.wait()
        return happened.is_set()

    def when_set(self, function: Callable[[float], object]) -> Callable[[], object]:
        """Call `function` on this event loop's thread once it happens, or soon if it has.

        It is called by no task, with the time by the loop's clock, which nothing else tells there.

        PERF: for what many wait for at once: 0.2 kB each, where a task that waits has 5.

        Returns:
            what `forget` takes. It may be too late for that: `function` is to bear a late call.
        """
        wake = _CallOnLoop(current_token().native_token, function)
        self._wakers.add(wake)
        if self._is_set:
            wake()
        return wake

    def forget(self, wake: Callable[[], object]) -> None:
        """Call no more what `when_set` was given."""
        self._wakers.discard(wake)

    def _block(self, timeout: float | None) -> bool:
        # A queue of this kind is the one that may be put into by a signal handler.
        happened: SimpleQueue[bool] = SimpleQueue()
        with self._waking(partial(happened.put, True)):
            if self._is_set:
                return True
            try:
                return happened.get(timeout=timeout)
            except Empty:
                return False

    @contextmanager
    def _waking(self, wake: Callable[[], object]) -> Iterator[None]:
        self._wakers.add(wake)
        try:
            yield
        finally:
            self._wakers.discard(wake)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'set' if self._is_set else 'not set'}>"


class _CallOnLoop:
    """Calls a function with the loop's time on the loop's thread."""

    __slots__ = ("_function", "_loop")

    def __init__(self, loop: Any, function: Callable[[float], object]) -> None:
        self._loop = loop
        self._function = function

    def __call__(self) -> None:
        call_soon(self._loop, self._call)

    def _call(self) -> None:
        # anyio finds asyncio's clock in tasks alone.
        clock = getattr(self._loop, "time", anyio.current_time)
        self._function(clock())


def call_soon(loop: Any, function: Callable[[], object]) -> None:
    """Call `function` on the loop's thread, from any thread and from signal handlers.

    anyio's own way into a loop waits for the result, which a signal handler must not.
    """
    schedule = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon
    # A loop that has ended meanwhile has nobody left to wake.
    with suppress(RuntimeError):
        schedule(function)
