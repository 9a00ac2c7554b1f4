"""Start-up, shutdown and stop signals of real servers in processes of their own."""

from __future__ import annotations

import signal

import pytest

UVICORN = ("uvicorn", "--host", "127.0.0.1", "--port", "0", "app:app")
HYPERCORN = ("hypercorn", "--bind", "127.0.0.1:0", "--workers", "0", "app:app")

STREAMS = """
from asyncflask import Flask

app = Flask(__name__)


@app.get("/async")
async def stream_async():
    async def generate():
        yield "ready "
        await app.shutdown_event.wait()
        yield "goodbye"

    return generate()


@app.get("/sync")
def stream():
    def generate():
        yield "ready "
        app.shutdown_event.wait()
        yield "goodbye"

    return generate()
"""

ON_TRIO = """
import signal

import trio
from hypercorn.config import Config
from hypercorn.trio import serve


async def main():
    with trio.open_signal_receiver(signal.SIGTERM) as signals:
        config = Config.from_mapping(bind="127.0.0.1:0", accesslog=None)
        await serve(app, config, shutdown_trigger=signals.__anext__)


if __name__ == "__main__":
    trio.run(main)
"""

FUNCTIONS = """
import sys

from asyncflask import Flask

app = Flask(__name__)


@app.while_serving
async def live():
    print("in", file=sys.stderr)
    yield
    print("out", file=sys.stderr)
"""


def read_until(connection, end):
    """Everything that is received until `end` was."""
    received = b""
    while end not in received:
        data = connection.recv(65536)
        assert data, received
        received += data
    return received


def check_that_streams_end(server, path, number):
    """A stream that waits for the shutdown event ends by itself, and so does the server."""
    with server.get(path) as connection:
        read_until(connection, b"ready")
        server.signal(number)
        read_until(connection, b"goodbye")

    server.wait()


@pytest.mark.parametrize(
    ("loop", "path", "number"),
    [
        ("asyncio", "/async", signal.SIGTERM),
        ("asyncio", "/sync", signal.SIGINT),
        ("uvloop", "/async", signal.SIGINT),
        ("uvloop", "/sync", signal.SIGTERM),
    ],
)
def test_streams_end_when_uvicorn_begins_to_stop(start, loop, path, number):
    """The event is set at the signal, though uvicorn waits for open responses first."""
    server = start(STREAMS, *UVICORN, "--loop", loop)

    check_that_streams_end(server, path, number)

    assert "Application shutdown complete" in server.log


def test_streams_end_when_the_run_command_begins_to_stop(start):
    """`asyncflask run` is no different."""
    server = start(STREAMS, "asyncflask", "run", "--port", "0")

    check_that_streams_end(server, "/async", signal.SIGTERM)

    assert "Application shutdown complete" in server.log


@pytest.mark.parametrize(
    ("worker", "number"),
    [
        ("asyncio", signal.SIGTERM),
        ("asyncio", signal.SIGINT),
        ("uvloop", signal.SIGTERM),
    ],
)
def test_streams_end_when_hypercorn_begins_to_stop(start, worker, number):
    """Handlers that event loops install are chained onto too; their loops still wake up."""
    server = start(STREAMS, *HYPERCORN, "--worker-class", worker)

    check_that_streams_end(server, "/async", number)


def test_streams_end_when_hypercorn_begins_to_stop_on_trio(start):
    """The handler of a trio signal receiver is chained onto as well."""
    server = start(STREAMS + ON_TRIO, "app")

    check_that_streams_end(server, "/async", signal.SIGTERM)


def test_functions_run_in_a_real_server(start):
    """They run before the server listens and before it ends."""
    server = start(FUNCTIONS)
    server.address()
    started = server.log
    server.signal(signal.SIGTERM)
    server.wait()

    assert "in\n" in started
    assert "out\n" in server.log.removeprefix(started)


def test_reloader_runs_them_too(start):
    """A child of uvicorn's reloader is served like any other."""
    server = start(FUNCTIONS, *UVICORN, "--reload")
    server.wait_for("startup complete")
    server.signal(signal.SIGINT)
    server.wait()

    assert "in\n" in server.log
    assert "out\n" in server.log


def test_failed_start_up_ends_the_server(start):
    """The exit status is not zero; the reason and one traceback are on stderr."""
    source = f"""{FUNCTIONS}
@app.while_serving
async def fail():
    raise LookupError("no database")
    yield
"""
    server = start(source)

    status = server.wait()

    assert status > 0
    assert "LookupError: no database" in server.log
    assert server.log.count("Traceback") == 1
    assert "out\n" in server.log
    assert "Application startup failed" in server.log


def test_failed_shutdown_is_told(start):
    """The reason is on stderr, and the other functions have run."""
    source = f"""{FUNCTIONS}
@app.while_serving
def fail():
    yield
    raise LookupError("no database")
"""
    server = start(source)
    server.address()
    server.signal(signal.SIGTERM)
    server.wait()

    assert server.log.count("Traceback") == 1
    assert "LookupError: no database" in server.log
    assert "out\n" in server.log
    assert "Application shutdown failed" in server.log
