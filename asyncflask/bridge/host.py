"""A task group that no task has to hold open."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
import anyio.from_thread
from anyio.lowlevel import current_token

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Self

    from anyio.abc import TaskGroup
    from anyio.lowlevel import EventLoopToken


class TaskHost:
    """Runs tasks; any task of its event loop may start it, use it and stop it.

    A task group must be left by the task that has entered it, and before those that it had
    entered earlier. Test fixtures are set up and torn down in different tasks, and streams are
    closed in any order, so that neither can hold one. Made by `start`.
    """

    _tasks: TaskGroup

    def __init__(self) -> None:
        self._has_started = anyio.Event()
        self._is_to_stop = anyio.Event()
        self._has_stopped = anyio.Event()

    @classmethod
    async def start(cls) -> Self:
        """Start a host on the running event loop."""
        host = cls()
        lender = threading.Thread(
            target=host._lend, args=(current_token(),), name="asyncflask-host", daemon=True
        )
        lender.start()
        try:
            await host._has_started.wait()
        except BaseException:
            host._is_to_stop.set()
            raise
        return host

    def start_soon(self, function: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Run `function` in a task with a copy of the caller's context; it must not raise."""
        self._tasks.start_soon(function, *args)

    async def stop(self) -> None:
        """Cancel the tasks and wait for their end, even in a cancelled scope."""
        self._is_to_stop.set()
        self._tasks.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await self._has_stopped.wait()

    def _lend(self, token: EventLoopToken) -> None:
        # All tasks that anyio starts have a parent, save those that a thread waits for.
        # An event loop that ends before the host cancels it, and there is nobody to be told.
        with suppress(BaseException):
            anyio.from_thread.run(self._live, token=token)

    async def _live(self) -> None:
        try:
            async with anyio.create_task_group() as self._tasks:
                self._has_started.set()
                await self._is_to_stop.wait()
        finally:
            self._has_stopped.set()
