"""Pulls a body out of ASGI's `receive`, message by message, and checks each against the limits."""

from __future__ import annotations

import math
import types
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio

from .. import bridge
from ..exceptions import BadRequest, ClientDisconnected, RequestEntityTooLarge, RequestTimeout

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from starlette.types import Message, Receive

# Methods that have no body unless they announce one.
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

# Bytes of an unwanted body that a server is left to skip, so that the connection can be kept, and
# the client sees the answer: it looks for it when it has sent everything.
_MOST_TO_SKIP = 1024 * 1024 * 1024


def announced_length(scope: Mapping[str, Any], fields: Mapping[bytes, bytes]) -> int | None:
    """Return how many bytes the body has: 0 for none, None where only receiving it tells.

    Args:
        fields: its header fields by their names in lower case.
    """
    if b"transfer-encoding" in fields:
        return None
    length = fields.get(b"content-length")
    if length is not None:
        digits = length.strip()
        return int(digits) if digits.isdigit() and len(digits) < 20 else None
    # SPEC: RFC 9112 section 6.3, a request without either header has no body. HTTP/2 has frames.
    if scope.get("http_version", "").startswith("1") or scope["method"] in _BODILESS:
        return 0
    return None


def waits_for_continue(fields: Mapping[bytes, bytes]) -> bool:
    """Whether the client sends the body only when it is told to."""
    return fields.get(b"expect", b"").lower() == b"100-continue"


# A `receive` that has taken its first step: the steps, and what the first one gave; (None, message)
# where that was the last one too.
Begun: TypeAlias = "tuple[Generator[Any, Any, Message] | None, Any]"


def begin(receive: Receive) -> Begun:
    """Take the first step of `receive`."""
    steps = bridge.steps_of(receive())
    try:
        return steps, next(steps)
    except StopIteration as stop:
        return None, stop.value


def whole_body(begun: Begun, length: int) -> bytes | None:
    """The body of `length` bytes, if it has come in one message, without waiting."""
    steps, message = begun
    if steps is not None or message["type"] != "http.request" or message.get("more_body"):
        return None
    body = message.get("body", b"")
    return bytes(body) if len(body) == length else None


class Incoming:
    """The body of one request on its way in.

    Attributes:
        length: announced bytes; None if unknown.
        limit: the most bytes to take; None is no limit.
        size: bytes received so far.
        is_complete: whether nothing more is to come.
    """

    size = 0
    _has_received = False
    _has_timed_out = False
    _begun: Begun | None = None

    def __init__(
        self,
        fields: Mapping[bytes, bytes],
        receive: Receive,
        length: int | None,
        limit: int | None,
        timeout: float | None,
        begun: Begun | None = None,
    ) -> None:
        self.length = length
        self.limit = limit
        self._fields = fields
        self._receive = receive
        self._timeout = timeout
        self.is_complete = length == 0
        if begun is not None:
            self._begun = begun

    @property
    def is_refused(self) -> bool:
        """Whether the announced length alone is too much, so that nothing has been received."""
        return self.limit is not None and (self.length or 0) > self.limit

    @property
    def close_connection(self) -> bool:
        """Whether what is left of the body stands in the way of the connection's next request."""
        if self.is_complete:
            return False
        if not self._has_received and waits_for_continue(self._fields):
            return True
        # Servers read past a body that nobody wanted, which is kinder to a client that is still
        # sending than a closed connection: that would often cost it the response.
        return self._has_timed_out or (self.length or 0) - self.size > _MOST_TO_SKIP

    async def next_chunk(self) -> bytes | None:
        """Return the next bytes, never empty, or None at the end.

        Raises:
            RequestEntityTooLarge: the body is, or is announced to be, over the limit.
            RequestTimeout: no data came in time.
            ClientDisconnected: the client has gone, or sent less than it announced.
            BadRequest: it sent more than it announced.
        """
        if self.is_refused:
            raise self._too_large(self.limit)
        while not self.is_complete:
            chunk = self._take(await self._next_message())
            if chunk:
                return chunk
        return None

    @types.coroutine
    def _next_message(self) -> Generator[Any, Any, Message]:
        """Receive; there is a time limit only where that has to wait.

        PERF: a small body has mostly arrived with its headers: 1 µs in place of 5 for a scope that
        nothing waits in, and a timer would be allocated, hold a copy of the context, and be freed
        later.
        """
        self._has_received = True
        begun, self._begun = self._begun, None
        steps, signal = begun or begin(self._receive)
        if steps is None:
            return signal  # type: ignore[no-any-return]  # the message itself
        try:
            return (yield from self._wait(steps, signal))
        except Exception:
            if not self._has_timed_out:
                raise
        raise RequestTimeout()

    def _wait(
        self, steps: Generator[Any, Any, Message], signal: Any
    ) -> Generator[Any, Any, Message]:
        """Go on with a `receive` that waits. It is interrupted by a RequestTimeout."""
        deadline = anyio.current_time() + (math.inf if self._timeout is None else self._timeout)
        while True:
            # Around the waiting alone, and not around `receive`: it may have entered scopes before
            # it had to wait, and those have to be left in their order.
            scope = anyio.CancelScope(deadline=deadline)
            answer = None
            try:
                with scope:
                    answer = yield signal
            except BaseException as exc:
                resume = partial(steps.throw, exc)
            else:
                resume = partial(steps.send, answer)
                # Not cancelled_caught: trio sends a cancellation where asyncio throws it.
                if scope.cancel_called:
                    self._has_timed_out = True
                    # What `receive` does to clean up takes its time.
                    deadline = math.inf
                    resume = partial(steps.throw, RequestTimeout())
            try:
                signal = resume()
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]  # a coroutine's result

    def _take(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            raise ClientDisconnected()
        chunk = bytes(message.get("body", b""))
        self.size += len(chunk)
        self.is_complete = not message.get("more_body", False)
        if self.limit is not None and self.size > self.limit:
            raise self._too_large(self.limit)
        if self.length is not None and self.size != self.length:
            self._compare_with_announced(self.length)
        return chunk

    def _compare_with_announced(self, length: int) -> None:
        if self.size > length:
            raise BadRequest(f"The body is longer than its Content-Length of {length} bytes.")
        if self.is_complete and self.size < length:
            raise ClientDisconnected()

    def _too_large(self, limit: int | None) -> RequestEntityTooLarge:
        error = RequestEntityTooLarge()
        error.add_note(
            f"The body is longer than {limit} bytes. To accept more, set MAX_CONTENT_LENGTH, or"
            " max_content_length on the route."
        )
        return error
