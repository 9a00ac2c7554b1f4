"""One request to an application, without a server or a socket, and what it answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from line import Answer
from scopes import copy_scope, make_environ, scope_of, websocket_scope_of
from work import ECHOES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from line import Ask

    Exchange = "HTTPExchange | WebSocketExchange | WSGIExchange"
    Client = Callable[[], Awaitable[Exchange]]

Message = dict[str, Any]

# As much of a body as uvicorn reads from a socket at once.
_READ_SIZE = 65536


class HTTPExchange:
    """Both ends of an HTTP request: the body goes in, the answer is kept."""

    __slots__ = ("body", "messages", "sent", "waiter")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.sent = -1
        self.messages: list[Message] = []
        self.waiter: asyncio.Future[None] | None = None

    async def receive(self) -> Message:
        """The body piece by piece; then nothing until the answer is complete."""
        if self.sent < len(self.body):
            start = max(self.sent, 0)
            self.sent = max(start + _READ_SIZE, 1)
            chunk = self.body[start : self.sent]
            return {"type": "http.request", "body": chunk, "more_body": self.sent < len(self.body)}
        if not self._has_ended():
            self.waiter = asyncio.get_running_loop().create_future()
            await self.waiter
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        if self.waiter is not None and self._has_ended() and not self.waiter.done():
            self.waiter.set_result(None)

    def is_answered_by(self, expected: Answer) -> bool:
        """Whether that is what was sent; looks at the ordinary answer in one piece first."""
        messages = self.messages
        if len(messages) != 2:
            return expected[::2] == self.answer()[::2]
        start, end = messages
        return start["status"] == expected.status and end.get("body", b"") == expected.body

    def answer(self) -> Answer:
        """What was sent, put together."""
        start, *chunks = self.messages
        body = b"".join([message.get("body", b"") for message in chunks])
        return Answer(start["status"], start.get("headers", ()), body)

    def _has_ended(self) -> bool:
        last = self.messages[-1] if self.messages else {}
        return last.get("type") == "http.response.body" and not last.get("more_body", False)


class WebSocketExchange:
    """A client that sends a text, waits for it to come back, and sends the next."""

    __slots__ = ("asked", "chunks", "is_accepted", "text", "waiter")

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_accepted = False
        self.asked = -1
        self.chunks: list[str] = []
        self.waiter: asyncio.Future[None] | None = None

    async def receive(self) -> Message:
        self.asked += 1
        if self.asked == 0:
            return {"type": "websocket.connect"}
        if len(self.chunks) < self.asked - 1:
            self.waiter = asyncio.get_running_loop().create_future()
            await self.waiter
        if self.asked > ECHOES:
            return {"type": "websocket.disconnect", "code": 1000, "reason": ""}
        return {"type": "websocket.receive", "text": self.text}

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            self.chunks.append(message["text"])
            if self.waiter is not None and not self.waiter.done():
                self.waiter.set_result(None)
        elif message["type"] == "websocket.accept":
            self.is_accepted = True

    def is_answered_by(self, expected: Answer) -> bool:
        return self.answer() == expected

    def answer(self) -> Answer:
        return Answer(101 if self.is_accepted else 403, (), "".join(self.chunks).encode())


class WSGIExchange:
    """One request to a WSGI application, and what it answers."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, app: Any, environ: Message) -> None:
        self.status, self.headers = "", []
        chunks = app(environ, self.start_response)
        try:
            self.body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()

    def start_response(self, status: str, headers: list[Any], exc_info: Any = None) -> None:
        self.status, self.headers = status, headers

    def is_answered_by(self, expected: Answer) -> bool:
        return self.body == expected.body and int(self.status[:3]) == expected.status

    def answer(self) -> Answer:
        headers = tuple((name.encode(), value.encode()) for name, value in self.headers)
        return Answer(int(self.status[:3]), headers, self.body)


def asgi_client(app: Any, ask: Ask) -> Client:
    """Sends one HTTP request."""
    scope, body = scope_of(ask), ask.body

    async def send_request() -> HTTPExchange:
        exchange = HTTPExchange(body)
        await app(copy_scope(scope), exchange.receive, exchange.send)
        return exchange

    return send_request


def websocket_client(app: Any, ask: Ask) -> Client:
    """Connects, and has `ask.body` echoed again and again."""
    scope, text = websocket_scope_of(ask), ask.body.decode()

    async def connect() -> WebSocketExchange:
        exchange = WebSocketExchange(text)
        await app(copy_scope(scope), exchange.receive, exchange.send)
        return exchange

    return connect


def wsgi_client(app: Any, ask: Ask) -> Client:
    """Sends one request to a WSGI application, on the event loop's thread."""

    async def send_request() -> WSGIExchange:
        return WSGIExchange(app, make_environ(ask))

    return send_request
