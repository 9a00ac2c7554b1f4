"""How code that ran elsewhere ended: its value or error, and the context variables it set."""

from __future__ import annotations

import threading
from contextvars import Context, ContextVar, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

import anyio
import anyio.from_thread
from anyio.lowlevel import current_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

T = TypeVar("T")
current_stay: ContextVar[Stay[Any] | None] = ContextVar("asyncflask_stay", default=None)
Variables = list[tuple[ContextVar[Any], Any]]

_UNSET: Final = object()


def changes(before: Context, after: Context) -> Variables:
    """The context variables that differ, with their values in `after`."""
    return [
        (variable, value)
        for variable, value in after.items()
        if before.get(variable, _UNSET) is not value
    ]


class Outcome(Generic[T]):
    """How an async function ended, and the context variables that it set."""

    def __init__(self) -> None:
        self.changed: Variables = []
        self._value: Any = None
        self._error: BaseException | None = None

    async def record(self, function: Callable[..., Awaitable[T]], args: tuple[Any, ...]) -> None:
        """Run `function`; no error but cancellation leaves here, so none can end the loop."""
        before = copy_context()
        try:
            self._value = await function(*args)
        except anyio.get_cancelled_exc_class() as exc:
            self._error = exc
            raise
        except BaseException as exc:
            self._error = exc
        self.changed = changes(before, copy_context())

    def take_over(self) -> T:
        """Set the context variables here too; the function's value, or raise its error."""
        for variable, value in self.changed:
            variable.set(value)
        return cast("T", value_or_raise(self))


def value_or_raise(ended: Any) -> Any:
    """The `_value` of what has ended; or raise its `_error`. It then forgets both."""
    # A value may hold an exception, whose traceback leads back to what has ended.
    value, ended._value = ended._value, None
    error, ended._error = ended._error, None
    if error is None:
        return value
    try:
        raise error
    finally:
        # A frame that holds the exception whose traceback holds the frame is a cycle.
        del error


class Stay(Generic[T]):
    """One stay in a worker thread: what runs there, how it ended, what it changed."""

    def __init__(
        self, function: Callable[[], T], context: Context | None, incoming: Variables
    ) -> None:
        self.context = context
        self.changed: Variables = []
        self._function: Callable[[], T] | None = function
        self._incoming = incoming
        self._value: Any = _UNSET
        self._error: BaseException | None = None
        self._state = threading.Lock()
        self._started = self._over = self._abandoned = False
        self._announce: Callable[[], object] | None = None
        self._waits: list[anyio.CancelScope] = []

    def __call__(self, thread: Context | None = None) -> None:
        """Run the function, unless nobody waits any more.

        Args:
            thread: a context with what anyio has set for this thread, where the context of this
                stay was copied on the event loop.
        """
        with self._state:
            if self._abandoned:
                return
            self._started = True
        if self.context is None:
            # Copied in the thread, where anyio has already put its own variables in order.
            self.context = copy_context()
        elif thread is not None:
            self._incoming = [*thread.items(), *self._incoming]
        self.context.run(self._run)
        with self._state:
            self._over = True
        if self._announce is not None:
            self._announce()

    def _run(self) -> None:
        for variable, value in self._incoming:
            variable.set(value)
        outer = current_stay.set(self)
        before = copy_context()
        function, self._function = self._function, None
        try:
            self._value = cast("Callable[[], T]", function)()
        except BaseException as exc:
            self._error = exc
        finally:
            self.changed = changes(before, copy_context())
            current_stay.reset(outer)

    async def wait_for(self, waiting: Coroutine[Any, Any, None]) -> None:
        """On the event loop: run what the thread waits for, until `cancel_wait`."""
        with anyio.CancelScope() as scope:
            self._waits.append(scope)
            try:
                await waiting
            finally:
                self._waits.remove(scope)

    def cancel_wait(self) -> None:
        """On the event loop: cancel what the thread waits for just now."""
        for scope in self._waits:
            scope.cancel()

    def result(self) -> T:
        """The function's value; raises what it raised."""
        return cast("T", value_or_raise(self))

    @property
    def left_coroutine_at_rest(self) -> bool:
        """Whether the coroutine advanced here has not ended, by returning or by an error."""
        return self._error is None and (self._value is _UNSET or not self._value[0])

    async def wait_until_over(self) -> None:
        """Wait for a thread that cannot be interrupted, however often this task is cancelled."""
        with self._state:
            self._abandoned = True
            if not self._started or self._over:
                return
            event = anyio.Event()
            self._announce = partial(anyio.from_thread.run_sync, event.set, token=current_token())
        while not event.is_set():
            try:
                with anyio.CancelScope(shield=True):
                    await event.wait()
            except anyio.get_cancelled_exc_class():
                # asyncio's own Task.cancel() knows no shield, and the thread still runs.
                continue
