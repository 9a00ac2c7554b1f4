"""Counts the WebSockets whose handlers run, for a server's stop to wait for."""

from __future__ import annotations

from .. import bridge


class Conversations:
    """The open WebSockets of an app, whatever they talk about."""

    def __init__(self) -> None:
        self._open = 0
        self._ended = bridge.Event()

    def begin(self) -> None:
        """Count one that opens."""
        self._open += 1
        self._ended.clear()

    def end(self) -> None:
        """Count one whose handler has ended and is torn down."""
        self._open -= 1
        if not self._open:
            self._ended.set()

    async def wait_for_all(self, seconds: float) -> None:
        """Wait until none is open, for so many seconds at most."""
        if self._open:
            await self._ended.wait(seconds)
