"""Servers in processes of their own, for what signals and exit statuses are about."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from threading import Timer
from typing import TYPE_CHECKING

import pytest

from asyncflask import Flask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEADLINE = 30  # seconds that a server may take to start, to answer or to end


class ServerProcess:
    """A server in a process of its own, whose log is kept."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.log = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def address(self) -> tuple[str, int]:
        """Where it listens; it says so once it is ready."""
        ready = self.wait_for(r"[Rr]unning on https?://([\d.]+):(\d+)")
        return ready[1], int(ready[2])

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The next line of its log that matches."""
        with self.deadline():
            for line in self.process.stderr:
                self.log += line
                if found := re.search(pattern, line):
                    return found
        raise AssertionError(f"The server never said {pattern!r}:\n{self.log}")

    @contextmanager
    def get(self, path: str) -> Iterator[socket.socket]:
        """Send a GET request; gives the connection."""
        with socket.create_connection(self.address(), timeout=DEADLINE) as connection:
            request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            connection.sendall(request.encode())
            yield connection

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Its exit status, once it has ended by itself; the log is complete then."""
        with self.deadline():
            self.log += self.process.communicate()[1]
        return self.process.returncode

    @contextmanager
    def deadline(self) -> Iterator[None]:
        """Kill it where it takes too long; whoever reads its log then gets to the end."""
        timer = Timer(DEADLINE, self.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def kill(self) -> None:
        """End it and the processes that it has started, which hold its log open."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Leave no process behind."""
        self.kill()
        self.process.wait()
        self.process.stderr.close()


UVICORN = ("uvicorn", "--host", "127.0.0.1", "--port", "0", "app:app")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Serve the source of an `app`, with uvicorn unless another command is given."""
    started: list[ServerProcess] = []

    def start_server(source: str, *command: str) -> ServerProcess:
        (tmp_path / "app.py").write_text(source)
        started.append(ServerProcess(list(command or UVICORN), tmp_path))
        return started[-1]

    yield start_server
    for each in started:
        each.end()


class Noted:
    """An app that notes what runs of a request."""

    def __init__(self, **config):
        self.app = Flask("timed")
        self.app.config.update(config, SECRET_KEY="k")
        self.order = []

        @self.app.after_request
        def note_after(response):
            self.order.append("after")
            return response

        @self.app.teardown_request
        def note_teardown(exc):
            self.order.append(("teardown", type(exc)))


@pytest.fixture
def noted():
    """An app that notes what runs of a request."""
    return Noted()
