"""Exceptions that end a program elsewhere, raised wherever users' functions run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ..case import Leftovers, Row, case
from ..clients import ask, crowd, tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..case import Bench

KINDS = (
    "SystemExit",
    "KeyboardInterrupt",
    "StopIteration",
    "StopAsyncIteration",
    "CancelledError",
    "RecursionError",
    "MemoryError",
    "ExceptionGroup",
)
PLACES = ("view", "before", "after", "handler", "teardown", "stream")


@case(16)
def exceptions(bench: Bench) -> Iterator[Row]:
    """A 500, logged, and the process lives."""
    for kind in KINDS:
        for colour in ("sync", "async"):
            yield _raise(bench, kind, colour)


def _raise(bench: Bench, kind: str, colour: str) -> Row:
    times = bench.scale(5, 1)
    count = times * len(PLACES)
    leftovers = Leftovers(bench.server)
    port = bench.server.port

    async def act(number: int) -> str:
        place = PLACES[number % len(PLACES)]
        # Each is found in the log by its own words.
        target = f"/{colour}/raise?kind={kind}&place={place}&words=W{number}-{kind}-{colour}W"
        answer = await ask(port, "GET", target)
        return f"{place}: {answer.status}"

    results = asyncio.run(crowd(count, 4, act))
    leftovers.wait()
    log = bench.server.log()
    unlogged = [
        PLACES[number % len(PLACES)]
        for number in range(count)
        if f"W{number}-{kind}-{colour}W" not in log
    ]
    lives = leftovers.after["process"] == leftovers.before["process"]
    wrong = [each for each in results if not str(each).endswith(": 500")]
    figure = f"{count - len(wrong)} × 500; {leftovers.describe()}"
    if wrong:
        figure += f"; {tally(wrong)}"
    if unlogged:
        figure += f"; not in the log: {tally(unlogged)}"
    if not lives:
        figure += "; the process ended"
    is_good = lives and not (wrong or unlogged or leftovers.left())
    return Row(f"{kind}, {colour}", count, figure, is_good)


@case(16)
def exceptions_in_websockets(bench: Bench) -> Iterator[Row]:
    """The close code is 1011, the error is logged, and the process lives."""
    for kind in KINDS:
        leftovers = Leftovers(bench.server)
        # What cancels async code is the event loop's affair, and goes on to the server.
        colours = ("sync",) if kind == "CancelledError" else ("sync", "async")
        codes = [asyncio.run(_close_code(bench.server.port, each, kind)) for each in colours]
        leftovers.wait()
        log = bench.server.log()
        unlogged = [each for each in colours if f"W{kind}-{each}W" not in log]
        lives = leftovers.after["process"] == leftovers.before["process"]
        figure = f"closed with {tally(codes)}; {leftovers.describe()}"
        if unlogged:
            figure += f"; not in the log: {tally(unlogged)}"
        is_good = lives and set(codes) == {1011} and not (unlogged or leftovers.left())
        yield Row(f"{kind} in a WebSocket", len(codes), figure, is_good)


async def _close_code(port: int, colour: str, kind: str) -> int | None:
    address = f"ws://127.0.0.1:{port}/{colour}/fail?kind={kind}&words=W{kind}-{colour}W"
    async with connect(address, proxy=None) as websocket:
        try:
            await websocket.send("go")
            await websocket.recv()
        except ConnectionClosed:
            pass
        return websocket.close_code
