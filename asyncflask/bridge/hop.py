"""One coroutine that moves between the event loop and a worker thread.

`drive` runs it on the event loop; wherever it awaits `to_worker()`, it goes on in a worker
until it awaits `to_loop()` or ends. So sync steps that follow each other share one hop, and a
request whose steps are all async makes none.
"""

from __future__ import annotations

import math
import threading
import types
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

import anyio
import anyio.from_thread
import anyio.to_thread
from anyio.lowlevel import RunVar, current_token

from .colours import is_async
from .lane import current_lane, lend_thread
from .outcome import Outcome, Stay, Variables, changes, current_stay
from .pool import Pool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator

    from anyio.lowlevel import EventLoopToken

T = TypeVar("T")

DEFAULT_WORKERS: Final = 40
"""Worker threads for user code, for each event loop, where THREADPOOL_SIZE is not set."""

# PERF: the C function itself, to be compared with `Home.thread`: 0.05 µs instead of 1 for
# `is_on_event_loop`.
this_thread = threading.get_ident

_TO_WORKER: Final = object()
_TO_LOOP: Final = object()
_CANNOT_WAIT: Final = (
    "{} cannot be waited for on the event loop's own thread. Await it there, or call it from sync"
    " code, which runs in a worker thread."
)

_loop_token: ContextVar[EventLoopToken | None] = ContextVar("asyncflask_loop", default=None)
_waited_for: ContextVar[bool] = ContextVar("asyncflask_waited_for", default=False)
_pool: ContextVar[tuple[str, int]] = ContextVar("asyncflask_pool", default=("", DEFAULT_WORKERS))
_acting_for: ContextVar[object] = ContextVar("asyncflask_acting_for", default=None)


class Traveller(Protocol):
    """What a driven coroutine looks at to know where it is."""

    in_worker: bool


@types.coroutine
def to_worker() -> Generator[Any, Any, None]:
    """Go on in a worker thread; only inside a coroutine that `drive` or `run_here` runs."""
    yield _TO_WORKER


@types.coroutine
def to_loop() -> Generator[Any, Any, None]:
    """Go on on the event loop; only inside a coroutine that `drive` or `run_here` runs."""
    yield _TO_LOOP


@types.coroutine
def drive(coroutine: Coroutine[Any, Any, T], traveller: Traveller) -> Generator[Any, Any, T]:
    """Run `coroutine` on the event loop, and in a worker wherever it asks to be.

    Args:
        traveller: its `in_worker` is kept true while the coroutine is in a worker.
    """
    worker: Worker | None = None
    error: BaseException | None = None
    while True:
        ended, value = yield from _advance_on_loop(coroutine, error)
        if ended:
            return value  # type: ignore[no-any-return]  # PERF: cast() is a call
        worker = worker or Worker()
        advance = partial(_advance_in_worker, coroutine, traveller)
        try:
            ended, value = yield from worker.run(advance).__await__()
        except _HopCancelled as cancelled:
            error = cancelled.reason
            continue
        if ended:
            return cast("T", value)
        error = None


def run_here(coroutine: Coroutine[Any, Any, T], traveller: Traveller) -> T:
    """Run a driven coroutine from a thread: its sync steps here, its async ones on the loop.

    Raises:
        RuntimeError: this is the event loop's own thread and the coroutine has async steps.
    """
    was_in_worker = traveller.in_worker
    error: Exception | None = None
    try:
        while True:
            ended, value = _advance_in_worker(coroutine, traveller, error)
            if ended:
                return cast("T", value)
            if is_on_event_loop():
                error = RuntimeError(_CANNOT_WAIT.format("An async function"))
                continue
            ended, value = wait_for(_advance_on_loop, coroutine, None)
            if ended:
                return cast("T", value)
    finally:
        traveller.in_worker = was_in_worker


@types.coroutine
def _advance_on_loop(
    coroutine: Coroutine[Any, Any, Any], error: BaseException | None
) -> Generator[Any, Any, tuple[bool, Any]]:
    """Run `coroutine` until it ends: (True, result), or asks for a worker: (False, None).

    Args:
        error: what the coroutine is to see where it rests; None to go on.
    """
    answer: Any = None
    try:
        while True:
            signal = coroutine.send(answer) if error is None else coroutine.throw(error)
            answer = error = None
            if signal is _TO_WORKER:
                return False, None
            if signal is not _TO_LOOP:
                try:
                    answer = yield signal
                except BaseException as exc:
                    error = exc
    except StopIteration as stop:
        return True, stop.value
    finally:
        # A frame that holds the exception whose traceback holds the frame is a cycle.
        error = None


