"""The application: it assembles the parts, compiles them, and answers the server."""

from __future__ import annotations

import os
import weakref
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, ClassVar, NoReturn, cast

from . import bridge, json
from .ctx import (
    AppContext,
    current,
    require_app_context,
    require_connection_context,
    require_request_context,
)
from .datastructures import ImmutableDict
from .deferred import class_attribute
from .dispatch.asgi import ASGIMethods
from .dispatch.background import BackgroundMethods, BackgroundTasks
from .dispatch.compiling import compile_pipeline
from .dispatch.conversations import Conversations
from .dispatch.files import is_at_hand, send_from_directory
from .dispatch.guard import guarded
from .dispatch.methods import DispatchMethods
from .dispatch.overrides import ROUTING_ERRORS, find_replaced, pipeline_class
from .dispatch.responses import to_response
from .dispatch.sendable import read_ahead, read_at_hand
from .dispatch.urls import URLMethods
from .exceptions import BadRequest, BadRequestKeyError
from .flashing import get_flashed_messages
from .json.provider import DefaultJSONProvider
from .routing import RequestRedirect

# COMPAT: applications also take Rule from flask.app.
from .routing import Rule as Rule
from .sessions import SecureCookieSessionInterface, SessionInterface
from .setup.application import Application
from .setup.resources import open_resource
from .signals import appcontext_pushed
from .templating.variables import (
    _default_template_ctx_processor,
    autoescapes,
    template_proxies,
    update_context,
)
from .wrappers import Request, Response, WebSocket
from .wrappers.endpoint import blueprint_names
from .wrappers.redirects import redirect
from .wrappers.request import bind_builder

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from .dispatch.pipeline import Pipeline
    from .setup.commands import AppGroup
    from .templating.environment import DispatchingJinjaLoader, Environment
    from .testing import FlaskClient, FlaskCliRunner
    from .testing.async_client import AsyncFlaskClient
    from .typing import Scope


def _build_request(cls: type[Request], *args: Any, **kwargs: Any) -> Request:
    # PERF: as in `Flask.test_client`.
    from .testing.builder import build_request

    return build_request(cls, *args, **kwargs)


bind_builder(_build_request)
# A response on its own speaks the standard library's JSON; from here on, the current app's.
Response.json_module = json


