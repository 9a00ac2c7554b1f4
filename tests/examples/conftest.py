"""The examples, imported, or served by uvicorn as their READMEs say; and a browser."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

import httpx
import pytest
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import ModuleType

ROOT = Path(__file__).parents[2]
DEADLINE = 30  # seconds that a server or browser may take to start, to answer or to end
CHROMIUM = shutil.which("chromium")
SWITCHES = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-proxy-server", "--remote-debugging-port=0"),
]


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
            address, process = running.enter_context(uvicorn(name, environment))
            client = Client(base_url=address, timeout=DEADLINE, trust_env=False)
            client.server = process
            return running.enter_context(client)

        yield serve_example


@pytest.fixture
def serve_until() -> Callable[..., AbstractContextManager[httpx.Client]]:
    """Serve an example within a block, which ends after a signal has ended the server."""

    @contextmanager
    def serve_example(stop: int, name: str, **environment: object) -> Iterator[httpx.Client]:
        with (
            uvicorn(name, environment, stop) as (address, _),
            httpx.Client(base_url=address, timeout=DEADLINE, trust_env=False) as client,
        ):
            yield client

    return serve_example


class Client(httpx.Client):
    """An HTTP client; `server` is the number of the process that it speaks with."""

    server: int


@contextmanager
def uvicorn(
    name: str, environment: dict[str, object], stop: int = signal.SIGINT
) -> Iterator[tuple[str, int]]:
    """A server in a process of its own, on a free port; gives its address and its number."""
    process = subprocess.Popen(
        [sys.executable, *command_of(name)[1:], "--port", "0", "--no-access-log"],
        cwd=ROOT,
        env=os.environ | {key: str(value) for key, value in environment.items()},
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield address_of(process), process.pid
        finally:
            process.send_signal(stop)
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


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """A tab of Debian's chromium, which is told what to do over its DevTools protocol."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with (
        chromium(tmp_path / "profile") as address,
        connect(address, proxy=None, max_size=None) as connection,
    ):
        yield Browser(connection, count(1))


@contextmanager
def chromium(folder):
    """A headless chromium whose profile is in `folder`; gives the address of its DevTools."""
    process = subprocess.Popen(
        [CHROMIUM, *SWITCHES, f"--user-data-dir={folder}", "about:blank"],
        stderr=subprocess.PIPE,
        text=True,
    )
    # Where it takes too long, its output ends, and so does whoever waits for that.
    timer = Timer(DEADLINE, process.kill)
    timer.start()
    with process:
        try:
            yield devtools_address(process.stderr)
        finally:
            process.terminate()
            process.communicate()
            timer.cancel()


def devtools_address(lines):
    log = []
    for line in lines:
        log.append(line)
        if found := re.search(r"DevTools listening on (ws://\S+)", line):
            return found[1]
    raise AssertionError(f"chromium did not start:\n{''.join(log)}")


class Browser:
    """One tab of a chromium."""

    def __init__(self, connection, numbers, *, is_private=False):
        self._connection = connection
        self._numbers = numbers
        self._tab = {}
        context = self.call("Target.createBrowserContext") if is_private else {}
        target = self.call("Target.createTarget", url="about:blank", **context)["targetId"]
        tab = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._tab = {"sessionId": tab}
        self.call("Page.enable")

    def open_tab(self):
        """Another tab of the same chromium."""
        return Browser(self._connection, self._numbers)

    def open_person(self):
        """A tab with cookies of its own, as another person's browser has them."""
        return Browser(self._connection, self._numbers, is_private=True)

    def close(self):
        """Close the tab."""
        self.call("Page.close")

    def call(self, method, **params):
        """Send a command; gives its result."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": params}
        self._connection.send(json.dumps(command | self._tab))
        while (message := self._receive()).get("id") != number:
            pass
        assert "error" not in message, message
        return message["result"]

    def _receive(self):
        return json.loads(self._connection.recv(timeout=DEADLINE))

    def wait_for_page(self):
        loaded = {"method": "Page.loadEventFired"} | self._tab
        while not loaded.items() <= self._receive().items():
            pass

    def visit(self, url):
        self.call("Page.navigate", url=str(url))
        self.wait_for_page()

    def find(self, selector):
        """The id of the first element that the CSS selector finds."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        return self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]

    def choose_files(self, selector, *paths):
        files = [str(path) for path in paths]
        self.call("DOM.setFileInputFiles", nodeId=self.find(selector), files=files)

    def click(self, selector):
        """Click on what leads to another page."""
        self.run(f"document.querySelector({json.dumps(selector)}).click()")
        self.wait_for_page()

    def run(self, script):
        """The value of a JavaScript expression in the page."""
        return self.call("Runtime.evaluate", expression=script)["result"].get("value")

    def wait_until(self, condition):
        """Wait until a JavaScript condition holds in the page."""
        look = f"() => ({condition}) ? resolve() : setTimeout(look, 10)"
        script = f"new Promise(resolve => {{ const look = {look}; look() }})"
        self.call("Runtime.evaluate", expression=script, awaitPromise=True)

    def text(self, selector="main"):
        return self.run(f"document.querySelector({json.dumps(selector)}).innerText")
