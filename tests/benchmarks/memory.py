"""How much memory idle connections hold, and whether requests leave any behind.

    python tests/benchmarks/memory.py idle [--peers bare,starlette,asyncflask] [--count 10000]
    python tests/benchmarks/memory.py growth [--peers asyncflask] [--count 100000]

`idle` opens WebSockets, and streams that have sent a first chunk, and leaves them open. `growth`
sends requests of many kinds in turn, and prints the process's memory ten times on the way.
Each peer has a process of its own, without a server: what connections cost that is not counted.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import uvloop

from choice import chosen_peers, make_parser
from driver import prepare
from line import Ask
from lines import LINES
from peers import load
from scopes import copy_scope, scope_of, websocket_scope_of

MIXED = ("json", "user", "form", "json_body", "session", "hooks", "not_found", "static_small")


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class IdleClient:
    """Connects, and then is silent."""

    __slots__ = ("first", "has_answer")

    def __init__(self, first: dict[str, Any], has_answer: asyncio.Event) -> None:
        self.first: dict[str, Any] | None = first
        self.has_answer = has_answer

    async def receive(self) -> dict[str, Any]:
        if self.first is not None:
            message, self.first = self.first, None
            return message
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] in {"websocket.accept", "http.response.body"}:
            self.has_answer.set()


async def measure_idle(peer: Any, kind: str, count: int) -> float:
    """Bytes of memory that each idle connection holds."""
    app = getattr(peer, kind)()
    scope = websocket_scope_of(Ask()) if kind == "websocket" else scope_of(Ask())
    connect = {"type": "websocket.connect"}
    first = connect if kind == "websocket" else {"type": "http.request", "body": b""}
    tasks = []

    async def open_one() -> None:
        client = IdleClient({**first, "more_body": False}, asyncio.Event())
        call = app(copy_scope(scope), client.receive, client.send)
        tasks.append(asyncio.ensure_future(call))
        await client.has_answer.wait()

    for _ in range(20):
        await open_one()
    gc.collect()
    before = resident()
    for _ in range(count):
        await open_one()
    held = (resident() - before) / count
    print(f"{held:.0f}", flush=True)
    os._exit(0)  # Ending so many tasks would take longer than all the rest.


async def measure_growth(name: str, peer: Any, count: int) -> None:
    """Print megabytes of memory, ten times."""
    async with AsyncExitStack() as running:
        lines = [line for line in LINES if line.name in MIXED and hasattr(peer, line.name)]
        contenders = [await prepare(name, peer, line, running) for line in lines]
        sends = [(contender.client(), contender.check) for contender in contenders]
        for _ in range(10):
            for number in range(count // 10 // len(sends)):
                for send, check in sends:
                    check(await send())
                if number % 10 == 0:
                    await asyncio.sleep(0)
            print(f"{resident() / 1e6:.1f}", flush=True)


def run_child(*arguments: str) -> list[str]:
    """The lines that a process of its own prints."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.split()


def main() -> None:
    parser = make_parser(__doc__, peers="bare,asyncflask,starlette")
    parser.add_argument("what", choices=["idle", "growth"])
    parser.add_argument("--count", type=int, help="connections or requests")
    parser.add_argument("--child", nargs=2, metavar=("PEER", "KIND"))
    options = parser.parse_args()
    options.count = options.count or {"idle": 10_000, "growth": 100_000}[options.what]
    if options.child:
        run_as_child(options)
    elif not Path("/proc/self/statm").exists():
        print("Nothing was measured: this system has no /proc/self/statm.")
    else:
        report(options)


def run_as_child(options: Any) -> None:
    name, kind = options.child
    peer = load([name])[0][name]
    if options.what == "idle":
        uvloop.run(measure_idle(peer, kind, options.count))
    else:
        uvloop.run(measure_growth(name, peer, options.count))


def report(options: Any) -> None:
    peers, notes = load(chosen_peers(options))
    kinds = ("websocket", "idle_stream") if options.what == "idle" else ("mixed",)
    unit = "bytes each" if options.what == "idle" else "MB in memory, after each tenth"
    print(f"| {options.count:,} | peer | {unit} |", "|---|---|---:|", sep="\n")
    for kind in kinds:
        for name, peer in peers.items():
            if kind == "mixed" or hasattr(peer, kind):
                arguments = ("--count", str(options.count), "--child", name, kind)
                figures = " ".join(run_child(options.what, *arguments))
                print(f"| {kind} | {name} | {figures} |", flush=True)
    print(*notes, sep="\n")


if __name__ == "__main__":
    main()
