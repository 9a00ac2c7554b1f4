"""One WebSocket's messages, from the server and to it, and how far the connection has come.

Knows ASGI's messages and runs on the event loop; views, sessions and threads are not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
import anyio.lowlevel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from starlette.types import Message, Receive, Scope, Send

    RawHeaders = list[tuple[bytes, bytes]]

MOST_AHEAD: Final = 64 * 1024
"""Bytes that are taken ahead of the reader before the rest is left with the server."""

_MOST_SENT: Final = 64  # messages, without receiving, after which others have their turn
_OVERHEAD: Final = 512  # bytes that a message takes besides its data
_LONGEST_REASON: Final = 123  # SPEC: RFC 6455 section 5.5: 125 bytes, two of them the code's
_NO_STATUS: Final = 1005
_ABNORMAL: Final = 1006
_TOO_BIG: Final = 1009

# SPEC: RFC 6455 section 7.4.1 and the IANA registry: what an endpoint may send.
_SENDABLE_CODES: Final = frozenset({1000, 1001, 1003, *range(1007, 1015), *range(3000, 5000)})

# What a server's `send` raises where nobody is left to send to; the last also for other reasons.
_SEND_ERRORS: Final = (
    OSError,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    RuntimeError,
)


class WebSocketDisconnected(Exception):
    """The WebSocket is closed: nothing can be received or sent any more.

    Where it leaves a handler, that has simply ended.

    Attributes:
        code: the close code, the client's or ours; 1006 where the connection was lost.
        reason: the text that came with it; mostly empty.
    """

    def __init__(self, code: int = _ABNORMAL, reason: str = "") -> None:
        super().__init__(f"The WebSocket is closed, with code {code}{reason and f': {reason}'}.")
        self.code = code
        self.reason = reason


class Channel:
    """The connection below a `WebSocket`.

    Reading ahead is for whoever has to notice that the client leaves while nobody receives.

    Attributes:
        is_accepted: whether the handshake was accepted, whatever came after.
        closed: with what the connection was closed, by either side; None while it is not.
        is_closed_here: whether this side closed it.
        in_step: whether the handler itself is running just now, and not another task.
        reader: who waits for the server's next message: True is the handler itself, False
            another task, None nobody.
        receivers: how many tasks wait for a message that another one is to read.
        prepare: gives the headers that are sent along when the handshake is accepted.
        on_close: called when the connection turns out to be closed by the client.
    """

    # PERF: as slots they are found at once: 0.2 µs for a message and its answer.
    __slots__ = (
        "_ahead",
        "_always_fits",
        "_changed",
        "_handshake",
        "_has_told",
        "_held",
        "_is_open",
        "_is_waited_for",
        "_max_size",
        "_sent",
        "_server_receive",
        "_server_send",
        "closed",
        "in_step",
        "is_accepted",
        "is_closed_here",
        "on_close",
        "prepare",
        "reader",
        "receivers",
        "subprotocols",
    )

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, max_message_size: int | None = None
    ) -> None:
        """Make the channel of a connection whose "websocket.connect" was received.

        Args:
            max_message_size: bytes; a longer message closes the connection. None lifts the limit.
        """
        self.subprotocols: tuple[str, ...] = tuple(scope.get("subprotocols") or ())
        self.is_accepted = False
        self.closed: tuple[int, str] | None = None
        self.is_closed_here = False
        self.in_step = False
        self.reader: bool | None = None
        self.receivers = 0
        self.prepare: Callable[[], Awaitable[RawHeaders]] | None = None
        self.on_close: Callable[[], object] | None = None
        self._server_receive = receive
        self._server_send = send
        self._is_open = False
        self._is_waited_for = False
        self._has_told = False
        # PERF: few, so that a list will do, which has 700 bytes less to wait with than a deque.
        self._ahead: list[Message] = []
        self._held = 0
        self._sent = 0
        self._changed: anyio.Event | None = None
        self._handshake: anyio.Lock | None = None
        self._max_size = max_message_size
        # A character is four bytes at most: only what is longer has to be looked at.
        self._always_fits = 2**62 if max_message_size is None else max_message_size // 4

    @property
    def is_handshaking(self) -> bool:
        """Whether the client still waits to be accepted or denied."""
        return not self.is_accepted and self.closed is None

    @property
    def is_attended(self) -> bool:
        """Whether the handler itself waits for this connection."""
        return self._is_waited_for or self.reader is True

    @property
    def has_told(self) -> bool:
        """Whether somebody has been told, by an error, that the connection is closed."""
        return self._has_told

    @property
    def unread(self) -> int:
        """Messages that were read ahead and that nobody has taken yet."""
        return len(self._ahead)

    # The handshake

    async def accept(
        self, subprotocol: str | None = None, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Accept the handshake.

        Raises:
            RuntimeError: it was accepted before.
            ValueError: the client did not offer the subprotocol, or a header cannot be sent.
            WebSocketDisconnected: the client has gone, or was denied.
        """
        if subprotocol is not None and subprotocol not in self.subprotocols:
            raise ValueError(_explain_subprotocol(subprotocol, self.subprotocols))
        raw = [_encode_header(name, value) for name, value in headers]
        if not await self._accept_once(subprotocol, raw):
            raise RuntimeError(
                "This WebSocket has been accepted already: the first send or receive accepts it"
                " where accept() was not called. Call accept() once, before them."
            )

    async def _accept_once(self, subprotocol: str | None, headers: RawHeaders) -> bool:
        """Accept, unless another task has done so; whether it was this one."""
        own = self._attend()
        try:
            # Two tasks may come to their first message at once.
            async with self._in_handshake():
                if self.is_accepted:
                    return False
                if self.closed is None and self.prepare is not None:
                    headers = [*headers, *await self.prepare()]
                await self._send_message(
                    {"type": "websocket.accept", "subprotocol": subprotocol, "headers": headers}
                )
                self.is_accepted = self._is_open = True
                # PERF: what waits for messages, perhaps for days, is 1.1 kB smaller without them.
                self.prepare = self._handshake = None
        finally:
            self._leave(own)
        return True

    def _in_handshake(self) -> anyio.Lock:
        if self._handshake is None:
            self._handshake = anyio.Lock(fast_acquire=True)
        return self._handshake

    # Messages

    async def receive(self) -> str | bytes:
        """The next message; the handshake is accepted if it was not.

        Raises:
            WebSocketDisconnected: there will be none.
        """
        # PERF: straight from the server, where nobody has read ahead: no task, and no queue. This
        # is _read in place, one coroutine less.
        if not self._is_open and self.closed is None:
            await self._accept_once(None, [])
        if self._is_open and self.reader is None and not self._ahead:
            self.reader = self.in_step
            self._sent = 0
            receive = self._server_receive
            try:
                message = await receive()
            finally:
                self.reader = None
                if self._changed is not None:
                    self._announce()
        else:
            message = await self._next_message()
        data: str | bytes | None = message.get("text")
        if data is None:
            data = self._bytes_of(message)
        if len(data) > self._always_fits:
            await self._check_size(data)
        return data

    def _bytes_of(self, message: Message) -> bytes:
        """The data of a message without text.

        Raises:
            WebSocketDisconnected: it only says that there will be no more.
        """
        if message["type"] != "websocket.receive":
            raise self._end(message)
        data: bytes = message["bytes"]
        return data

    async def _read(self) -> Message:
        """A message from the server, for the one task that reads just now."""
        self.reader = self.in_step
        self._sent = 0
        try:
            return await self._server_receive()
        finally:
            self.reader = None
            if self._changed is not None:
                self._announce()

    async def _next_message(self) -> Message:
        """The next message where there is something to be done or waited for first."""
        while not self._ahead:
            if self.closed is not None:
                return await self._tell_again()
            if not self.is_accepted:
                await self._accept_once(None, [])
            elif self.reader is None:
                return await self._read()
            else:
                await self._wait_as_receiver()
        message = self._ahead.pop(0)
        self._held -= _size(message)
        self._announce()
        return message

    async def read_ahead(self) -> bool:
        """Read a message ahead of the receivers, once nobody else reads and there is room.

        Returns:
            False once the client has gone: there is nothing more to read.
        """
        while self.reader is not None or self._held >= MOST_AHEAD:
            await self._wait_for_change()
        if self.closed is not None:
            return False
        message = await self._read()
        self._ahead.append(message)
        self._held += _size(message)
        if message["type"] != "websocket.receive":
            self._close(*_closing_of(message))
        self._announce()
        return self.closed is None

    async def _check_size(self, data: str | bytes) -> None:
        size = len(data.encode()) if isinstance(data, str) else len(data)
        if self._max_size is None or size <= self._max_size:
            return
        await self.close(_TOO_BIG, f"A message may have {self._max_size} bytes at most.")
        raise self._disconnected()

    async def send(self, data: str | bytes) -> None:
        """Send a message; the handshake is accepted if it was not.

        Raises:
            TypeError: `data` is neither text nor bytes.
            WebSocketDisconnected: nobody is there to get it.
        """
        message = {"type": "websocket.send", "text": data} if type(data) is str else _wrap(data)
        if not self._is_open or self._sent >= _MOST_SENT:
            await self._get_ready()
        self._sent += 1
        send = self._server_send
        if own := self.in_step:
            self._is_waited_for = True
        try:
            await send(message)
        except _SEND_ERRORS as exc:
            if await self._is_told_by(exc):
                raise self._disconnected() from exc
            raise
        finally:
            if own:
                self._is_waited_for = False

    async def _get_ready(self) -> None:
        """Accept the handshake if need be, and let others have their turn after many messages.

        Raises:
            WebSocketDisconnected: nothing can be sent any more.
        """
        if not self._is_open and self.closed is None:
            await self._accept_once(None, [])
        if self._sent >= _MOST_SENT:
            # A send() that does not wait, as uvicorn's once the connection is lost, would keep the
            # event loop for itself. It also lets a client be noticed that goes without a word.
            self._sent = 0
            await anyio.lowlevel.checkpoint()
        if self.closed is not None:
            await self._tell_again()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; before the handshake was accepted, deny it with 403.

        A connection that is closed already is left alone.

        Raises:
            ValueError: no such code may be sent, or the reason is too long.
        """
        check_closing(code, reason)
        own = self._attend()
        try:
            async with self._in_handshake():
                if self.closed is not None:
                    return
                self.is_closed_here = True
                self._close(code, reason)
                await self._pass_on({"type": "websocket.close", "code": code, "reason": reason})
        except WebSocketDisconnected:
            # The client was faster.
            pass
        finally:
            self._leave(own)

    async def _send_message(self, message: Message) -> None:
        if self.closed is not None:
            await self._tell_again()
        await self._pass_on(message)

    async def _pass_on(self, message: Message) -> None:
        """Give the server a message.

        Raises:
            WebSocketDisconnected: the server says that the client has gone.
        """
        try:
            await self._server_send(message)
        except _SEND_ERRORS as exc:
            if await self._is_told_by(exc):
                raise self._disconnected() from exc
            raise

    async def _is_told_by(self, exc: Exception) -> bool:
        """Whether an error of the server's `send` means that the client has gone."""
        if isinstance(exc, RuntimeError):
            # What a server says that has closed the connection itself, before we know of it.
            return await self._finds_disconnect()
        self._end({"type": "websocket.disconnect", "code": _ABNORMAL})
        return True

    async def _finds_disconnect(self) -> bool:
        """Whether the server has said, or says at once, that the connection is closed."""
        if self.reader is None:
            with anyio.move_on_after(0):
                while await self.read_ahead():
                    pass
        return self.closed is not None

    # The end

    def _end(self, message: Message) -> WebSocketDisconnected:
        """Take note that the client has gone; the error to raise."""
        self._close(*_closing_of(message))
        if self.on_close is not None and not self.is_closed_here:
            self.on_close()
        return self._disconnected()

    def _close(self, code: int, reason: str) -> None:
        if self.closed is None:
            self.closed = code, reason
        self._is_open = False
        self._announce()

    def _disconnected(self) -> WebSocketDisconnected:
        self._has_told = True
        return WebSocketDisconnected(*(self.closed or ()))

    async def _tell_again(self) -> Message:
        # A handler that goes on trying must neither keep the loop for itself nor live for ever.
        await anyio.lowlevel.checkpoint()
        raise self._disconnected()

    # Who waits

    def _attend(self) -> bool:
        """Note that the handler itself waits here; whether it is the handler."""
        own = self.in_step
        if own:
            self._is_waited_for = True
        return own

    def _leave(self, own: bool) -> None:
        if own:
            self._is_waited_for = False

    async def _wait_as_receiver(self) -> None:
        own = self._attend()
        self.receivers += 1
        try:
            await self._wait_for_change()
        finally:
            self.receivers -= 1
            self._leave(own)

    async def _wait_for_change(self) -> None:
        if self._changed is None:
            self._changed = anyio.Event()
        await self._changed.wait()

    def _announce(self) -> None:
        changed, self._changed = self._changed, None
        if changed is not None:
            changed.set()


