"""Work that goes on beside the requests: threads of its own, and nobody who waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from .hop import act_for, forget_waiting
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
    """Run sync code in a pool that no request waits for; cancelling leaves its thread behind.

    Args:
        threads: of the pool, for each event loop.
    """
    return await anyio.to_thread.run_sync(
        function, abandon_on_cancel=True, limiter=_pool_of(threads)
    )


def _pool_of(threads: int) -> anyio.CapacityLimiter:
    try:
        pools = _pools.get()
    except LookupError:
        _pools.set(pools := {})
    if threads not in pools:
        pools[threads] = anyio.CapacityLimiter(threads)
    return pools[threads]
