"""Jinja's environment and loader for an app, and the functions that render with them."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from types import BuiltinFunctionType, CoroutineType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from jinja2 import BaseLoader, Template, TemplateNotFound
from jinja2 import Environment as JinjaEnvironment
from jinja2.runtime import Context as JinjaContext
from jinja2.utils import internalcode

from . import bridge, ctx
from .debughelpers import explain_template_loading_attempts
from .local import LocalProxy
from .signals import before_render_template, template_rendered
from .streaming import in_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from blinker import NamedSignal

    from .ctx import AppContext
    from .setup.registrar import Registrar

F = TypeVar("F", bound=Callable[..., Any])
Function = Callable[..., Any]
Source = tuple[str, str | None, Callable[[], bool] | None]
TemplateName = str | Template | list[str | Template]

_ESCAPED_EXTENSIONS = (".html", ".htm", ".xml", ".xhtml", ".svg")


# -- rendering ----------------------------------------------------------------------------


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
        text = cast("str", _resolved(template.render_async(context), template))
    else:
        text = template.render(context)
    _send(template_rendered, app, template, context)
    return text


async def _render_async(app: Any, template: Template, context: dict[str, Any]) -> str:
    await _update_context_async(app, context)
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
        await _update_context_async(app, context)
        await _send_async(before_render_template, app, template, context)
        async for piece in template.generate_async(context):
            yield piece
        await _send_async(template_rendered, app, template, context)

    return cast("AsyncIterator[str]", in_context(ctx.require_app_context(), pieces()))


# -- variables ----------------------------------------------------------------------------


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
        context.update(_resolved(function(), function))
    context.update(given)


async def _update_context_async(app: Any, context: dict[str, Any]) -> None:
    """`update_context` on the event loop, where async processors are awaited."""
    processors = _processors(app, ctx.current())
    # An app's own override is sync code like any other; the built-in method is marked inline.
    if processors.need_worker or bridge.blocks(app.update_template_context):
        await bridge.run_in_worker(app.update_template_context, context)
        return

    given = context.copy()
    for function in processors.functions:
        variables = function()
        context.update(await variables if inspect.isawaitable(variables) else variables)
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


# -- async functions in plain rendering ---------------------------------------------------


def _resolved(value: Any, function: object) -> Any:
    """`value`, or where it is a coroutine what it returns: this thread waits for it.

    Args:
        function: what was called, for the message.
    Raises:
        RuntimeError: this is the event loop's thread, which must not wait.
    """
    if not isinstance(value, CoroutineType):
        return value
    if not bridge.is_on_event_loop():
        return bridge.wait_for(_awaited, value)

    value.close()
    raise RuntimeError(
        f"Rendering needs the result of {function!r}, which is async, and the event loop cannot"
        " wait for it inside a plain call. Use `await render_template_async(...)` or"
        " `await render_template_string_async(...)` with the same arguments, or to stream"
        " `stream_template_async(...)`."
    )


async def _awaited(coroutine: CoroutineType[Any, Any, Any]) -> Any:
    return await coroutine


def _plain(function: Function) -> Function:
    """`function`, or a sync one that waits for it where it is async."""
    if not bridge.is_async(function):
        return function

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return _resolved(function(*args, **kwargs), function)

    call._waits_for = function  # type: ignore[attr-defined]  # a mark on a function
    return call


def _send(signal: NamedSignal, app: Any, template: Template, context: dict[str, Any]) -> None:
    if signal.receivers:
        signal.send(app, _async_wrapper=_plain, template=template, context=context)


async def _send_async(
    signal: NamedSignal, app: Any, template: Template, context: dict[str, Any]
) -> None:
    if signal.receivers:
        await signal.send_async(app, _sync_wrapper=_in_worker, template=template, context=context)


def _in_worker(function: Function) -> Function:
    async def call(*args: Any, **kwargs: Any) -> Any:
        return await bridge.run_in_worker(partial(function, *args, **kwargs))

    return call


# Their calls are what they are: a callable object may ask for the context at its __call__.
_PLAIN_FUNCTIONS = frozenset({FunctionType, MethodType, BuiltinFunctionType})


class _Context(JinjaContext):
    """What a template sees while it is rendered."""

    @internalcode
    def call(self, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        if type(obj) in _PLAIN_FUNCTIONS and not hasattr(obj, "jinja_pass_arg"):
            # PERF: who wants neither the context nor the environment is just called: 20 calls
            # in a loop take 16 µs less.
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
            try:
                result = obj(*args, **kwargs)
            except StopIteration:
                return self.environment.undefined(
                    f"{obj!r} raised StopIteration, so that it has no value"
                )
        else:
            result = super().call(obj, *args, **kwargs)
        if type(result) is CoroutineType and not self.environment.is_async:
            return _resolved(result, obj)
        return result


class _Functions(dict[str, Any]):
    """An environment's filters or tests: async ones can be called from sync templates."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        super().__init__()
        self.update(functions)

    def __setitem__(self, name: str, function: Function) -> None:
        super().__setitem__(name, _plain(function))

    def setdefault(self, name: str, default: Any = None) -> Any:
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, *args: Any, **kwargs: Any) -> None:
        for name, function in dict(*args, **kwargs).items():
            self[name] = function

    def __ior__(self, other: Any) -> _Functions:  # type: ignore[override,misc]  # two overloads
        self.update(other)
        return self