class Flask(ASGIMethods, BackgroundMethods, DispatchMethods, URLMethods):
    """An ASGI application with Flask's API.

        app = Flask(__name__)

        @app.get("/")
        async def index():
            return "Hello"

    The constructor's arguments, and everything documented of Flask 3.1, are Flask's.
    """

    request_class: type[Request] = Request
    response_class: type[Response] = Response
    websocket_class: type[WebSocket] = WebSocket
    session_interface: SessionInterface = SecureCookieSessionInterface()
    json_provider_class = DefaultJSONProvider
    test_client_class: type[FlaskClient] | None = None
    test_cli_runner_class: type[FlaskCliRunner] | None = None
    default_config: ClassVar[dict[str, Any]] = ImmutableDict(Application.default_config)

    @class_attribute
    def jinja_environment(cls) -> type[Environment]:  # noqa: N805  # what is decorated gets it
        # PERF: an app that renders nothing does without Jinja: 19 ms and 2.7 MB.
        from .templating.environment import Environment

        return Environment

    @cached_property
    def cli(self) -> AppGroup:
        """The app's commands."""
        # Whoever runs them may leave it to them to find the app.
        from .setup import locate  # noqa: F401

        return super().cli

    def _prepare_for_requests(self) -> None:
        self._good_hosts: set[bytes | None] = set()
        self._background = BackgroundTasks()
        self._conversations = Conversations()
        self._warned_of_sessions: set[str | None] = set()
        self._next_warnings: dict[str, float] = {}
        self.template_context_processors[None].append(_default_template_ctx_processor)
        self._add_static_route()

    def _add_static_route(self) -> None:
        if not self.has_static_folder:
            return
        if bool(self._static_host) != self.url_map.host_matching:
            raise AssertionError(
                "Invalid static_host/host_matching combination: static_host="
                f"{self._static_host!r} with host_matching={self.url_map.host_matching!r}."
                " Pass both, or neither."
            )
        # A view that held the app would keep it alive: the app holds its views.
        app = weakref.ref(self)

        async def serve_static(filename: str) -> Any:
            return await cast("Flask", app())._serve_static_file(filename)

        self.add_url_rule(
            f"{self.static_url_path}/<path:filename>",
            endpoint="static",
            host=self._static_host,
            view_func=serve_static,
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "asgi_app":
            from .setup.mounts import check_is_not_wsgi

            check_is_not_wsgi(name, value)
        # What is assigned may replace a step, as extensions do with handle_exception.
        super().__setattr__(name, value)
        self.__dict__["_is_unwrapped"] = False
        if self.__dict__.get("_compiled"):
            self._compiled.clear()
            self._good_hosts.clear()

    def pipeline_of(self, rule: Any) -> Pipeline:
        """The compiled steps of a rule's endpoint; for None, of requests without a rule."""
        endpoint = None if rule is None else rule.endpoint
        pipeline: Pipeline | None = self._compiled.get(endpoint)
        if pipeline is None:
            pipeline = self._compiled[endpoint] = self._compile(endpoint)
        return pipeline

    def websocket_pipeline_of(self, rule: Any) -> Pipeline:
        """The same for the rule of a WebSocket; its endpoint may also have rules for requests."""
        endpoint = None if rule is None else rule.endpoint
        key = "websocket", endpoint
        pipeline: Pipeline | None = self._compiled.get(key)
        if pipeline is None:
            # PERF: with the first WebSocket, as what answers it.
            from .dispatch.websocket_pipeline import WebSocketPipeline

            replaced = [
                name for name in find_replaced(self, Flask) if name in WebSocketPipeline.overridable
            ]
            pipeline = self._compiled[key] = compile_pipeline(
                self,
                endpoint,
                blueprint_names(endpoint),
                guarded(pipeline_class(replaced, WebSocketPipeline), self),
                replaced,
            )
        return pipeline

    def _compile(self, endpoint: str | None) -> Pipeline:
        replaced = find_replaced(self, Flask)
        steps = guarded(pipeline_class(replaced), self)
        replaced += find_replaced(self, Flask, ROUTING_ERRORS)
        return compile_pipeline(self, endpoint, blueprint_names(endpoint), steps, replaced)

    # -- contexts

    def app_context(self) -> AppContext:
        """A context for code that runs outside of requests."""
        return AppContext(self)

    def request_context(self, scope: Scope) -> AppContext:
        """A context for the request that an ASGI scope describes; pushing it matches the URL."""
        request = self.request_class(scope)
        request._app = self
        return AppContext(self, request)

    def test_request_context(self, *args: Any, **kwargs: Any) -> AppContext:
        """A request context without a server; the arguments are EnvironBuilder's."""
        from .testing.builder import EnvironBuilder

        builder = EnvironBuilder(self, *args, **kwargs)
        try:
            ctx = self.request_context(builder.get_scope())
            ctx.require_request()._attach_body(builder.get_body())
        finally:
            builder.close()
        return ctx

    def open_context(self, ctx: AppContext) -> None:
        """What happens when a context is pushed by hand: signal, session, URL matching."""
        if appcontext_pushed.receivers and ctx.joined is None:
            appcontext_pushed.send(self, _async_wrapper=self.ensure_sync)
        connection = ctx.connection
        if connection is None:
            return
        pipeline = self.pipeline_of(None)
        if pipeline.opens_session and not bridge.is_async(self.session_interface.open_session):
            bridge.run_here(pipeline.open_session(ctx), ctx)
        if connection.url_rule is None and connection.routing_exception is None:
            ctx.match_request()

    async def tear_down(
        self, ctx: AppContext, exc: BaseException | None, *, shielded: bool = True
    ) -> None:
        """Run the teardown functions of a context, once."""
        rule = None if ctx.connection is None else ctx.connection.url_rule
        find = self.pipeline_of if ctx.websocket is None else self.websocket_pipeline_of
        await find(rule).tear_down(ctx, exc, shielded=shielded)

    # -- what a request may ask of the app

    def make_response(self, rv: Any) -> Response:
        """The response that a view's return value stands for.

        Raises:
            TypeError: it is nothing that a view may return.
        """
        ctx = current()
        return to_response(self, None if ctx is None else ctx.request, rv)

    def redirect(self, location: str, code: int = 302) -> Response:
        """A redirect to `location`, of this app's response class."""
        return redirect(location, code, self.response_class)

    def make_default_options_response(self) -> Response:
        """The answer to OPTIONS: the methods that the URL allows."""
        response = self.response_class()
        adapter = require_request_context().url_adapter
        if adapter is not None:
            response.allow.update(adapter.allowed_methods())
        return response

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Raise what matching the URL has found.

        Raises:
            FormDataRoutingRedirect: in debug mode, where the redirect would lose the form.
            Exception: in every other case, the routing error itself.
        """
        exc = cast("Exception", request.routing_exception)
        if (
            not isinstance(exc, RequestRedirect)
            or not self.debug
            or exc.code in {307, 308}
            or request.method in {"GET", "HEAD", "OPTIONS"}
        ):
            raise exc
        from .debughelpers import FormDataRoutingRedirect

        raise FormDataRoutingRedirect(request)

    @property
    def propagates_exceptions(self) -> bool:
        """Whether unhandled errors go to the caller instead of becoming a 500 response."""
        propagate = self.config["PROPAGATE_EXCEPTIONS"]
        return bool(self.testing or self.debug) if propagate is None else bool(propagate)

    def trap_http_exception(self, e: Exception) -> bool:
        """Whether an HTTP error is to be treated like any other exception."""
        if self.config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap_bad_request = self.config["TRAP_BAD_REQUEST_ERRORS"]
        if trap_bad_request is None:
            return self.debug and isinstance(e, BadRequestKeyError)
        return bool(trap_bad_request) and isinstance(e, BadRequest)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Whether teardown functions are not to be told of an error; for subclasses."""
        return False

    def log_exception(
        self,
        exc_info: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> None:
        """Log an unhandled error of the current request or WebSocket."""
        ctx = require_connection_context()
        connection = ctx.require_connection()
        # Escaped, so that nobody writes lines of their own, or colours, into the log.
        path = connection.path if connection.path.isprintable() else repr(connection.path)[1:-1]
        method = connection.method if ctx.websocket is None else "WEBSOCKET"
        # exc_info is passed on: the error may have happened in another thread than this one.
        self.logger.error(f"Exception on {path} [{method}]", exc_info=exc_info)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """`func` as a plain callable; an async one is run on the event loop and waited for."""
        return bridge.ensure_sync(func)

    def async_to_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """`ensure_sync` for a function that is known to be async."""
        return bridge.ensure_sync(func)

    # -- files

    _is_at_hand = staticmethod(is_at_hand)
    _read_ahead = staticmethod(read_ahead)
    _read_at_hand = staticmethod(read_at_hand)

    def _send_from_folder(
        self, ctx: AppContext, folder: str, filename: str, max_age: int | None
    ) -> Response:
        return send_from_directory(
            folder,
            filename,
            ctx.require_request(),
            max_age=max_age,
            use_x_sendfile=self.config["USE_X_SENDFILE"],
            response_class=self.response_class,
        )

    def open_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = None
    ) -> IO[Any]:
        """Open a file below the root path, for reading."""
        return open_resource(self.root_path, resource, mode, encoding)

    def open_instance_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = "utf-8"
    ) -> IO[Any]:
        """Open a file of the instance folder, for reading or writing."""
        path = os.path.join(self.instance_path, resource)
        return open(path, mode, encoding=None if "b" in mode else encoding)

    # -- templates

    def create_jinja_environment(self) -> Environment:
        """The environment with Flask's globals."""
        from .templating.environment import create_environment

        environment = create_environment(self)
        # A method of the app's among its globals would keep the app alive.
        app = weakref.ref(self)
        environment.globals.update(
            url_for=lambda *args, **values: cast("Flask", app()).url_for(*args, **values),
            get_flashed_messages=get_flashed_messages,
            config=self.config,
            **template_proxies(),
        )
        return environment

    def create_global_jinja_loader(self) -> DispatchingJinjaLoader:
        """The loader that asks the app's template folder, then the blueprints'."""
        from .templating.environment import DispatchingJinjaLoader

        return DispatchingJinjaLoader(self)

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Whether a template is autoescaped, by its file name."""
        return autoescapes(filename)

    @bridge.inline  # the processors say themselves whether they block
    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add what the context processors return; what is there already stays."""
        update_context(self, current(), context)

    def make_shell_context(self) -> dict[str, Any]:
        """The names of the `shell` command."""
        names = {"app": self, "g": require_app_context().g}
        for processor in self.shell_context_processors:
            names.update(processor())
        return names

    # -- serving and testing

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: Any,
    ) -> None:
        """Serve with uvicorn, for development; the options are Flask's and uvicorn's."""
        # PERF: under another server, uvicorn is not needed: 28 ms and 4.8 MB.
        from .setup import serving

        serving.run(self, host, port, debug, load_dotenv, **options)

    def test_client(self, use_cookies: bool = True, **kwargs: Any) -> FlaskClient:
        """A client that calls this app without a server."""
        # PERF: an app that is not under test does without its client: 28 ms and 3.1 MB.
        from .testing.client import FlaskClient

        client_class = self.test_client_class or FlaskClient
        return client_class(self, self.response_class, use_cookies=use_cookies, **kwargs)

    def async_test_client(self, **kwargs: Any) -> AsyncFlaskClient:
        """An `httpx.AsyncClient` that calls this app without a server, on the running loop.

        In an `async with` block of it the app has started up, and the last request stays
        readable through the proxies.

        Args:
            kwargs: for httpx's client.
        Raises:
            ImportError: httpx is not installed.
        """
        from .testing.async_client import create_async_client

        return create_async_client(self, **kwargs)

    def test_cli_runner(self, **kwargs: Any) -> FlaskCliRunner:
        """A runner for this app's commands."""
        from .testing.runner import FlaskCliRunner

        runner_class = self.test_cli_runner_class or FlaskCliRunner
        return runner_class(self, **kwargs)