def _advance_in_worker(
    coroutine: Coroutine[Any, Any, Any], traveller: Traveller, error: Exception | None = None
) -> tuple[bool, Any]:
    """Run `coroutine` until it ends: (True, result), or asks for the loop: (False, None).

    Args:
        error: what the coroutine is to see where it rests; None to go on.
    """
    traveller.in_worker = True
    try:
        signal = coroutine.send(None) if error is None else coroutine.throw(error)
        while signal is _TO_WORKER:
            signal = coroutine.send(None)
    except StopIteration as stop:
        return True, stop.value
    finally:
        traveller.in_worker = False
    if signal is not _TO_LOOP:
        coroutine.close()
        raise RuntimeError(
            f"A sync step awaited {signal!r} in a worker thread. Only async code, which runs on"
            " the event loop, may await; declare the function with `async def`."
        )
    return False, None


class _HopCancelled(BaseException):
    """The hop was cancelled and the coroutine is at rest: it is to see `reason` itself."""

    def __init__(self, reason: BaseException) -> None:
        self.reason = reason


class Worker:
    """The worker of one driven coroutine: each hop sees the context variables of the last one."""

    __slots__ = ("_baseline", "_context", "_lane", "_loop")

    def __init__(self) -> None:
        self._loop: _Loop | None = None
        self._lane = lane = current_lane.get()
        self._context: Context | None = None if lane is None else lane.context
        self._baseline: Context | None = None if lane is None else lane.baseline

    async def run(self, function: Callable[[], T]) -> T:
        """Run `function` in the thread; context variables set there are seen here afterwards."""
        if self._lane is not None and self._lane.is_away:
            self._lane = self._context = self._baseline = None
        if self._lane is None and self._loop is None:
            self._loop = current_loop()
        context = copy_context() if self._context is None else self._context
        stay = Stay(function, context, self._incoming())
        try:
            if self._lane is not None:
                await self._lane.run(stay)
            elif _waited_for.get() or not await _threads(cast("_Loop", self._loop)).run(stay):
                # A worker waits for this very task: a second place in its pool could be waited
                # for for ever, once every worker waits like this. Or the event loop is ending.
                await anyio.to_thread.run_sync(_stay, stay, limiter=anyio.CapacityLimiter(1))
        except anyio.get_cancelled_exc_class() as reason:
            stay.cancel_wait()
            await stay.wait_until_over()
            self._context = stay.context
            if stay.left_coroutine_at_rest:
                raise _HopCancelled(reason) from None
            if anyio.current_effective_deadline() != -math.inf:
                raise
            # As of anyio's own threads: what came to its end is not lost, and a scope that is
            # cancelled says so again at the next opportunity. asyncio's Task.cancel() does not.
        self._context = stay.context
        for variable, value in stay.changed:
            variable.set(value)
        self._baseline = copy_context()
        return stay.result()

    def _incoming(self) -> Variables:
        """What was set on the loop since the thread last ran."""
        if self._baseline is None:
            return [(_loop_token, cast("_Loop", self._loop).token)]
        return changes(self._baseline, copy_context())


def _stay(stay: Stay[Any]) -> None:
    """Run a stay in a thread that anyio has set up for it."""
    stay(copy_context())


@dataclass(frozen=True, slots=True)
class _Loop:
    """What is kept for an event loop: how to reach it, and its threads for user code."""

    token: EventLoopToken
    pools: dict[tuple[str, int], Pool]


_loop: RunVar[_Loop] = RunVar("asyncflask_loop")
_home: RunVar[Home | None] = RunVar("asyncflask_home")


def current_loop() -> _Loop:
    """What is kept for the running event loop."""
    try:
        return _loop.get()
    except LookupError:
        loop = _Loop(current_token(), {})
        _loop.set(loop)
        return loop


def _threads(loop: _Loop) -> Pool:
    """The threads for user code on this event loop; apart from those for file access."""
    pool = _pool.get()
    if pool not in loop.pools:
        loop.pools[pool] = Pool(pool[1])
    return loop.pools[pool]


async def run_in_worker(function: Callable[..., T], *args: Any) -> T:
    """Run a sync function of the user's in a worker; its context variables come back."""
    worker = Worker()
    try:
        _, value = await worker.run(lambda: (True, function(*args)))
    except _HopCancelled as cancelled:
        raise cancelled.reason from None
    return value


def is_on_event_loop() -> bool:
    """Whether this thread is running async code, so that it must not be blocked."""
    lane = current_lane.get()
    if lane is not None and lane.is_here():
        return False
    try:
        current_token()
    except RuntimeError:
        return False
    return True


def limit_workers(workers: int, pool: str = "") -> None:
    """Let this task's sync code use a pool of so many threads, for each event loop.

    Args:
        pool: keeps threads apart that are taken for long, so that the others never wait for them.
    """
    _pool.set((pool, workers))


