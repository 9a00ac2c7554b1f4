"""Counts, inside the server, what requests begin and what is left of them. Knows no case."""

from __future__ import annotations

import gc
import json
import os
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import anyio

from asyncflask.ctx import AppContext

if TYPE_CHECKING:
    from collections.abc import Iterator

# The pool's tasks lend threads to requests and outlive them; they end when they are idle.
_NOT_OF_REQUESTS = ("asyncflask.bridge.pool.", "asyncflask.bridge.host.")
_KILOBYTES_A_PAGE = os.sysconf("SC_PAGE_SIZE") // 1024


class Census:
    """An ASGI application around the app, which numbers its requests and answers `/census`.

    Attributes:
        closed: when each generator with a key was closed, by the clock of all processes.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._untorn: set[int] = set()
        self._counts = dict.fromkeys(("begun", "running", "torn_down", "repeated", "generators"), 0)
        self.closed: dict[str, float] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
        elif scope["path"] == "/census":
            await _answer(send, self.report())
        else:
            await self._count(scope, receive, send)

    async def _count(self, scope: Any, receive: Any, send: Any) -> None:
        self._add("begun")
        number = self._counts["begun"]
        self._untorn.add(number)
        self._add("running")
        try:
            await self._inner({**scope, "torture.number": number}, receive, send)
        finally:
            self._add("running", -1)

    def note_teardown(self, number: int) -> None:
        """The teardown function of the request with this number runs, in whatever thread."""
        with self._lock:
            kind = "torn_down" if number in self._untorn else "repeated"
            self._untorn.discard(number)
            self._counts[kind] += 1

    @contextmanager
    def generator(self, key: str | None) -> Iterator[None]:
        """Count a generator while the block runs."""
        self._add("generators")
        try:
            yield
        finally:
            self._add("generators", -1)
            if key is not None:
                self.closed[key] = time.monotonic()

    def _add(self, name: str, number: int = 1) -> None:
        with self._lock:
            self._counts[name] += number

    def report(self) -> dict[str, Any]:
        """All counts: kilobytes for memory, numbers for the rest."""
        gc.collect()
        names = [str(task.name) for task in anyio.get_running_tasks()]
        tasks = [name for name in names if not name.startswith(_NOT_OF_REQUESTS)]
        links = list(_open_files())
        return {
            **self._counts,
            "untorn": len(self._untorn),
            "tasks": len(tasks),
            "contexts": sum(isinstance(each, AppContext) for each in gc.get_objects()),
            "descriptors": len(links),
            "files": sum(link.endswith("(deleted)") for link in links),
            "threads": threading.active_count(),
            "memory": int(_read("/proc/self/statm").split()[1]) * _KILOBYTES_A_PAGE,
            "process": os.getpid(),
            "closed": self.closed,
        }


def _open_files() -> Iterator[str]:
    for name in os.listdir("/proc/self/fd"):
        # The folder's own is closed by now.
        with suppress(OSError):
            yield os.readlink(f"/proc/self/fd/{name}")


def _read(path: str) -> str:
    with open(path) as file:
        return file.read()


async def _answer(send: Any, value: Any) -> None:
    body = json.dumps(value).encode()
    headers = [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
