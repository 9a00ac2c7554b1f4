"""Requests that take too long, or whose client leaves, over a real connection."""

from __future__ import annotations

import logging
import queue
import threading

import anyio
import pytest

from asyncflask import Flask, request

HOST = "Host: localhost"


class Served:
    """An app whose views wait until they are told to end, and tell what becomes of them."""

    def __init__(self):
        self.app = Flask("served")
        self.told = queue.Queue()
        self.may_end = threading.Semaphore(0)
        self.app.teardown_request(lambda exc: self.told.put("torn down"))
        self.add_views()
        self.add_views_of_clients()

    def add_views(self):
        app = self.app

        @app.get("/quick")
        def quick():
            return "quick"

        @app.get("/async", timeout=0.05)
        async def wait_async():
            await anyio.sleep_forever()

        @app.get("/sync", timeout=0.05)
        def wait():
            self.may_end.acquire(timeout=20)
            self.told.put("view ended")
            return "too late"

        @app.get("/stream", timeout=0.05)
        async def stream():
            async def items():
                yield "first"
                await anyio.sleep_forever()

            return items()

        @app.post("/body", timeout=0.05, stream_body=True)
        async def read():
            return await request.stream.read()

    def add_views_of_clients(self):
        app, told = self.app, self.told

        @app.route("/left", methods=["GET", "POST"], cancel_on_disconnect=True)
        async def wait_for_client():
            told.put("waiting")
            try:
                await anyio.sleep_forever()
            finally:
                told.put("cancelled")

        @app.post("/left-unread", cancel_on_disconnect=True, stream_body=True)
        async def wait_with_body():
            return await wait_for_client()


@pytest.fixture(scope="module")
def served():
    return Served()


@pytest.fixture(scope="module")
def server(serve, served):
    return serve(served.app)


def test_an_async_view_that_is_late(server, served):
    """503, and the connection goes on."""
    with server.connect() as connection:
        late = connection.ask("GET /async HTTP/1.1", HOST)
        after = connection.ask("GET /quick HTTP/1.1", HOST)

    assert (late.status, after.text) == (503, "quick")
    assert [served.told.get(timeout=10) for _ in range(2)] == ["torn down"] * 2


def test_a_sync_view_that_is_late(server, served):
    """503 while its thread runs on, whose context is torn down when it ends."""
    late = server.ask("GET /sync HTTP/1.1", HOST)
    nothing_yet = served.told.empty()
    served.may_end.release()

    assert (late.status, nothing_yet) == (503, True)
    assert [served.told.get(timeout=10) for _ in range(2)] == ["view ended", "torn down"]


def test_a_stream_that_is_late(server, served, caplog):
    """The connection is cut without the chunk that ends a body; we warn once."""
    with caplog.at_level(logging.WARNING, "served"), server.connect() as connection:
        connection.send("GET /stream HTTP/1.1", HOST)
        received = connection.read_all()

    assert received.startswith(b"HTTP/1.1 200")
    assert received.endswith(b"5\r\nfirst\r\n")
    assert served.told.get(timeout=10) == "torn down"
    assert [r.levelname for r in caplog.records if r.name == "served"] == ["WARNING"]


def test_a_body_that_comes_too_slowly_for_the_response(server, served):
    """What a view waits for counts, whatever it is."""
    answer = server.ask("POST /body HTTP/1.1", HOST, "Content-Length: 10", body=b"abc")

    assert answer.status == 503
    assert served.told.get(timeout=10) == "torn down"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (("GET /left HTTP/1.1", HOST), b""),
        (("POST /left HTTP/1.1", HOST, "Content-Length: 3"), b"abc"),
        (("POST /left-unread HTTP/1.1", HOST, "Content-Length: 30000"), b"x" * 30_000),
        (("POST /left-unread HTTP/1.1", HOST, "Content-Length: 30000"), b"x" * 1000),
    ],
)
def test_a_client_that_leaves(server, served, head, body):
    """The view is cancelled, whether its body was received, or is unread, or incomplete."""
    with server.connect() as connection:
        connection.send(*head, body=body)
        assert served.told.get(timeout=10) == "waiting"
        connection.close()

        told = [served.told.get(timeout=10) for _ in range(2)]

    assert told == ["cancelled", "torn down"]


def test_the_test_client_sees_a_late_view():
    """As any client does; and a stream that was cut off is an error."""
    client = Served().app.test_client()

    assert client.get("/async").status_code == 503
    with pytest.raises(RuntimeError, match="returned before its response was complete"):
        client.get("/stream").get_data()


@pytest.mark.anyio
async def test_the_async_test_client_sees_a_late_view():
    """As any client does; and a stream that was cut off is an error."""
    async with Served().app.async_test_client() as client:
        assert (await client.get("/async")).status_code == 503
        with pytest.raises(RuntimeError, match="returned before its response was complete"):
            await client.get("/stream")
