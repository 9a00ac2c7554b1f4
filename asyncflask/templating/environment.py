"""Jinja's environment and loader for an app: all that needs Jinja to be imported."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterator, Mapping
from types import BuiltinFunctionType, CoroutineType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from jinja2 import BaseLoader, TemplateNotFound
from jinja2 import Environment as JinjaEnvironment
from jinja2.runtime import Context as JinjaContext
from jinja2.utils import internalcode

from ..debughelpers import explain_template_loading_attempts
from .waiting import Function, plain, resolved

if TYPE_CHECKING:
    from ..setup.registrar import Registrar

F = TypeVar("F", bound=Callable[..., Any])
Source = tuple[str, str | None, Callable[[], bool] | None]

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
            return resolved(result, obj)
        return result


class _Functions(dict[str, Any]):
    """An environment's filters or tests: async ones can be called from sync templates."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        super().__init__()
        self.update(functions)

    def __setitem__(self, name: str, function: Function) -> None:
        super().__setitem__(name, plain(function))

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
