"""Asks one page again and again, in a process of its own, and tells how long each answer took.

Ends when its standard input does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from .clients import percentile
from .servers import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAUSE = 0.005  # seconds between two questions


class Latencies(list[float]):
    """Seconds that each answer took."""

    def describe(self) -> str:
        p99, longest = percentile(self, 0.99) * 1000, max(self) * 1000
        return f"health p99 {p99:.0f} ms, max {longest:.0f} ms of {len(self)}"

    @property
    def p99(self) -> float:
        return percentile(self, 0.99)


@contextmanager
def probing(port: int, path: str = "/async/health") -> Iterator[Latencies]:
    """Ask meanwhile; the latencies are there when the block has ended."""
    latencies = Latencies()
    command = [sys.executable, "-m", "tests.torture.prober", str(port), path]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        # Its first answer: the start of an interpreter is not what is measured.
        process.stdout.readline()
        yield latencies
        latencies += json.loads(process.communicate()[0])


def main(port: str, path: str) -> None:
    has_ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), has_ended.set()), daemon=True).start()
    connection = HTTPConnection("127.0.0.1", int(port), timeout=60)
    _ask(connection, path)
    print(flush=True)
    latencies = []
    while not has_ended.wait(PAUSE):
        started = time.monotonic()
        _ask(connection, path)
        latencies.append(time.monotonic() - started)
    print(json.dumps(latencies))


def _ask(connection: HTTPConnection, path: str) -> None:
    connection.request("GET", path)
    answer = connection.getresponse()
    if answer.read() != b"well":
        raise RuntimeError(f"The server answered {path} with {answer.status}.")


if __name__ == "__main__":
    main(*sys.argv[1:])
