"""The asynchronous test client: httpx's, calling the app on the test's own event loop.

httpx is optional and slow to import, so it is imported when the first client is made.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cache
from importlib import import_module
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from .. import bridge
from .async_exchange import AsyncExchange
from .builder import NoApp
from .lifespan import AsyncClientLifespan
from .websockets import (
    PATIENCE,
    Connection,
    Denial,
    WebSocketDenied,
    async_session,
    to_http_url,
    to_websocket_scope,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from types import TracebackType
    from typing import Self

    import httpx
    from httpx import AsyncBaseTransport, AsyncByteStream, AsyncClient

    from ..ctx import AppContext
    from ..sessions import SessionMixin
    from .websockets import AsyncWebSocketSession, Dialogue
else:
    # The real ones are put in their place when the first client is made.
    AsyncBaseTransport = AsyncByteStream = AsyncClient = object

_DEFAULT_PORTS = {"http": 80, "https": 443}


def create_async_client(app: Any, **kwargs: Any) -> AsyncFlaskClient:
    """An `httpx.AsyncClient` for an app; relative URLs are those that the app builds.

    Args:
        kwargs: for httpx's client; `base_url` is the app's own unless it is given.
    Raises:
        ImportError: neither httpx nor httpx2 is installed.
    """
    library = import_httpx()
    kwargs.setdefault("base_url", _base_url_of(app))
    transport = _with_bases(AsyncFlaskTransport, library.AsyncBaseTransport)(app)
    client: AsyncFlaskClient = _with_bases(AsyncFlaskClient, library.AsyncClient)(
        transport=transport, **kwargs
    )
    return client


def import_httpx() -> Any:
    """The module httpx, or httpx2 where that is what is installed.

    Raises:
        ImportError: there is neither; it says what to install.
    """
    for name in ("httpx", "httpx2"):
        try:
            return import_module(name)
        except ModuleNotFoundError as exc:
            if exc.name != name:
                raise
    raise ImportError(
        "The async test client needs httpx, which is not installed."
        " Run `pip install asyncflask[test]`."
    )


@cache
def _with_bases(own: type, base: type) -> Callable[..., Any]:
    return type(own.__name__, (own, base), {"__module__": __name__, "__doc__": own.__doc__})


def _base_url_of(app: Any) -> str:
    config = app.config if hasattr(app, "json") else NoApp.config
    host = config.get("SERVER_NAME") or "localhost"
    root_path = config.get("APPLICATION_ROOT", "/").strip("/")
    return f"{config.get('PREFERRED_URL_SCHEME', 'http')}://{host}/{root_path}"


class AsyncFlaskClient(AsyncClient):
    """httpx's client, which can open the session too."""

    _transport: AsyncFlaskTransport

    @asynccontextmanager
    async def session_transaction(
        self, url: str = "/", **kwargs: Any
    ) -> AsyncIterator[SessionMixin]:
        """Open the client's session to read and change it; it is saved at the block's end.

        Args:
            url: of the request that the session is opened for.
            kwargs: for httpx's `build_request`.
        Raises:
            RuntimeError: the session interface opened no session.
        """
        asked = self.build_request("GET", url, **kwargs)
        app = self._transport.app
        ctx = app.request_context(self._transport.scope_of(asked))
        interface = app.session_interface
        session = await _call_in(ctx, interface.open_session, app, ctx.request)
        if session is None:
            raise RuntimeError(
                "Session backend did not open a session:"
                f" {type(interface).__name__}.open_session() gave None. The default interface"
                " does so where app.secret_key is not set."
            )
        yield session
        if interface.is_null_session(session):
            return
        response = app.response_class()
        await _call_in(ctx, interface.save_session, app, session, response)
        answer = import_httpx().Response(200, headers=response.headers.raw(), request=asked)
        self.cookies.extract_cookies(answer)

    @asynccontextmanager
    async def websocket_connect(
        self,
        url: str = "/",
        *,
        subprotocols: Sequence[str] | None = None,
        timeout: float | None = PATIENCE,  # noqa: ASYNC109  # named as the sync client's
        **kwargs: Any,
    ) -> AsyncIterator[AsyncWebSocketSession]:
        """Open a websocket; it is closed at the block's end, where the app's end is waited for.

        Args:
            url: below the client's `base_url`, or a whole one.
            subprotocols: that the client offers, best first.
            timeout: seconds that the handshake, each message and the app's end may take; None
                waits for ever.
            kwargs: for httpx's `build_request`: headers, params ...
        Raises:
            WebSocketDenied: the app has not accepted; it has the response, of httpx's kind.
            RuntimeError: the app sent a message that it must not send, or not then.
            BaseException: what the app raises, where TESTING or the like lets errors propagate.
            TimeoutError: the app took too long.
        """
        transport = self._transport
        asked = self.build_request("GET", to_http_url(str(url)), **kwargs)
        connection = await transport.open_websocket(asked, subprotocols, timeout)
        answer = _answer_to_handshake(asked, connection.dialogue)
        self.cookies.extract_cookies(answer)
        try:
            if not connection.dialogue.was_accepted:
                raise WebSocketDenied(answer)
            async with async_session(connection, transport.settings.json) as websocket:
                yield websocket
        finally:
            transport.keep_context(connection.ended_context)


