"""A server's `receive`, shared by who reads the body and who waits for the client to leave."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import anyio
import anyio.lowlevel

if TYPE_CHECKING:
    from starlette.types import Message, Receive

MOST_AHEAD: Final = 64 * 1024
"""Bytes that are taken ahead of the reader before the rest is left with the server."""

_NOTHING: Final[deque[Message]] = deque(maxlen=0)

# Rounds of the event loop in which a message that is there already reaches who asks for it.
_GLANCE: Final = 5


class SharedReceive:
    """Gives every message to the reader, and tells a watcher of the disconnect meanwhile.

    The disconnect comes behind what the reader has not taken yet, so the watcher takes messages
    ahead, up to `MOST_AHEAD` bytes. With more of a body unread than that, the server's
    back-pressure holds and a client that leaves is not noticed before the reader goes on.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        # ASGI does not say that two tasks may wait for messages at once.
        self._is_receiving = False
        self._held = 0
        # PERF: 2.5 kB that most streams wait without: no message taken ahead, nobody who waits
        # for the other's turn to end, and none for room.
        self._ahead = _NOTHING
        self._turn_over: anyio.Event | None = None
        self._room: anyio.Event | None = None
        self._dropped_after: float | None = None

    async def read(self) -> Message:
        """The next message, for the body's reader.

        Raises:
            RuntimeError: nobody has read for so long that the watcher had to drop the rest.
        """
        if self._dropped_after is not None:
            raise RuntimeError(
                f"The rest of the request's body was dropped: {self._dropped_after:g} seconds of"
                " the streamed response went by in which nobody read of it. Read the body before"
                " the response, or while it is sent without such a pause."
            )
        while self._is_receiving and not self._ahead:
            await self._wait_for_turn()
        if self._ahead:
            return self._take()
        message = await self._receive_in_turn()
        if message["type"] == "http.disconnect":
            # A server may say only once that the client has gone, and the watcher is to know too.
            self._keep(message)
        return message

    def _take(self) -> Message:
        message = self._ahead[0]
        # A server may say only once that the client has gone.
        if message["type"] != "http.disconnect":
            self._ahead.popleft()
            self._held -= len(message.get("body", b""))
            if self._room is not None:
                self._room.set()
        return message

    async def _receive_in_turn(self) -> Message:
        self._is_receiving = True
        try:
            return await self._receive()
        finally:
            self._is_receiving = False
            over, self._turn_over = self._turn_over, None
            if over is not None:
                over.set()

    async def _wait_for_turn(self) -> None:
        if self._turn_over is None:
            self._turn_over = anyio.Event()
        await self._turn_over.wait()

    async def watch(self, patience: float | None = None) -> Message:
        """The disconnect, once it comes; what comes before is kept for the reader.

        Args:
            patience: seconds to wait for a reader when too much is unread; then the body is
                dropped, as it comes, so that the disconnect behind it is seen. None waits on.
        """
        while not self._knows_of_disconnect:
            if self._is_receiving:
                await self._wait_for_turn()
                continue
            self._keep(await self._receive_in_turn())
            while self._held >= MOST_AHEAD:
                await self._wait_for_reader(patience)
        return self._ahead[-1]

    async def is_disconnected(self) -> bool:
        """Whether the client has left, as far as the server can tell without waiting."""
        # While somebody else waits for a message, it is he who gets the news.
        while not (self._knows_of_disconnect or self._held >= MOST_AHEAD or self._is_receiving):
            if not await self._glance():
                break
        await anyio.lowlevel.checkpoint()
        return self._knows_of_disconnect

    @property
    def _knows_of_disconnect(self) -> bool:
        return bool(self._ahead) and self._ahead[-1]["type"] == "http.disconnect"

    def _keep(self, message: Message) -> None:
        if self._dropped_after is None or message["type"] == "http.disconnect":
            if self._ahead is _NOTHING:
                self._ahead = deque()
            self._ahead.append(message)
            self._held += len(message.get("body", b""))

    async def _wait_for_reader(self, patience: float | None) -> None:
        self._room = room = anyio.Event()
        with anyio.move_on_after(patience) as waiting:
            await room.wait()
        if waiting.cancelled_caught:
            self._dropped_after = patience
            self._ahead = _NOTHING
            self._held = 0

    async def _glance(self) -> bool:
        """Take a message that is there already; False where there is none."""
        held = len(self._ahead)
        failure: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_cancel_soon, tasks.cancel_scope)
            # A task group would wrap the error that leaves it.
            try:
                self._keep(await self._receive_in_turn())
            except Exception as exc:
                failure = exc
            tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure
        return len(self._ahead) > held


async def _cancel_soon(scope: anyio.CancelScope) -> None:
    # Rounds, not seconds: a deadline that has passed cancels before anything is received.
    for _ in range(_GLANCE):
        await anyio.lowlevel.checkpoint()
    scope.cancel()
