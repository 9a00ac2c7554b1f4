"""A task group that no task has to hold open."""

from __future__ import annotations

import threading
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import anyio
import anyio.from_thread
from anyio.lowlevel import current_token

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine
    from typing import Self

    from anyio.abc import TaskGroup
    from anyio.lowlevel import EventLoopToken


class TaskHost:
    """Runs tasks; any task of its event loop may start it, use it and stop it.

    A task group must be left by the task that has entered it, and before those that it had
    entered earlier. Test fixtures are set up and torn down in different tasks, and streams are
    closed in any order, so that neither can hold one. Made by `start` or `open`.
    """

    def __init__(self) -> None:
        self._tasks: TaskGroup | None = None
        self._early: list[Callable[[TaskGroup], object]] = []
        self._has_started = anyio.Event()
        self._is_to_stop = anyio.Event()
        self._has_stopped = anyio.Event()

    @classmethod
    def open(cls, on_end: Callable[[TaskHost], object] = lambda host: None) -> Self:
        """A host on the running event loop that starts meanwhile; it can be given tasks already.

        Args:
            on_end: called in a thread of the host's own, once it has ended or its loop has.
        """
        host = cls()
        lender = threading.Thread(
            target=host._lend, args=(current_token(), on_end), name="asyncflask-host", daemon=True
        )
        lender.start()
        return host

    @classmethod
    async def start(cls) -> Self:
        """Start a host on the running event loop."""
        host = cls.open()
        try:
            await host._has_started.wait()
        except BaseException:
            host.close()
            raise
        return host

    def start_soon(self, function: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Run `function` in a task with a copy of the caller's context; it must not raise."""
        if self._tasks is not None:
            self._tasks.start_soon(function, *args)
            return
        context = copy_context()
        self._early.append(lambda tasks: context.run(tasks.start_soon, function, *args))

    def close(self) -> None:
        """Let it end by itself, as soon as its tasks have."""
        self._is_to_stop.set()

    async def stop(self) -> None:
        """Cancel the tasks and wait for their end, even in a cancelled scope."""
        self.close()
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await self._has_stopped.wait()

    def _lend(self, token: EventLoopToken, on_end: Callable[[TaskHost], object]) -> None:
        # All tasks that anyio starts have a parent, save those that a thread waits for.
        # An event loop that ends before the host cancels it, and there is nobody to be told.
        with suppress(BaseException):
            anyio.from_thread.run(self._live, token=token)
        on_end(self)

    async def _live(self) -> None:
        ending = self._stop_with_loop()
        await anext(ending)
        try:
            async with anyio.create_task_group() as tasks:
                for start_in in self._early:
                    start_in(tasks)
                self._early.clear()
                self._tasks = tasks
                self._has_started.set()
                await self._is_to_stop.wait()
        except anyio.get_cancelled_exc_class():
            # The event loop ends. It would report an error to a thread that does not listen.
            return
        finally:
            self._has_stopped.set()
            with anyio.CancelScope(shield=True):
                await ending.aclose()

    async def _stop_with_loop(self) -> AsyncGenerator[None, None]:
        """Stop also where the event loop ends without cancelling the tasks, when it is closed.

        asyncio cancels its tasks once. A host that starts afterwards, because what was cancelled
        cleans up in a thread, would leave anyio's threads behind, for which the interpreter
        waits for ever. But generators that are open then are closed, which is how this is told.
        """
        try:
            yield
        finally:
            await self.stop()
