"""What a request sets, and whether the next one on its connection sees it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from ..case import Leftovers, Row, case
from ..clients import Client, request_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..case import Bench

WAYS = ("buffered", "stream", "file", "live", "abort", "error")
_BIG = b"x" * 300_000  # more than a server takes before it pauses reading


@case(18)
def leaks(bench: Bench) -> Iterator[Row]:
    """Neither g nor the session nor users' context variables are seen by the next request."""
    for is_pipelined in (False, True):
        for colour in ("sync", "async"):
            for way in WAYS:
                yield _look(bench, colour, way, is_pipelined)


def _look(bench: Bench, colour: str, way: str, is_pipelined: bool) -> Row:
    count = bench.scale(50, 10)
    leftovers = Leftovers(bench.server)
    seen = asyncio.run(_ask_on_one_connection(bench.server.port, colour, way, is_pipelined, count))
    leftovers.wait()
    leaked = sorted({name for each in seen for name in each})
    figure = f"{sum(map(bool, seen))} saw {', '.join(leaked) or 'anything'}"
    kind = "pipelined" if is_pipelined else "kept alive"
    is_good = len(seen) == count and not (leaked or leftovers.left())
    return Row(f"{kind}, {way}, {colour}", len(seen), f"{figure}; {leftovers.describe()}", is_good)


async def _ask_on_one_connection(
    port: int, colour: str, way: str, is_pipelined: bool, count: int
) -> list[dict[str, str]]:
    """Set something and look at it, in turn; what each look saw, which should be nothing."""
    method, body = ("POST", _BIG) if way == "live" else ("GET", b"")
    set_it = request_bytes(method, f"/{colour}/set/{way}", body=body)
    look = request_bytes("GET", f"/{colour}/seen")
    seen = []
    async with Client(port) as client:
        if is_pipelined:
            await client.send((set_it + look) * count)
        for _ in range(count):
            if not is_pipelined:
                await client.send(set_it)
            await client.read()
            if not is_pipelined:
                await client.send(look)
            seen.append(json.loads((await client.read()).body))
    return seen
