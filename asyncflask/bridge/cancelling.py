"""Cancellation that lets clean-up finish: it is seen once, and after that awaiting works again."""

from __future__ import annotations

import math
import types
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from .hop import is_on_event_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

T = TypeVar("T")


async def cancel_once(coroutine: Coroutine[Any, Any, T], before_waiting: Callable[[], object]) -> T:
    """Run `coroutine`; a cancellation from outside is raised at one of its awaits, once.

    A cancelled scope of anyio's raises at every await that follows, too, so that the `finally`
    of a user's generator could not even give back a connection. Timeouts within the coroutine
    work as they do elsewhere.

    Args:
        before_waiting: called before the coroutine waits for the first time, if it ever does.
    """
    with anyio.CancelScope() as shield:
        result = await _drive(coroutine, shield, before_waiting)
    return result  # noqa: RET504  # for type checkers the scope might swallow an error


@types.coroutine
def _drive(
    coroutine: Coroutine[Any, Any, T],
    shield: anyio.CancelScope,
    before_waiting: Callable[[], object] | None,
) -> Generator[Any, Any, T]:
    answer: Any = None
    error: BaseException | None = None
    try:
        while True:
            signal = coroutine.send(answer) if error is None else coroutine.throw(error)
            error = None
            if before_waiting is not None:
                before_waiting()
                before_waiting = None
            try:
                answer = yield signal
                # trio sends how the waiting ended, where asyncio raises it.
                if answer is not None and _is_cancellation(getattr(answer, "error", None)):
                    _shield_from_outside(shield)
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as exc:
                _shield_from_outside(shield)
                error = exc
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # what the coroutine has returned
    finally:
        # A frame that holds the exception whose traceback holds the frame is a cycle.
        error = None


def is_error(exc: BaseException) -> bool:
    """Whether something went wrong, SystemExit and the like included.

    A cancellation and the closing of a coroutine are no errors, nor is a group with any of them.
    """
    if isinstance(exc, Exception):
        return True
    passing: tuple[type[BaseException], ...] = (GeneratorExit,)
    # A thread is not cancelled: what is raised there is the user's.
    if is_on_event_loop():
        passing = (*passing, anyio.get_cancelled_exc_class())
    if isinstance(exc, BaseExceptionGroup):
        return exc.split(lambda each: isinstance(each, passing))[0] is None
    return not isinstance(exc, passing)


def _is_cancellation(error: object) -> bool:
    return isinstance(error, anyio.get_cancelled_exc_class())


def _shield_from_outside(shield: anyio.CancelScope) -> None:
    """Raise the shield if what is being cancelled lies around it, and not within it."""
    if not _is_cancelled():
        # asyncio's own cancellation, as of its timeouts, which is raised once anyway.
        return
    shield.shield = True
    if _is_cancelled():
        shield.shield = False


def _is_cancelled() -> bool:
    return anyio.current_effective_deadline() == -math.inf
