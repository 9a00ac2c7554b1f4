"""Clients that send slowly, or do not read."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from ..case import Leftovers, Row, case
from ..clients import Client, ask, percentile, request_bytes
from .load import FORM, FORM_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..case import Bench

SENDERS = 60  # more than there are worker threads
READERS = 50
MOST_MEMORY = 60  # megabytes
SOON = 1.0  # seconds that a sync view may take meanwhile
_PIECES = 6


@case(15)
def slow_bodies(bench: Bench) -> Iterator[Row]:
    """A body that comes slowly holds no worker thread."""
    head = request_bytes("POST", "/sync/body", "Content-Length: 6")
    yield _send_slowly(bench, "bodies", [head, *[b"x"] * _PIECES])
    head = request_bytes("POST", "/sync/upload", FORM_TYPE, f"Content-Length: {len(FORM)}")
    size = len(FORM) // _PIECES + 1
    pieces = [FORM[start : start + size] for start in range(0, len(FORM), size)]
    yield _send_slowly(bench, "uploads", [head, *pieces])


def _send_slowly(bench: Bench, what: str, pieces: list[bytes]) -> Row:
    leftovers = Leftovers(bench.server)
    done, waited = asyncio.run(_send_pieces(bench.server.port, pieces))
    leftovers.wait()
    figure = f"sync view meanwhile p99 {percentile(waited, 0.99) * 1000:.0f} ms of {len(waited)}"
    is_good = done == SENDERS and max(waited) < bench.limit(SOON) and not leftovers.left()
    return Row(f"slow {what}", done, f"{figure}; {leftovers.describe()}", is_good)


async def _send_pieces(port: int, pieces: list[bytes]) -> tuple[int, list[float]]:
    """How many were answered with 200, and how long a sync view took meanwhile, in seconds."""
    waited: list[float] = []
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(port)) for _ in range(SENDERS)]
        for piece in pieces:
            for client in clients:
                await client.send(piece)
            for _ in range(10):
                started = time.monotonic()
                assert (await ask(port, "GET", "/sync/health")).body == b"well"
                waited.append(time.monotonic() - started)
            await asyncio.sleep(0.1)
        answers = [await client.read() for client in clients]
    return sum(answer.status == 200 for answer in answers), waited


@case(15)
def stalled_readers(bench: Bench) -> Iterator[Row]:
    """Streams without an end, whose clients read nothing of them, take no thread and no memory."""
    for path in ("/sync/torrent", "/async/torrent"):
        leftovers = Leftovers(bench.server)
        grown, waited = asyncio.run(_stall(bench, path, leftovers))
        leftovers.wait()
        p99 = percentile(waited, 0.99)
        figure = (
            f"memory + {grown:.1f} MB; sync view then p99 {p99 * 1000:.0f} ms of {len(waited)};"
            f" {leftovers.describe()}"
        )
        is_good = grown < MOST_MEMORY and p99 < bench.limit(SOON) and not leftovers.left()
        yield Row(f"stalled readers of {path}", READERS, figure, is_good)


async def _stall(bench: Bench, path: str, leftovers: Leftovers) -> tuple[float, list[float]]:
    """Megabytes by which memory grew, and how long a sync view took meanwhile, in seconds."""
    port = bench.server.port
    waited: list[float] = []
    async with AsyncExitStack() as stack:
        for _ in range(READERS):
            client = await stack.enter_async_context(Client(port, receive_buffer=4096))
            # What the event loop of this process would read by itself.
            client.writer.transport.pause_reading()
            await client.send(request_bytes("GET", path))
        # The server first fills what the system takes of a connection for itself.
        await asyncio.sleep(bench.scale(5, 1))
        give_up = time.monotonic() + bench.scale(5, 1) / 2
        while time.monotonic() < give_up:
            started = time.monotonic()
            assert (await ask(port, "GET", "/sync/health")).body == b"well"
            waited.append(time.monotonic() - started)
        census = await asyncio.to_thread(bench.server.census)
    return (census["memory"] - leftovers.before["memory"]) / 1024, waited
