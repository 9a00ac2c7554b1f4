"""From the server's call to the last byte of the answer: HTTP requests on their way through."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from .. import bridge
from ..ctx import AppContext, variables_before
from ..exceptions import InternalServerError, MethodNotAllowed, NotFound
from ..routing import WebsocketMismatch
from ..setup.application import Application
from ..signals import appcontext_pushed
from ..wrappers import Request, WebSocket
from ..wrappers.request_headers import BODY_FIELDS
from .body import attach_stream, begin_body, must_close_connection, receive_beside_body
from .misses import explain_miss, page_of_miss
from .pipeline import must_survive
from .responses import ForwardedResponse, to_response
from .straight import answer_in_worker, finish, may_go_straight, settle_answer
from .supervision import Supervision, deadline_after, send_until
from .unread import may_be_unread, send_beside_body

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from types import TracebackType

    from ..ctx import Connection
    from ..sessions import SessionInterface
    from ..typing import ASGIApp, Receive, Scope, Send
    from ..wrappers import Response
    from .pipeline import Pipeline

_BODILESS = frozenset({"GET", "HEAD"})
# The headers that are looked at before a request is matched.
_TELLING = BODY_FIELDS | {b"host", b"cookie"}
_MOST_GOOD_HOSTS = 1000
_OWN_CLASSES = frozenset({Request, WebSocket})


def _close_connection(scope: Scope, response: Response) -> None:
    # SPEC: RFC 9113 section 8.2.2: HTTP/2 has no connection fields.
    if scope.get("http_version", "1.1").startswith("1"):
        response.headers["Connection"] = "close"


def _receive_outside(ctx: AppContext, request: Request) -> None:
    """Let no server keep the context variables of a request that receives while it is answered."""
    if ctx.around is not None and request._receive is not None and not request._shared_receive:
        request._receive = partial(bridge.receive_outside, ctx.around, request._receive)


class ASGIMethods(Application):
    """What a server calls of the app."""

    request_class: type[Request]
    response_class: type[Response]
    session_interface: SessionInterface
    _good_hosts: set[bytes | None]
    _is_unwrapped = False

    def pipeline_of(self, rule: Any) -> Pipeline:
        raise NotImplementedError

    async def tear_down(
        self, ctx: AppContext, exc: BaseException | None, *, shielded: bool = True
    ) -> None:
        raise NotImplementedError

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        raise NotImplementedError

    def log_exception(
        self, exc_info: tuple[type[BaseException], BaseException, TracebackType | None]
    ) -> None:
        raise NotImplementedError

    @property
    def propagates_exceptions(self) -> bool:
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # PERF: one call less for an app that nothing is wrapped around; 512 bytes for a WebSocket.
        if self._is_unwrapped and scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif self._is_unwrapped and scope["type"] == "websocket":
            await self._answer_websocket(scope, receive, send)
        else:
            await self.asgi_app(scope, receive, send)

    async def asgi_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application itself; assign a wrapped one to put middleware around it."""
        if self._front is not None:
            if not self._got_first_request and scope["type"] != "lifespan":
                self._got_first_request = True
            stale = variables_before()
            answering = self._front(scope, receive, send)
            await (answering if stale is None else bridge.run_with(stale, answering))
        elif scope["type"] == "http":
            self.__dict__["_is_unwrapped"] = self._has_own_asgi_app
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            self.__dict__["_is_unwrapped"] = self._has_own_asgi_app
            await self._answer_websocket(scope, receive, send)
        else:
            await self._own_asgi_app(scope, receive, send)

    @property
    def _has_own_asgi_app(self) -> bool:
        return getattr(self.asgi_app, "__func__", None) is ASGIMethods.asgi_app

    async def _build_front(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._has_started = True
        # PERF: here, as all that few apps have in front of them: see `Application.mount`.
        from .front import build_front

        self._front = build_front(self, self._own_asgi_app, self._has_rule_for)
        await self._front(scope, receive, send)

    async def _own_asgi_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The app without its middleware and mounts."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._answer_websocket(scope, receive, send)
        else:
            await self._answer_server(scope, receive, send)

    def _answer_websocket(
        self, scope: Scope, receive: Receive, send: Send
    ) -> Coroutine[Any, Any, None]:
        # PERF: 3 ms at start-up for whoever has none, 0.3 µs for one.
        from .websockets import answer_websocket

        return answer_websocket(self, scope, receive, send)

    async def _answer_server(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what comes from the server itself, not from a client."""
        # PERF: what is never served, as commands and tests, does without: 2 ms at start-up.
        from .lifespan import answer_lifespan, refuse

        if scope["type"] == "lifespan":
            self._has_started = True
            await answer_lifespan(self, scope, receive, send)
        else:
            await refuse(scope, receive, send)

    @property
    def _has_lifespan(self) -> bool:
        """Whether start-up or shutdown does anything, as far as can be told."""
        functions = self.before_serving_funcs, self.while_serving_gens, self.after_serving_funcs
        is_wrapped = not self._has_own_asgi_app
        return is_wrapped or self.lifespan is not None or self._front is not None or any(functions)

    def _has_rule_for(self, scope: Scope) -> bool:
        """Whether a rule of the app's fits a request, or leads to one that does, or fails."""
        is_plain = scope["type"] == "http" and not scope.get("root_path")
        if is_plain and not (self.subdomain_matching or self.url_map.host_matching):
            # PERF: the short way of _match, which it goes again: 2 µs instead of 11.
            domain = self.url_map.default_subdomain
            if isinstance(self.url_map.find(domain, scope["path"], scope["method"]), tuple):
                return True
        request = self.request_class(scope)
        request._app = self
        try:
            self.create_url_adapter(request).match()  # type: ignore[union-attr]  # in a request
        except (NotFound, MethodNotAllowed, WebsocketMismatch):
            return False
        except Exception:
            # Redirects, an untrusted host, a converter's error: the app is to meet it again.
            return True
        return True

    @property
    def wsgi_app(self) -> ASGIApp:
        """`asgi_app` under the name that Flask applications assign their middleware to."""
        return self.asgi_app

    @wsgi_app.setter
    def wsgi_app(self, app: ASGIApp) -> None:
        from ..setup.mounts import check_is_not_wsgi

        check_is_not_wsgi("wsgi_app", app)
        self.asgi_app = app  # type: ignore[method-assign, assignment]  # what the name is for

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._got_first_request:
            # Not by an attribute, which Flask.__setattr__ looks at.
            self.__dict__["_got_first_request"] = True
        request = self.request_class(scope)
        request._app = self
        request._receive = receive
        ctx = AppContext(self, request)  # type: ignore[arg-type]  # Flask has the rest
        stale = ctx.enter()
        if stale is not None:
            ctx.leave()
            await bridge.run_with(stale, self._answer(scope, receive, send))
            return
        try:
            if appcontext_pushed.receivers and ctx.joined is None:
                appcontext_pushed.send(self, _async_wrapper=self.ensure_sync)
            pipeline = self._prepare(ctx, request)
            rule = request.url_rule
            if rule is not None and (ctx.may_have_body or rule.stream_body):
                receiving = self._receive(ctx, request)
                if receiving is not None:
                    await receiving
            if ctx.may_have_body and may_be_unread(request):
                _receive_outside(ctx, request)
                send = send_beside_body(request, send)
            if pipeline.workers != bridge.DEFAULT_WORKERS:
                bridge.limit_workers(pipeline.workers)
            connection = scope, receive, send
            straight = pipeline.straight is not None and may_go_straight(ctx, request)
            go = self._go_straight if straight else self._go_through
            # PERF: sent here, since a stream may wait for days with the frames that led to it.
            response = await go(ctx, pipeline, connection)
            if response is not None:
                await self._send_within_timeout(ctx, response, connection)
        finally:
            ctx.leave()
            if "asyncflask.preserve_context" in scope:
                scope["asyncflask.preserve_context"](ctx)

    def _prepare(self, ctx: AppContext, request: Request) -> Pipeline:
        """Note what the head announces, and find the rule; returns the endpoint's pipeline."""
        scope, method, host, cookies = request.scope, request.method, None, None
        told: dict[bytes, bytes] = {}
        ctx.may_have_session = False
        ctx.may_have_body = method not in _BODILESS
        # PERF: as fast as a dict of the headers, which does not tell of a second cookie or host.
        for name, value in scope["headers"]:
            if name in _TELLING:
                if name == b"host":
                    host = host or value
                elif name != b"cookie":
                    told.setdefault(name, value)
                else:
                    # HTTP/2 clients may send each cookie in a field of its own.
                    cookies = value if cookies is None else cookies + b"; " + value
        if cookies is not None:
            request._sent_cookies = cookies
            name = self.session_interface.get_cookie_name(self)
            ctx.may_have_session = name.encode() in cookies
        if told:
            request._body_fields = told
            if b"content-length" in told or b"transfer-encoding" in told:
                ctx.may_have_body = True
        # PERF: a rule without variables is known by its path: 0.2 µs in place of 0.8.
        route = self._compiled.get((scope["path"], method))
        if (
            route is not None
            and host in self._good_hosts
            and self.config["TRUSTED_HOSTS"] is None
            and not self.url_map._remap
            and not scope.get("root_path")
        ):
            request.view_args = {}
            request.url_rule, pipeline = route
            return pipeline  # type: ignore[no-any-return]  # PERF: cast() is a call
        return self._find_route(ctx, request, host)

    def _find_route(self, ctx: AppContext, request: Request, host: bytes | None) -> Pipeline:
        """Match the URL; where it has no variables, its route is remembered for `_prepare`."""
        self._match(ctx, request, host)
        rule = request.url_rule
        # PERF: pipeline_of in place, for the endpoints that are compiled already.
        pipeline = self._compiled.get(None if rule is None else rule.endpoint)
        if pipeline is None:
            pipeline = self.pipeline_of(rule)
        if rule is not None and not rule.arguments and not self._matches_hosts:
            path, method = request.scope["path"], request.method
            if self.url_map.find_plain(self.url_map.default_subdomain, path, method) is rule:
                self._compiled[path, method] = rule, pipeline
        return pipeline

    @property
    def _matches_hosts(self) -> bool:
        return self.subdomain_matching or self.url_map.host_matching

    async def _go_through(
        self, ctx: AppContext, pipeline: Pipeline, connection: tuple[Scope, Receive, Send]
    ) -> Response | None:
        """Take all steps of the pipeline, unless no rule answers and only the page is needed.

        Returns:
            what is to be sent; None where it was.
        """
        is_plain = pipeline.may_send_pages and not ctx.may_have_session
        if is_plain and may_go_straight(ctx, ctx.require_request()):
            return await self._answer_miss(ctx, pipeline, connection)
        if pipeline.is_supervised:
            await Supervision(self, ctx, pipeline, connection).run()
            return None
        return await bridge.drive(pipeline.run(ctx), ctx)

    async def _go_straight(
        self, ctx: AppContext, pipeline: Pipeline, connection: tuple[Scope, Receive, Send]
    ) -> Response | None:
        """Call the view, and send its answer without further ado if it is that plain.

        Returns:
            what is to be sent; None where it was.
        """
        request: Any = ctx.request
        straight: Any = pipeline.straight
        rest: Any
        if straight.blocks:
            answer, rest = await answer_in_worker(ctx, pipeline)
        else:
            try:
                # PERF: without before functions the view itself, which is one coroutine less.
                called = straight.call(request) if straight.before else None
                value = await (called or straight.function(**request.view_args))
            except BaseException as exc:
                answer, rest = None, partial(pipeline.run_from_view, ctx, None, exc)
            else:
                if straight.after:
                    answer, rest = await finish(ctx, pipeline, value)
                else:
                    answer, rest = settle_answer(ctx, pipeline, value)
        if answer is None:
            # What holds an exception is not held here, where its traceback leads back to.
            begun, rest = rest(), None
            return await bridge.drive(begun, ctx)
        ctx.torn_down = True
        if request._body is not None:
            request.close()
        start, body = answer
        await connection[2](start)
        await connection[2](body)
        return None

    async def _answer_miss(
        self, ctx: AppContext, pipeline: Pipeline, connection: tuple[Scope, Receive, Send]
    ) -> Response | None:
        """Send the built-in page that no rule answers, if nothing of the app's has a say in it."""
        page = page_of_miss(self, pipeline, ctx.require_request())
        if page is None or ctx.opened_session is not None or ctx._after is not None:
            return await bridge.drive(pipeline.run(ctx), ctx)
        ctx.torn_down = True
        start, body = page
        await connection[2](start)
        await connection[2](body)
        return None

    def _send_within_timeout(
        self, ctx: AppContext, response: Response, connection: tuple[Scope, Receive, Send]
    ) -> Awaitable[None]:
        timeout = response.timeout
        if ctx.torn_down or timeout is ... or timeout is None:
            return self.send_response(ctx, response, connection)
        return send_until(deadline_after(timeout), self, ctx, response, connection)

    def _match(self, ctx: AppContext, request: Connection, host: bytes | None) -> None:
        """Find the rule, by the short way where there is no host to match and no redirect."""
        try:
            if host not in self._good_hosts or self.config["TRUSTED_HOSTS"] is not None:
                self._check_host(request, host)
            path = request.scope["path"]
            if request.scope.get("root_path") or path[:1] != "/" or path[:2] == "//":
                path = request._path_to_match
            found = None
            if not (self.subdomain_matching or self.url_map.host_matching):
                domain, is_websocket = self.url_map.default_subdomain, ctx.websocket is not None
                found = self.url_map.find(domain, path, request.method, is_websocket)
            if type(found) is tuple:
                request.url_rule, request.view_args = found
            else:
                explain_miss(self, ctx, path, is_nowhere=found is not None)
        except Exception as exc:
            # An untrusted host, or a converter's: an HTTP error of abort, or a mistake: a 500.
            request.routing_exception = exc

    def _check_host(self, request: Connection, host: bytes | None) -> None:
        """Remember a Host header that is valid.

        Raises:
            SecurityError: it is not valid, or not trusted.
        """
        _ = request.host
        # PERF: an app is asked for a few hosts again and again. Subclasses decide for themselves.
        if type(request) in _OWN_CLASSES and len(self._good_hosts) < _MOST_GOOD_HOSTS:
            self._good_hosts.add(host)

    def _sent_session(self, scope: Scope) -> bool:
        """Whether the client sent the session's cookie, which may need to be refreshed."""
        name = self.session_interface.get_cookie_name(self).encode()
        # Not by the dict of the fields: HTTP/2 clients may send each cookie in one of its own.
        return any(name in value for field, value in scope["headers"] if field == b"cookie")

    def _receive(self, ctx: AppContext, request: Request) -> Awaitable[None] | None:
        """Receive the body as the rule wants it; OPTIONS is answered without.

        PERF: 0.35 µs less than a coroutine for a small body, which has mostly arrived.

        Returns:
            what is to be awaited, if anything is.
        """
        rule = request.url_rule
        if request.method == "OPTIONS" and rule.provide_automatic_options:
            return None
        if rule.max_content_length is not ...:
            request.max_content_length = rule.max_content_length
        if rule.stream_body:
            _receive_outside(ctx, request)
            attach_stream(request)
            return None
        # Not with the request's variables, of which the server may keep a copy, and the body's
        # timer does: event loops keep it for a while after it was cancelled.
        around: Any = ctx.around
        try:
            rest = around.run(begin_body, request)
        except BaseException as exc:
            return self._fail_to_receive(ctx, exc)
        if rest is not None:
            return self._receive_rest(ctx, bridge.run_with(around, rest))
        body: Any = request._body
        ctx.may_have_body = body.error is not None
        return None

    async def _receive_rest(self, ctx: AppContext, rest: Awaitable[None]) -> None:
        try:
            await rest
        except BaseException as exc:
            await self._fail_to_receive(ctx, exc)

    async def _fail_to_receive(self, ctx: AppContext, exc: BaseException) -> None:
        # A client's mistake is kept in the body; here the request itself is cancelled.
        try:
            await self._tear_down_shielded(ctx, exc)
            raise exc
        finally:
            del exc

    def send_response(
        self, ctx: AppContext, response: Response, connection: tuple[Scope, Receive, Send]
    ) -> Awaitable[None]:
        """Send a response; a stream's context is torn down after it."""
        request = ctx.require_request()
        if ctx.may_have_body and must_close_connection(request):
            _close_connection(connection[0], response)
        if ctx.torn_down:
            return response(*connection)
        return self._stream(ctx, response, connection)

    async def _stream(
        self,
        ctx: AppContext,
        response: Response,
        connection: tuple[Scope, Receive, Send],
    ) -> None:
        """Send a streamed response; its context lives until the stream has ended."""
        scope, receive, send = connection
        send = sending = bridge.OutsideSend(ctx.around, send)
        if ctx.request is None:
            # Of a WebSocket, nothing is read ahead before it is accepted.
            pass
        elif isinstance(response, ForwardedResponse):
            # What was taken ahead is for the application too.
            receive = ctx.request._receive or receive
        else:
            # Its generator may read the body while it is watched whether the client leaves.
            _receive_outside(ctx, ctx.request)
            receive = receive_beside_body(ctx.request)
        error: BaseException | None = None
        try:
            await response(scope, receive, send)
        except BaseException as exc:
            error = exc
            if self.propagates_exceptions or not must_survive(ctx, exc):
                raise
            self.log_exception((type(exc), exc, exc.__traceback__))
            # A server cuts the connection of a response that is left incomplete, and would log
            # an error that gets there once more.
            if not sending.has_begun:
                await to_response(self, ctx.request, InternalServerError())(scope, receive, send)
        finally:
            await self._tear_down_shielded(ctx, error)
            error = None

    async def _tear_down_shielded(self, ctx: AppContext, exc: BaseException | None) -> None:
        """Tear down, whether or not the request is being cancelled."""
        with anyio.CancelScope(shield=True):
            await bridge.drive(self.tear_down(ctx, exc), ctx)