def check_closing(code: int, reason: str) -> None:
    """Check what is to be sent in a close frame.

    Raises:
        ValueError: no such code may be sent, or the reason is too long.
    """
    if code not in _SENDABLE_CODES:
        raise ValueError(
            f"A WebSocket cannot be closed with the code {code!r}. Use 1000 for a normal end,"
            " 1001, 1003, 1007 to 1014, or a code of your own from 4000 to 4999."
        )
    length = len(reason.encode())
    if length > _LONGEST_REASON:
        raise ValueError(
            f"The reason for closing is {length} bytes long: {reason!r}. A close frame has room"
            f" for {_LONGEST_REASON}; send a message before closing to say more."
        )


def fitting_reason(text: str) -> str:
    """As much of a text as a close frame has room for, on one line."""
    return " ".join(text.split()).encode()[:_LONGEST_REASON].decode(errors="ignore")


def _wrap(data: str | bytes) -> Message:
    if isinstance(data, str):
        return {"type": "websocket.send", "text": data}
    if isinstance(data, (bytes, bytearray, memoryview)):
        return {"type": "websocket.send", "bytes": bytes(data)}
    raise TypeError(
        f"A WebSocket sends str and bytes, not {type(data).__name__}: {data!r:.80}."
        " Use send_json() for other values."
    )


