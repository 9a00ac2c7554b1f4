"""What Flask and Blueprint share: the decorators, registries and folders. Handles no request."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cached_property, lru_cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .. import ctx
from ..bridge import run_io
from ..exceptions import HTTPException, default_exceptions
from ..wrappers.response import Response
from .hooks import LiveDict, error_registry, list_registry
from .resources import get_root_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import BaseLoader

    from .commands import AppGroup

F = TypeVar("F", bound="Callable[..., Any]")

_SENDING = frozenset({"send_static_file", "get_send_file_max_age"})

# PERF: a static folder is asked for with each file, twice: 0.1 µs in place of 0.4.
_joined = lru_cache(maxsize=128)(os.path.join)


def setupmethod(f: F) -> F:
    """Let a method run only while its app or blueprint is being set up.

    The class's `_check_setup_finished(name)` raises when it is too late.
    """
    name = f.__name__

    @wraps(f)
    def checked(self: Registrar, *args: Any, **kwargs: Any) -> Any:
        self._check_setup_finished(name)
        return f(self, *args, **kwargs)

    return cast("F", checked)


class Registrar:
    """The set-up half of an app or a blueprint: Flask's `Scaffold`.

    The registries are public, and may be changed at any time: each change empties `_compiled`,
    where an app keeps what it derived from them. Their keys are scopes: None is the app (or the
    blueprint) itself, a name is that blueprint.
    """

    name: str
    _static_folder: str | None = None
    _static_url_path: str | None = None

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        root_path: str | None = None,
    ) -> None:
        """Find the folders and open the registries.

        Args:
            import_name: the module that this is defined in: `__name__`.
            static_folder: absolute, or relative to `root_path`; None has no static files.
            static_url_path: None names it after the static folder.
            template_folder: absolute, or relative to `root_path`.
            root_path: the directory of `import_name` where None.
        """
        self.import_name = import_name
        self.static_folder = static_folder
        self.static_url_path = static_url_path
        self.template_folder = template_folder
        self.root_path = get_root_path(import_name) if root_path is None else root_path
        self._compiled: dict[Any, Any] = {}
        self._open_registries()

    def _open_registries(self) -> None:
        # The dict's own method, not one of ours: a registry must not keep its app alive.
        on_change = self._compiled.clear
        self.view_functions: dict[str, Callable[..., Any]] = LiveDict(on_change=on_change)
        self.error_handler_spec = error_registry(on_change)
        self.before_request_funcs = list_registry(on_change)
        self.after_request_funcs = list_registry(on_change)
        self.teardown_request_funcs = list_registry(on_change)
        self.before_websocket_funcs = list_registry(on_change)
        self.after_websocket_funcs = list_registry(on_change)
        self.teardown_websocket_funcs = list_registry(on_change)
        self.template_context_processors = list_registry(on_change)
        self.url_value_preprocessors = list_registry(on_change)
        self.url_default_functions = list_registry(on_change)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _check_setup_finished(self, f_name: str) -> None:
        raise NotImplementedError

    @cached_property
    def cli(self) -> AppGroup:
        """The commands of this app or blueprint."""
        # PERF: whoever has none does without click: 8.5 ms and 1 MB at start-up.
        from .commands import AppGroup

        return AppGroup(self.name)

    # Folders

    @property
    def static_folder(self) -> str | None:
        """The absolute path of the static folder; None where there is none."""
        if self._static_folder is None:
            return None
        return _joined(self.root_path, self._static_folder)

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self._static_folder = None if value is None else os.fspath(value).rstrip("/\\")

    @property
    def has_static_folder(self) -> bool:
        """Whether `static_folder` is set. The folder may still be missing on disk."""
        return self.static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """The URL prefix of the static files: as it was set, or "/" and the folder's name."""
        if self._static_url_path is not None:
            return self._static_url_path
        if self.static_folder is None:
            return None
        return f"/{os.path.basename(self.static_folder)}".rstrip("/")

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    @cached_property
    def jinja_loader(self) -> BaseLoader | None:
        """Loads from the template folder; None where there is none. Subclasses may override it."""
        if self.template_folder is None:
            return None
        # PERF: as in `Flask.jinja_environment`.
        from jinja2 import FileSystemLoader

        return FileSystemLoader(os.path.join(self.root_path, self.template_folder))

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """For how many seconds a browser may keep `filename`; None lets it ask each time.

        It is the current app's SEND_FILE_MAX_AGE_DEFAULT; override it to tell files apart.
        """
        age: timedelta | int | None
        age = ctx.require_app_context().app.config["SEND_FILE_MAX_AGE_DEFAULT"]
        return int(age.total_seconds()) if isinstance(age, timedelta) else age

    def send_static_file(self, filename: str) -> Any:
        """The response with a file of the static folder.

        Raises:
            RuntimeError: there is no static folder.
            NotFound: it holds no such file.
        """
        folder = self.static_folder
        if folder is None:
            raise RuntimeError(
                f"'static_folder' must be set to serve static_files, and {self!r} has none."
                " Pass static_folder= to its constructor."
            )
        max_age = self.get_send_file_max_age(filename)
        active = ctx.require_request_context()
        return active.app._send_from_folder(active, folder, filename, max_age)

    async def _serve_static_file(self, filename: str) -> Any:
        """`send_static_file` as a view: in a thread, unless there is nothing to wait for."""
        response = self._send_file_at_hand(filename)
        return await run_io(self._read_static_file, filename) if response is None else response

    def _read_static_file(self, filename: str) -> Any:
        """`send_static_file` for a thread, which reads a small file at once."""
        # PERF: one hop finds, opens and reads it: 30 µs less than another to read it.
        active = ctx.require_request_context()
        response = self.send_static_file(filename)
        active.app._read_ahead(active, response)
        return response

    def _send_file_at_hand(self, filename: str) -> Any:
        """`send_static_file` for the event loop; None where it might block, or is not our own.

        PERF: 20 µs in place of 54. The event loop's own part of a hop takes longer than this.
        """
        active = ctx.require_request_context()
        app, folder = active.app, self.static_folder
        if folder is None or not app._is_at_hand(folder, filename):
            return None
        if app.response_class is not Response or not self._sends_files_itself:
            return None
        response = self.send_static_file(filename)
        return response if app._read_at_hand(active, response) else None

    @property
    def _sends_files_itself(self) -> bool:
        """Whether neither method has been replaced by one that may block."""
        kind = type(self)
        return (
            kind.send_static_file is Registrar.send_static_file
            and kind.get_send_file_max_age is Registrar.get_send_file_max_age
            and _SENDING.isdisjoint(self.__dict__)
        )

    # Routes

    @setupmethod
    def get(self, rule: str, **options: Any) -> Callable[[F], F]:
        """`route` with methods=["GET"]."""
        return self._method_route("GET", rule, options)

    @setupmethod
    def post(self, rule: str, **options: Any) -> Callable[[F], F]:
        """`route` with methods=["POST"]."""
        return self._method_route("POST", rule, options)

    @setupmethod
    def put(self, rule: str, **options: Any) -> Callable[[F], F]:
        """`route` with methods=["PUT"]."""
        return self._method_route("PUT", rule, options)

    @setupmethod
    def delete(self, rule: str, **options: Any) -> Callable[[F], F]:
        """`route` with methods=["DELETE"]."""
        return self._method_route("DELETE", rule, options)

    @setupmethod
    def patch(self, rule: str, **options: Any) -> Callable[[F], F]:
        """`route` with methods=["PATCH"]."""
        return self._method_route("PATCH", rule, options)

    def _method_route(self, method: str, rule: str, options: dict[str, Any]) -> Callable[[F], F]:
        if "methods" in options:
            raise TypeError(
                f"{method.lower()}() sets the method itself."
                " Use the 'route' decorator to use the 'methods' argument."
            )
        return self.route(rule, methods=[method], **options)

    @setupmethod
    def route(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Decorate a view function to serve the URLs that fit `rule`.

        Args:
            options: what `add_url_rule` takes. Beside Flask's, `stream_body=True` leaves the body
                to be read from `request.stream`, and `max_content_length` is its limit in bytes;
                `timeout` is the limit of the whole response in seconds, else 503, and None lifts
                RESPONSE_TIMEOUT; `cancel_on_disconnect=True` cancels an async view whose client
                has gone.
        """
        endpoint = options.pop("endpoint", None)

        def register(f: F) -> F:
            self.add_url_rule(rule, endpoint, f, **options)
            return f

        return register

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        raise NotImplementedError

    @setupmethod
    def websocket(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Decorate a view function to serve the WebSockets whose URLs fit `rule`.

        Args:
            options: what `add_websocket` takes.
        """
        endpoint = options.pop("endpoint", None)

        def register(f: F) -> F:
            self.add_websocket(rule, endpoint, f, **options)
            return f

        return register

    @setupmethod
    def add_websocket(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        **options: Any,
    ) -> None:
        raise NotImplementedError

    @setupmethod
    def endpoint(self, endpoint: str) -> Callable[[F], F]:
        """Decorate the view function of an endpoint whose rule is added apart.

        The name is taken as it is: a blueprint's own name is not put before it.
        """

        def register(f: F) -> F:
            self.view_functions[endpoint] = f
            return f

        return register

    # Hooks

    @setupmethod
    def before_request(self, f: F) -> F:
        """Run `f()` before the view; what it returns, where not None, is the response."""
        self.before_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def after_request(self, f: F) -> F:
        """Run `f(response)` after the view and after error handlers; it returns a response."""
        self.after_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def teardown_request(self, f: F) -> F:
        """Run `f(exc)` when the request's context is popped, with its unhandled error or None."""
        self.teardown_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def before_websocket(self, f: F) -> F:
        """Run `f()` before the handshake is accepted; what it returns, if anything, denies it."""
        self.before_websocket_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def after_websocket(self, f: F) -> F:
        """Run `f(response)` after the view; it returns the response, and gets None if accepted."""
        self.after_websocket_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def teardown_websocket(self, f: F) -> F:
        """Run `f(exc)` when the WebSocket's context is popped, with its unhandled error or None."""
        self.teardown_websocket_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def context_processor(self, f: F) -> F:
        """Call `f()` before a template is rendered; it returns a dict of variables for it."""
        self.template_context_processors[None].append(f)
        return f

    @setupmethod
    def url_value_preprocessor(self, f: F) -> F:
        """Call `f(endpoint, values)` before the before_request functions; it may edit `values`."""
        self.url_value_preprocessors[None].append(f)
        return f

    @setupmethod
    def url_defaults(self, f: F) -> F:
        """Call `f(endpoint, values)` when a URL is built; it may add to `values`."""
        self.url_default_functions[None].append(f)
        return f

    # Error handlers

    @setupmethod
    def errorhandler(self, code_or_exception: type[Exception] | int) -> Callable[[F], F]:
        """Decorate the handler `f(exc)` of a status code or of an exception class."""

        def register(f: F) -> F:
            self.register_error_handler(code_or_exception, f)
            return f

        return register

    @setupmethod
    def register_error_handler(
        self, code_or_exception: type[Exception] | int, f: Callable[..., Any]
    ) -> None:
        """`errorhandler`, without being a decorator."""
        exc_class, code = self._get_exc_class_and_code(code_or_exception)
        self.error_handler_spec[None][code][exc_class] = f

    @staticmethod
    def _get_exc_class_and_code(
        exc_class_or_code: type[Exception] | int,
    ) -> tuple[type[Exception], int | None]:
        """The exception class that is meant, and its status code where it is an HTTP error.

        Raises:
            TypeError: an object that is neither a class nor a code.
            ValueError: an unknown status code, or a class that is not an Exception.
        """
        exc_class: Any = exc_class_or_code
        if isinstance(exc_class_or_code, int):
            exc_class = _http_error_class(exc_class_or_code)
        if not isinstance(exc_class, type):
            raise TypeError(
                f"{exc_class!r} is an instance, not a class. Handlers can only be registered for"
                " Exception classes or HTTP error codes."
            )
        if not issubclass(exc_class, Exception):
            raise ValueError(
                f"{exc_class.__name__!r} is not a subclass of Exception. Handlers can only be"
                " registered for Exception classes or HTTP error codes."
            )
        return exc_class, exc_class.code if issubclass(exc_class, HTTPException) else None


def _http_error_class(code: int) -> type[HTTPException]:
    if code not in default_exceptions:
        raise ValueError(
            f"'{code}' is not a recognized HTTP error code."
            " Use a subclass of HTTPException with that code instead."
        )
    return default_exceptions[code]


def _endpoint_from_view_func(view_func: Callable[..., Any] | None) -> str:
    """The endpoint of a view that is registered without one: its name.

    Raises:
        AssertionError: there is no view.
        TypeError: the view is a callable without a name, as a partial.
    """
    if view_func is None:
        raise AssertionError(
            "expected view func if endpoint is not provided. Pass view_func= to add_url_rule,"
            " or endpoint= to bind a view later."
        )
    try:
        return view_func.__name__
    except AttributeError:
        raise TypeError(
            f"{view_func!r} has no __name__ to take as its endpoint: pass endpoint= as well."
        ) from None


def _bind_view(
    view_functions: dict[str, Callable[..., Any]], endpoint: str, view_func: Callable[..., Any]
) -> None:
    """Make `view_func` the view of `endpoint`.

    Raises:
        AssertionError: the endpoint already has another view.
    """
    bound = view_functions.get(endpoint)
    # Not `is`: two bound methods of the same object are equal and not the same.
    if bound is not None and bound != view_func:
        raise AssertionError(
            "View function mapping is overwriting an existing endpoint function:"
            f" {endpoint} is {bound!r}, and would become {view_func!r}."
            " Pass another endpoint= to one of them; a decorator that gave both one name should use"
            " functools.wraps."
        )
    view_functions[endpoint] = view_func
