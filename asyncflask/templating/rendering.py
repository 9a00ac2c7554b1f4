"""The functions that render templates. Jinja itself is imported with the first template."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from .. import bridge, ctx
from ..signals import before_render_template, template_rendered
from ..streaming import in_context
from .variables import update_context_async
from .waiting import Function, plain, resolved

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from blinker import NamedSignal
    from jinja2 import Template

    TemplateName = str | Template | list[str | Template]


def render_template(template_name_or_list: TemplateName, **context: Any) -> str:
    """Render a template with the given variables.

    Args:
        template_name_or_list: a template's name, or several, of which the first that exists is
            taken.
    Raises:
        TemplateNotFound: no loader has it.
        RuntimeError: there is no app context; or this runs on the event loop and met an async
            function: `await render_template_async(...)` there.
    """
    app: Any = ctx.require_app_context().app
    return _render(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def render_template_string(source: str, **context: Any) -> str:
    """Render a template's source, autoescaped; else as `render_template`."""
    app: Any = ctx.require_app_context().app
    return _render(app, app.jinja_env.from_string(source), context)


async def render_template_async(template_name_or_list: TemplateName, **context: Any) -> str:
    """`render_template` for async code, where templates may use async functions.

    Async context processors, template functions, filters and tests are awaited, and loops take
    async iterables. Sync context processors run in a worker.
    """
    app: Any = ctx.require_app_context().app
    template = app.jinja_env.asynchronous.get_or_select_template(template_name_or_list)
    return await _render_async(app, template, context)


async def render_template_string_async(source: str, **context: Any) -> str:
    """`render_template_string` for async code; see `render_template_async`."""
    app: Any = ctx.require_app_context().app
    return await _render_async(app, app.jinja_env.asynchronous.from_string(source), context)


def stream_template(template_name_or_list: TemplateName, **context: Any) -> Iterator[str]:
    """Render a template piece by piece; a view returns the iterator to stream it.

    The current context stays current while the pieces are made. Errors as in `render_template`;
    for async code there is `stream_template_async`.
    """
    app: Any = ctx.require_app_context().app
    return _stream(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """`stream_template` for a template's source."""
    app: Any = ctx.require_app_context().app
    return _stream(app, app.jinja_env.from_string(source), context)


def stream_template_async(
    template_name_or_list: TemplateName, **context: Any
) -> AsyncIterator[str]:
    """`stream_template` for async code: an async iterator, which a view returns as it is."""
    app: Any = ctx.require_app_context().app
    template = app.jinja_env.asynchronous.get_or_select_template(template_name_or_list)
    return _stream_async(app, template, context)


def stream_template_string_async(source: str, **context: Any) -> AsyncIterator[str]:
    """`stream_template_async` for a template's source."""
    app: Any = ctx.require_app_context().app
    return _stream_async(app, app.jinja_env.asynchronous.from_string(source), context)


def _render(app: Any, template: Template, context: dict[str, Any]) -> str:
    app.update_template_context(context)
    _send(before_render_template, app, template, context)
    if template.environment.is_async:
        text = cast("str", resolved(template.render_async(context), template))
    else:
        text = template.render(context)
    _send(template_rendered, app, template, context)
    return text


async def _render_async(app: Any, template: Template, context: dict[str, Any]) -> str:
    await update_context_async(app, context)
    await _send_async(before_render_template, app, template, context)
    if template.environment.is_async:
        text = await template.render_async(context)
    else:  # a Template object of the user's own
        text = template.render(context)
    await _send_async(template_rendered, app, template, context)
    return text


def _stream(app: Any, template: Template, context: dict[str, Any]) -> Iterator[str]:
    active = ctx.require_app_context()
    app.update_template_context(context)
    _send(before_render_template, app, template, context)

    def pieces() -> Iterator[str]:
        yield from template.generate(context)
        _send(template_rendered, app, template, context)

    return cast("Iterator[str]", in_context(active, pieces()))


def _stream_async(app: Any, template: Template, context: dict[str, Any]) -> AsyncIterator[str]:
    async def pieces() -> AsyncIterator[str]:
        await update_context_async(app, context)
        await _send_async(before_render_template, app, template, context)
        async for piece in template.generate_async(context):
            yield piece
        await _send_async(template_rendered, app, template, context)

    return cast("AsyncIterator[str]", in_context(ctx.require_app_context(), pieces()))


def _send(signal: NamedSignal, app: Any, template: Template, context: dict[str, Any]) -> None:
    if signal.receivers:
        signal.send(app, _async_wrapper=plain, template=template, context=context)


async def _send_async(
    signal: NamedSignal, app: Any, template: Template, context: dict[str, Any]
) -> None:
    if signal.receivers:
        await signal.send_async(app, _sync_wrapper=_in_worker, template=template, context=context)


def _in_worker(function: Function) -> Function:
    async def call(*args: Any, **kwargs: Any) -> Any:
        return await bridge.run_in_worker(partial(function, *args, **kwargs))

    return call
