"""Tells, in debug mode, which view or hook keeps the event loop from everything else."""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from .. import bridge
from ..setup.timeouts import check_timeout
from .pipeline import Pipeline, outlives_request

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ..bridge import Blockage
    from ..ctx import AppContext
    from ..wrappers import Response

_BETWEEN_WARNINGS: Final = 60
"""Seconds that a warning keeps the next one of the same endpoint away."""

_STEPS: Final = ("run_failed", "tear_down")


def guarded(pipeline_class: type[Pipeline], app: Any) -> type[Pipeline]:
    """The class itself, or in debug mode one whose steps are watched: it costs nothing else."""
    limit = limit_of(app)
    if limit is None:
        return pipeline_class
    steps = {name: _guarding(getattr(pipeline_class, name), limit) for name in _STEPS}
    steps["run"] = _guarding_run(pipeline_class.run, limit)
    return type("GuardedSteps", (pipeline_class,), {"__slots__": (), **steps})


def limit_of(app: Any) -> float | None:
    """The seconds that async code may run without giving way; None where nobody looks."""
    limit: float | None = app.config["SLOW_CALLBACK_SECONDS"]
    check_timeout(limit, "SLOW_CALLBACK_SECONDS")
    return limit if app.debug else None


async def guard_job(ctx: AppContext, name: str, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a background task's coroutine, watched in debug mode."""
    limit = limit_of(ctx.app)
    if limit is None:
        return await coroutine
    report = partial(_report, ctx.app, f"the background task {name}")
    return await bridge.watched(coroutine, ctx, limit, report)


def _guarding(step: Callable[..., Coroutine[Any, Any, Any]], limit: float) -> Any:
    async def run_step(self: Pipeline, ctx: AppContext, *args: Any, **kwargs: Any) -> Any:
        report = partial(_report, ctx.app, _name_of(self))
        return await bridge.watched(step(self, ctx, *args, **kwargs), ctx, limit, report)

    return run_step


def _guarding_run(run: Callable[..., Coroutine[Any, Any, Response]], limit: float) -> Any:
    run_step = _guarding(run, limit)

    async def run_and_guard_stream(self: Pipeline, ctx: AppContext) -> Response:
        response: Response = await run_step(self, ctx)
        if hasattr(response.response, "__aiter__") and outlives_request(response):
            report = partial(_report, ctx.app, _name_of(self))
            watch = partial(bridge.watched, traveller=ctx, limit=limit, report=report)
            response.response = _GuardedItems(response.response, watch)
        return response

    return run_and_guard_stream


class _GuardedItems:
    """An async body, or its iterator, whose items are made under the same eyes."""

    def __init__(self, wrapped: Any, watch: Callable[..., Any]) -> None:
        self._wrapped = wrapped
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        # Such as `aclose`, which not every body has.
        return getattr(self._wrapped, name)

    def __aiter__(self) -> _GuardedItems:
        return _GuardedItems(aiter(self._wrapped), self._watch)

    async def __anext__(self) -> Any:
        return await self._watch(self._next())

    async def _next(self) -> Any:
        return await anext(self._wrapped)


def _name_of(pipeline: Pipeline) -> str:
    if pipeline.endpoint is None:
        return "a request that no route fits"
    return f"the endpoint {pipeline.endpoint!r}"


def _report(app: Any, name: str, blockage: Blockage) -> None:
    now = monotonic()
    if now < app._next_warnings.get(name, now):
        return
    app._next_warnings[name] = now + _BETWEEN_WARNINGS
    app.logger.warning(_describe(name, blockage))


def _describe(name: str, blockage: Blockage) -> str:
    where = str(blockage.caller or blockage.innermost or "Code that could not be looked at")
    if blockage.caller and blockage.innermost != blockage.caller:
        where += f", which was in {blockage.innermost},"
    has_kept = "kept" if blockage.is_over else "still keeps"
    return (
        f"{where} {has_kept} the event loop from everything else for {blockage.seconds:.2f}"
        f" seconds, in {name}. Await an async library there, or drop `async` (or @inline) so"
        " that it runs in a worker thread."
    )