class _AsyncFunctions(Mapping[str, Function]):
    """The same filters or tests for async templates, where the async ones are awaited."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self._functions = functions

    def __getitem__(self, name: str) -> Function:
        function = self._functions[name]
        return cast("Function", getattr(function, "_waits_for", function))

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)


def template_proxies() -> dict[str, LocalProxy[Any]]:
    """`request`, `session` and `g` as globals, for templates that are imported without context."""
    return {
        "request": LocalProxy(lambda: ctx.require_request_context().request),
        "session": LocalProxy(lambda: ctx.require_connection_context().session),
        "g": LocalProxy(lambda: ctx.require_app_context().g),
    }


# -- environment and loader ---------------------------------------------------------------


class Environment(JinjaEnvironment):
    """Jinja's environment for an app: templates come from the app and its blueprints."""

    context_class = _Context

    def __init__(self, app: Any, **options: Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        # Not kept alive by its own environment: no cycle through the app.
        self._app = weakref.ref(app)
        self._asynchronous: Environment | None = None
        self.filters: Any = _Functions(self.filters)
        self.tests: Any = _Functions(self.tests)

    @property
    def app(self) -> Any:
        """The app that this environment was made for."""
        return self._app()

    @property
    def asynchronous(self) -> Environment:
        """This environment for templates that are rendered asynchronously.

        Jinja compiles a template differently for each of the two, hence the twin; globals,
        filters and tests are shared.
        """
        if self.is_async:
            return self
        if self._asynchronous is None:
            self._asynchronous = self._async_twin()
        self._asynchronous.auto_reload = self.auto_reload
        return self._asynchronous

    def _async_twin(self) -> Environment:
        # A bytecode cache does not tell the two kinds of code apart.
        twin = self.overlay(enable_async=True, bytecode_cache=None)
        twin.filters = _AsyncFunctions(self.filters)
        twin.tests = _AsyncFunctions(self.tests)
        return twin


def create_environment(app: Any) -> Environment:
    """An environment as the app's `jinja_options` and configuration say, without globals.

    TEMPLATES_AUTO_RELOAD says whether a changed template is read again; None leaves it to the
    debug mode.
    """
    options = dict(app.jinja_options)
    if "autoescape" not in options:
        options["autoescape"] = _weakly_bound(app.select_jinja_autoescape)
    if "auto_reload" not in options:
        auto_reload = app.config["TEMPLATES_AUTO_RELOAD"]
        options["auto_reload"] = app.debug if auto_reload is None else auto_reload

    environment: Environment = app.jinja_environment(app, **options)
    environment.policies["json.dumps_function"] = app.json.dumps
    return environment


def autoescapes(filename: str | None) -> bool:
    """Whether a template is autoescaped: HTML, XML and SVG files, and sources without a name."""
    return filename is None or filename.endswith(_ESCAPED_EXTENSIONS)


def _weakly_bound(method: F) -> F:
    """`method`, without keeping its object alive; another function as it is."""
    if not inspect.ismethod(method):
        return method
    reference = weakref.WeakMethod(method)

    def call(*args: Any) -> Any:
        bound = reference()
        if bound is None:
            raise RuntimeError(
                "The app of this template environment is gone: keep a reference to the app."
            )
        return bound(*args)

    return cast("F", call)


class DispatchingJinjaLoader(BaseLoader):
    """Looks for a template with the app's loader, then with each blueprint's."""

    def __init__(self, app: Any) -> None:
        # Not kept alive by its own loader: no cycle through the app.
        self._app = weakref.ref(app)

    @property
    def app(self) -> Any:
        """The app that templates are loaded for."""
        return self._app()

    def get_source(self, environment: JinjaEnvironment, template: str) -> Source:
        """The template's source, file name and freshness check, from the first loader with it.

        Where EXPLAIN_TEMPLATE_LOADING is set, all loaders are asked, and the app's log says so.

        Raises:
            TemplateNotFound: no loader has it.
        """
        if self.app.config["EXPLAIN_TEMPLATE_LOADING"]:
            return self._get_source_explained(environment, template)

        for _, loader in self._iter_loaders():
            source = _source_or_none(loader, environment, template)
            if source is not None:
                return source
        raise TemplateNotFound(template)

    def _get_source_explained(self, environment: JinjaEnvironment, template: str) -> Source:
        attempts = [
            (loader, owner, _source_or_none(loader, environment, template))
            for owner, loader in self._iter_loaders()
        ]
        explain_template_loading_attempts(self.app, template, attempts)
        for _, _, source in attempts:
            if source is not None:
                return source
        raise TemplateNotFound(template)

    def _iter_loaders(self) -> Iterator[tuple[Registrar, BaseLoader]]:
        for owner in (self.app, *self.app.iter_blueprints()):
            if owner.jinja_loader is not None:
                yield owner, owner.jinja_loader

    def list_templates(self) -> list[str]:
        """The names of all templates, sorted; one that several loaders have comes once."""
        return sorted(
            {name for _, loader in self._iter_loaders() for name in loader.list_templates()}
        )


def _source_or_none(
    loader: BaseLoader, environment: JinjaEnvironment, template: str
) -> Source | None:
    try:
        return loader.get_source(environment, template)
    except TemplateNotFound:
        return None
