"""A server's `receive`, shared by who reads the body and who waits for the client to leave."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import anyio

if TYPE_CHECKING:
    from starlette.types import Message, Receive

MOST_AHEAD: Final = 64 * 1024
"""Bytes that are taken ahead of the reader before the rest is left with the server."""


class SharedReceive:
    """Gives every message to the reader, and tells a watcher of the disconnect meanwhile.

    The disconnect comes behind what the reader has not taken yet, so the watcher takes messages
    ahead, up to `MOST_AHEAD` bytes. With more of a body unread than that, the server's
    back-pressure holds and a client that leaves is not noticed before the reader goes on.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        # ASGI does not say that two tasks may wait for messages at once.
        self._turn = anyio.Lock(fast_acquire=True)
        self._ahead: deque[Message] = deque()
        self._held = 0
        self._room = anyio.Event()

    async def read(self) -> Message:
        """The next message, for the body's reader."""
        if self._ahead:
            return self._take()
        async with self._turn:
            return self._take() if self._ahead else await self._receive()

    def _take(self) -> Message:
        message = self._ahead[0]
        # A server may say only once that the client has gone.
        if message["type"] != "http.disconnect":
            self._ahead.popleft()
            self._held -= len(message.get("body", b""))
            self._room.set()
        return message

    async def watch(self) -> Message:
        """The disconnect, once it comes; what comes before is kept for the reader."""
        while not (self._ahead and self._ahead[-1]["type"] == "http.disconnect"):
            async with self._turn:
                message = await self._receive()
                self._ahead.append(message)
                self._held += len(message.get("body", b""))
            while self._held >= MOST_AHEAD:
                self._room = anyio.Event()
                await self._room.wait()
        return self._ahead[-1]
