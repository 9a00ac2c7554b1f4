"""WSGI applications as ASGI ones, by a2wsgi, which is optional and imported when one is mounted.

a2wsgi moves the data between the event loop and its threads. What it leaves open is settled here:
clients that leave, requests that are cancelled, and what its environ lacks.
"""

from __future__ import annotations

import sys
import threading
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import anyio
from anyio.lowlevel import current_token

from ..middleware.root_path import path_below_root
from ..wrappers.shared_receive import SharedReceive
from .lifespan import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .. import bridge
    from ..typing import ASGIApp, Message, Receive, Scope, Send

    WSGIApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

# The scope's key for the exchange that a2wsgi's threads belong to.
_EXCHANGE = "asyncflask.wsgi_exchange"


class HostApp(Protocol):
    """What running a WSGI application needs of the app that it is mounted in."""

    shutdown_event: bridge.Event

    @property
    def config(self) -> Mapping[str, Any]: ...


class WSGIAdapter:
    """An ASGI application that runs a WSGI one in threads: THREADPOOL_SIZE of them, of its own.

    Args:
        host: the app that it is mounted in; its configuration counts.
    """

    def __init__(self, app: WSGIApp, host: HostApp) -> None:
        self._app = app
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await refuse(scope, receive, send)
            return
        if not current_token().backend_class.__module__.endswith("_asyncio"):
            raise RuntimeError(
                f"The WSGI application {self._app!r} was asked for {scope['path']!r} on trio, but"
                " a2wsgi, which runs it, knows only asyncio. Serve it on asyncio or uvloop."
            )
        await Exchange(scope, receive, send, self._host).run(self._middleware)

    @cached_property
    def _middleware(self) -> ASGIApp:
        # On the first request: by then the configuration is complete.
        middleware: ASGIApp = import_module("a2wsgi").WSGIMiddleware(
            self._call, workers=self._host.config["THREADPOOL_SIZE"]
        )
        return middleware

    def _call(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """In the thread: call the application, with an environ that is put right."""
        scope = environ["asgi.scope"]
        exchange: Exchange = scope[_EXCHANGE]
        environ.update(_missing_from_environ(exchange.scope))
        environ["asgi.scope"] = exchange.scope
        return _Body(self._app(environ, start_response), exchange.is_over)


def _missing_from_environ(scope: Scope) -> dict[str, Any]:
    """What a2wsgi does not know of, or takes from elsewhere."""
    cookies = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    environ: dict[str, Any] = {
        # Not by the environment's SCRIPT_NAME: that is where the app itself is mounted.
        "SCRIPT_NAME": _to_wsgi(scope.get("root_path", "").rstrip("/")),
        "PATH_INFO": _to_wsgi(path_below_root(scope)),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "wsgi.errors": sys.stderr,
    }
    if not any(name == b"content-length" for name, _ in scope["headers"]):
        # Else Werkzeug takes a body of unknown length for none. Where the length is known, it
        # finds out by itself that a client has left.
        environ["wsgi.input_terminated"] = True
    if cookies:
        # SPEC: RFC 9113 section 8.2.3: HTTP/2 may send each in a field of its own.
        environ["HTTP_COOKIE"] = "; ".join(cookies)
    return environ


def _to_wsgi(text: str) -> str:
    """SPEC: PEP 3333, "Unicode Issues": the bytes of UTF-8, each as one Latin-1 character."""
    return text.encode().decode("latin-1")


class _Body:
    """A WSGI application's body, which ends early when nobody is left to read it."""

    def __init__(self, body: Iterable[bytes], is_over: threading.Event) -> None:
        self._body = body
        self._is_over = is_over

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            if self._is_over.is_set():
                break
            yield chunk

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


class Exchange:
    """One request to a WSGI application, whose threads neither wait nor work for a lost client.

    Attributes:
        scope: the request's.
        is_over: set once nobody waits for the response any more.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, host: HostApp) -> None:
        self.scope = scope
        self.is_over = threading.Event()
        self._client = SharedReceive(receive)
        self._server_send = send
        self._host = host
        self._body_timeout: float | None = host.config["BODY_TIMEOUT"]
        self._is_streamed = anyio.Event()
        self._start: Message | None = None
        self._failure: Exception | None = None
        # a2wsgi receives and sends in tasks of its own, which a cancellation does not reach.
        self._waiting: set[anyio.CancelScope] = set()

    async def run(self, middleware: ASGIApp) -> None:
        """Run the application until it has ended, also where the request is cancelled.

        Raises:
            Exception: what the application raised.
        """
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch)
            # A task group would wrap the error that leaves it; the server is to see it itself.
            try:
                with anyio.CancelScope(shield=True):
                    await middleware(self._scope_for_a2wsgi(), self._receive, self._send)
            except Exception as exc:
                # An OSError may be our own, of a body whose client has left.
                if not (self.is_over.is_set() and isinstance(exc, OSError)):
                    self._failure = exc
            tasks.cancel_scope.cancel()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _scope_for_a2wsgi(self) -> Scope:
        return {
            "http_version": "1.1",
            **self.scope,
            # In an environ they would be the same as those with dashes, which proxies check.
            "headers": [pair for pair in self.scope["headers"] if b"_" not in pair[0]],
            # a2wsgi fails where it is not ASCII.
            "query_string": b"",
            _EXCHANGE: self,
        }

    async def _watch(self) -> None:
        try:
            await self._is_streamed.wait()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._end_with_server)
                # An application that streams before it has read is not waited for, for ever:
                # what tells that the client has left is behind the body.
                await self._client.watch(patience=self._body_timeout)
                tasks.cancel_scope.cancel()
        finally:
            # Cancelled too: by the end of the application, or with the request.
            self._end()

    async def _end_with_server(self) -> None:
        """Cut a response that the server's stop has overtaken, once its time is over."""
        seconds = self._host.config["STREAM_SHUTDOWN_TIMEOUT"]
        if seconds is not None:
            await self._host.shutdown_event.wait()
            await anyio.sleep(seconds)
            self._end()

    def _end(self) -> None:
        self.is_over.set()
        for scope in self._waiting:
            scope.cancel()

    # -- in a2wsgi's tasks

    async def _receive(self) -> Message:
        read, seconds = self._client.read, self._body_timeout
        message: Message | None = await self._unless_over(read, seconds=seconds)
        if message is not None and message["type"] == "http.disconnect":
            self._end()
            message = None
        if message is None:
            # Or a2wsgi would take what has come so far for the whole body.
            raise ConnectionResetError(
                f"The client of {self.scope['path']!r} has left, or stopped sending, before its"
                " request was complete."
            )
        return message

    async def _send(self, message: Message) -> None:
        # SPEC: PEP 3333, "The start_response() Callable": not before the body's first piece, so
        # that an error on the way there can be answered with 500.
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            await self._pass_on(start)
        elif message.get("body"):
            # PERF: a response of one piece is over before a watch could be of use: 364 µs
            # instead of 506.
            self._is_streamed.set()
        await self._pass_on(message)

    async def _pass_on(self, message: Message) -> None:
        # An error here would end a2wsgi's sender, and its thread would wait for it for ever.
        try:
            await self._unless_over(self._server_send, message)
        except Exception as exc:
            # SPEC: ASGI 2.4, "Disconnected Client": an OSError, and no failure.
            self._failure = None if isinstance(exc, OSError) else exc
            self._end()

    async def _unless_over(
        self, function: Callable[..., Any], *args: Any, seconds: float | None = None
    ) -> Any:
        """What an async function gives; None where nobody waits any more, or it takes too long."""
        if self.is_over.is_set():
            return None
        with anyio.move_on_after(seconds) as waiting:
            self._waiting.add(waiting)
            try:
                return await function(*args)
            finally:
                self._waiting.discard(waiting)
        return None
