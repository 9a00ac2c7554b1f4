"""How many instructions a request takes, counted by valgrind: the same on a busy machine.

    python tests/benchmarks/instructions.py --lines plaintext --peers bare,asyncflask

Each peer runs twice, in processes of its own, with a few requests and with more of them; the
difference is what the requests took, without the start.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import uvloop

from choice import chosen_lines, chosen_peers, make_parser
from driver import prepare, send_singly
from lines import LINES
from peers import load

if TYPE_CHECKING:
    import argparse

VALGRIND = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
WARM_UP = 50


def count(line: str, peer: str, requests: int) -> int:
    """Instructions of a process that sends so many requests.

    Raises:
        RuntimeError: the process has failed.
    """
    command = [*VALGRIND, sys.executable, __file__, "--child", line, peer, str(requests)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    if done.returncode or found is None:
        raise RuntimeError(f"{peer} failed at {line!r}:\n{done.stderr[-2000:]}")
    return int(found[1].replace(",", ""))


async def send(line_name: str, peer_name: str, requests: int) -> None:
    """What the counted process does."""
    line = next(line for line in LINES if line.name == line_name)
    peers, _ = load([peer_name])
    async with AsyncExitStack() as running:
        contender = await prepare(peer_name, peers[peer_name], line, running)
        await send_singly(contender, WARM_UP + requests)


def main() -> None:
    parser = make_parser(__doc__, lines="plaintext", peers="bare,asyncflask,starlette")
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--child", nargs=3, metavar=("LINE", "PEER", "REQUESTS"))
    options = parser.parse_args()
    if options.child:
        line, peer, requests = options.child
        uvloop.run(send(line, peer, int(requests)))
    elif shutil.which("valgrind") is None:
        print("Nothing was counted: valgrind is not installed.")
    else:
        report(options)


def report(options: argparse.Namespace) -> None:
    peers, notes = load(chosen_peers(options))
    print("| work, a request | peer | instructions |", "|---|---|---:|", sep="\n")
    for line in chosen_lines(options):
        for name, peer in peers.items():
            if line.kind != "crowd" and hasattr(peer, line.name):
                few, many = count(line.name, name, 0), count(line.name, name, options.requests)
                spent = (many - few) / options.requests / 1000
                print(f"| {line.title} | {name} | {spent:,.1f} k |", flush=True)
    print(*notes, sep="\n")


if __name__ == "__main__":
    main()
