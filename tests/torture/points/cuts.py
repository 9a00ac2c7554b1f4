"""Errors after the response has begun."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..case import Leftovers, Row, case
from ..clients import ask, crowd
from .exceptions import _close_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..case import Bench


@case(17)
def cuts(bench: Bench) -> Iterator[Row]:
    """The client can tell that the response is not whole, and the log has the error once."""
    for colour in ("sync", "async"):
        for framing in ("chunked", "announced"):
            yield _cut(bench, colour, framing)


def _cut(bench: Bench, colour: str, framing: str) -> Row:
    count = bench.scale(20, 3)
    leftovers = Leftovers(bench.server)
    target = f"/{colour}/break?framing={framing}&words=W{colour}-{framing}-"

    async def act(number: int) -> bool:
        answer = await ask(bench.server.port, "GET", f"{target}{number}W")
        return answer.status == 200 and not answer.is_whole

    cut = asyncio.run(crowd(count, 5, act)).count(True)
    leftovers.wait()
    once = sum(
        bench.server.count_in_log(rf"Error: W{colour}-{framing}-{number}W$") == 1
        for number in range(count)
    )
    figure = f"{cut} cut, {once} logged once; {leftovers.describe()}"
    is_good = cut == once == count and not leftovers.left()
    return Row(f"an error in mid-stream, {framing}, {colour}", count, figure, is_good)


@case(17)
def cut_websockets(bench: Bench) -> Iterator[Row]:
    """An error after the handshake closes with 1011, and is logged once."""
    for colour in ("sync", "async"):
        leftovers = Leftovers(bench.server)
        code = asyncio.run(_close_code(bench.server.port, colour, "ZeroDivisionError"))
        leftovers.wait()
        logged = bench.server.count_in_log(rf"Error: WZeroDivisionError-{colour}W$")
        figure = f"closed with {code}, logged {logged} ×; {leftovers.describe()}"
        is_good = code == 1011 and logged == 1 and not leftovers.left()
        yield Row(f"an error in a WebSocket, {colour}", 1, figure, is_good)
