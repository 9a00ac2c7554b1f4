"""The upload example in Debian's chromium, which is told what to do over its DevTools protocol."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import contextmanager
from itertools import count
from threading import Timer

import pytest
from websockets.sync.client import connect

CHROMIUM = shutil.which("chromium")
DEADLINE = 30  # seconds that the browser may take for one test, and for one answer
SWITCHES = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-proxy-server", "--remote-debugging-port=0"),
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


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

    def __init__(self, connection):
        self._connection = connection
        self._numbers = count(1)
        self._tab = {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        tab = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._tab = {"sessionId": tab}
        self.call("Page.enable")

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
        while self._receive().get("method") != "Page.loadEventFired":
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

    def text(self, selector="main"):
        return self.run(f"document.querySelector({json.dumps(selector)}).innerText")


@pytest.fixture
def browser(tmp_path):
    with (
        chromium(tmp_path / "profile") as address,
        connect(address, proxy=None, max_size=None) as connection,
    ):
        yield Browser(connection)


@pytest.fixture
def uploads(tmp_path):
    return tmp_path / "uploads"


def make_file(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def test_upload_and_delete(browser, serve, tmp_path, uploads):
    """Files chosen in the form arrive whole, are listed, and go when their button is clicked."""
    tea = make_file(tmp_path, "grüner Tee.txt", b"Sencha")
    noise = make_file(tmp_path, "noise.bin", bytes(range(256)) * 8192)
    browser.visit(serve("upload", FLASK_UPLOAD_FOLDER=uploads).base_url)

    browser.choose_files("#files", tea, noise)
    browser.click("button")
    after_upload = browser.text()
    browser.click("button[aria-label='Delete noise.bin']")
    after_delete = browser.text(".files")

    assert "gruner_Tee.txt is uploaded." in after_upload
    assert "2.0 MiB" in after_upload
    assert after_delete.split() == ["gruner_Tee.txt", "6", "Bytes", "Delete"]
    assert [path.read_bytes() for path in uploads.iterdir()] == [b"Sencha"]


def test_too_much(browser, serve, tmp_path, uploads):
    """The browser shows the 413 page, rather than an error of its own."""
    large = make_file(tmp_path, "large.bin", bytes(3_000_000))
    client = serve("upload", FLASK_UPLOAD_FOLDER=uploads, FLASK_MAX_CONTENT_LENGTH=1_000_000)
    browser.visit(client.base_url)

    browser.choose_files("#files", large)
    browser.click("button")

    assert browser.text("h1") == "That is too much"


def test_the_style(browser, serve, uploads):
    """The page's stylesheet is loaded and understood."""
    browser.visit(serve("upload", FLASK_UPLOAD_FOLDER=uploads).base_url)

    width = browser.run("getComputedStyle(document.body).maxWidth")

    assert width == "704px"
