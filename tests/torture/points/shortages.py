"""A disk that is full, and descriptors that are used up."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from ..case import Leftovers, Row, case
from ..clients import Client, ask, crowd, request_bytes, tally, warm_up
from .load import FORM, FORM_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..case import Bench

DISK = 8 * 1024 * 1024  # bytes, which one upload exceeds and the others do not
DESCRIPTORS = 64
RECOVERY = 5  # seconds in which a server has to answer again
_BIG = b"x" * (2 * DISK)
_BIG_FORM = FORM[:-10] + _BIG + FORM[-10:]
_MOUNT = 'mount -t tmpfs -o size={size} tmpfs "$TMPDIR" && exec "$@"'


def _small_disk() -> list[str]:
    """A command that gives the one after it a small disk, or lets it write small files only."""
    script = _MOUNT.format(size=DISK)
    mounting = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    trial = ["env", "TMPDIR=/tmp", *mounting, "true"]
    if shutil.which("unshare") and not subprocess.run(trial, capture_output=True).returncode:
        return mounting
    # Files that are too long fail like those on a full disk.
    return ["prlimit", f"--fsize={DISK}"]


@case(19)
def full_disk(bench: Bench) -> Iterator[Row]:
    """An upload that finds no room fails alone, and leaves nothing."""
    prefix = _small_disk()
    with bench.fresh(prefix=prefix) as server:
        asyncio.run(warm_up(server.port))
        for what, target, fields, body in (
            ("bodies", "/sync/body", (), _BIG),
            ("bodies", "/async/body", (), _BIG),
            ("uploads", "/sync/upload", (FORM_TYPE,), _BIG_FORM),
            ("uploads", "/async/upload", (FORM_TYPE,), _BIG_FORM),
        ):
            leftovers = Leftovers(server)
            count = bench.scale(20, 4)
            failed, fine = asyncio.run(_fill(server.port, target, fields, body, count))
            after = asyncio.run(ask(server.port, "POST", "/sync/save", FORM_TYPE, body=FORM))
            leftovers.wait()
            figure = f"{tally(failed)}; beside them {tally(fine)}; after them {after.status}"
            is_good = (
                all(isinstance(each, int) and 500 <= each < 600 for each in failed)
                and {*fine, after.status} == {200}
                and not leftovers.left()
            )
            disk = "disk" if "unshare" in prefix else "longest file"
            yield Row(
                f"{what} larger than the {disk}, {target}",
                count,
                f"{figure}; {leftovers.describe()}",
                is_good,
            )


async def _fill(
    port: int, target: str, fields: tuple[str, ...], body: bytes, count: int
) -> tuple[list[object], list[object]]:
    """The statuses of requests that are too large for the disk, and of others beside them."""

    async def post(number: int) -> int:
        # A connection that is kept: one that the server closes while it is sent to is lost.
        async with Client(port) as client:
            await client.send(request_bytes("POST", target, *fields, body=body))
            return (await client.read()).status

    async def post_small(number: int) -> int:
        return (await ask(port, "POST", "/async/body", body=b"x" * 1000)).status

    failed, fine = await asyncio.gather(crowd(count, 2, post), crowd(count * 5, 2, post_small))
    return failed, fine


@case(19)
def few_descriptors(bench: Bench) -> Iterator[Row]:
    """A server that cannot accept connections goes on as soon as there are descriptors."""
    with bench.fresh(prefix=["prlimit", f"--nofile={DESCRIPTORS}"]) as server:
        asyncio.run(warm_up(server.port))
        leftovers = Leftovers(server)
        asyncio.run(_use_up(server.port))
        started = time.monotonic()
        answer = asyncio.run(_ask_until_answered(server.port))
        seconds = time.monotonic() - started
        leftovers.wait()
        figure = f"{answer} after {seconds:.1f} s; {leftovers.describe()}"
        is_good = answer == 200 and seconds < bench.limit(RECOVERY) and not leftovers.left()
        yield Row(f"connections to a server with {DESCRIPTORS} descriptors", 200, figure, is_good)


async def _use_up(port: int) -> None:
    """Open more connections than there may be, some with requests that want a file."""
    async with AsyncExitStack() as stack:
        for number in range(200):
            with suppress(OSError):
                client = await stack.enter_async_context(Client(port))
                if number % 2:
                    await client.send(b"POST /sync/body HTTP/1.1\r\nHost: localhost\r\n")
                    await client.send(b"Content-Length: 2000000\r\n\r\n" + b"x" * 1_500_000)
        await asyncio.sleep(1)


async def _ask_until_answered(port: int) -> int:
    """Ask until there is a descriptor for the connection, and another one for the upload."""
    status = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while status != 200:
                # Connections are refused, or closed without an answer.
                with suppress(ConnectionError, ValueError):
                    status = (await ask(port, "POST", "/sync/save", FORM_TYPE, body=FORM)).status
                await asyncio.sleep(0.05)
    return status


PATIENCE = 20
