"""An application as it is set up: config, routes, blueprints, registries. Answers no request."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, cast

from ..config import Config, ConfigAttribute
from ..ctx import _AppCtxGlobals
from ..exceptions import Aborter
from ..logging import create_logger
from ..routing import BuildError, Map, Rule
from ..wrappers.endpoint import blueprint_names
from .environment import get_debug_flag
from .hooks import LiveList
from .registrar import _bind_view, _endpoint_from_view_func, setupmethod
from .resources import find_instance_path
from .serving_hooks import ServingHooks
from .timeouts import check_timeout

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping, ValuesView
    from contextlib import AbstractAsyncContextManager

    from jinja2 import Environment
    from starlette.types import ASGIApp

    from ..routing import MapAdapter
    from .mounts import Mount

F = TypeVar("F", bound="Callable[..., Any]")


class Recorded(Protocol):
    """What an app needs of a blueprint."""

    name: str

    def register(self, app: Any, options: dict[str, Any]) -> None: ...


def _timedelta(value: timedelta | int) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=value)


class Application(ServingHooks):
    """What an app has before its first request and keeps unchanged through all of them.

    Flask's documented class attributes may be overridden in a subclass.
    """

    aborter_class: type[Aborter] = Aborter
    app_ctx_globals_class: type[Any] = _AppCtxGlobals
    config_class: type[Config] = Config
    url_rule_class: type[Rule] = Rule
    url_map_class: type[Map] = Map
    jinja_environment: type[Any]
    json_provider_class: type[Any]
    jinja_options: ClassVar[dict[str, Any]] = {}
    default_config: ClassVar[dict[str, Any]] = {
        "DEBUG": None,
        "TESTING": False,
        "PROPAGATE_EXCEPTIONS": None,
        "SECRET_KEY": None,
        "SECRET_KEY_FALLBACKS": None,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=31),
        "USE_X_SENDFILE": False,
        "TRUSTED_HOSTS": None,
        "SERVER_NAME": None,
        "APPLICATION_ROOT": "/",
        "SESSION_COOKIE_NAME": "session",
        "SESSION_COOKIE_DOMAIN": None,
        "SESSION_COOKIE_PATH": None,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SECURE": False,
        "SESSION_COOKIE_PARTITIONED": False,
        "SESSION_COOKIE_SAMESITE": None,
        "SESSION_REFRESH_EACH_REQUEST": True,
        "MAX_CONTENT_LENGTH": 16 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 500_000,
        "MAX_FORM_PARTS": 1_000,
        "BODY_TIMEOUT": 60,
        "RESPONSE_TIMEOUT": None,
        "SEND_FILE_MAX_AGE_DEFAULT": None,
        "TRAP_BAD_REQUEST_ERRORS": None,
        "TRAP_HTTP_EXCEPTIONS": False,
        "EXPLAIN_TEMPLATE_LOADING": False,
        "PREFERRED_URL_SCHEME": "http",
        "TEMPLATES_AUTO_RELOAD": None,
        "MAX_COOKIE_SIZE": 4093,
        "PROVIDE_AUTOMATIC_OPTIONS": True,
        "THREADPOOL_SIZE": 40,
        "SLOW_CALLBACK_SECONDS": 0.1,
        "BACKGROUND_TASK_SHUTDOWN_TIMEOUT": 5,
        "STREAM_SHUTDOWN_TIMEOUT": 5,
        "EVENT_STREAM_KEEP_ALIVE": 15,
        "WEBSOCKET_ALLOWED_ORIGINS": None,
        "WEBSOCKET_MAX_MESSAGE_SIZE": 16 * 1024 * 1024,
        "WEBSOCKET_CLOSE_TIMEOUT": 5,
    }

    testing = ConfigAttribute[bool]("TESTING")
    secret_key = ConfigAttribute[str | bytes | None]("SECRET_KEY")
    permanent_session_lifetime = ConfigAttribute[timedelta](
        "PERMANENT_SESSION_LIFETIME", get_converter=_timedelta
    )

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
        lifespan: Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]
        | None = None,
    ) -> None:
        """Make an app; the arguments are Flask's, but for the last one.

        Args:
            lifespan: an async context manager function, given the app: what is before its
                `yield` is run at start-up, what is after it at shutdown. A mapping that it
                yields is each request's `state`.
        Raises:
            TypeError: `lifespan` is a generator function without its decorator.
            ValueError: `instance_path` is relative.
        """
        super().__init__(
            import_name=import_name,
            static_folder=static_folder,
            static_url_path=static_url_path,
            template_folder=template_folder,
            root_path=root_path,
        )
        self.instance_path = self._checked_instance_path(instance_path)
        self.config = self.make_config(instance_relative_config)
        self.aborter = self.make_aborter()
        self.json = self.json_provider_class(self)
        self.url_build_error_handlers: list[Callable[..., Any]] = []
        self.teardown_appcontext_funcs: list[Callable[..., Any]] = LiveList(
            on_change=self._compiled.clear
        )
        self.shell_context_processors: list[Callable[[], dict[str, Any]]] = []
        self.blueprints: dict[str, Any] = {}
        self.extensions: dict[str, Any] = {}
        self.url_map = self.url_map_class(host_matching=host_matching)
        self.subdomain_matching = subdomain_matching
        self._static_host = static_host
        self._got_first_request = False
        self._has_started = False
        self._mounts: list[Mount] = []
        self._middleware: list[tuple[Callable[..., ASGIApp], tuple[Any, ...], dict[str, Any]]] = []
        # What is in front of the app itself; None where there is nothing.
        self._front: ASGIApp | None = None
        self._servings: set[Any] = set()
        self._set_lifespan(lifespan)
        self._prepare_for_requests()

    def _prepare_for_requests(self) -> None:
        """What an app that answers requests adds; here, so that it need not repeat `__init__`."""

    # Names and folders

    @cached_property
    def name(self) -> str:  # type: ignore[override]  # COMPAT: computed in an app, set in a blueprint
        """The import name, or for `__main__` the name of the file that runs."""
        if self.import_name != "__main__":
            return self.import_name
        filename: str | None = getattr(sys.modules["__main__"], "__file__", None)
        if filename is None:
            return "__main__"
        return os.path.splitext(os.path.basename(filename))[0]

    def _checked_instance_path(self, instance_path: str | None) -> str:
        if instance_path is None:
            return self.auto_find_instance_path()
        if not os.path.isabs(instance_path):
            raise ValueError(
                "If an instance path is provided it must be absolute."
                f" A relative path was given instead: {instance_path!r}."
            )
        return instance_path

    def auto_find_instance_path(self) -> str:
        """The instance folder beside the package, or below the prefix where it is installed."""
        return find_instance_path(self.import_name, self.name)

    # What may be replaced by a subclass

    def make_config(self, instance_relative: bool = False) -> Config:
        """The configuration with its defaults; relative files start at one of the two folders."""
        defaults = dict(self.default_config)
        defaults["DEBUG"] = get_debug_flag()
        return self.config_class(
            self.instance_path if instance_relative else self.root_path, defaults
        )

    def make_aborter(self) -> Aborter:
        """What `abort` calls for this app."""
        return self.aborter_class()

    def create_jinja_environment(self) -> Environment:
        raise NotImplementedError

    @cached_property
    def jinja_env(self) -> Environment:
        """The template environment, made on first use."""
        return self.create_jinja_environment()

    @cached_property
    def logger(self) -> logging.Logger:
        """The logger named for this app."""
        return create_logger(self)

    @property
    def debug(self) -> bool:
        """Whether debug mode is on; setting it also turns on the reloading of templates."""
        # PERF: each JSON response asks; cast() is a call.
        return self.config["DEBUG"]  # type: ignore[no-any-return]  # see above

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value
        # An environment that is not made yet will look at the debug mode itself.
        if self.config["TEMPLATES_AUTO_RELOAD"] is None and "jinja_env" in self.__dict__:
            self.jinja_env.auto_reload = value

    @property
    def got_first_request(self) -> bool:
        """Whether a request was answered, so that set-up has ended."""
        return self._got_first_request

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_first_request:
            raise AssertionError(
                f"The setup method {f_name!r} can no longer be called on the application."
                " It has already handled its first request, any changes will not be applied"
                " consistently.\nMake sure all imports, decorators, functions, etc. needed to set"
                " up the application are done before running it."
            )

    # Blueprints and rules

    @setupmethod
    def register_blueprint(self, blueprint: Recorded, **options: Any) -> None:
        """Add what a blueprint recorded; the options override its constructor's arguments."""
        blueprint.register(self, options)

    def iter_blueprints(self) -> ValuesView[Any]:
        """The blueprints in the order of registration."""
        return self.blueprints.values()

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Route the URLs that fit `rule` to an endpoint, and bind its view where one is given.

        Args:
            options: `methods`, what `Rule` takes, and our own: `stream_body`,
                `max_content_length` (bytes), `timeout` (seconds) and `cancel_on_disconnect`.
        Raises:
            AssertionError: the endpoint already has another view.
            TypeError: `methods` is a string, or `timeout` no number.
            ValueError: `timeout` is not more than 0.
        """
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)
        methods, automatic_options = self._methods(view_func, provide_automatic_options, options)
        stream_body = options.pop("stream_body", getattr(view_func, "stream_body", False))
        # None lifts the limit, so that the absence of one needs another value.
        max_content_length = options.pop("max_content_length", ...)
        timeout = options.pop("timeout", getattr(view_func, "timeout", ...))
        check_timeout(timeout, f"timeout of the route {rule!r}")
        cancels = options.pop(
            "cancel_on_disconnect", getattr(view_func, "cancel_on_disconnect", False)
        )
        rule_object = self.url_rule_class(rule, methods=methods, endpoint=endpoint, **options)
        rule_object.provide_automatic_options = automatic_options
        rule_object.stream_body = stream_body
        rule_object.max_content_length = max_content_length
        rule_object.timeout = timeout
        rule_object.cancel_on_disconnect = cancels
        self.url_map.add(rule_object)
        self._compiled.clear()
        if view_func is not None:
            _bind_view(self.view_functions, endpoint, view_func)

    @setupmethod
    def add_websocket(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        **options: Any,
    ) -> None:
        """Route the WebSockets whose URLs fit `rule` to an endpoint, and bind its view.

        A rule for requests may have the same URL.

        Args:
            options: what `Rule` takes, and `origins`: those whose pages may connect, such as
                "https://example.org", or "*"; None is the own host. By default the app's
                WEBSOCKET_ALLOWED_ORIGINS.
        Raises:
            AssertionError: the endpoint already has another view.
            TypeError: `methods` were given.
        """
        if "methods" in options:
            raise TypeError(
                f"The WebSocket {rule!r} cannot have methods: its handshake is always a GET."
                " Leave out methods=, or use add_url_rule for requests."
            )
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)
        origins = options.pop("origins", ...)
        rule_object = self.url_rule_class(
            rule, methods={"GET"}, endpoint=endpoint, websocket=True, **options
        )
        rule_object.provide_automatic_options = False
        rule_object.origins = origins
        self.url_map.add(rule_object)
        self._compiled.clear()
        if view_func is not None:
            _bind_view(self.view_functions, endpoint, view_func)

    def _methods(
        self,
        view_func: Callable[..., Any] | None,
        automatic_options: bool | None,
        options: dict[str, Any],
    ) -> tuple[set[str], bool]:
        """A rule's methods, and whether OPTIONS is answered for it."""
        methods: Iterable[str] | None = options.pop("methods", None)
        if methods is None:
            methods = getattr(view_func, "methods", None) or ("GET",)
        if isinstance(methods, str):
            raise TypeError(
                "Allowed methods must be a list of strings, for example:"
                f' @app.route(..., methods=["{methods.upper()}"])'
            )
        names = {method.upper() for method in methods}
        required = {method.upper() for method in getattr(view_func, "required_methods", ())}
        if automatic_options is None:
            automatic_options = getattr(view_func, "provide_automatic_options", None)
        if automatic_options is None:
            automatic_options = "OPTIONS" not in names and bool(
                self.config["PROVIDE_AUTOMATIC_OPTIONS"]
            )
        if automatic_options:
            required.add("OPTIONS")
        return names | required, automatic_options

    # Other applications

    @setupmethod
    def mount(self, prefix: str, app: Any, *, wsgi: bool | None = None) -> None:
        """Let another application answer for every path from `prefix` on.

        Its root path is `prefix`, so that its own URLs are right. This app's hooks do not run for
        it. The lifespan of an ASGI application is run along with this app's.

        Args:
            prefix: a path like "/api", for "/api" and "/api/users", not for "/apiary". "/" is the
                fallback for whatever no rule of this app's fits.
            app: an ASGI application, or a WSGI one such as a Flask app.
            wsgi: which of the two it is, where that cannot be told by looking at it.
        Raises:
            AssertionError: this app has started already.
            ImportError: a WSGI application, and a2wsgi is not installed.
            TypeError: `app` is no application, or `wsgi` has to be given.
            ValueError: something is mounted there already, or that is no fixed path.
        """
        # PERF: for the few apps with mounts: with what serves them, 4 ms at start-up.
        from .mounts import make_mount

        self._check_not_started("mount")
        if app is self:
            raise ValueError(f"{self!r} cannot be mounted in itself. Mount it in another app.")
        self._mounts.append(make_mount(prefix, app, wsgi, self._mounts))
        self._front = self._build_front

    @setupmethod
    def add_middleware(
        self, middleware_class: Callable[..., ASGIApp], *args: Any, **kwargs: Any
    ) -> None:
        """Put ASGI middleware around this app and what is mounted in it; the last is outermost.

        Args:
            middleware_class: called once, at the start: `middleware_class(app, *args, **kwargs)`.
        Raises:
            AssertionError: this app has started already.
            TypeError: it is not callable.
        """
        self._check_not_started("add_middleware")
        if not callable(middleware_class):
            raise TypeError(
                f"add_middleware takes a middleware class, not {middleware_class!r}. Pass the class"
                " and its arguments apart: app.add_middleware(CORSMiddleware, allow_origins=[...])."
            )
        self._middleware.append((middleware_class, args, kwargs))
        self._front = self._build_front

    def _check_not_started(self, f_name: str) -> None:
        if self._has_started:
            raise AssertionError(
                f"The setup method {f_name!r} can no longer be called on the application. A server"
                " has started it already, and would not know of the change."
                " Call it where the application is made."
            )

    async def _build_front(self, scope: Any, receive: Any, send: Any) -> None:
        raise NotImplementedError

    # Templates

    @setupmethod
    def template_filter(self, name: str | None = None) -> Callable[[F], F]:
        """Decorate a function that templates use as a filter, by its name or the given one."""
        return self._template_decorator(self.add_template_filter, name)

    @setupmethod
    def add_template_filter(self, f: Callable[..., Any], name: str | None = None) -> None:
        """`template_filter`, without being a decorator."""
        self.jinja_env.filters[name or f.__name__] = f

    @setupmethod
    def template_test(self, name: str | None = None) -> Callable[[F], F]:
        """Decorate a function that templates use as a test, by its name or the given one."""
        return self._template_decorator(self.add_template_test, name)

    @setupmethod
    def add_template_test(self, f: Callable[..., bool], name: str | None = None) -> None:
        """`template_test`, without being a decorator."""
        self.jinja_env.tests[name or f.__name__] = f

    @setupmethod
    def template_global(self, name: str | None = None) -> Callable[[F], F]:
        """Decorate a function that templates can call, by its name or the given one."""
        return self._template_decorator(self.add_template_global, name)

    @setupmethod
    def add_template_global(self, f: Callable[..., Any], name: str | None = None) -> None:
        """`template_global`, without being a decorator."""
        self.jinja_env.globals[name or f.__name__] = f

    @staticmethod
    def _template_decorator(add: Callable[..., None], name: Any) -> Callable[[F], F]:
        if callable(name):
            # `@app.template_filter` without parentheses: what came as the name is the function.
            add(name)
            return cast("Callable[[F], F]", name)

        def register(f: F) -> F:
            add(f, name=name)
            return f

        return register

    # Hooks of the app alone

    @setupmethod
    def teardown_appcontext(self, f: F) -> F:
        """Run `f(exc)` when an app context is popped, with the unhandled error or None."""
        self.teardown_appcontext_funcs.append(f)
        return f

    @setupmethod
    def shell_context_processor(self, f: F) -> F:
        """Add the dict that `f()` returns to the names of the `shell` command."""
        self.shell_context_processors.append(f)
        return f

    # Building URLs

    def create_url_adapter(self, request: Any) -> MapAdapter | None:
        raise NotImplementedError

    def inject_url_defaults(self, endpoint: str, values: dict[str, Any]) -> None:
        """Let the url_defaults functions of the app and the endpoint's blueprints add values."""
        registry = self.url_default_functions
        if not registry:
            return
        for scope in (None, *reversed(blueprint_names(endpoint))):
            for function in registry.get(scope, ()):
                function(endpoint, values)

    def handle_url_build_error(
        self, error: BuildError, endpoint: str, values: dict[str, Any]
    ) -> str:
        """The first URL that a build-error handler gives; else the original error is raised."""
        for handler in self.url_build_error_handlers:
            try:
                url = handler(error, endpoint, values)
            except BuildError as exc:
                error = exc
            else:
                if url is not None:
                    return cast("str", url)
        raise error
