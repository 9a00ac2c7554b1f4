"""Clients that speak HTTP byte by byte, and leave when they like."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PATIENCE = 60  # seconds that an answer may take


def request_bytes(method: str, target: str, *fields: str, body: bytes = b"") -> bytes:
    """A request; a body is announced."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    @property
    def is_whole(self) -> bool:
        """Whether the client can tell that nothing is missing."""
        for line in self.head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return len(self.body) == int(line[15:])
            if line.startswith(b"transfer-encoding:"):
                return self.body.endswith(b"0\r\n\r\n")
        return False


class Client:
    """A connection within an `async with` block."""

    def __init__(self, port: int, *, receive_buffer: int | None = None) -> None:
        self._port = port
        self._receive_buffer = receive_buffer

    async def __aenter__(self) -> Client:
        connection = socket.socket()
        if self._receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", self._port))
        self.reader, self.writer = await asyncio.open_connection(sock=connection, limit=2**20)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.writer.close()
        try:
            async with asyncio.timeout(PATIENCE):
                await self.writer.wait_closed()
        except TimeoutError:
            # A server that reads no more of what was sent would keep the connection.
            self.writer.transport.abort()
        except OSError:
            # It has been closed by the server, or cut.
            return

    async def send(self, data: bytes) -> None:
        """Send; a server that takes nothing more in time is a TimeoutError."""
        self.writer.write(data)
        async with asyncio.timeout(PATIENCE):
            # The server may have gone already.
            with suppress(ConnectionError):
                await self.writer.drain()

    async def read(self) -> Answer:
        """The next answer, on a connection that may be kept."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            if length is not None:
                body = await self.reader.readexactly(int(length[1]))
            else:
                body = await self.reader.readuntil(b"\r\n0\r\n\r\n")
            return Answer(int(head[9:12]), head, body)

    async def read_all(self) -> Answer:
        """The answer on a connection that the server closes; as far as it came."""
        received = bytearray()
        with suppress(OSError):
            async with asyncio.timeout(PATIENCE):
                while data := await self.reader.read(65536):
                    received += data
        head, _, body = bytes(received).partition(b"\r\n\r\n")
        return Answer(int(head[9:12] or 0), head, body)

    def leave(self, *, hard: bool) -> None:
        """Go away at once; hard is as when a cable is cut, else as when a program ends."""
        if hard:
            own = self.writer.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


async def ask(port: int, method: str, target: str, *fields: str, body: bytes = b"") -> Answer:
    """Send a request on a connection of its own, and read all of its answer."""
    async with Client(port) as client:
        await client.send(request_bytes(method, target, "Connection: close", *fields, body=body))
        return await client.read_all()


async def warm_up(port: int) -> None:
    """Let the server begin what it keeps from then on, such as its threads and their tasks."""
    await ask(port, "GET", "/sync/health")
    await ask(port, "POST", "/async/body", body=b"x" * 2_000_000)
    async with connect(f"ws://127.0.0.1:{port}/sync/echo", proxy=None) as websocket:
        await websocket.send("ping")
        await websocket.recv()


async def crowd(count: int, at_a_time: int, act: Callable[[int], Awaitable[Any]]) -> list[Any]:
    """Call `act` with each number; what it gives, or the error that it raised."""
    turn = asyncio.Semaphore(at_a_time)

    async def act_in_turn(number: int) -> Any:
        async with turn:
            return await act(number)

    return await asyncio.gather(*map(act_in_turn, range(count)), return_exceptions=True)


def tally(results: list[Any]) -> str:
    """How often each result came, errors by their class."""
    names = (type(each).__name__ if isinstance(each, BaseException) else each for each in results)
    return ", ".join(f"{count} × {name}" for name, count in Counter(names).most_common())


def percentile(values: list[float], share: float) -> float:
    """The value that this share of all do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
