"""What a case is, what it reports, and what it is given. Knows no case."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from .clients import warm_up
from .servers import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

PATIENCE = 10  # seconds in which nothing may be left
_TO_GO = ("running", "generators", "untorn", "files", "tasks", "contexts", "descriptors")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the closing table.

    Attributes:
        count: how often it was done.
        figure: what was measured, with its unit.
    """

    what: str
    count: int
    figure: str
    is_good: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One of the things that are done to a server."""

    point: int
    name: str
    run: Callable[[Bench], Iterator[Row]]


CASES: list[Case] = []


def case(point: int) -> Callable[[Callable[[Bench], Iterator[Row]]], Any]:
    """Add a function to the cases; its name is theirs."""

    def add(function: Callable[[Bench], Iterator[Row]]) -> Any:
        CASES.append(Case(point, function.__name__.replace("_", "-"), function))
        CASES.sort(key=attrgetter("point"))
        return function

    return add


class Bench:
    """What the cases of one server share: the server itself, and how much of everything."""

    def __init__(self, kind: str, *, is_short: bool = False, python: str = sys.executable) -> None:
        self.kind = kind
        self.is_short = is_short
        self.python = python
        self._stack = ExitStack()
        self._server: ServerProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """End the servers."""
        self._stack.close()

    @property
    def server(self) -> ServerProcess:
        """The server of those cases that leave it as it was."""
        if self._server is None or self._server.process.poll() is not None:
            self._server = self._stack.enter_context(self.fresh())
            asyncio.run(warm_up(self._server.port))
        return self._server

    def fresh(self, app: str = "tests.torture.app:app", **options: Any) -> ServerProcess:
        """A server of a case's own, to be entered."""
        return ServerProcess(self.kind, app, python=self.python, **options)

    def scale(self, full: int, short: int) -> int:
        """How often something is done."""
        return short if self.is_short else full

    def limit(self, seconds: float) -> float:
        """How long something may take; in the short run only what hangs takes longer."""
        return seconds * 20 if self.is_short else seconds


class Leftovers:
    """Compares what a server counts with what it counted before."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self.before = self._begin()
        self.after = self.before

    def _begin(self) -> dict[str, Any]:
        """What is there once the requests before are torn down, at the latest in PATIENCE."""
        give_up = time.monotonic() + PATIENCE
        while (report := self._server.census())["untorn"] and time.monotonic() < give_up:
            time.sleep(0.05)
        return report

    def wait(self) -> float:
        """Wait until nothing is left; seconds that it took."""
        started = time.monotonic()
        while time.monotonic() < started + PATIENCE:
            self.after = self._server.census()
            if not self.left():
                break
            time.sleep(0.05)
        return time.monotonic() - started

    def left(self) -> dict[str, int]:
        """By kind, what is still there."""
        left = {name: self.after[name] - self.before[name] for name in _TO_GO}
        left["names"] = len(self._server.files())
        return {name: count for name, count in left.items() if count > 0}

    def since(self, name: str) -> int:
        """By how much a count has grown."""
        return int(self.after[name] - self.before[name])

    def describe(self) -> str:
        left = ", ".join(f"{count} {name}" for name, count in self.left().items())
        return f"left: {left}" if left else "nothing left"
