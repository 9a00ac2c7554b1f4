"""What a request costs inside the application, as a multiple of bare ASGI, beside its peers.

    python tests/benchmarks                  # all lines, all peers that are installed
    python tests/benchmarks --lines plaintext,sync --peers bare,starlette,asyncflask --rounds 5

No server and no socket: a scope as uvicorn makes it, with ten ordinary headers, on uvloop. The
peers take their turns within each round, so that a machine whose speed drifts is equally unfair
to all; what counts is the median of the rounds' ratios. Every answer is checked.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

import uvloop

import table
from driver import time_line
from lines import LINES
from peers import PEERS, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def select(text: str | None, known: Iterable[str], kind: str) -> list[str]:
    """The names in a comma-separated list; all where there is none."""
    names = list(known)
    if text is None:
        return names
    chosen = text.split(",")
    for name in chosen:
        if name not in names:
            sys.exit(f"There is no {kind} {name!r}. There are: {', '.join(names)}.")
    return [name for name in names if name in chosen]


async def measure(options: argparse.Namespace) -> None:
    """Time line after line, and print each as soon as it is known."""
    peers, notes = load(select(options.peers, PEERS, "peer"))
    chosen = select(options.lines, (line.name for line in LINES), "line")
    measured = []
    if not options.json:
        print(*table.head(peers), sep="\n", flush=True)
    for line in LINES:
        if line.name in chosen:
            contenders = await time_line(line, peers, options.rounds, options.requests)
            measured.append(table.figures(line, contenders))
            if not options.json:
                print(table.body(measured[-1], peers), flush=True)
    if options.json:
        about = {"versions": table.versions(peers), "notes": notes}
        print(json.dumps({"lines": measured, **about}, indent=1))
    else:
        print("", f"{table.versions(peers)}; median of {options.rounds} rounds.", *notes, sep="\n")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", help="names, separated by commas; all by default")
    parser.add_argument("--peers", help="names, separated by commas; all by default")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--requests", type=int, help="requests of a turn, in place of each line's")
    parser.add_argument("--json", action="store_true", help="print figures for programs")
    uvloop.run(measure(parser.parse_args(arguments)))


if __name__ == "__main__":
    main()
