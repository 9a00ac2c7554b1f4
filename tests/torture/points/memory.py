"""Memory over many requests of all kinds."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from websockets.asyncio.client import connect

from ..case import Leftovers, Row, case
from ..clients import Client, crowd, request_bytes, warm_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..case import Bench

CONNECTIONS = 20
SAMPLES = 10
WARM_UP = 2  # tenths of the requests, which come before those that are counted
MOST_GROWTH = 0.05

_FORM = b"name=Ada&colour=blue&colour=red"
_UPLOAD = (
    b'--bb\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    + b"x" * 5000
    + b"\r\n--bb--\r\n"
)
_FORM_FIELDS = {
    "urlencoded": "Content-Type: application/x-www-form-urlencoded",
    "multipart": "Content-Type: multipart/form-data; boundary=bb",
}


def _requests(colour: str) -> list[tuple[bytes, int]]:
    """Requests of all kinds and the statuses that they get."""
    kinds: list[tuple[str, str, tuple[str, ...], bytes, int]] = [
        ("GET", "health", (), b"", 200),
        ("GET", "page?name=Ada", (), b"", 200),
        ("GET", "items/17", (), b"", 200),
        ("GET", "finite", (), b"", 200),
        ("GET", "set/buffered", (), b"", 200),
        ("GET", "set/file", (), b"", 200),
        ("GET", "set/abort", (), b"", 418),
        ("GET", "set/error", (), b"", 500),
        ("GET", "seen", ("Cookie: a=b; session=forged",), b"", 200),
        ("POST", "body", (), b"x" * 20_000, 200),
        ("POST", "form", (_FORM_FIELDS["urlencoded"],), _FORM, 200),
        ("POST", "upload", (_FORM_FIELDS["multipart"],), _UPLOAD, 200),
        ("POST", "live", (), b"x" * 20_000, 200),
        ("GET", "nowhere", (), b"", 404),
        ("DELETE", "health", (), b"", 405),
    ]
    return [
        (request_bytes(method, f"/{colour}/{path}", *fields, body=body), status)
        for method, path, fields, body, status in kinds
    ]


REQUESTS = [*_requests("sync"), *_requests("async")]


@case(21)
def mixed_requests(bench: Bench) -> Iterator[Row]:
    """Memory grows no more once the server is warm."""
    count = bench.scale(100_000, 3_000)
    with bench.fresh() as server:
        port = server.port
        asyncio.run(warm_up(port))
        for _ in range(WARM_UP):
            asyncio.run(_ask(port, count // SAMPLES))
        leftovers = Leftovers(server)
        warm = leftovers.before["memory"]
        wrong, samples, started = 0, [warm], time.monotonic()
        for _ in range(SAMPLES):
            wrong += asyncio.run(_ask(port, count // SAMPLES))
            samples.append(server.census()["memory"])
        seconds = time.monotonic() - started
        leftovers.wait()
    growth = samples[-1] / warm - 1
    figure = (
        f"{growth:+.1%} ({' '.join(f'{each / 1024:.1f}' for each in samples)} MB);"
        f" {count / seconds:.0f} a second; {wrong} wrong answers;"
        f" {leftovers.describe()}"
    )
    # A few thousand requests do not yet show what a leak of theirs would be.
    most = MOST_GROWTH if not bench.is_short else 3 * MOST_GROWTH
    is_good = growth < most and not wrong and not leftovers.left()
    yield Row("mixed requests", count, figure, is_good)


async def _ask(port: int, count: int) -> int:
    """Ask so often, on several connections; how many answers were wrong."""

    async def keep_asking(number: int) -> int:
        wrong = 0
        async with Client(port) as client:
            for turn in range(number, count // CONNECTIONS + number):
                request, status = REQUESTS[turn % len(REQUESTS)]
                await client.send(request)
                wrong += (await client.read()).status != status
        await _echo(port, number)
        return wrong

    results = await crowd(CONNECTIONS, CONNECTIONS, keep_asking)
    return sum(each if isinstance(each, int) else 1 for each in results)


async def _echo(port: int, number: int) -> None:
    colour = "async" if number % 2 else "sync"
    async with connect(f"ws://127.0.0.1:{port}/{colour}/echo", proxy=None) as websocket:
        for _ in range(10):
            await websocket.send("ping")
            await websocket.recv()