def _answer_to_handshake(asked: httpx.Request, dialogue: Dialogue) -> httpx.Response:
    denial = dialogue.denial or Denial(101)
    answer: httpx.Response = import_httpx().Response(
        denial.status, headers=dialogue.headers, content=bytes(denial.body), request=asked
    )
    return answer


async def _call_in(ctx: AppContext, function: Callable[..., Any], *args: Any) -> Any:
    """The result of a function, async or not, with `ctx` current while it runs."""
    outer = ctx.make_current()
    try:
        result = function(*args)
        return await result if isawaitable(result) else result
    finally:
        ctx.restore(outer)


class AsyncFlaskTransport(AsyncBaseTransport):
    """httpx's way to an app: calls it, runs its lifespan and keeps its contexts.

    In an `async with` block of the client the app has started up, and the context of the last
    request stays readable through the proxies once its response has been read.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.settings = app if hasattr(app, "json") else NoApp()
        self._host: bridge.TaskHost | None = None
        self._lifespan: AsyncClientLifespan | None = None
        self._kept_context: AppContext | None = None

    # -- the block

    async def __aenter__(self) -> Self:
        self._host = await bridge.TaskHost.start()
        try:
            self._lifespan = await AsyncClientLifespan.join(self.app)
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._drop_context()
        lifespan, self._lifespan = self._lifespan, None
        try:
            if lifespan is not None:
                await lifespan.leave()
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """End what still runs; without the app's shutdown, which leaving the block is for."""
        host, self._host = self._host, None
        if host is not None:
            await host.stop()

    # -- requests

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; returns once its response is complete or has begun to stream.

        Raises:
            BaseException: what the app raises, where TESTING or the like lets errors propagate.
        """
        self._drop_context()
        host = self._host or await bridge.TaskHost.start()
        exchange = AsyncExchange(
            self.app, self.scope_of(request), aiter(cast("httpx.AsyncByteStream", request.stream))
        )
        in_flight = _InFlight(self, exchange, None if host is self._host else host)
        try:
            await exchange.run(host)
        except BaseException:
            await in_flight.end()
            raise
        library = import_httpx()
        stream = _with_bases(_ResponseStream, library.AsyncByteStream)(in_flight)
        response: httpx.Response = library.Response(
            exchange.status, headers=exchange.headers, stream=stream
        )
        return response

    async def open_websocket(
        self, asked: httpx.Request, subprotocols: Sequence[str] | None, patience: float | None
    ) -> Connection:
        """Send the request of a websocket's handshake; returns once that was answered."""
        self._drop_context()
        scope = to_websocket_scope(self.scope_of(asked), subprotocols)
        return await Connection.open(self.app, scope, bridge.task_of_caller(), patience, self._host)

    def scope_of(self, request: httpx.Request) -> dict[str, Any]:
        """The ASGI scope of a request of httpx's."""
        url = request.url
        raw_path = url.raw_path.partition(b"?")[0]
        path = unquote(raw_path.decode("ascii"))
        root_path = f"/{self.settings.config.get('APPLICATION_ROOT', '/').strip('/')}".rstrip("/")
        is_below = path == root_path or path.startswith(f"{root_path}/")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": path,
            "raw_path": raw_path,
            "query_string": url.query,
            "root_path": root_path if is_below else "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 0),
            "server": (url.host, url.port or _DEFAULT_PORTS.get(url.scheme, 80)),
            "extensions": {},
            "state": {} if self._lifespan is None else dict(self._lifespan.state),
        }

    # -- contexts

    def keep_context(self, ctx: AppContext | None) -> None:
        """Make the context of an ended request current, if this is the block for it."""
        if ctx is not None and self._lifespan is not None:
            self._drop_context()
            self._kept_context = ctx
            ctx.keep()

    def _drop_context(self) -> None:
        ctx, self._kept_context = self._kept_context, None
        if ctx is not None:
            ctx.release()


class _InFlight:
    """A request on its way, and what has to be done when it is over."""

    def __init__(
        self,
        transport: AsyncFlaskTransport,
        exchange: AsyncExchange,
        own_host: bridge.TaskHost | None,
    ) -> None:
        self.exchange = exchange
        self._transport = transport
        self._own_host = own_host
        self._has_ended = False

    async def end(self) -> None:
        """Disconnect, wait for the app, and make the request's context current; once."""
        if self._has_ended:
            return
        self._has_ended = True
        try:
            await self.exchange.close()
        finally:
            if self._own_host is not None:
                await self._own_host.stop()
            self._transport.keep_context(self.exchange.ended_context)


class _ResponseStream(AsyncByteStream):
    """The body of a response, which the app may still be sending."""

    def __init__(self, in_flight: _InFlight) -> None:
        self._in_flight = in_flight

    # No generator: trio warns of each one that is not read to its end.
    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._in_flight.exchange.next_chunk()
        if chunk is None:
            await self.aclose()
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """Disconnect from the app, if it has not ended yet."""
        await self._in_flight.end()
