"""The synchronous test client: Flask's, calling the ASGI app without a server."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urljoin, urlsplit

from .. import bridge
from ..exceptions import BadRequest
from ..wrappers import Request, Response
from .builder import EnvironBuilder, NoApp
from .cookies import CookieJar
from .exchange import Exchange
from .lifespan import ClientLifespan
from .response import Chunks, TestResponse, to_headers
from .websockets import (
    PATIENCE,
    Connection,
    WebSocketDenied,
    in_http_terms,
    sync_session,
    to_websocket_scope,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from ..ctx import AppContext
    from ..datastructures import Headers
    from ..sessions import SessionMixin
    from .cookies import Cookie
    from .websockets import Dialogue, WebSocketSession


class ClientRedirectError(Exception):
    """The client followed redirects in a loop."""


class FlaskClient:
    """Sends requests to an app; sync views run in the calling thread, async ones on a loop.

    In a `with` block the app has started up, and the context of the last request stays readable
    through the proxies.

    Args:
        application: the app; any ASGI app will do, as one that middleware wraps.
        response_wrapper: the class of the responses, beside `TestResponse`.
        use_cookies: keep cookies from one request to the next.
        allow_subdomain_redirects: follow redirects to subdomains of SERVER_NAME too.
    """

    application: Any
    preserve_context = False
    default_user_agent: ClassVar[str] = "asyncflask-test-client"

    def __init__(
        self,
        application: Any,
        response_wrapper: type[Response] | None = None,
        use_cookies: bool = True,
        allow_subdomain_redirects: bool = False,
    ) -> None:
        self.application = application
        self._settings = application if hasattr(application, "json") else NoApp()
        self.response_wrapper = response_wrapper or Response
        self.allow_subdomain_redirects = allow_subdomain_redirects
        self.environ_base: dict[str, Any] = {
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": self.default_user_agent,
        }
        self._cookies = CookieJar() if use_cookies else None
        self._kept_context: AppContext | None = None
        self._ended_context: AppContext | None = None
        self._lifespan: ClientLifespan | None = None

    @cached_property
    def _response_class(self) -> type[TestResponse]:
        if issubclass(self.response_wrapper, TestResponse):
            return self.response_wrapper
        return type(
            "WrapperTestResponse", (TestResponse, self.response_wrapper), {"__test__": False}
        )

    # -- requests

    def open(
        self,
        *args: Any,
        buffered: bool = False,
        follow_redirects: bool = False,
        **kwargs: Any,
    ) -> TestResponse:
        """Send a request and return its response.

        Args:
            args: an `EnvironBuilder`, a `Request` or an ASGI scope; or with `kwargs` what
                `EnvironBuilder` takes.
            buffered: read a streamed body to its end at once.
            follow_redirects: follow them, keeping each in the last response's `history`.
        Raises:
            Exception: what the app raises, where TESTING or the like lets errors propagate.
        """
        scope, body = self._to_request(args, kwargs)
        self._drop_context()
        response = self._send(scope, body, buffered)
        if follow_redirects:
            response = self._follow(response, scope, body, buffered)
        self._keep_context()
        return response

    def get(self, *args: Any, **kwargs: Any) -> TestResponse:
        """`open` with GET."""
        return self.open(*args, **{**kwargs, "method": "GET"})

    def post(self, *args: Any, **kwargs: Any) -> TestResponse:
        """`open` with POST."""
        return self.open(*args, **{**kwargs, "method": "POST"})

    def put(self, *args: Any, **kwargs: Any) -> TestResponse:
        """`open` with PUT."""
        return self.open(*args, **{**kwargs, "method": "PUT"})

    def delete(self, *args: Any, **kwargs: Any) -> TestResponse:
        """`open` with DELETE."""
        return self.open(*args, **{**kwargs, "method": "DELETE"})

    def patch(self, *args: Any, **kwargs: Any) -> TestResponse:
        """`open` with PATCH."""
        return self.open(*args, **{**kwargs, "method": "PATCH"})

    def options(self, *args: Any, **kwargs: Any) -> TestResponse:
        """`open` with OPTIONS."""
        return self.open(*args, **{**kwargs, "method": "OPTIONS"})

    def head(self, *args: Any, **kwargs: Any) -> TestResponse:
        """`open` with HEAD."""
        return self.open(*args, **{**kwargs, "method": "HEAD"})

    def trace(self, *args: Any, **kwargs: Any) -> TestResponse:
        """`open` with TRACE."""
        return self.open(*args, **{**kwargs, "method": "TRACE"})

    def _to_request(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[dict[str, Any], bytes]:
        """The scope and the body that `open`'s arguments stand for."""
        if not kwargs and len(args) == 1:
            (given,) = args
            if isinstance(given, EnvironBuilder):
                return given.get_scope(), given.get_data()
            if isinstance(given, Request):
                return dict(given.scope), given.get_data()
            if isinstance(given, dict) and "type" in given:
                return dict(given), b""
        base = {**self.environ_base, **kwargs.pop("environ_base", {})}
        builder = EnvironBuilder(self._settings, *args, **{**kwargs, "environ_base": base})
        try:
            return builder.get_scope(), builder.get_data()
        finally:
            builder.close()

    def _send(self, scope: dict[str, Any], body: bytes, buffered: bool) -> TestResponse:
        scope = self._prepare(scope)
        exchange = Exchange(self.application, scope, body)
        exchange.run()
        headers = to_headers(exchange.headers)
        self._take_cookies(headers, scope)
        # COMPAT: unless it is buffered, even a body that has come to its end counts as streamed.
        chunks: Any = list(exchange.chunks()) if buffered else Chunks(exchange)
        return self._to_response(chunks, exchange.status or 200, headers, scope)

    def _prepare(self, scope: dict[str, Any]) -> dict[str, Any]:
        """The scope with what the client adds: its cookies, the app's state, where contexts go."""
        scope = {**scope, "asyncflask.preserve_context": self._on_context_end}
        state = {} if self._lifespan is None else self._lifespan.state
        scope["state"] = {**state, **scope.get("state", {})}
        cookies = self._cookies and self._cookies.header_for(*_cookie_place(Request(scope)))
        if cookies:
            scope["headers"] = _with_cookies(scope["headers"], cookies)
        return scope

    def _take_cookies(self, headers: Headers, scope: dict[str, Any]) -> None:
        if self._cookies is not None:
            place = _cookie_place(Request(scope))
            self._cookies.update_from(headers.getlist("Set-Cookie"), *place)

    def _to_response(
        self, body: Any, status: int, headers: Headers, scope: dict[str, Any]
    ) -> TestResponse:
        response = self._response_class(body, status, headers, Request(scope))
        response.json_module = self._settings.json
        return response

    # -- websockets

    @contextmanager
    def websocket_connect(
        self,
        path: str = "/",
        *,
        subprotocols: Sequence[str] | None = None,
        timeout: float | None = PATIENCE,
        **kwargs: Any,
    ) -> Iterator[WebSocketSession]:
        """Open a websocket; it is closed at the block's end, where the app's end is waited for.

        The app runs on the loop thread beside the test, its sync functions in worker threads:
        the calling thread, which goes on with the test, cannot be lent.

        Args:
            path: below the app's address, with or without a query; or a whole URL.
            subprotocols: that the client offers, best first.
            timeout: seconds that the handshake, each message and the app's end may take; None
                waits for ever.
            kwargs: what else `EnvironBuilder` takes: headers, query_string, base_url, auth ...
        Raises:
            WebSocketDenied: the app has not accepted; it has the response.
            RuntimeError: the app sent a message that it must not send, or not then.
            BaseException: what the app raises, where TESTING or the like lets errors propagate.
            TimeoutError: the app took too long.
        """
        asked = self._prepare(self._to_request((), in_http_terms(path=path, **kwargs))[0])
        scope = to_websocket_scope(asked, subprotocols)
        self._drop_context()
        connection = bridge.run_on_loop_thread(
            Connection.open, self.application, scope, bridge.task_of_caller(), timeout
        )
        self._take_cookies(to_headers(connection.dialogue.headers), asked)
        try:
            self._raise_if_denied(connection.dialogue, asked)
            with sync_session(connection, self._settings.json) as websocket:
                yield websocket
        finally:
            self._keep_context_of(connection)

    def _raise_if_denied(self, dialogue: Dialogue, asked: dict[str, Any]) -> None:
        denial = dialogue.denial
        if denial is not None:
            headers = to_headers(dialogue.headers)
            body = bytes(denial.body)
            raise WebSocketDenied(self._to_response(body, denial.status, headers, asked))

    def _keep_context_of(self, connection: Connection) -> None:
        if self.preserve_context and connection.ended_context is not None:
            self._drop_context()
            self._ended_context = connection.ended_context
            self._keep_context()

    # -- redirects

    def _follow(
        self, response: TestResponse, scope: dict[str, Any], body: bytes, buffered: bool
    ) -> TestResponse:
        history: list[TestResponse] = []
        visited = set()
        while response.status_code in {301, 302, 303, 305, 307, 308}:
            location = response.location
            if location is None:
                break
            target = urljoin(response.request.url, location)
            if (target, response.status_code) in visited:
                raise ClientRedirectError(
                    f"A loop of redirects: a {response.status_code} redirect to {target} was"
                    " already followed."
                )
            visited.add((target, response.status_code))
            response.close()
            history.append(response)
            scope, body = self.resolve_redirect(response, target, scope, body)
            response = self._send(scope, body, buffered)
            response.history = tuple(history)
        return response

    def resolve_redirect(
        self, response: TestResponse, target: str, scope: dict[str, Any], body: bytes
    ) -> tuple[dict[str, Any], bytes]:
        """The request that a redirect asks for; all but 307 and 308 make it a bodiless GET.

        Raises:
            RuntimeError: the redirect leads to another host.
        """
        url = urlsplit(target)
        self._check_redirect_host(url.netloc, response.request.host)
        builder = EnvironBuilder(
            self._settings,
            base_url=f"{url.scheme}://{url.netloc}{self._root_path_of(scope, url.path)}",
            path=url.path[len(self._root_path_of(scope, url.path)) :] or "/",
            query_string=url.query,
            environ_base=self.environ_base,
        )
        followed = builder.get_scope()
        keeps_body = response.status_code in {307, 308}
        followed["method"] = scope["method"] if keeps_body or scope["method"] == "HEAD" else "GET"
        followed["headers"] = _redirected_headers(scope, followed, keeps_body)
        return followed, body if keeps_body else b""

    @staticmethod
    def _root_path_of(scope: dict[str, Any], path: str) -> str:
        root_path: str = scope.get("root_path", "")
        return root_path if path == root_path or path.startswith(f"{root_path}/") else ""

    def _check_redirect_host(self, host: str, first_host: str) -> None:
        if host == first_host:
            return
        parts, first_parts = host.split("."), first_host.split(".")
        if self.allow_subdomain_redirects and parts[-len(first_parts) :] == first_parts:
            return
        raise RuntimeError(
            f"Following external redirects is not supported: the redirect leads from"
            f" {first_host!r} to {host!r}. For subdomains create the client with"
            " allow_subdomain_redirects=True."
        )

    # -- cookies

    def _cookie_jar(self) -> CookieJar:
        if self._cookies is None:
            raise TypeError("Cookies are disabled. Create a client with 'use_cookies=True'.")
        return self._cookies

    def get_cookie(self, key: str, domain: str = "localhost", path: str = "/") -> Cookie | None:
        """A cookie that the client holds, or None."""
        return self._cookie_jar().get_cookie(key, domain, path)

    def set_cookie(
        self,
        key: str,
        value: str = "",
        *,
        domain: str = "localhost",
        origin_only: bool = True,
        path: str = "/",
        **kwargs: Any,
    ) -> None:
        """Give the client a cookie; `kwargs` are those of `Response.set_cookie`."""
        self._cookie_jar().set_cookie(
            key, value, domain=domain, origin_only=origin_only, path=path, **kwargs
        )

    def delete_cookie(self, key: str, *, domain: str = "localhost", path: str = "/") -> None:
        """Take a cookie from the client."""
        self._cookie_jar().delete_cookie(key, domain=domain, path=path)

    # -- session

    @contextmanager
    def session_transaction(self, *args: Any, **kwargs: Any) -> Iterator[SessionMixin]:
        """Open the client's session to read and change it; it is saved at the block's end.

        Args:
            args: with `kwargs` what `EnvironBuilder` takes.
        Raises:
            TypeError: the client has no cookies.
            RuntimeError: the session interface opened no session.
        """
        jar = self._cookie_jar()
        app = self.application
        interface = app.session_interface
        ctx = app.test_request_context(*args, **kwargs)
        request = ctx.request
        host, path = _cookie_place(request)
        if cookies := jar.header_for(host, path):
            request.scope["headers"] = _with_cookies(request.scope["headers"], cookies)
        with ctx.as_current():
            session = bridge.ensure_sync(interface.open_session)(app, request)
        if session is None:
            raise RuntimeError(
                "Session backend did not open a session:"
                f" {type(interface).__name__}.open_session() gave None. The default interface"
                " does so where app.secret_key is not set."
            )
        yield session
        response = app.response_class()
        if interface.is_null_session(session):
            return
        with ctx.as_current():
            bridge.ensure_sync(interface.save_session)(app, session, response)
        jar.update_from(response.headers.getlist("Set-Cookie"), host, path)

    # -- contexts

    def __enter__(self) -> Self:
        if self.preserve_context:
            raise RuntimeError(
                "Cannot nest client invocations: this client's `with` block is already entered."
                " Make another client with app.test_client()."
            )
        self._lifespan = ClientLifespan.join(self.application)
        self.preserve_context = True
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.preserve_context = False
        self._drop_context()
        lifespan, self._lifespan = self._lifespan, None
        if lifespan is not None:
            lifespan.leave()

    def _on_context_end(self, ctx: AppContext) -> None:
        """The app hands over the context of a request whose response is complete."""
        if self.preserve_context:
            self._ended_context = ctx

    def _keep_context(self) -> None:
        self._kept_context, self._ended_context = self._ended_context, None
        if self._kept_context is not None:
            self._kept_context.keep()

    def _drop_context(self) -> None:
        ctx, self._kept_context = self._kept_context, None
        if ctx is not None:
            ctx.release()


def _cookie_place(request: Request) -> tuple[str, str]:
    """The host and whole path that decide about cookies; a Host header of garbage has none."""
    path = request.scope["path"]
    try:
        return request.host.partition(":")[0], path
    except BadRequest:
        return "", path


def _with_cookies(headers: list[tuple[bytes, bytes]], cookies: str) -> list[tuple[bytes, bytes]]:
    """The headers with the jar's cookies in front of those that the test itself passed."""
    own = [value for name, value in headers if name == b"cookie"]
    others = [pair for pair in headers if pair[0] != b"cookie"]
    return [*others, (b"cookie", b"; ".join([cookies.encode("latin-1"), *own]))]


def _redirected_headers(
    scope: dict[str, Any], followed: dict[str, Any], keeps_body: bool
) -> list[tuple[bytes, bytes]]:
    """The first request's headers with the second's host, less what the jar sends anew."""
    dropped = {b"host", b"cookie"}
    if not keeps_body:
        dropped |= {b"content-type", b"content-length", b"transfer-encoding"}
    kept = [pair for pair in scope["headers"] if pair[0] not in dropped]
    return [pair for pair in followed["headers"] if pair[0] == b"host"] + kept
