"""Flask's request methods as an app may replace them, in a subclass or on the instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .pipeline import Pipeline
from .steps import Step, call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ctx import AppContext

OVERRIDABLE = (
    "full_dispatch_request",
    "preprocess_request",
    "dispatch_request",
    "finalize_request",
    "make_response",
    "process_response",
    "handle_user_exception",
    "handle_http_exception",
    "handle_exception",
    "do_teardown_request",
    "do_teardown_appcontext",
)


# Methods that decide what an error of routing becomes.
ROUTING_ERRORS = ("raise_routing_exception", "trap_http_exception")


def find_replaced(app: Any, built_in: type[Any], names: Sequence[str] = OVERRIDABLE) -> list[str]:
    """The names of the steps that an app replaces.

    Args:
        built_in: the class whose methods are the built-in ones, that is Flask.
        names: of the methods to look at.
    """
    return [
        name
        for name in names
        if name in vars(app) or getattr(type(app), name) is not getattr(built_in, name)
    ]


def pipeline_class(replaced: list[str], built_in: type[Pipeline] = Pipeline) -> type[Pipeline]:
    """The pipeline's class for an app that replaces these steps: the built-in one for none."""
    if not replaced:
        return built_in
    steps = {name: _calling(name) for name in replaced}
    return type("ReplacedSteps", (built_in,), {"__slots__": (), **steps})


def _calling(name: str) -> Any:
    """A step that calls the app's own method; that one may call the built-in one again."""

    async def step(self: Pipeline, ctx: AppContext, *args: Any) -> Any:
        # Looked up at each call: a bound method that is kept would keep the app alive.
        return await call(ctx, Step.of(getattr(ctx.app, name)), *args)

    step.__name__ = name
    return step
