"""Clients that leave at every point of a request's way."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import TYPE_CHECKING

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ..case import Leftovers, Row, case
from ..clients import Client, crowd, request_bytes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from ..case import Bench

AT_A_TIME = 20
MOST_ROUNDS = 20
BIG = 3 * 1024 * 1024

Leave = "Callable[[int, str], Awaitable[None]]"


async def _leave_after(port: int, data: bytes, longest: float) -> None:
    """Send something, wait a random time of so many seconds at most, and go."""
    async with Client(port) as client:
        await client.send(data)
        await asyncio.sleep(random.uniform(0.005, longest))
        client.leave(hard=random.random() < 0.5)


async def before_the_body(port: int, colour: str) -> None:
    head = request_bytes("POST", f"/{colour}/body", f"Content-Length: {BIG}")
    await _leave_after(port, head, 0.03)


async def in_the_body(port: int, colour: str) -> None:
    """Some of it is in memory, or more of it on disk."""
    head = request_bytes("POST", f"/{colour}/body", f"Content-Length: {BIG}")
    await _leave_after(port, head + b"x" * random.choice((1000, BIG // 2)), 0.06)


async def in_an_upload(port: int, colour: str) -> None:
    head = request_bytes(
        "POST",
        f"/{colour}/upload",
        "Content-Type: multipart/form-data; boundary=bb",
        f"Content-Length: {BIG}",
    )
    part = b'--bb\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    await _leave_after(port, head + part + b"x" * (BIG // 2), 0.06)


async def in_a_live_body(port: int, colour: str) -> None:
    """The view reads it meanwhile."""
    head = request_bytes("POST", f"/{colour}/live", f"Content-Length: {BIG}")
    await _leave_after(port, head + b"x" * random.choice((1000, BIG // 2)), 0.06)


async def in_the_view(port: int, colour: str) -> None:
    await _leave_after(port, request_bytes("GET", f"/{colour}/view"), 0.05)


async def before_the_response(port: int, colour: str) -> None:
    """The view has returned, and an after_request function works on its response."""
    await _leave_after(port, request_bytes("GET", f"/{colour}/answer"), 0.05)


async def in_mid_stream(port: int, colour: str) -> None:
    async with Client(port) as client:
        await client.send(request_bytes("GET", f"/{colour}/stream"))
        with suppress(asyncio.IncompleteReadError):
            await client.reader.readexactly(random.randrange(1, 3000))
        await asyncio.sleep(random.uniform(0, 0.02))
        client.leave(hard=random.random() < 0.5)


async def in_a_websocket(port: int, colour: str) -> None:
    """While it echoes; or, where it is async, while it waits for something else."""
    is_silent = colour == "async" and random.random() < 0.5
    path = "silent" if is_silent else "echo"
    websocket = await connect(f"ws://127.0.0.1:{port}/{colour}/{path}", proxy=None)
    with suppress(ConnectionClosed):
        if not is_silent:
            await websocket.send("ping")
            await websocket.recv()
    await asyncio.sleep(random.uniform(0, 0.02))
    websocket.transport.abort()


SPOTS: tuple[Callable[[int, str], Awaitable[None]], ...] = (
    before_the_body,
    in_the_body,
    in_an_upload,
    in_a_live_body,
    in_the_view,
    before_the_response,
    in_mid_stream,
    in_a_websocket,
)


@case(12)
def disconnects(bench: Bench) -> Iterator[Row]:
    """Teardown runs once for each, and nothing is left."""
    for spot in SPOTS:
        for colour in ("sync", "async"):
            yield _leave(bench, spot, colour)


def _leave(bench: Bench, spot: Callable[[int, str], Awaitable[None]], colour: str) -> Row:
    count = bench.scale(200, 20)
    leftovers = Leftovers(bench.server)
    port = bench.server.port
    begun = 0
    for _ in range(MOST_ROUNDS):
        asyncio.run(crowd(count - begun, AT_A_TIME, lambda number: spot(port, colour)))
        seconds = leftovers.wait()
        # Some clients left before the server has seen their request.
        begun = leftovers.since("begun")
        if begun >= count:
            break
    once = leftovers.since("torn_down")
    repeated = leftovers.since("repeated")
    figure = f"{once} torn down, {repeated} twice, {leftovers.describe()} after {seconds:.1f} s"
    is_good = begun >= count and once == begun and not (repeated or leftovers.left())
    return Row(f"{spot.__name__.replace('_', ' ')}, {colour}", begun, figure, is_good)
