"""The examples, imported into the tests or served by uvicorn as their READMEs say."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

ROOT = Path(__file__).parents[2]
DEADLINE = 30  # seconds that a server may take to start, to answer or to end


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Import the `app.py` of an example afresh, with its folder on the path as uvicorn has it."""

    def load_example(name: str) -> ModuleType:
        folder = ROOT / "examples" / name
        monkeypatch.syspath_prepend(folder)
        spec = importlib.util.spec_from_file_location(f"{name}_example", folder / "app.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load_example


@pytest.fixture
def serve() -> Iterator[Callable[..., httpx.Client]]:
    """Serve an example with its README's command; gives an HTTP client for it."""
    with ExitStack() as running:

        def serve_example(name: str, **environment: object) -> httpx.Client:
            address = running.enter_context(uvicorn(name, environment))
            client = httpx.Client(base_url=address, timeout=DEADLINE, trust_env=False)
            return running.enter_context(client)

        yield serve_example


@contextmanager
def uvicorn(name: str, environment: dict[str, object]) -> Iterator[str]:
    """A server in a process of its own, on a free port; gives its address."""
    process = subprocess.Popen(
        [sys.executable, *command_of(name)[1:], "--port", "0", "--no-access-log"],
        cwd=ROOT,
        env=os.environ | {key: str(value) for key, value in environment.items()},
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield address_of(process)
        finally:
            process.send_signal(signal.SIGINT)
            with deadline(process):
                process.communicate()


def command_of(name: str) -> list[str]:
    """The command line that the example's README names."""
    readme = (ROOT / "examples" / name / "README.md").read_text()
    return re.search(r"^python -m uvicorn .+$", readme, re.MULTILINE)[0].split()


def address_of(process: subprocess.Popen[str]) -> str:
    """Where the server listens: it says so once it is ready."""
    log = []
    with deadline(process):
        for line in process.stderr:
            log.append(line)
            if ready := re.search(r"running on (http://[\d.:]+)", line):
                return ready[1]
    raise AssertionError(f"The server did not start:\n{''.join(log)}")


@contextmanager
def deadline(process: subprocess.Popen[str]) -> Iterator[None]:
    """End the process where it takes too long; whoever waits for its output then gets the end."""
    timer = Timer(DEADLINE, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
