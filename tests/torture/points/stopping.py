"""Servers that cannot start, and servers that are told to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ..case import Row, case
from ..clients import Client, ask, request_bytes, tally, warm_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..case import Bench
    from ..servers import ServerProcess

IN_FLIGHT = 50
OPEN = 10  # WebSockets, and streams, of each colour
SOON = 10  # seconds in which a server has to end


@case(20)
def failing_start(bench: Bench) -> Iterator[Row]:
    """The exit status is not 0, and the reason is in the log."""
    server = bench.fresh("tests.torture.failing:app")
    try:
        server.launch()
        status = server.process.wait(SOON)
        reasons = server.log().count("there is no database")
    finally:
        server.end()
    figure = f"exit status {status}, reason in the log {reasons} ×"
    yield Row("a start-up that fails", 1, figure, status != 0 and reasons > 0)


@case(20)
def stopping(bench: Bench) -> Iterator[Row]:
    """Requests in flight are completed, the rest is ended in order, and the app shut down once."""
    for what, act in (
        ("requests in flight", _complete_requests),
        ("open WebSockets", _close_websockets),
        ("endless streams", _end_streams),
    ):
        with bench.fresh() as server:
            asyncio.run(warm_up(server.port))
            figure, count, is_good = asyncio.run(act(server))
            started = time.monotonic()
            status = server.process.wait(SOON * 3)
            seconds = time.monotonic() - started
            shutdowns = server.log().count("shutdown function")
        figure += f"; shut down {shutdowns} ×, status {status}, {seconds:.1f} s later"
        is_good = is_good and shutdowns == 1 and seconds < SOON * 2
        yield Row(f"SIGTERM with {what}", count, figure, is_good)


async def _complete_requests(server: ServerProcess) -> tuple[str, int, bool]:
    async def act(number: int) -> int:
        colour = "async" if number % 2 else "sync"
        return (await ask(server.port, "GET", f"/{colour}/view?seconds=1")).status

    asking = [asyncio.create_task(act(number)) for number in range(IN_FLIGHT)]
    await _until(server, "running", IN_FLIGHT)
    server.process.send_signal(signal.SIGTERM)
    results = await asyncio.gather(*asking, return_exceptions=True)
    return tally(results), IN_FLIGHT, results == [200] * IN_FLIGHT


async def _close_websockets(server: ServerProcess) -> tuple[str, int, bool]:
    async with AsyncExitStack() as stack:
        websockets = []
        for number in range(2 * OPEN):
            path = ("sync/echo", "async/echo", "async/silent")[number % 3]
            address = f"ws://127.0.0.1:{server.port}/{path}"
            websockets.append(await stack.enter_async_context(connect(address, proxy=None)))
        await _until(server, "running", 2 * OPEN)
        server.process.send_signal(signal.SIGTERM)
        codes = await asyncio.gather(*map(_close_code, websockets))
    counted = ", ".join(f"{count} × {code}" for code, count in Counter(codes).items())
    return f"closed with {counted}", len(codes), set(codes) <= {1001, 1012}


async def _close_code(websocket: object) -> int | None:
    try:
        async with asyncio.timeout(SOON * 2):
            await websocket.recv()  # type: ignore[attr-defined]
    except (ConnectionClosed, TimeoutError):
        pass
    return websocket.close_code  # type: ignore[attr-defined, no-any-return]


async def _end_streams(server: ServerProcess) -> tuple[str, int, bool]:
    paths = ("/sync/stream", "/async/stream", "/sync/torrent", "/async/torrent")
    async with AsyncExitStack() as stack:
        clients = []
        for number in range(2 * OPEN):
            client = await stack.enter_async_context(Client(server.port))
            await client.send(request_bytes("GET", paths[number % 4]))
            await client.reader.readexactly(1)
            clients.append(client)
        server.process.send_signal(signal.SIGTERM)
        ended = await asyncio.gather(*map(_read_to_the_end, clients))
    return f"{sum(ended)} cut", len(ended), all(ended)


async def _read_to_the_end(client: Client) -> bool:
    """Whether the server closed the connection without the last chunk."""
    data = last = b""
    try:
        async with asyncio.timeout(SOON * 2):
            while data := await client.reader.read(65536):
                last = data
    except TimeoutError:
        return False
    except OSError:
        return True
    return not last.endswith(b"0\r\n\r\n")


async def _until(server: ServerProcess, name: str, wanted: int) -> None:
    """Wait until the server counts so many."""
    async with asyncio.timeout(SOON):
        while (await asyncio.to_thread(server.census))[name] < wanted:
            await asyncio.sleep(0.02)
