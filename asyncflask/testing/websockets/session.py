"""Websockets as tests use them, in sync and async code."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from ... import bridge
from ..response import to_headers
from .errors import WebSocketClosed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import EllipsisType
    from typing import Self

    from ...datastructures import Headers
    from .connection import Connection


class _Session:
    """What both kinds know of their websocket."""

    def __init__(self, connection: Connection, json: Any) -> None:
        self._connection = connection
        self._json = json

    @property
    def accepted_subprotocol(self) -> str | None:
        """The one of the offered subprotocols that the app has chosen."""
        return self._connection.dialogue.accepted_subprotocol

    @property
    def headers(self) -> Headers:
        """Those that the app sent when it accepted."""
        return to_headers(self._connection.dialogue.headers)

    @property
    def close_code(self) -> int | None:
        """The code of RFC 6455 that ended the websocket; None while it is open."""
        return self._connection.dialogue.code

    @property
    def close_reason(self) -> str:
        """What was said to it; "" where nothing was, or while it is open."""
        return self._connection.dialogue.reason

    def _patience(self, timeout: float | EllipsisType | None) -> float | None:
        return self._connection.patience if timeout is ... else timeout


class WebSocketSession(_Session):
    """A websocket of the sync client; the app runs on the loop thread.

    Iterating over it gives the messages until the websocket is closed.
    """

    def send(self, data: str | bytes) -> None:
        """Send text, or bytes.

        Raises:
            WebSocketClosed: the websocket is closed.
        """
        bridge.run_on_loop_thread(self._connection.send, to_message(data))

    def send_json(self, obj: Any) -> None:
        """Send an object as JSON text, written by the app's provider."""
        self.send(self._json.dumps(obj))

    def receive(self, timeout: float | EllipsisType | None = ...) -> str | bytes:
        """The next message; waits for it.

        Args:
            timeout: seconds; None waits for ever. `websocket_connect`'s unless it is given.
        Raises:
            WebSocketClosed: the websocket is closed, and all messages have been received.
            BaseException: what the app raises, where TESTING or the like lets errors propagate.
            TimeoutError: no message has come in time.
        """
        return bridge.run_on_loop_thread(self._connection.receive, self._patience(timeout))

    def receive_json(self, timeout: float | EllipsisType | None = ...) -> Any:
        """The object that the next message has as JSON."""
        return self._json.loads(self.receive(timeout))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Disconnect; messages that were not received are dropped.

        Args:
            code: of RFC 6455; 1006 stands for a connection that was lost.
            reason: up to 123 bytes of UTF-8.
        """
        bridge.run_on_loop_thread(self._close, code, reason)

    async def _close(self, code: int, reason: str) -> None:
        self._connection.close(code, reason)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str | bytes:
        try:
            return self.receive()
        except WebSocketClosed:
            raise StopIteration from None


class AsyncWebSocketSession(_Session):
    """A websocket of the async client; the app runs in a task beside the test's.

    Iterating over it gives the messages until the websocket is closed.
    """

    async def send(self, data: str | bytes) -> None:
        """Send text, or bytes.

        Raises:
            WebSocketClosed: the websocket is closed.
        """
        await self._connection.send(to_message(data))

    async def send_json(self, obj: Any) -> None:
        """Send an object as JSON text, written by the app's provider."""
        await self.send(self._json.dumps(obj))

    async def receive(
        self,
        timeout: float | EllipsisType | None = ...,  # noqa: ASYNC109  # named as in sync code
    ) -> str | bytes:
        """The next message; waits for it.

        Args:
            timeout: seconds; None waits for ever. `websocket_connect`'s unless it is given.
        Raises:
            WebSocketClosed: the websocket is closed, and all messages have been received.
            BaseException: what the app raises, where TESTING or the like lets errors propagate.
            TimeoutError: no message has come in time.
        """
        return await self._connection.receive(self._patience(timeout))

    async def receive_json(
        self,
        timeout: float | EllipsisType | None = ...,  # noqa: ASYNC109  # named as in sync code
    ) -> Any:
        """The object that the next message has as JSON."""
        return self._json.loads(await self.receive(timeout))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Disconnect; messages that were not received are dropped.

        Args:
            code: of RFC 6455; 1006 stands for a connection that was lost.
            reason: up to 123 bytes of UTF-8.
        """
        self._connection.close(code, reason)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str | bytes:
        try:
            return await self.receive()
        except WebSocketClosed:
            raise StopAsyncIteration from None


@contextmanager
def sync_session(connection: Connection, json: Any) -> Iterator[WebSocketSession]:
    """The websocket of a connection for a block; leaves the connection at its end."""
    error: BaseException | None = None
    try:
        yield WebSocketSession(connection, json)
    except BaseException as exc:
        error = exc
        raise
    finally:
        try:
            bridge.run_on_loop_thread(connection.leave, error)
        finally:
            # A frame that holds the exception whose traceback holds the frame is a cycle.
            error = None


@asynccontextmanager
async def async_session(connection: Connection, json: Any) -> AsyncIterator[AsyncWebSocketSession]:
    """`sync_session` for a connection on the running event loop."""
    error: BaseException | None = None
    try:
        yield AsyncWebSocketSession(connection, json)
    except BaseException as exc:
        error = exc
        raise
    finally:
        try:
            await connection.leave(error)
        finally:
            error = None


def to_message(data: str | bytes) -> dict[str, Any]:
    """What the app receives.

    Raises:
        TypeError: `data` is neither text nor bytes.
    """
    if isinstance(data, str):
        return {"type": "websocket.receive", "text": data}
    if isinstance(data, (bytes, bytearray, memoryview)):
        return {"type": "websocket.receive", "bytes": bytes(data)}
    raise TypeError(
        f"A websocket carries str and bytes, not {type(data).__name__}: {data!r:.80}."
        " For JSON there is send_json()."
    )
