"""Protocols that the app does not speak, connections that are no HTTP/1.1, servers that stop."""

from __future__ import annotations

import queue
import threading

import anyio
import pytest

from asyncflask import Flask

HOST = "Host: localhost"
HANDSHAKE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)
# uvicorn's own, after every answer to a handshake that is neither 101 nor its plain 403.
COMPLAINT = "ASGI callable returned without completing handshake."


class Work:
    """An app with a view that takes its time, and what has happened to it."""

    def __init__(self):
        self.happened = queue.Queue()
        self.release = threading.Event()
        self.app = app = Flask("protocols")
        app.add_url_rule("/", view_func=lambda: "index")
        app.add_url_rule("/sync", view_func=self.work)
        app.add_url_rule("/async", view_func=self.work_async)
        app.teardown_request(lambda exc: self.happened.put("teardown"))

    def work(self):
        self.happened.put("entered")
        assert self.release.wait(20)
        return "done"

    async def work_async(self):
        self.happened.put("entered")
        await anyio.to_thread.run_sync(self.release.wait, 20, abandon_on_cancel=True)
        return "done"

    def next(self):
        return self.happened.get(timeout=20)


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def errors(caplog):
    """The messages that were logged as errors."""
    return lambda: [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize(("path", "status"), [("/", 400), ("/nowhere", 404), ("/%ff", 404)])
def test_a_websocket_handshake_is_refused(serve, work, errors, path, status):
    """As a request is, where the path has no WebSocket or no view at all; nothing crashes."""
    server = serve(work.app, ws="websockets-sansio")

    answer = server.ask(f"GET {path} HTTP/1.1", HOST, *HANDSHAKE)

    assert answer.status == status
    assert server.ask("GET / HTTP/1.1", HOST).text == "index"
    assert set(errors()) <= {COMPLAINT}


@pytest.mark.parametrize("upgrade", ["h2c", "TLS/1.0", "websocket", "nonsense"])
def test_an_upgrade_that_nobody_makes_is_ignored(serve, work, upgrade):
    """The request is answered as it is."""
    server = serve(work.app, ws="none")

    answer = server.ask("GET / HTTP/1.1", HOST, f"Upgrade: {upgrade}", "Connection: Upgrade")

    assert answer.text == "index"


def test_the_lifespan_is_answered(serve, work, errors):
    """A server that insists on it starts, serves and stops."""
    server = serve(work.app, lifespan="on")

    answer = server.ask("GET / HTTP/1.1", HOST)
    server.stop()

    assert answer.text == "index"
    assert errors() == []


@pytest.mark.parametrize("lines", [("GET / HTTP/1.0",), ("GET / HTTP/1.0", HOST)])
def test_an_old_client_is_answered(serve, work, lines):
    """HTTP/1.0 needs no Host; the connection ends after the response."""
    with serve(work.app).connect() as connection:
        answer = connection.ask(*lines)
        rest = connection.read_all()

    assert answer.text == "index"
    assert rest == b""


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_a_server_that_stops_lets_its_requests_end(serve, work, path):
    """They are answered, and torn down once."""
    server = serve(work.app)

    with server.connect() as connection:
        connection.send(f"GET {path} HTTP/1.1", HOST)
        assert work.next() == "entered"
        server.should_exit = True
        work.release.set()
        answer = connection.read()
    server.stop()

    assert answer.text == "done"
    assert work.next() == "teardown"
    assert work.happened.empty()


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_a_server_that_does_not_wait_cancels_its_requests(serve, work, path):
    """They get 500, or none at all, and are torn down once; a thread is waited for."""
    server = serve(work.app, timeout_graceful_shutdown=0)

    with server.connect() as connection:
        connection.send(f"GET {path} HTTP/1.1", HOST)
        assert work.next() == "entered"
        if path == "/sync":
            work.release.set()
        server.stop()
        connection.read_all()
    work.release.set()

    assert work.next() == "teardown"
    assert work.happened.empty()


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_a_client_that_leaves_before_the_answer_is_no_error(serve, work, errors, path):
    """The view ends as ever, the response goes nowhere, teardown runs once."""
    server = serve(work.app)

    with server.connect() as connection:
        connection.send(f"GET {path} HTTP/1.1", HOST)
        assert work.next() == "entered"
        connection.close()
    work.release.set()

    assert work.next() == "teardown"
    assert server.ask("GET / HTTP/1.1", HOST).text == "index"
    assert work.next() == "teardown"
    assert work.happened.empty()
    assert errors() == []


@pytest.mark.parametrize("debug", [False, True])
def test_no_traceback_reaches_the_client(serve, errors, debug):
    """In debug mode the error goes on to the server, which logs it and keeps it to itself."""
    app = Flask("debug")
    app.debug = debug
    app.add_url_rule("/", view_func=lambda: 1 / 0)

    answer = serve(app).ask("GET / HTTP/1.1", HOST)

    assert answer.status == 500
    assert "Traceback" not in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert len(errors()) == 1
