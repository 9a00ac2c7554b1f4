"""What becomes of open streams when a real server is told to stop."""

from __future__ import annotations

import signal
import socket
import threading

import pytest

SOURCE = """
import sys
import time

import anyio

from asyncflask import EventStream, Flask

app = Flask(__name__)
app.config["STREAM_SHUTDOWN_TIMEOUT"] = {grace}


def tell(*words):
    print(*words, file=sys.stderr, flush=True)


@app.after_serving
def end():
    tell("shutdown function")


def items(name, has_end):
    try:
        yield "ready"
        while not (has_end and app.shutdown_event.is_set()):
            time.sleep(0.01)
            yield "more"
        yield "goodbye"
    finally:
        tell("closed", name)


async def items_async(name, has_end):
    try:
        yield "ready"
        while not (has_end and app.shutdown_event.is_set()):
            await anyio.sleep(0.01)
            yield "more"
        yield "goodbye"
    finally:
        await anyio.sleep(0)
        tell("closed", name)


@app.get("/sync/<ending>")
def stream(ending):
    return items("sync", ending == "ends")


@app.get("/async/<ending>")
async def stream_async(ending):
    return items_async("async", ending == "ends")


@app.get("/events/sync")
def events():
    return EventStream(items("sync", False))


@app.get("/events/async")
async def events_async():
    return EventStream(items_async("async", False))


@app.get("/endless")
def endless():
    return iter(lambda: "x" * 10_000, None)
"""
LAST_CHUNK = b"0\r\n\r\n"
SERVERS = [("--loop", "asyncio", "--http", "h11"), ("--loop", "uvloop", "--http", "httptools")]
UVICORN = ("uvicorn", "--host", "127.0.0.1", "--port", "0", "app:app")


@pytest.fixture(params=SERVERS, ids=["h11-asyncio", "httptools-uvloop"])
def serve(request, start):
    """Serve the source with a grace for streams; gives the server and where it listens."""

    def serve(grace, *options):
        server = start(SOURCE.format(grace=grace), *UVICORN, *request.param, *options)
        return server, server.address()

    return serve


def read_until(connection, end):
    received = b""
    while end not in received:
        data = connection.recv(65536)
        assert data, received
        received += data
    return received


def read_all(connection):
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def stop_during(server, address, *paths):
    """Stop the server while it streams; gives what each path still sent."""
    connections = [socket.create_connection(address, timeout=20) for _ in paths]
    for connection, path in zip(connections, paths, strict=True):
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        read_until(connection, b"ready")
    server.signal(signal.SIGTERM)
    rest = {}

    def read(connection, path):
        with connection:
            rest[path] = read_all(connection)

    readers = [
        threading.Thread(target=read, args=each) for each in zip(connections, paths, strict=True)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    server.wait()
    return rest


def check_shutdown(server):
    """The server has stopped in order, and its functions ran once."""
    assert server.log.count("shutdown function\n") == 1
    assert "Application shutdown complete" in server.log
    assert "Traceback" not in server.log
    assert server.process.returncode in {0, -signal.SIGTERM}


def test_streams_may_come_to_their_end(serve):
    """What is over within the grace is complete."""
    server, address = serve(20)

    rest = stop_during(server, address, "/sync/ends", "/async/ends")

    assert all(b"goodbye" in each and each.endswith(LAST_CHUNK) for each in rest.values())
    check_shutdown(server)


def test_streams_that_go_on_are_cut(serve):
    """Their generators are closed; no client takes the response for whole."""
    server, address = serve(0.1)

    rest = stop_during(server, address, "/sync/never", "/async/never")

    assert not any(b"goodbye" in each or each.endswith(LAST_CHUNK) for each in rest.values())
    assert server.log.count("closed sync\n") == server.log.count("closed async\n") == 1
    check_shutdown(server)


def test_streams_wait_for_ever_where_that_is_configured(serve):
    """None sets no time."""
    server, address = serve(None)

    rest = stop_during(server, address, "/sync/ends", "/async/ends")

    assert all(each.endswith(LAST_CHUNK) for each in rest.values())
    check_shutdown(server)


def test_event_streams_are_completed(serve):
    """At once, whatever the grace for others: the page connects again."""
    server, address = serve(None)

    rest = stop_during(server, address, "/events/sync", "/events/async")

    assert all(each.endswith(LAST_CHUNK) for each in rest.values())
    assert server.log.count("closed sync\n") == server.log.count("closed async\n") == 1
    check_shutdown(server)


def test_a_client_that_has_stalled(serve):
    """uvicorn alone can cut off what it still has to send, once its own patience is over."""
    server, address = serve(0, "--timeout-graceful-shutdown", "1")

    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        read_until(connection, b"xxx")
        server.signal(signal.SIGTERM)
        server.wait()

    check_shutdown(server)
