"""Faults and load, done to the app on real servers, over the loopback interface.

    python -m tests.torture [--server h11,httptools] [--only 12,14] [--short] [--list]

Prints a line for each thing done: its point, what, how often, a figure, whether it is good.
Exits with 1 if anything is not, unless the server itself is known to do so, with any application:
then the line says "server: ..." and why. What is known so and no longer seen is a failure, too.

Servers other than uvicorn may live in an environment of their own, whose interpreter `--python`
names.
"""

from __future__ import annotations

import argparse
import sys
import time

from . import points as points
from .case import CASES, Bench, Case, Row
from .differences import judge
from .servers import COMMANDS


def main() -> int:
    options = _parse_options()
    chosen = _chosen(options.only)
    if options.list:
        print("\n".join(f"{each.point} {each.name}" for each in chosen))
        return 0
    failures = 0
    for kind in options.server.split(","):
        print(f"\n{kind}\n\n| point | what | count | figure | |\n|---|---|---|---|---|", flush=True)
        with Bench(kind, is_short=options.short, python=options.python) as bench:
            failures += sum(_run(bench, each) for each in chosen)
    print(f"\n{failures} failed" if failures else "\nAll is well.")
    return 1 if failures else 0


def _run(bench: Bench, each: Case) -> int:
    """Run a case, print its rows; how many of them the command fails for."""
    failures, started = 0, time.monotonic()
    try:
        for row in each.run(bench):
            failures += _print(bench, each, row)
    except Exception as exc:
        failures += _print(bench, each, Row(each.name, 0, f"{type(exc).__name__}: {exc}", False))
    print(f"{each.name}: {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
    return failures


def _print(bench: Bench, each: Case, row: Row) -> bool:
    """Print a row; whether the command fails for it."""
    verdict = judge(bench.kind, each.point, row)
    cells = (str(each.point), row.what, str(row.count), row.figure, verdict.text)
    print(f"| {' | '.join(cells)} |", flush=True)
    return verdict.is_failure


def _chosen(only: str | None) -> list[Case]:
    if only is None:
        return CASES
    wanted = set(only.split(","))
    chosen = [each for each in CASES if {str(each.point), each.name} & wanted]
    if not chosen:
        sys.exit(f"No case is called {only!r}. See --list.")
    return chosen


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.torture",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--server", default="h11,httptools", help=f"some of {','.join(COMMANDS)}")
    parser.add_argument("--python", default=sys.executable, help="that has the server")
    parser.add_argument("--only", help="points or names of cases, with commas")
    parser.add_argument("--short", action="store_true", help="do everything less often")
    parser.add_argument("--list", action="store_true", help="show the cases and end")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
