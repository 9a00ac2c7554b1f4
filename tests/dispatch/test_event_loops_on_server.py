"""One application under each of Hypercorn's event loops, in a process of its own."""

from __future__ import annotations

import signal
from contextlib import contextmanager

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

HYPERCORN = ("hypercorn", "--bind", "127.0.0.1:0", "--graceful-timeout", "1", "app:app", "-k")

APP = """
import sys

import anyio

from asyncflask import Flask, request, session, websocket

app = Flask(__name__)
app.secret_key = "of this test"


def say(text):
    sys.stderr.write(f"{text}\\n")  # in one piece, whatever threads do


@app.before_serving
async def begin():
    app.add_background_task(work)
    app.add_background_task(block)
    say("begun")


@app.after_serving
def end():
    say("ended")


async def work():
    await app.shutdown_event.wait()
    say("task told")


def block():
    app.shutdown_event.wait()
    say("thread told")


@app.get("/async")
async def index():
    await anyio.sleep(0.001)
    return "async"


@app.get("/sync")
def blocking():
    session["visits"] = session.get("visits", 0) + 1
    return f"sync {session['visits']}"


@app.get("/mixed")
async def mixed():
    return app.name


@app.before_request
def find_user():
    request.user = "Ada"


@app.after_request
async def tell_user(response):
    await anyio.sleep(0)
    response.headers["X-User"] = request.user
    return response


@app.post("/echo")
def echo():
    return request.data


@app.post("/files")
async def files():
    return {name: len(file.read()) for name, file in request.files.items()}


@app.get("/broken")
async def broken():
    raise LookupError("no such thing")


@app.get("/stream")
async def stream():
    async def generate():
        for number in range(3):
            yield f"{number} "
            await anyio.sleep(0.001)

    return generate()


@app.get("/sync-stream")
def sync_stream():
    return (f"{number} " for number in range(3))


@app.teardown_request
async def clean_up(error):
    if request.path == "/endless":
        await anyio.sleep(0.001)
        say("torn down")


@app.get("/endless")
async def endless():
    async def generate():
        yield "ready "
        await anyio.sleep_forever()

    return generate()


@app.websocket("/talk")
async def talk():
    async for message in websocket:
        await websocket.send(message.upper())


@app.websocket("/sync-talk")
def sync_talk():
    while True:
        websocket.send(websocket.receive().upper())
"""


@pytest.fixture(params=["asyncio", "uvloop", "trio"])
def server(request, start):
    """The app of this file, served; Hypercorn has a process for it beside its own."""
    return start(APP, *HYPERCORN, request.param)


@contextmanager
def client_of(server):
    host, port = server.address()
    with httpx.Client(base_url=f"http://{host}:{port}", timeout=20, trust_env=False) as client:
        yield client


def stop(server):
    """Its exit status, once it was told to stop."""
    server.signal(signal.SIGTERM)
    return server.wait()


def test_requests(server):
    """Sync, async and mixed views, hooks, bodies, forms, sessions, streams and errors."""
    with client_of(server) as client:
        texts = [client.get(path).text for path in ["/async", "/sync", "/sync", "/mixed"]]
        streams = [client.get(path).text for path in ["/stream", "/sync-stream"]]
        echo = client.post("/echo", content=b"x" * 300_000)
        files = client.post("/files", files={"a": b"y" * 2_000_000})
        broken = client.get("/broken")

    assert texts == ["async", "sync 1", "sync 2", "app"]
    assert streams == ["0 1 2 ", "0 1 2 "]
    assert echo.content == b"x" * 300_000
    assert echo.headers["X-User"] == "Ada"
    assert files.json() == {"a": 2_000_000}
    assert broken.status_code == 500
    assert stop(server) == 0
    assert "LookupError: no such thing" in server.log


@pytest.mark.parametrize("path", ["/talk", "/sync-talk"])
def test_websockets(server, path):
    """Messages go both ways."""
    host, port = server.address()

    with connect(f"ws://{host}:{port}{path}", proxy=None) as connection:
        connection.send("hello")
        answer = connection.recv(20)

    assert answer == "HELLO"
    assert stop(server) == 0
    assert "Traceback" not in server.log


# Under asyncio Hypercorn itself waits for ever since Python 3.12.1: Server.wait_closed() does.
@pytest.mark.parametrize("worker", ["uvloop", "trio"])
@pytest.mark.parametrize("path", ["/talk", "/sync-talk"])
def test_open_websockets_do_not_keep_it_from_ending(start, worker, path):
    """Their time is over with Hypercorn's own, which they are told; shutdown functions follow."""
    server = start(APP, *HYPERCORN, worker)
    host, port = server.address()

    with connect(f"ws://{host}:{port}{path}", proxy=None) as connection:
        connection.send("hello")
        connection.recv(20)
        status = stop(server)
        with pytest.raises(ConnectionClosed):
            connection.recv(20)

    assert connection.close_code == 1001
    assert status == 0
    assert "\nended\n" in server.log


def test_start_up_and_shutdown(server):
    """The app's functions and its background tasks, in their order; the exit status is 0."""
    server.address()

    status = stop(server)

    lines = [line for line in server.log.splitlines() if line in WORDS]
    assert status == 0
    assert lines[0] == "begun"
    assert sorted(lines[1:-1]) == ["task told", "thread told"]
    assert lines[-1] == "ended"


WORDS = {"begun", "task told", "thread told", "ended"}


def test_open_streams_do_not_keep_it_from_ending(server):
    """They are cut when Hypercorn's time is over, and their teardown functions run."""
    with client_of(server) as client, client.stream("GET", "/endless") as response:
        first = next(response.iter_text())
        status = stop(server)

    assert first == "ready "
    assert status == 0
    assert server.log.index("torn down\n") < server.log.index("ended\n")
