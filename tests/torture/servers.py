"""The servers that the app is tortured on, each in a process of its own, with its log in a file."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

ROOT = Path(__file__).parents[2]
DEADLINE = 30  # seconds that a server may take to start or to stop

_UVICORN = "uvicorn {app} --host 127.0.0.1 --port {port} --no-access-log --timeout-keep-alive 2"
_HYPERCORN = "hypercorn {app} --bind 127.0.0.1:{port} --keep-alive 2"
COMMANDS = {
    "h11": f"{_UVICORN} --http h11 --loop asyncio",
    "httptools": f"{_UVICORN} --http httptools --loop uvloop",
    "hypercorn": f"{_HYPERCORN} --workers 0",
    "trio": f"{_HYPERCORN} --worker-class trio",
    "granian": "granian {app} --interface asgi --host 127.0.0.1 --port {port} --no-access-log",
}
"""How each is started, as `python -m ...`."""


class ServerProcess:
    """A server that runs within a `with` block.

    Args:
        kind: one of COMMANDS.
        python: the interpreter that has the server.
        prefix: a command in front of the server's, which must replace itself by it.
    """

    def __init__(
        self,
        kind: str,
        app: str = "tests.torture.app:app",
        *,
        python: str = sys.executable,
        options: Sequence[str] = (),
        prefix: Sequence[str] = (),
        environment: dict[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="torture-")
        self.folder = Path(self._folder.name)
        self.temporary = self.folder / "temporary"
        self.temporary.mkdir()
        arguments = COMMANDS[kind].format(app=app, port=self.port).split()
        self.command = [*prefix, python, "-m", *arguments, *options]
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.temporary),
            **(environment or {}),
        }

    def __enter__(self) -> Self:
        self.launch()
        try:
            self.wait_until_ready()
        except BaseException:
            self.end()
            raise
        return self

    def launch(self) -> None:
        """Start the process, and wait for nothing."""
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        give_up = time.monotonic() + DEADLINE
        while time.monotonic() < give_up and self.process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise RuntimeError(f"{' '.join(self.command)} did not start:\n{self.log()}")

    def __exit__(self, *exc_info: object) -> None:
        self.end()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; gives its exit status once it has."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)

    def end(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        # Processes of its own that it has not ended; its session is theirs.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self._folder.cleanup()

    def log(self) -> str:
        """All that it has written."""
        return (self.folder / "log").read_text(errors="replace")

    def census(self) -> dict[str, Any]:
        """What it counts just now."""
        with urlopen(f"http://127.0.0.1:{self.port}/census", timeout=DEADLINE) as answer:
            return json.load(answer)  # type: ignore[no-any-return]

    def files(self) -> list[str]:
        """Temporary files that have a name, as the server sees them."""
        folder = Path(f"/proc/{self.process.pid}/root{self.temporary}")
        return [str(path) for path in folder.rglob("*") if path.is_file()]

    def count_in_log(self, pattern: str) -> int:
        """How many lines of its log match."""
        return len(re.findall(pattern, self.log(), re.MULTILINE))


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
