"""Sending a body while it is produced, until its end or until nobody waits for it any more."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol

import anyio
import anyio.lowlevel

from .. import bridge
from .chunks import close_iterated, encode_chunk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Message, Receive, Send

CHUNKS_IN_A_ROW: Final = 16
"""Chunks that are sent before the clock is looked at."""

TURN: Final = 0.001
"""Seconds after which a stream that never waits leaves others their turn."""


class StreamingApp(Protocol):
    """What sending a stream needs of the app."""

    shutdown_event: bridge.Event
    json: Any

    @property
    def config(self) -> Mapping[str, Any]: ...


class ClientDisconnectedError(Exception):
    """The server says that nobody is left to send to."""


class Streaming:
    """A body on its way to one client.

    Args:
        body: a sync or async iterable; it is closed in any case.
        start: the message with the head; its type tells that of the others.
        app: tells when the server stops; None where that need not be known.
    """

    def __init__(
        self, body: Any, start: Message, receive: Receive, send: Send, app: StreamingApp | None
    ) -> None:
        self.body = body
        self.start = start
        self.kind: str = start["type"].removesuffix("start") + "body"
        self.receive = receive
        self.send = send
        self.app = app
        self._is_watched = False

    async def run(self) -> None:
        """Send the items as they come, until the end or until the client has gone.

        The head goes out with the first item, so that an error before it can still be
        answered. A stream that the server's stop overtakes is cut once its time is over.

        Raises:
            Exception: whatever the body raises.
        """
        failure: BaseException | None = None
        async with anyio.create_task_group() as self._tasks:
            # A task group would wrap the error that leaves it; the caller is to see itself.
            try:
                await self._send_all()
            except ClientDisconnectedError:
                pass
            except BaseException as exc:
                if not bridge.is_error(exc):
                    raise
                failure = exc
            finally:
                was_watched = self._is_watched
                self._forget_server()
            if was_watched:
                self._tasks.cancel_scope.cancel()
        if failure is not None:
            try:
                raise failure
            finally:
                del failure

    # What other kinds of streams do otherwise

    def encode(self, item: Any) -> bytes:
        """The bytes of an item; empty ones are not sent."""
        return encode_chunk(item)

    async def _send_all(self) -> None:
        await bridge.cancel_once(self._send_items(), self._keep_watch)
        await self._send_chunk(b"", more=False)

    def _keep_watch(self) -> None:
        """Look after the client and the server from now on."""
        # PERF: a stream that never waits is over before a watch could be of use: 40 µs less.
        self._is_watched = True
        self._tasks.start_soon(self._cancel_when_gone)
        if self.app is not None:
            self._on_stop = self.app.shutdown_event.when_set(self._stop_with_server)

    def _forget_server(self) -> None:
        if self._is_watched and self.app is not None:
            self.app.shutdown_event.forget(self._on_stop)
        self._is_watched = False

    def _stop_with_server(self, now: float) -> None:
        # It may have ended since the server began to stop.
        if self._is_watched and self.app is not None:
            self._end_with_server(self.app, now)

    def _end_with_server(self, app: StreamingApp, now: float) -> None:
        """Cut the stream that the server's stop has overtaken once its time is over.

        Args:
            now: by the event loop's clock.
        """
        seconds = app.config["STREAM_SHUTDOWN_TIMEOUT"]
        if seconds is not None:
            self._tasks.cancel_scope.deadline = now + seconds

    # The way of each item

    async def _send_items(self) -> None:
        body = self.body
        if not hasattr(body, "__aiter__"):
            async with bridge.iterate(body, self.encode) as chunks:
                await self._send_each(chunks)
            return
        # PERF: chunks_of in place, which would wait with 0.6 kB more.
        iterator = aiter(body)
        try:
            await self._send_each(iterator)
        finally:
            await close_iterated(iterator, body)

    async def _begin(self) -> None:
        await _send_or_notice(self.send, self.start)
        # PERF: nobody needs it any more: 0.5 kB.
        del self.start

    async def _send_chunk(self, chunk: bytes, *, more: bool = True) -> None:
        await _send_or_notice(self.send, {"type": self.kind, "body": chunk, "more_body": more})

    async def _send_each(self, chunks: Any) -> None:
        first = self.encode(await anext(chunks, b""))
        await self._begin()
        if first:
            await self._send_chunk(first)
        # PERF: one frame and no call of our own for each chunk: 0.05 µs beside the generator's
        # and the server's 0.23; a checkpoint after each chunk took 2 to 4 µs.
        send, kind, encode = self.send, self.kind, self.encode
        if isinstance(send, bridge.OutsideSend):
            send = send.plain
        left, turn_over = CHUNKS_IN_A_ROW, monotonic() + TURN
        async for chunk in chunks:
            data = chunk if type(chunk) is bytes else encode(chunk)
            # An empty item is nothing to send; an empty message may end the body.
            if data:
                try:
                    await send({"type": kind, "body": data, "more_body": True})
                except OSError as exc:
                    raise ClientDisconnectedError from exc
            left -= 1
            if not left:
                left = CHUNKS_IN_A_ROW
                if monotonic() >= turn_over:
                    # Neither a send() that does not wait, as uvicorn's once the client has
                    # gone, nor an endless iterator may keep the event loop for themselves.
                    await anyio.lowlevel.checkpoint()
                    turn_over = monotonic() + TURN

    async def _cancel_when_gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            # A receive() that never waits must not keep the stream from being sent.
            await anyio.lowlevel.checkpoint()
        self._tasks.cancel_scope.cancel()


async def _send_or_notice(send: Send, message: Message) -> None:
    """Send, and tell the server's OSError for a lost client from an OSError of the body."""
    try:
        await send(message)
    except OSError as exc:
        raise ClientDisconnectedError from exc
