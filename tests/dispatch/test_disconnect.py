"""A client that leaves, and who hears of it, over a real connection."""

from __future__ import annotations

import queue
import time

import anyio
import pytest

from asyncflask import Flask, request
from asyncflask.wrappers.shared_receive import MOST_AHEAD

POST = ("POST {} HTTP/1.1", "Host: localhost", "Content-Length: 10")


class Watched:
    """An app that tells what its views see."""

    def __init__(self):
        self.app = Flask("watched")
        self.seen = queue.Queue()
        self.add_polling_views()
        self.add_streams()

        @self.app.teardown_request
        def note_teardown(exc):
            self.seen.put("torn down")

    def add_polling_views(self):
        app, seen = self.app, self.seen

        @app.route("/async", methods=["GET", "POST"])
        async def wait_async():
            seen.put(await request.is_disconnected())
            while not await request.is_disconnected():
                await anyio.sleep(0.001)
            seen.put(request.get_data())
            return ""

        @app.route("/sync", methods=["GET", "POST"])
        def wait():
            seen.put(request.is_disconnected())
            while not request.is_disconnected():
                time.sleep(0.001)
            seen.put(request.get_data())
            return ""

        @app.post("/stream", stream_body=True)
        async def wait_streaming():
            seen.put(await request.is_disconnected())
            while not await request.is_disconnected():
                await anyio.sleep(0.001)
            seen.put(await request.stream.read(10))
            return ""

        @app.post("/once", stream_body=True)
        async def look_once():
            before = await request.is_disconnected()
            return {"disconnected": before, "read": len(await request.stream.read())}

    def add_streams(self):
        app = self.app
        app.config["BODY_TIMEOUT"] = 0.1

        @app.post("/endless", stream_body=True)
        async def stream():
            async def items():
                yield "first"
                await anyio.sleep_forever()

            return items()


@pytest.fixture(scope="module")
def watched():
    return Watched()


@pytest.fixture(scope="module")
def server(serve, watched):
    return serve(watched.app)


@pytest.mark.parametrize("path", ["/async", "/sync"])
def test_a_view_that_asks_hears_that_its_client_has_left(server, watched, path):
    """In a GET request, with nothing to receive."""
    with server.connect() as connection:
        connection.send(f"GET {path} HTTP/1.1", "Host: localhost")
        before = watched.seen.get(timeout=10)
        connection.close()

        after = [watched.seen.get(timeout=10) for _ in range(2)]

    assert (before, after) == (False, [b"", "torn down"])


@pytest.mark.parametrize("path", ["/async", "/sync", "/stream"])
def test_the_body_can_be_read_after_asking(server, watched, path):
    """Whether it was received before the view or not."""
    with server.connect() as connection:
        connection.send(POST[0].format(path), *POST[1:], body=b"0123456789")
        before = watched.seen.get(timeout=10)
        connection.close()

        after = [watched.seen.get(timeout=10) for _ in range(2)]

    assert (before, after) == (False, [b"0123456789", "torn down"])


def test_asking_takes_nothing_of_a_long_body(server, watched):
    """What was looked at comes first when the body is read."""
    head = ("POST /once HTTP/1.1", "Host: localhost", "Content-Length: 3000000")

    answer = server.ask(*head, body=b"x" * 3_000_000)

    assert answer.text == '{"disconnected":false,"read":3000000}\n'
    assert watched.seen.get(timeout=10) == "torn down"


def test_a_stream_ends_though_a_long_body_was_left_unread(server, watched):
    """Nobody reads it for BODY_TIMEOUT, so it is dropped, and the disconnect behind it seen."""
    body = b"x" * 20 * MOST_AHEAD
    with server.connect() as connection:
        connection.send(
            "POST /endless HTTP/1.1",
            "Host: localhost",
            f"Content-Length: {len(body) + 1}",
            body=body,
        )
        assert connection.socket.recv(12) == b"HTTP/1.1 200"
        connection.close()

        assert watched.seen.get(timeout=10) == "torn down"


@pytest.mark.parametrize("asks", ["sync", "async"])
def test_without_a_server_nobody_disconnects(asks):
    """In a context of a test's own."""
    app = Flask("alone")

    with app.test_request_context():
        if asks == "sync":
            assert request.is_disconnected() is False
        else:
            assert anyio.run(_ask, request._get_current_object()) is False


async def _ask(request):
    return await request.is_disconnected()


def test_the_test_client_stays():
    """Until the response is there."""
    app = Watched().app

    @app.get("/here")
    def here():
        return {"disconnected": request.is_disconnected()}

    assert app.test_client().get("/here").json == {"disconnected": False}


@pytest.mark.anyio
async def test_the_async_test_client_stays():
    """Until the response is there."""
    app = Watched().app

    @app.post("/here")
    async def here():
        return {
            "disconnected": await request.is_disconnected(),
            "data": request.get_data(as_text=True),
        }

    async with app.async_test_client() as client:
        response = await client.post("/here", content="body")

    assert response.json() == {"disconnected": False, "data": "body"}


@pytest.mark.anyio
async def test_a_body_whose_sender_was_interrupted_never_looks_complete():
    """The async test client's: asking cancels a generator that waits, which cannot go on."""
    app = Flask("interrupted")
    may_send = anyio.Event()

    @app.post("/", stream_body=True)
    async def read():
        first = await request.stream.read(3)
        await request.is_disconnected()
        may_send.set()
        return first + await request.stream.read()

    async def body():
        yield b"one"
        await may_send.wait()
        yield b"two"

    async with app.async_test_client() as client:
        response = await client.post("/", content=body())

    assert response.status_code == 400
