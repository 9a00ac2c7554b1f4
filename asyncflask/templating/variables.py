"""What templates are given: context processors, proxies, and whether they are escaped."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from .. import bridge, ctx
from ..local import LocalProxy
from .waiting import Function, resolved

if TYPE_CHECKING:
    from ..ctx import AppContext

_ESCAPED_EXTENSIONS = (".html", ".htm", ".xml", ".xhtml", ".svg")


@dataclass(frozen=True, slots=True)
class _Processors:
    """The context processors for the templates of one blueprint, or of none."""

    functions: tuple[Function, ...]
    need_worker: bool


@bridge.inline
def _default_template_ctx_processor() -> dict[str, Any]:
    """`g`, and `request` or `websocket`. The session is a global, so that it is not accessed."""
    active = ctx.current()
    if active is None:
        return {}
    nearest = active.connection_context
    if nearest is None:
        return {"g": active.g}
    if nearest.request is None:
        return {"g": active.g, "websocket": nearest.websocket}
    return {"g": active.g, "request": nearest.request}


def update_context(app: Any, active: AppContext | None, context: dict[str, Any]) -> None:
    """Add what the context processors return to `context`; what is in it already stays.

    The app's own run first, then those of the request's blueprints, outermost first.

    Args:
        app: the app whose processors are meant; a `Flask`.
        active: the current context, or None.
    Raises:
        RuntimeError: this runs on the event loop and a processor is async.
    """
    given = context.copy()
    for function in _processors(app, active).functions:
        context.update(resolved(function(), function))
    context.update(given)


async def update_context_async(app: Any, context: dict[str, Any]) -> None:
    """`update_context` on the event loop, where async processors are awaited."""
    processors = _processors(app, ctx.current())
    # An app's own override is sync code like any other; the built-in method is marked inline.
    if processors.need_worker or bridge.blocks(app.update_template_context):
        await bridge.run_in_worker(app.update_template_context, context)
        return

    given = context.copy()
    for function in processors.functions:
        variables = function()
        context.update(await variables if isawaitable(variables) else variables)
    context.update(given)


def _processors(app: Any, active: AppContext | None) -> _Processors:
    nearest = None if active is None else active.connection_context
    connection: Any = None if nearest is None else nearest.connection
    blueprint = None if connection is None else connection.blueprint

    key = (_Processors, blueprint)
    processors: _Processors | None = app._compiled.get(key)
    if processors is None:
        scopes = () if blueprint is None else reversed(connection.blueprints)
        processors = app._compiled[key] = _collect_processors(app, scopes)
    return processors


def _collect_processors(app: Any, scopes: Any) -> _Processors:
    registry = app.template_context_processors
    functions = tuple(function for scope in (None, *scopes) for function in registry.get(scope, ()))
    return _Processors(functions, any(bridge.blocks(function) for function in functions))


def template_proxies() -> dict[str, LocalProxy[Any]]:
    """`request`, `session` and `g` as globals, for templates that are imported without context."""
    return {
        "request": LocalProxy(lambda: ctx.require_request_context().request),
        "session": LocalProxy(lambda: ctx.require_connection_context().session),
        "g": LocalProxy(lambda: ctx.require_app_context().g),
    }


def autoescapes(filename: str | None) -> bool:
    """Whether a template is autoescaped: HTML, XML and SVG files, and sources without a name."""
    return filename is None or filename.endswith(_ESCAPED_EXTENSIONS)
