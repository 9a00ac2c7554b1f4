"""Worker threads that take jobs from one queue and report to the event loop in batches."""

from __future__ import annotations

import logging
import math
from collections import deque
from contextlib import suppress
from contextvars import Context, copy_context
from enum import Enum, auto
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, cast

import anyio
import anyio.lowlevel
import anyio.to_thread
from anyio.lowlevel import current_token

from .host import TaskHost

if TYPE_CHECKING:
    from collections.abc import Callable

_IDLE: Final = 10
"""Seconds after which a thread without work ends."""

_BETWEEN_WARNINGS: Final = 60
"""Seconds that a warning about too few threads keeps the next one away."""

_USER_CODE: Final = (
    "All %d worker threads for sync code are busy, so calls have to wait for one. Declare"
    " what waits for I/O with `async def`, or raise THREADPOOL_SIZE."
)

_logger = logging.getLogger("asyncflask.workers")


class Job:
    """A function on its way to a thread and back."""

    __slots__ = ("function", "has_run", "is_over")

    def __init__(self, function: Callable[[Context], None]) -> None:
        self.function = function
        self.has_run = False
        self.is_over = anyio.Event()


class _Word(Enum):
    """What is said to one thread in place of a job."""

    DISMISSED = auto()


class Pool:
    """Up to `size` of anyio's worker threads for one event loop.

    PERF: half of what `anyio.to_thread.run_sync` costs alone (25 instead of 50 µs), and a
    fraction of it under load: a thread that has finished takes the next job without waiting for
    the loop, and the loop is woken once for all results that have come together.

    Everything is counted on the event loop, so that nothing needs a lock.

    Args:
        warning: for the log, when all threads are busy; with a %d for their number.
    """

    def __init__(self, size: int, warning: str = _USER_CODE) -> None:
        self._size = size
        self._warning = warning
        self._wake_loop = _waking(current_token().native_token)
        self._jobs: SimpleQueue[Job | _Word | None] = SimpleQueue()
        self._finished: deque[Job] = deque()
        self._unfinished = 0
        self._threads = 0
        self._is_waking = self._is_over = False
        self._host = TaskHost.open(on_end=lambda host: self._wake_loop(self._end))
        # What these tasks and their threads see is what anyio sets, and nothing of a request's.
        self._start_soon: Callable[..., None] = partial(Context().run, self._host.start_soon)  # type: ignore[call-arg]  # called with one
        self._start_soon(self._notice_end)
        self._next_warning = -math.inf

    @property
    def unfinished(self) -> int:
        """How many jobs wait for a thread, are run, or have results that wait for the loop."""
        return self._unfinished

    async def run(self, function: Callable[[Context], None]) -> bool:
        """Run `function`, which must not raise, in a thread.

        Cancellation comes at once; whether the thread has begun is the function's to know.

        Args:
            function: gets the context of the thread, with what anyio has set for it.
        Returns:
            False where it was not run, because the event loop is ending.
        """
        await anyio.lowlevel.checkpoint_if_cancelled()
        job = self.start(function)
        await job.is_over.wait()
        return job.has_run

    def start(self, function: Callable[[Context], None]) -> Job:
        """Let `function` be run as by `run`, but leave the waiting to the caller."""
        job = Job(function)
        if self._is_over:
            job.is_over.set()
            return job
        self._unfinished += 1
        self._jobs.put(job)
        if self._unfinished > self._threads:
            self._grow()
        return job

    def dismiss(self) -> None:
        """Let the threads end that are idle, and the others after their job; new ones may come."""
        for _ in range(self._threads):
            self._jobs.put(_Word.DISMISSED)

    def _grow(self) -> None:
        if self._threads >= self._size:
            self._warn()
            return
        self._threads += 1
        self._start_soon(self._lend_thread)

    def _warn(self) -> None:
        now = anyio.current_time()
        if now < self._next_warning:
            return
        self._next_warning = now + _BETWEEN_WARNINGS
        _logger.warning(self._warning, self._size)

    def _deliver(self) -> None:
        self._is_waking = False
        while self._finished:
            job = self._finished.popleft()
            self._unfinished -= 1
            job.is_over.set()

    # -- the tasks that lend the threads

    async def _lend_thread(self) -> None:
        try:
            # A limiter of its own: these threads are counted here.
            await anyio.to_thread.run_sync(self._work, limiter=anyio.CapacityLimiter(1))
        finally:
            self._threads -= 1
            if self._is_over:
                self._give_back()
        if self._unfinished > self._threads:
            # It became idle just when a job came.
            self._grow()

    async def _notice_end(self) -> None:
        """Wait until the event loop ends, which cancels this; then let the threads end."""
        try:
            await anyio.sleep_forever()
        finally:
            self._is_over = True
            # How many threads there are is unknown: asyncio has ended the tasks that lend them.
            self._jobs.put(None)
            self._give_back()

    def _end(self) -> None:
        """Nothing lends threads any more; or it was cancelled before it had begun."""
        self._is_over = True
        self._threads = 0
        self._give_back()

    def _give_back(self) -> None:
        """Where no thread is left, tell those that wait that their jobs will not be run."""
        if self._threads:
            return
        self._deliver()
        with suppress(Empty):
            while True:
                job = self._jobs.get_nowait()
                if isinstance(job, Job):
                    job.is_over.set()
        self._jobs.put(None)

    # -- in a thread

    def _work(self) -> None:
        context = copy_context()
        while True:
            try:
                job = self._jobs.get(timeout=_IDLE)
            except Empty:
                return
            if job is _Word.DISMISSED:
                return
            if job is None:
                # For the next thread.
                self._jobs.put(None)
                return
            job.function(context)
            job.has_run = True
            self._finished.append(job)
            # What the job holds ends with it, not with the next one.
            del job
            if not self._is_waking:
                self._is_waking = True
                self._wake_loop(self._deliver)


def _waking(loop: Any) -> Callable[[Callable[[], None]], None]:
    """The call by which a thread lets an event loop, asyncio's or trio's, run a function."""
    schedule = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon

    def wake(function: Callable[[], None]) -> None:
        try:
            schedule(function)
        except RuntimeError:
            # The loop has been closed meanwhile: nobody waits for the result.
            return

    return cast("Callable[[Callable[[], None]], None]", wake)
