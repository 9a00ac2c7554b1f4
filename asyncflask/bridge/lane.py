"""A thread that lends itself as the worker while it waits for async code, as a test does."""

from __future__ import annotations

import atexit
import os
import threading
import time
from contextlib import ExitStack, suppress
from contextvars import Context, ContextVar, copy_context
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.from_thread
import anyio.lowlevel

from .outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Future

    from anyio.from_thread import BlockingPortal

T = TypeVar("T")

current_lane: ContextVar[Lane | None] = ContextVar("asyncflask_lane", default=None)


_PATIENCE = 5.0
"""Seconds that an interrupted thread waits for the end of the async code it has begun."""


class Lane:
    """A thread that serves as the worker while it waits for async code, as tests do.

    `start` begins the async function on the process's loop thread; the thread then calls
    `serve` until what it waits for is there. Sync user code runs in this thread meanwhile.
    """

    def __init__(self) -> None:
        self.context = copy_context()
        self.context.run(current_lane.set, self)
        self.baseline = self.context
        self.thread = threading.get_ident()
        self._jobs: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._function: Callable[[], Awaitable[None]] | None = None
        self._task: Future[None] | None = None
        self._began = self._over = self._is_away = False

    def is_here(self) -> bool:
        """Whether the running thread is the one that is lent."""
        return threading.get_ident() == self.thread

    def start(self, function: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Begin `function` on the loop thread; its errors must be its own affair."""
        self._function = partial(function, *args)
        # From an empty context: what the loop still holds of a task that has ended, it must
        # not keep alive. `_live` brings the caller's variables along, and takes them back.
        self._task = Context().run(_loop_thread().start_task_soon, self._live)
        self._task.add_done_callback(self._on_done)

    def serve(self, until: Callable[[], bool] = lambda: False) -> None:
        """Run what the async code wants run here, until `until()` is true or it has ended."""
        while not (self._over or until()):
            self._jobs.get()()

    def cancel(self) -> None:
        """Cancel the async function and serve until it has ended, for some seconds at most."""
        if self._task is not None:
            self._task.cancel()
        give_up = time.monotonic() + _PATIENCE
        while not self._over and (left := give_up - time.monotonic()) > 0:
            # A loop that something blocks never gets to the cancellation.
            with suppress(Empty):
                self._jobs.get(timeout=left)()

    def put_away(self, then: Callable[[], object]) -> None:
        """From the loop: lend the thread to nobody from now on; it calls `then` after its jobs."""
        self._is_away = True
        self._jobs.put(then)

    def take_up(self) -> None:
        """From the loop: end what `put_away` began; the thread serves again."""
        self._is_away = False

    @property
    def is_away(self) -> bool:
        """Whether the thread does other things, so that workers have to run what is to be run."""
        return self._is_away or _process_is_ending

    def wake(self) -> None:
        """From the loop: let the thread look at its `until` again."""
        self._jobs.put(_nothing)

    async def run(self, job: Callable[[], None]) -> None:
        """From the loop: run `job`, which must not raise, in the lent thread."""
        done = anyio.Event()
        token = anyio.lowlevel.current_token()

        def run_and_tell() -> None:
            job()
            anyio.from_thread.run_sync(done.set, token=token)

        await anyio.lowlevel.checkpoint()
        self._jobs.put(run_and_tell)
        await done.wait()

    async def _live(self) -> None:
        self._began = True
        own = copy_context()  # anyio's, which tell it what loop it runs on
        lent = [
            (variable, variable.set(value))
            for variable, value in self.context.items()
            if variable not in own
        ]
        self.baseline = copy_context()
        try:
            await self._call()
        finally:
            for variable, token in lent:
                variable.reset(token)
            self.context = self.baseline = Context()
            del lent
            self._over = True
            self.wake()

    async def _call(self) -> None:
        function, self._function = self._function, None
        if function is not None:
            await function()

    def _on_done(self, _task: Future[None]) -> None:
        if not self._began:
            self._over = True
            self.wake()


def _nothing() -> None:
    """Wake the lent thread and no more."""


def lend_thread(function: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Run an async function on the loop thread; this thread is its worker meanwhile."""
    lane = Lane()
    outcome: Outcome[T] = Outcome()
    lane.start(outcome.record, function, args)
    try:
        lane.serve()
    except BaseException:
        # Ctrl-C in the waiting thread: what was begun is ended before it goes on.
        lane.cancel()
        raise
    return outcome.take_over()


def run_on_loop_thread(function: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Run an async function on the loop thread and wait; tasks that it starts there go on.

    Unlike `lend_thread`, this thread is no worker meanwhile: sync code is run by the loop's own.
    """
    outcome: Outcome[T] = Outcome()
    has_ended = threading.Event()

    async def record() -> None:
        try:
            await outcome.record(function, args)
        finally:
            has_ended.set()

    context = copy_context()
    context.run(current_lane.set, None)
    task = context.run(_loop_thread().start_task_soon, record)
    try:
        has_ended.wait()
    except BaseException:
        # Ctrl-C in the waiting thread: what was begun is ended before it goes on.
        task.cancel()
        has_ended.wait(_PATIENCE)
        raise
    return outcome.take_over()


_portal: BlockingPortal | None = None
_portal_lock = threading.Lock()
# From then on nobody waits for async code, so that nobody serves as its worker.
_process_is_ending = False


def _loop_thread() -> BlockingPortal:
    """The one event loop thread of this process for callers that have no loop."""
    global _portal
    with _portal_lock:
        if _portal is None:
            _portal = Context().run(_start_loop_thread)
    return _portal


def _start_loop_thread() -> BlockingPortal:
    stack, process = ExitStack(), os.getpid()
    portal = stack.enter_context(anyio.from_thread.start_blocking_portal(name="asyncflask-loop"))

    def stop() -> None:
        global _process_is_ending
        if os.getpid() != process:
            return
        _process_is_ending = True
        # Whatever a test left unread is cancelled, so that the process can end.
        portal.call(portal.stop, True)
        stack.close()

    atexit.register(stop)
    return portal


def _forget_loop_thread() -> None:
    global _portal
    _portal = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_loop_thread)
