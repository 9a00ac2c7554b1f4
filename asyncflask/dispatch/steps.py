"""One function of the user's on a request's way, and how it is called. Knows no order of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import bridge
from ..ctx import AppContext
from ..local import LocalProxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from blinker import NamedSignal, Signal


@dataclass(frozen=True, slots=True)
class Step:
    """A function and, decided once, whether it needs a worker thread."""

    function: Callable[..., Any]
    blocks: bool

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Step:
        """The step that calls `function`."""
        return cls(function, bridge.blocks(function))


async def call(ctx: AppContext, step: Step, *args: Any, **kwargs: Any) -> Any:
    """Call a step where it belongs; what it returns is awaited if it is awaitable."""
    if step.blocks and not ctx.in_worker:
        await bridge.to_worker()
    value = step.function(*args, **kwargs)
    if is_awaitable(value):
        value = await settle(ctx, value)
    return value


async def settle(ctx: AppContext, awaitable: Any) -> Any:
    """The result of what a step returned, awaited on the event loop."""
    if ctx.in_worker:
        try:
            await bridge.to_loop()
        except BaseException:
            # No loop can be reached: a coroutine that nobody awaits would warn later, elsewhere.
            if hasattr(awaitable, "close"):
                awaitable.close()
            raise
    return await awaitable


def is_awaitable(value: object) -> bool:
    """Whether `value` itself is to be awaited; a proxy forwards `__await__` and is not."""
    kind = type(value)
    return hasattr(kind, "__await__") and not issubclass(kind, LocalProxy)


async def announce(ctx: AppContext, signal: Signal, **values: Any) -> None:
    """Send a signal of the app's; its receivers may be sync or async.

    Callers look at `signal.receivers` first, so that a signal nobody hears costs nothing.
    """
    if signal.is_muted:
        return
    for receiver in signal.receivers_for(ctx.app):
        await call(ctx, Step.of(receiver), ctx.app, **values)


async def report(app: Any, signal: NamedSignal, exc: BaseException, message: str) -> None:
    """Log an error that no request has, and send it to a signal's receivers in an app context."""
    app.logger.error(message, exc_info=exc)
    if not signal.receivers:
        return
    try:
        async with AppContext(app) as ctx:
            await bridge.drive(announce(ctx, signal, exception=exc), ctx)
    except Exception as error:
        app.logger.error(f"A receiver of {signal.name!r} has failed", exc_info=error)
