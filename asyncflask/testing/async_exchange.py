"""One request in flight between a test's task and the app in a task of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

from .. import bridge
from .exchange import INCOMPLETE, WITHOUT_RESPONSE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from typing import Any

    from ..ctx import AppContext
    from ..typing import ASGIApp, Message, Scope

# Chunks that the app may be ahead of the test, as it may be ahead of a server's socket.
_BUFFERED_CHUNKS = 8


class AsyncExchange:
    """Calls an ASGI app from async code, which sees the response while the app sends it.

    Args:
        body: the request's body; read in the app's task, as the app asks for it.

    Attributes:
        status: of the response; None until it has started.
        headers: the response's header pairs, as the app sent them.
        ended_context: the context of the request, once it has ended.
    """

    def __init__(self, app: ASGIApp, scope: Scope, body: AsyncIterator[bytes]) -> None:
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.ended_context: AppContext | None = None
        self._app = app
        self._scope = {**scope, "asyncflask.preserve_context": self._on_context_end}
        self._body: AsyncIterator[bytes] | None = body
        self._missing = _announced_length(scope)
        self._chunks, self._received = anyio.create_memory_object_stream[bytes](_BUFFERED_CHUNKS)
        self._error: BaseException | None = None
        self._is_incomplete = self._is_cut_off = False
        self._cancellation = anyio.CancelScope()
        self._has_begun = anyio.Event()
        self._has_ended = anyio.Event()
        self._client_has_gone = anyio.Event()

    async def run(self, host: bridge.TaskHost) -> None:
        """Run the app until its response is complete or has begun to stream.

        Raises:
            BaseException: what the app, or the request's body, raised.
            RuntimeError: the app returned without a response.
        """
        host.start_soon(self._call, bridge.task_of_caller())
        await self._wait(self._has_begun)
        if self.is_over:
            self._raise_error()
            if self.status is None:
                self._received.close()
                raise RuntimeError(WITHOUT_RESPONSE)

    @property
    def is_over(self) -> bool:
        """Whether the app has returned."""
        return self._has_ended.is_set()

    async def next_chunk(self) -> bytes | None:
        """The next piece of the body; waits for the app. None at the end.

        Raises:
            BaseException: what the app raised after its response had begun.
        """
        try:
            return await self._received.receive()
        except anyio.EndOfStream:
            await self._wait(self._has_ended)
            self._raise_error()
            return None

    async def close(self) -> None:
        """Disconnect, and wait until the app has ended what it still does."""
        self._disconnect()
        self._received.close()
        await self._wait(self._has_ended)

    def _disconnect(self) -> None:
        self._client_has_gone.set()

    async def _wait(self, event: anyio.Event) -> None:
        """Wait for the app; where the waiting is cancelled, so is the app."""
        try:
            await event.wait()
        except BaseException:
            self._disconnect()
            self._cancellation.cancel()
            self._received.close()
            with anyio.CancelScope(shield=True):
                await self._has_ended.wait()
            raise

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is None:
            return
        self._received.close()
        try:
            raise error
        finally:
            del error

    def _on_context_end(self, ctx: AppContext) -> None:
        self.ended_context = ctx

    # -- in the app's task

    async def _call(self, caller: object) -> None:
        bridge.act_for(caller)
        try:
            with self._cancellation:
                await self._app(self._scope, self._receive, self._send)
            if self._is_incomplete and not self._client_has_gone.is_set():
                self._error = self._error or RuntimeError(INCOMPLETE)
        except anyio.get_cancelled_exc_class() as exc:
            # Perhaps the app's own, which is for the test as well.
            self._error = self._error or exc
            raise
        except BaseException as exc:
            # KeyboardInterrupt and the like too: they are for the test, not for the host.
            self._error = self._error or exc
        finally:
            await self._close_body()
            self._chunks.close()
            self._has_ended.set()
            self._has_begun.set()
            # What an exchange no longer needs, it must not keep alive.
            del self._app

    async def _close_body(self) -> None:
        """Close a generator that the app has not read to its end."""
        body, self._body = self._body, None
        if not isinstance(body, AsyncGenerator):
            return
        with anyio.CancelScope(shield=True):
            try:
                await body.aclose()
            except Exception as exc:
                self._error = self._error or exc

    async def _receive(self) -> Message:
        if self._body is not None:
            try:
                return await self._next_part(self._body)
            except anyio.get_cancelled_exc_class():
                # It cannot go on after this, and must not look as if it had come to its end.
                self._body, self._is_cut_off = None, True
                raise
            except Exception as exc:
                # The client's failure, not the app's: to the app the client has gone.
                self._body = None
                self._error = exc
                self._disconnect()
        if not self._is_cut_off:
            await self._client_has_gone.wait()
        return {"type": "http.disconnect"}

    async def _next_part(self, body: AsyncIterator[bytes]) -> Message:
        chunk = await anext(body, None)
        if chunk is None:
            self._body = None
            return {"type": "http.request", "body": b"", "more_body": False}
        if self._missing is not None:
            self._missing -= len(chunk)
        if self._missing is not None and self._missing <= 0:
            # An app need not ask once more to learn that this was all.
            rest = await anext(body, None)
            self._body = None if rest is None else body
            chunk += rest or b""
        return {"type": "http.request", "body": chunk, "more_body": self._body is not None}

    async def _send(self, message: Message) -> None:
        if self._client_has_gone.is_set():
            # SPEC: ASGI 2.4, "Disconnected Client".
            raise OSError("The client has disconnected.")
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
            self._is_incomplete = True
        elif message["type"] == "http.response.body":
            await self._send_body(message)

    async def _send_body(self, message: Message) -> None:
        chunk = bytes(message.get("body", b""))
        try:
            await (self._chunks.send(chunk) if chunk else anyio.lowlevel.checkpoint())
        except anyio.BrokenResourceError:
            raise OSError("The client has disconnected.") from None
        self._is_incomplete = message.get("more_body", False)
        if self._is_incomplete:
            self._has_begun.set()


def _announced_length(scope: Mapping[str, Any]) -> int | None:
    """Bytes of the request's body; None where the body is sent in chunks."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() and b"transfer-encoding" not in headers else None
