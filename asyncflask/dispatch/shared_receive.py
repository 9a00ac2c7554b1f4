"""A server's `receive`, shared by who reads the body and who waits for the client to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from starlette.types import Message, Receive


class SharedReceive:
    """Gives every message to the reader, and tells a watcher of the disconnect meanwhile.

    To see a disconnect the watcher takes one message ahead of the reader. Not more: what the
    reader does not want yet stays with the server, whose back-pressure so holds.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        # ASGI does not say that two tasks may wait for messages at once.
        self._turn = anyio.Lock(fast_acquire=True)
        self._ahead: Message | None = None
        self._taken = anyio.Event()

    async def read(self) -> Message:
        """The next message, for the body's reader."""
        async with self._turn:
            message, self._ahead = self._ahead, None
            if message is None:
                return await self._receive()
            self._taken.set()
            return message

    async def watch(self) -> Message:
        """The disconnect, once it comes; what comes before is kept for the reader."""
        while True:
            async with self._turn:
                if self._ahead is None:
                    self._ahead = await self._receive()
                    self._taken = anyio.Event()
                message, taken = self._ahead, self._taken
            if message["type"] == "http.disconnect":
                return message
            await taken.wait()
