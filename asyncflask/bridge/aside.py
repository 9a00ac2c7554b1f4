"""Work that goes on beside the requests: threads of its own, and nobody who waits for it."""

from __future__ import annotations

import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

import anyio
from anyio.lowlevel import RunVar, current_token

from .event import Event
from .hop import act_for, belong_to_loop, forget_waiting
from .lane import current_lane

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_pools: RunVar[dict[int, anyio.CapacityLimiter]] = RunVar("asyncflask_aside")


def stand_alone() -> None:
    """Let a task that is started in this context count as nobody's, whoever starts it."""
    current_lane.set(None)
    act_for(None)
    forget_waiting()


async def run_aside(function: Callable[[], T], threads: int) -> T:
    """Run sync code in a thread that no request waits for; cancelling leaves it behind.

    A thread that is left behind does not keep its process from ending, as anyio's would.

    Args:
        threads: that may run at a time, for each event loop.
    """
    outcome: list[T] = []
    error: list[BaseException] = []
    has_ended = Event()

    def run() -> None:
        try:
            outcome.append(function())
        except BaseException as exc:
            error.append(exc)
        has_ended.set()

    async with _pool_of(threads):
        context = copy_context()
        context.run(belong_to_loop, current_token())
        threading.Thread(
            target=context.run, args=(run,), name="asyncflask-background", daemon=True
        ).start()
        await has_ended.wait()
    if error:
        raise error.pop()
    return outcome[0]


def _pool_of(threads: int) -> anyio.CapacityLimiter:
    try:
        pools = _pools.get()
    except LookupError:
        _pools.set(pools := {})
    if threads not in pools:
        pools[threads] = anyio.CapacityLimiter(threads)
    return pools[threads]
