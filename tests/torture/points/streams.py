"""Streams whose clients leave: how soon their iterators are closed, and whether others wait."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from ..case import Leftovers, Row, case
from ..clients import Client, crowd, percentile, request_bytes
from ..prober import probing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..case import Bench

AT_ONCE = 1.0  # seconds after the client has gone, on a machine that has other things to do
HEALTHY = 0.1  # seconds that 99 of 100 answers of another view may take meanwhile
AT_A_TIME = 5


@case(13)
def closing(bench: Bench) -> Iterator[Row]:
    """Iterators are closed when the client goes, whether or not they wait for anything."""
    for path in ("stream", "torrent"):
        for colour in ("sync", "async"):
            yield _close(bench, f"/{colour}/{path}", bench.scale(100, 10))


def _close(bench: Bench, path: str, count: int) -> Row:
    leftovers = Leftovers(bench.server)
    left: dict[str, float] = {}

    async def read_and_leave(number: int) -> None:
        key = f"{path}-{number}"
        async with Client(bench.server.port) as client:
            await client.send(request_bytes("GET", f"{path}?key={key}"))
            await client.reader.readexactly(3000)
            client.leave(hard=number % 2 == 0)
            left[key] = time.monotonic()

    asyncio.run(crowd(count, AT_A_TIME, read_and_leave))
    leftovers.wait()
    closed = leftovers.after["closed"]
    late = [closed[key] - left[key] for key in left if key in closed]
    median, longest = percentile(late, 0.5) * 1000, max(late) * 1000
    figure = f"closed after {median:.0f} ms, at the latest {longest:.0f}; {leftovers.describe()}"
    is_good = len(late) == count and longest < bench.limit(AT_ONCE) * 1000 and not leftovers.left()
    return Row(f"a client leaves {path}", count, figure, is_good)


@case(13)
def torrents(bench: Bench) -> Iterator[Row]:
    """Streams that never wait leave the event loop to others."""
    for colour in ("sync", "async"):
        leftovers = Leftovers(bench.server)
        with probing(bench.server.port) as latencies:
            seconds = bench.scale(3, 1)
            read = asyncio.run(_read_torrents(bench.server.port, f"/{colour}/torrent", seconds))
        leftovers.wait()
        speed = f"{read / 1e6 / seconds:.0f} MB/s"
        figure = f"{latencies.describe()}; {speed}; {leftovers.describe()}"
        is_good = latencies.p99 < bench.limit(HEALTHY) and not leftovers.left()
        yield Row(f"clients read /{colour}/torrent", AT_A_TIME, figure, is_good)


async def _read_torrents(port: int, path: str, seconds: float) -> int:
    """Bytes that were read in so many seconds, by some clients."""
    give_up = time.monotonic() + seconds

    async def read(number: int) -> int:
        async with Client(port) as client:
            await client.send(request_bytes("GET", path))
            total = 0
            while time.monotonic() < give_up:
                total += len(await client.reader.read(65536))
            client.leave(hard=False)
            return total

    return sum(await crowd(AT_A_TIME, AT_A_TIME, read))
