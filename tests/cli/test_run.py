"""The run command, up to the call of uvicorn and in a real process."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from importlib import util
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest
import uvicorn
from click.testing import CliRunner

import asyncflask
from asyncflask import Flask
from asyncflask.cli import FlaskGroup
from asyncflask.setup import reloading
from asyncflask.setup.worker import load_app

APP = """\
from asyncflask import Flask
app = Flask("shop")

@app.get("/")
async def index():
    return "{answer} " + str(app.debug)
"""
ROOT = Path(asyncflask.__file__).parent.parent
NOT_US = f"{ROOT}/*"  # the reloader watches our own source too, where it is not installed
RUN = "app.run(port=0, debug=True, exclude_patterns=sys.argv[1:])"
DEADLINE = 30  # seconds that a process may take to say what is waited for


@pytest.fixture
def served(monkeypatch):
    """The arguments of each call of uvicorn.run."""
    calls = []

    def run(app, **options):
        calls.append({"app": app, **options})

    monkeypatch.setattr(uvicorn, "run", run)
    return calls


@pytest.fixture
def supervised(monkeypatch):
    """The arguments of each start of the reloader, which ends at once with status 0."""
    calls = []
    monkeypatch.setattr(reloading, "supervise", lambda *args: calls.append(args) or 0)
    return calls


@pytest.fixture
def shop(write):
    write("shop.py", APP.format(answer="tea"))


def test_the_app_is_served(invoke, served, shop):
    """The application found is given to uvicorn with Flask's default address."""
    result = invoke("--app", "shop", "run")

    assert (result.exit_code, served[0]["app"].name) == (0, "shop")
    assert (served[0]["host"], served[0]["port"]) == ("127.0.0.1", 5000)
    assert result.output == " * Serving asyncflask app 'shop'\n * Debug mode: off\n"


def test_options(invoke, served, shop):
    """Address and certificate are handed on; Flask's switches without meaning are accepted."""
    result = invoke(
        *("--app", "shop", "run", "-h", "0.0.0.0", "-p", "0", "--cert", "adhoc"),
        *("--without-threads", "--no-debugger", "--no-reload"),
    )

    assert result.exit_code == 0
    assert (served[0]["host"], served[0]["port"]) == ("0.0.0.0", 0)
    assert os.path.basename(served[0]["ssl_keyfile"]) == "key.pem"


@pytest.mark.parametrize("name", ["ASYNCFLASK_RUN_PORT", "FLASK_RUN_PORT"])
def test_the_port_from_a_variable(invoke, served, shop, monkeypatch, name):
    """The port may be set in the environment, under either name."""
    monkeypatch.setenv(name, "8123")

    invoke("--app", "shop", "run")

    assert served[0]["port"] == 8123


def test_the_port_from_a_dotenv_file(invoke, served, shop, write):
    """Options of the run command may stand in .flaskenv."""
    write(".flaskenv", "FLASK_APP=shop\nFLASK_RUN_PORT=8123\n")

    invoke("run")

    assert served[0]["port"] == 8123


@pytest.mark.parametrize("args", [("--debug", "run"), ("run", "--debug")])
def test_debug_reloads(invoke, served, supervised, shop, args):
    """--debug, before or after the command, leaves serving to a reloader's child."""
    result = invoke("--app", "shop", *args)

    assert (result.exit_code, served, len(supervised)) == (0, [], 1)
    assert "Debug mode: on" in result.output


def test_debug_in_the_reloaders_child(invoke, served, supervised, shop, monkeypatch):
    """The child serves the application in debug mode, without a second banner."""
    monkeypatch.setenv("ASYNCFLASK_RUN_MAIN", "true")

    result = invoke("--app", "shop", "run", "--debug")

    assert (served[0]["app"].debug, supervised, result.output) == (True, [], "")


def test_debug_without_reloading(invoke, served, supervised, shop):
    """--no-reload wins over debug mode."""
    invoke("--app", "shop", "run", "--debug", "--no-reload")

    assert (served[0]["app"].debug, supervised) == (True, [])


def test_what_the_reloader_watches(invoke, supervised, shop):
    """--reload works without debug mode; lists of paths are split."""
    extra, patterns = os.pathsep.join(["a", "b"]), os.pathsep.join(["*.x", "*.y"])

    invoke(
        *("--app", "shop", "run", "--reload"),
        *("--extra-files", extra, "--exclude-patterns", patterns),
    )

    assert supervised == [(["a", "b"], ["*.x", "*.y"])]


def test_reloading_without_watchfiles(invoke, shop, monkeypatch):
    """--reload without watchfiles is one line that says what to install."""
    monkeypatch.setattr(util, "find_spec", lambda name: None)

    result = invoke("--app", "shop", "run", "--reload")

    assert result.exit_code == 1
    assert result.output == (
        "Error: Reloading needs the package 'watchfiles', which is not installed."
        " Run: pip install 'asyncflask[standard]'\n"
    )


def test_workers_get_an_import_path(invoke, served, shop, project):
    """Several workers import the application themselves, as the command line named it."""
    invoke("--app", "shop:app", "--debug", "run", "--no-reload", "--workers", "2")

    made = load_app()
    assert (served[0]["app"], served[0]["factory"]) == ("asyncflask.setup.worker:load_app", True)
    assert (served[0]["workers"], made.name, made.debug) == (2, "shop", True)