def _size(message: Message) -> int:
    return len(message.get("text") or message.get("bytes") or b"") + _OVERHEAD


def _closing_of(message: Message) -> tuple[int, str]:
    code = message.get("code")
    return _NO_STATUS if code is None else code, message.get("reason") or ""


def _explain_subprotocol(subprotocol: str, offered: Sequence[str]) -> str:
    if not offered:
        return (
            f"The subprotocol {subprotocol!r} cannot be accepted: the client asked for none."
            " Leave subprotocol out."
        )
    return (
        f"The subprotocol {subprotocol!r} cannot be accepted: the client asked for"
        f" {', '.join(map(repr, offered))}. Choose one of websocket.requested_subprotocols."
    )


def _encode_header(name: str, value: str) -> tuple[bytes, bytes]:
    """A header as it is sent.

    Raises:
        ValueError: it would break the handshake, or break out of its line.
    """
    if name.lower().startswith("sec-websocket-"):
        raise ValueError(
            f"The header {name!r} belongs to the server. To choose a subprotocol, use"
            " accept(subprotocol=...)."
        )
    if any(not character.isprintable() and character != "\t" for character in name + value):
        raise ValueError(
            f"The header {name!r} has the value {value!r}, but headers hold neither line breaks"
            " nor other control characters. Take them out, or percent-encode the value."
        )
    return name.lower().encode("latin-1"), value.encode("latin-1")
