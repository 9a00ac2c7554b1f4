"""What a request costs inside the application, as a multiple of bare ASGI, beside its peers.

    python tests/benchmarks                  # all lines, all peers that are installed
    python tests/benchmarks --lines plaintext,sync --peers bare,starlette,asyncflask --rounds 5

No server and no socket: a scope as uvicorn makes it, with ten ordinary headers, on uvloop. The
peers take their turns within each round, so that a machine whose speed drifts is equally unfair
to all; what counts is the median of the rounds' ratios. Every answer is checked.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import uvloop

import table
from choice import chosen_lines, chosen_peers, make_parser
from driver import time_line
from peers import load

if TYPE_CHECKING:
    import argparse


async def measure(options: argparse.Namespace) -> None:
    """Time line after line, and print each as soon as it is known."""
    peers, notes = load(chosen_peers(options))
    measured = []
    if not options.json:
        print(*table.head(peers), sep="\n", flush=True)
    for line in chosen_lines(options):
        contenders = await time_line(line, peers, options.rounds, options.requests)
        measured.append(table.figures(line, contenders))
        if not options.json:
            print(table.body(measured[-1], peers), flush=True)
    about = f"{table.versions(peers)}; median of {options.rounds} rounds."
    if options.json:
        print(json.dumps({"about": about, "notes": notes, "lines": measured}, indent=1))
    else:
        print("", about, *notes, sep="\n")


if __name__ == "__main__":
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--requests", type=int, help="requests of a turn, in place of each line's")
    parser.add_argument("--json", action="store_true", help="print figures for programs")
    uvloop.run(measure(parser.parse_args()))