def test_workers_do_not_reload(invoke, supervised, shop):
    """Reloading and several workers exclude each other."""
    result = invoke("--app", "shop", "run", "--reload", "--workers", "2")

    assert result.exit_code == 2
    assert "leave out '--workers', or add '--no-reload'" in result.output


def test_workers_cannot_call_a_function_of_ours(project, served):
    """A command line that makes its application by a function serves from one process."""
    own = FlaskGroup(create_app=lambda: Flask("made"))

    result = CliRunner().invoke(own, ["run", "--workers", "2"])

    assert result.exit_code == 2
    assert "asyncflask --app MODULE:NAME run --workers N" in result.output


def test_a_missing_app_is_told(invoke, served):
    """Nothing is served where there is no application."""
    result = invoke("run")

    assert (result.exit_code, served) == (2, [])
    assert "Error: Could not locate an asyncflask application." in result.output


def test_a_broken_app_is_an_error(invoke, served, write):
    """Outside of a reloader an application's error passes as it is."""
    write("app.py", "1 / 0\n")

    assert isinstance(invoke("run").exception, ZeroDivisionError)


def test_a_broken_app_in_the_reloaders_child(invoke, served, write, monkeypatch):
    """The reloader's child shows the error and tells by its status that it could not load."""
    monkeypatch.setenv("ASYNCFLASK_RUN_MAIN", "true")
    write("app.py", "1 / 0\n")

    result = invoke("run")

    assert (result.exit_code, served) == (reloading.LOAD_FAILED, [])
    assert "ZeroDivisionError" in result.output


class Server:
    """A running `asyncflask` process, read line by line."""

    def __init__(self, *args, **environment):
        self.lines = SimpleQueue()
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-B", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def wait_for(self, pattern):
        """Read up to a line that matches."""
        seen = []
        while True:
            try:
                line = self.lines.get(timeout=DEADLINE)
            except Empty:
                line = None
            if line is None:
                pytest.fail(f"{pattern!r} was not said in:\n{''.join(seen)}")
            seen.append(line)
            if found := re.search(pattern, line):
                return found

    def wait_for_port(self):
        return int(self.wait_for(r"running on http://127\.0\.0\.1:(\d+)")[1])

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(DEADLINE)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        self._reader.join()
        self.process.stdout.close()


@contextmanager
def running(*args, **environment):
    server = Server(*args, **environment)
    try:
        yield server
    finally:
        server.close()


def get(port, path="/"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def get_at_last(port):
    """As `get`, from a server that has named its port but may not listen yet."""
    pause = threading.Event()
    for _ in range(DEADLINE * 20):
        with suppress(ConnectionRefusedError):
            return get(port)
        pause.wait(0.05)
    return pytest.fail(f"nobody listened on port {port}")


def test_a_real_server_answers(shop):
    """`python -m asyncflask --app shop run` serves over HTTP."""
    with running("-m", "asyncflask", "--app", "shop", "run", "--port", "0") as server:
        answer = get(server.wait_for_port())

    assert answer == "tea False"


def test_a_real_server_reloads(shop, write):
    """A changed file is served anew, a broken one is shown and waited over."""
    command = ("-m", "asyncflask", "--app", "shop", "--debug", "run", "--port", "0")
    with running(*command, "--exclude-patterns", NOT_US) as server:
        before = get(server.wait_for_port())
        write("shop.py", "x = (\n")
        server.wait_for("Detected a change in 'shop.py'")
        server.wait_for("SyntaxError")
        server.wait_for("the next change starts it again")
        write("shop.py", APP.format(answer="coffee"))
        after = get(server.wait_for_port())

    assert (before, after) == ("tea True", "coffee True")


def test_a_real_reloader_ends_with_its_child(shop):
    """SIGTERM to the reloader ends its child too."""
    command = ("-m", "asyncflask", "--app", "shop", "run", "--reload", "--port", "0")
    with running(*command) as server:
        port = server.wait_for_port()
        server.process.terminate()
        status = server.process.wait(DEADLINE)

        with pytest.raises(ConnectionRefusedError):
            get(port)

    assert status == 0


def test_a_real_reloader_gives_up_on_a_missing_app(project):
    """A misspelled application is told in one line, and not waited for."""
    with running("-m", "asyncflask", "--app", "nowhere", "run", "--reload") as server:
        server.wait_for("Error: Could not import 'nowhere'")

        assert server.process.wait(DEADLINE) == 2


def test_app_run_serves_and_reloads(write):
    """A script that calls app.run(debug=True) serves, and serves anew when it is changed."""
    source = f"import sys\n{APP}\nif __name__ == '__main__':\n    {RUN}\n"
    write("script.py", source.format(answer="tea"))

    with running("script.py", NOT_US) as server:
        before = get(server.wait_for_port())
        write("script.py", source.format(answer="coffee"))
        after = get(server.wait_for_port())

    assert (before, after) == ("tea True", "coffee True")


def test_real_workers(shop):
    """Several processes answer on one port."""
    command = ("-m", "asyncflask", "--app", "shop", "run", "--workers", "2", "--port", "0")
    with running(*command) as server:
        answer = get_at_last(server.wait_for_port())

    assert answer == "tea False"
