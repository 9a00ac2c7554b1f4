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


TASKS = """
import sys
import threading

import anyio

from asyncflask import Flask

app = Flask(__name__)


@app.before_serving
def start():
    app.add_background_task(finish)
    app.add_background_task(finish_async)


def finish():
    app.shutdown_event.wait()
    sys.stderr.write("finished\\n")


async def finish_async():
    await app.shutdown_event.wait()
    await anyio.sleep(0.001)
    sys.stderr.write("finished\\n")


@app.after_serving
def stop():
    print("after", file=sys.stderr)
"""

STUBBORN = """
@app.before_serving
async def start_stubborn_ones():
    app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 0.05
    app.add_background_task(threading.Event().wait)
    app.add_background_task(anyio.sleep_forever)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_background_tasks_are_waited_for(start, loop, number):
    """They hear of the signal, and end before the shutdown functions run."""
    server = start(TASKS, *UVICORN, "--loop", loop)
    server.address()
    server.signal(number)
    server.wait()

    assert server.log.count("finished\n") == 2
    assert server.log.rindex("finished\n") < server.log.index("after\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stubborn_tasks_do_not_keep_the_process_alive(start, number):
    """A task that is cancelled and a thread that nobody can cancel are left behind."""
    server = start(TASKS + STUBBORN)
    server.address()
    server.signal(number)
    server.wait()

    assert (
        "Cancelling background tasks that have not ended: Event.wait, sleep_forever" in server.log
    )
    assert "after\n" in server.log
    assert "Application shutdown complete" in server.log


def test_background_tasks_of_hypercorn_on_trio(start):
    """They are no different under trio."""
    server = start(TASKS + ON_TRIO, "app")
    server.address()
    server.signal(signal.SIGTERM)
    server.wait()

    assert server.log.count("finished\n") == 2
    assert "after\n" in server.log
