"""More requests than there are worker threads."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from ..case import Leftovers, Row, case
from ..clients import ask, crowd, tally
from ..prober import probing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..case import Bench

HEALTHY = 0.1  # seconds that 99 of 100 answers of an async view may take
UPLOAD = 1_500_000  # bytes of a file, which are too many for memory
_HEAD = b'--bb\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
FORM = _HEAD + b"x" * UPLOAD + b"\r\n--bb--\r\n"
FORM_TYPE = "Content-Type: multipart/form-data; boundary=bb"


def _load(bench: Bench, count: int, at_a_time: int, *request: Any, body: bytes = b"") -> Any:
    """Ask so often, and probe meanwhile; the answers, how long it took, and the latencies."""
    port = bench.server.port

    async def act(number: int) -> tuple[int, bytes]:
        answer = await ask(port, *request, body=body)
        return answer.status, answer.body.strip()

    with probing(port) as latencies:
        started = time.monotonic()
        results = asyncio.run(crowd(count, at_a_time, act))
        seconds = time.monotonic() - started
    return results, seconds, latencies


@case(14)
def sync_views(bench: Bench) -> Iterator[Row]:
    """An async view answers at once while sync views wait for threads."""
    most = bench.scale(1000, 300)
    for at_a_time, count in ((40, bench.scale(400, 40)), (most, most)):
        target = "/sync/view?seconds=0.1"
        results, seconds, latencies = _load(bench, count, at_a_time, "GET", target)
        done = results.count((200, b"done"))
        figure = f"{done} done in {seconds:.1f} s; {latencies.describe()}"
        is_good = done == count and latencies.p99 < bench.limit(HEALTHY)
        yield Row(f"sync views of 100 ms, {at_a_time} at a time", count, figure, is_good)


@case(14)
def nesting(bench: Bench) -> Iterator[Row]:
    """Sync code that calls async code that calls sync code never waits for itself."""
    for kind in ("thread", "app", "signal"):
        count = bench.scale(200, 60)
        leftovers = Leftovers(bench.server)
        results, seconds, _ = _load(bench, count, count, "GET", f"/sync/nested/{kind}")
        leftovers.wait()
        done = results.count((200, b"well"))
        figure = f"{done} done in {seconds:.1f} s; {leftovers.describe()}"
        is_good = done == count and not leftovers.left()
        yield Row(f"sync → async → sync, by {kind}", count, figure, is_good)


@case(14)
def uploads(bench: Bench) -> Iterator[Row]:
    """Files that are spooled to disk are read and saved in sync views."""
    count = bench.scale(1000, 60)
    leftovers = Leftovers(bench.server)
    results, seconds, latencies = _load(
        bench, count, 100, "POST", "/sync/save", FORM_TYPE, body=FORM
    )
    leftovers.wait()
    done = results.count((200, b"%d" % UPLOAD))
    figure = f"{done} saved in {seconds:.1f} s; {latencies.describe()}; {leftovers.describe()}"
    if done != count:
        figure += f"; {tally(results)[:200]}"
    yield Row(
        f"uploads of {UPLOAD / 1e6} MB", count, figure, done == count and not leftovers.left()
    )