def dismiss_workers() -> None:
    """Let this event loop's threads end that have no work.

    A server that ends without its event loop, as Granian's workers do, waits for them.
    """
    for pool in current_loop().pools.values():
        pool.dismiss()


def leave_pool() -> None:
    """Let this task's sync code have threads of its own: those of the pool may all be stuck."""
    _waited_for.set(True)


def task_of_caller() -> object:
    """What tells apart who runs this code: a thread and what it waits for, or a task."""
    lane = current_lane.get()
    if lane is not None:
        return "thread", lane.thread
    principal = _acting_for.get()
    if principal is not None:
        return principal
    if is_on_event_loop():
        return "task", anyio.get_current_task().id
    return "thread", this_thread()


def act_for(caller: object) -> None:
    """Let this task count as the one that waits for it; `caller` is its `task_of_caller()`."""
    _acting_for.set(caller)


def belong_to_loop(token: EventLoopToken) -> None:
    """Let code in this context wait for async functions on that event loop."""
    _loop_token.set(token)


def is_waited_for() -> bool:
    """Whether a thread holds a place in a pool while it waits for this task."""
    return _waited_for.get()


def forget_waiting() -> None:
    """Let no thread count as one that waits for this task."""
    _waited_for.set(False)


def wait_for(
    function: Callable[..., Awaitable[T]], *args: Any, home: EventLoopToken | None = None
) -> T:
    """Run an async function on the event loop and block this thread for its result.

    From a worker it runs on the request's own loop; from a thread that knows no loop, on a
    loop thread that is started once for the process.

    Args:
        home: the loop for threads that know none, instead of that one.
    Raises:
        RuntimeError: this is the event loop's own thread, which must not be blocked.
    """
    if is_on_event_loop():
        raise RuntimeError(_CANNOT_WAIT.format(f"{function!r}"))
    token = _loop_token.get()
    outcome: Outcome[T] = Outcome()
    record = partial(_record_for_worker, outcome, function, args, current_stay.get())
    try:
        # Without a token too: a thread that anyio started for the user knows its loop.
        anyio.from_thread.run(record, token=token)
    except RuntimeError:
        # Not the function's, which the outcome keeps: no loop is known here.
        if token is not None:
            raise
        if home is None:
            return lend_thread(function, *args)
        anyio.from_thread.run(_record_for_worker, outcome, function, args, None, token=home)
    return outcome.take_over()


async def _record_for_worker(
    outcome: Outcome[T],
    function: Callable[..., Awaitable[T]],
    args: tuple[Any, ...],
    stay: Stay[Any] | None,
) -> None:
    _waited_for.set(True)
    if stay is None:
        await outcome.record(function, args)
    else:
        await stay.wait_for(outcome.record(function, args))


def current_home() -> Home:
    """The running event loop, for code that may run in any thread; one object for all of it."""
    # PERF: not one for each WebSocket: 150 bytes, and 1 µs.
    home: Home | None = _home.get(None)
    # A loop may be run again in another thread.
    if home is None or home.thread != this_thread():
        home = Home()
        _home.set(home)
    return home


class Home:
    """The event loop that something lives on, for code that may run in any thread."""

    __slots__ = ("_token", "thread")

    def __init__(self) -> None:
        self._token = current_token()
        self.thread = this_thread()

    def wait_for(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run an async function there, and block this thread for its result.

        Raises:
            RuntimeError: this is an event loop's own thread, which must not be blocked.
        """
        if current_lane.get() is not None or _loop_token.get() == self._token:
            # What a worker of this loop waits for is cancelled with its request.
            return wait_for(function, *args)
        # A thread of the user's own knows no loop, and one of another server's knows another.
        before, stay = _loop_token.set(self._token), current_stay.set(None)
        try:
            return wait_for(function, *args)
        finally:
            current_stay.reset(stay)
            _loop_token.reset(before)


def ensure_sync(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as a plain callable.

    An async function is run on the event loop while the calling thread waits. On the event
    loop's own thread, where waiting is impossible, its coroutine is returned to be awaited.
    """
    if not is_async(function):
        return function

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if is_on_event_loop():
            return function(*args, **kwargs)
        return wait_for(partial(function, *args, **kwargs))

    return call


def run_sync(func: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """`func` as an async function, which runs it in a worker thread while the event loop goes on.

    Context variables that it sets are seen after it. An async function is given back as it is.
    """
    if is_async(func):
        return func

    @wraps(func)
    async def call(*args: Any, **kwargs: Any) -> Any:
        return await run_in_worker(partial(func, *args, **kwargs))

    return call
