"""Fuzzes the parsers, each for a while: `python tests/fuzz [--seconds 60] [name ...]`.

Needs atheris beside the package: `pip install atheris`. Each target runs in a process of its own,
and a Markdown table says how far it came. The exit status is not 0 where one has found something;
the input then lies in the current folder, as `<name>-crash-...`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from targets import TARGETS

FOLDER = Path(__file__).parent


def run(name: str, seconds: int) -> tuple[str, bool]:
    """Fuzz one target; its row of the table, and whether nothing was found."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(TARGETS[name][1]):
            Path(corpus, str(number)).write_bytes(seed)
        options = [
            f"-max_total_time={seconds}",
            "-print_final_stats=1",
            "-timeout=10",
            "-rss_limit_mb=1024",
            f"-artifact_prefix={name}-",
        ]
        command = [sys.executable, str(FOLDER / "one.py"), name, *options, corpus]
        done = subprocess.run(command, capture_output=True, text=True)
    printed = done.stdout + done.stderr
    if done.returncode:
        print(printed[-3000:], file=sys.stderr)
    executed = re.search(r"number_of_executed_units:\s*(\d+)", printed)
    a_second = re.search(r"average_exec_per_sec:\s*(\d+)", printed)
    covered = re.findall(r"cov: (\d+)", printed)
    figures = [found[1] if found else "?" for found in (executed, a_second)]
    found_nothing = done.returncode == 0
    verdict = "nothing found" if found_nothing else "**FOUND SOMETHING**"
    edges = covered[-1] if covered else "?"
    return f"| {name} | {figures[0]} | {figures[1]} | {edges} | {verdict} |", found_nothing


def main() -> int:
    """Fuzz what the command line asks for."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    options = parser.parse_args()
    if unknown := set(options.names) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are: {', '.join(TARGETS)}")
    print("| target | inputs | a second | edges covered | |\n|---|---:|---:|---:|---|", flush=True)
    passed = True
    for name in options.names or TARGETS:
        row, found_nothing = run(name, options.seconds)
        print(row, flush=True)
        passed = passed and found_nothing
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
