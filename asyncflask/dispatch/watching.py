"""Ends a WebSocket's handler whose client has gone, whatever it waits for.

A handler that only receives and sends is not watched at all: its next message tells it.
"""

from __future__ import annotations

import types
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio

from .. import bridge
from ..wrappers.channel import WebSocketDisconnected

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator
    from contextvars import Context

    from anyio.abc import TaskGroup

    from ..wrappers.channel import Channel

T = TypeVar("T")

_INTERRUPTED: Final = object()


class Watch:
    """Looks out for the client's leaving while the handler waits for something else.

    Attributes:
        interrupted: whether the handler was cancelled for it.
    """

    __slots__ = (
        "_channel",
        "_has_tasks",
        "_is_running",
        "_is_to_limit",
        "_scope",
        "_tasks",
        "_timeout",
        "_variables",
        "_was_needed",
        "interrupted",
    )

    def __init__(self, channel: Channel, variables: Context, timeout: float) -> None:
        """Watch for the handler of a channel.

        Args:
            variables: the context variables without the handler's, for the watching: an event
                loop keeps a timer, and the variables with it, for a while after it was cancelled.
            timeout: seconds for a handler that knows that the client has gone.
        """
        self._channel = channel
        self._variables = variables
        self._timeout = timeout
        self._scope: anyio.CancelScope | None = None
        # What the tasks of the watching are started in; None outside of the handler.
        self._tasks: TaskGroup | None = None
        self._is_running = False
        self._is_to_limit = False
        self._was_needed = False
        self._has_tasks = self.interrupted = False
        channel.on_close = self._limit

    def attend_thread(self, steps: Awaitable[T]) -> Coroutine[Any, Any, T]:
        """Await the steps of a handler in a thread, and read ahead of it from now on."""
        return self._with_tasks(steps, self._start)

    def attend(self, handler: Awaitable[T]) -> Coroutine[Any, Any, T]:
        """What an async handler returns.

        Raises:
            WebSocketDisconnected: it was cancelled, since the client has gone.
        """
        steps = handler if isinstance(handler, CoroutineType) else _awaited(handler)
        return self._with_tasks(self._drive(steps), None)

    async def _with_tasks(self, steps: Awaitable[T], begin: Callable[[], object] | None) -> T:
        """The result of `steps`, with a task group for what is to end with them."""
        value: Any = _INTERRUPTED
        error: BaseException | None = None
        outer = self._tasks
        async with anyio.create_task_group() as tasks:
            self._tasks = outer or tasks
            if begin is not None:
                begin()
            else:
                # PERF: the group's own scope, for one of the handler's takes 600 bytes more.
                self._scope = tasks.cancel_scope
                if self._channel.closed is not None and not self._channel.is_closed_here:
                    self._limit()
            # A task group would wrap the error that leaves it, as it does where the view's own
            # tasks have failed while they were cancelled: its scope takes the cancellation out.
            try:
                value = await steps
            except BaseException as exc:
                if not bridge.is_error(exc):
                    raise
                error = exc
            finally:
                self._tasks = outer
            # PERF: a view that only receives and sends has none beside it to be ended: 15 µs less.
            if self._has_tasks:
                tasks.cancel_scope.cancel()
        if error is not None:
            try:
                raise error
            finally:
                del error
        if value is _INTERRUPTED:
            self.interrupted = True
            raise WebSocketDisconnected(*(self._channel.closed or ()))
        return value  # type: ignore[no-any-return]  # what the steps have returned

    @types.coroutine
    def _drive(self, handler: Any) -> Generator[Any, Any, Any]:
        """Run the handler; each time it waits for something else than its messages, watch."""
        channel = self._channel
        answer: Any = None
        error: BaseException | None = None
        try:
            while True:
                channel.in_step = True
                try:
                    signal = handler.send(answer) if error is None else handler.throw(error)
                except StopIteration as stop:
                    return stop.value
                finally:
                    channel.in_step = False
                answer = error = None
                if channel.closed is not None:
                    self._start_limit()
                elif not channel.is_attended:
                    self._was_needed = True
                    if not self._is_running:
                        self._start()
                try:
                    answer = yield signal
                except BaseException as exc:
                    error = exc
        finally:
            # An exception in a frame that its traceback holds would be a cycle.
            error = None

    async def _run(self) -> None:
        channel = self._channel
        try:
            while await channel.read_ahead():
                # PERF: a handler that keeps waiting for something between its messages keeps its
                # watcher: 17 µs a message instead of 61 with one that is started anew each time.
                if channel.is_attended and not self._was_needed:
                    return
                self._was_needed = False
        finally:
            self._is_running = False
        if channel.is_closed_here:
            return
        if channel.is_attended or channel.receivers or channel.unread > 1:
            await self._wait_and_cancel()
        else:
            self._cancel()

    def _start(self) -> None:
        """Read ahead from now on, for as long as the handler does not receive by itself."""
        self._is_running = True
        self._start_soon(self._run)

    def _limit(self) -> None:
        # Before and after the handler there is nothing to be cancelled.
        self._is_to_limit = self._tasks is not None
        # PERF: a handler that is told of it itself, and ends, needs no limit: 20 µs less.
        if not self._channel.in_step:
            self._start_limit()

    def _start_limit(self) -> None:
        if self._is_to_limit:
            self._is_to_limit = False
            self._start_soon(self._wait_and_cancel)

    def _start_soon(self, function: Callable[[], Awaitable[Any]]) -> None:
        tasks: Any = self._tasks
        self._has_tasks = True
        self._variables.run(tasks.start_soon, function)

    async def _wait_and_cancel(self) -> None:
        await anyio.sleep(self._timeout)
        self._cancel()

    def _cancel(self) -> None:
        if self._scope is not None:
            self._scope.cancel()


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
