"""Responses on a real server, over real sockets."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

import anyio
import pytest

from asyncflask.dispatch.files import send_file
from asyncflask.wrappers.response import Response


@pytest.fixture
def serve_response(serve):
    """Serve a function from a scope to a response; gives a way to connect."""

    def serve_response(make_response):
        async def app(scope, receive, send):
            await make_response(scope)(scope, receive, send)

        return Client(serve(app).address)

    return serve_response


class Client:
    """Sends requests as text and reads what comes back."""

    def __init__(self, address):
        self.address = address

    @contextmanager
    def connect(self):
        with socket.create_connection(self.address, timeout=20) as connection:
            yield connection

    def ask(self, *lines):
        """The whole answer of a connection that is closed after it."""
        head = "\r\n".join([*lines, "Host: localhost", "Connection: close", "", ""])
        with self.connect() as connection:
            connection.sendall(head.encode())
            return read_all(connection)


def read_all(connection):
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def split(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.lower(), body


def test_a_range_of_a_file(serve_response, tmp_path):
    """206, with exactly the bytes that were asked for."""
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(range(256)) * 4096)
    client = serve_response(lambda scope: send_file(path, scope))

    head, body = split(client.ask("GET / HTTP/1.1", "Range: bytes=300000-999999"))

    assert head.startswith(b"http/1.1 206 ")
    assert b"content-range: bytes 300000-999999/1048576" in head
    assert body == path.read_bytes()[300000:1000000]


def test_a_copy_that_is_good(serve_response, tmp_path):
    """304 has neither body nor size."""
    path = tmp_path / "page.txt"
    path.write_bytes(b"page")
    client = serve_response(lambda scope: send_file(path, scope, etag="own"))

    head, body = split(client.ask("GET / HTTP/1.1", 'If-None-Match: "own"'))

    assert head.startswith(b"http/1.1 304 ")
    assert b"content-length" not in head
    assert body == b""


@pytest.mark.parametrize("status", [200, 204, 304])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_connection_stays_in_step(serve_response, status, method):
    """After an answer with or without body the next one is understood."""
    client = serve_response(lambda scope: Response("abc", status=status))
    first = f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    second = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    with client.connect() as connection:
        connection.sendall((first + second).encode())
        answers = read_all(connection).lower()

    assert answers.count(f"http/1.1 {status} ".encode()) == 2
    assert answers.count(b"abc") == (status == 200) * (1 + (method == "GET"))


def make_endless(kind, ended):
    """A generator without end, which notes each time that it was closed."""

    async def async_pieces():
        try:
            while True:
                yield "piece"
                await anyio.lowlevel.checkpoint()
        finally:
            ended.append(True)

    def sync_pieces():
        try:
            while True:
                yield "piece"
        finally:
            ended.append(True)

    return async_pieces() if kind == "async" else sync_pieces()


@pytest.mark.parametrize("kind", ["async", "sync"])
def test_a_client_that_goes_ends_the_stream(serve_response, kind):
    """The generator is closed once, and the functions of call_on_close run."""
    ended, closed = [], threading.Event()

    def make_response(scope):
        response = Response(make_endless(kind, ended))
        response.call_on_close(closed.set)
        return response

    client = serve_response(make_response)
    with client.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"piece" in connection.recv(65536) + connection.recv(65536)

    assert closed.wait(20)
    assert ended == [True]


def test_a_client_that_goes_ends_a_stream_that_is_silent(serve_response):
    """Also while the generator waits for something that never comes."""
    closed = threading.Event()

    async def pieces():
        try:
            yield "piece"
            await anyio.sleep_forever()
        finally:
            closed.set()

    client = serve_response(lambda scope: Response(pieces()))
    with client.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.recv(65536)

    assert closed.wait(20)


def test_an_error_in_a_stream_cuts_the_connection(serve_response):
    """The client can tell that the body is not complete."""

    async def pieces():
        yield "piece"
        raise ZeroDivisionError

    client = serve_response(lambda scope: Response(pieces()))

    head, body = split(client.ask("GET / HTTP/1.1"))

    assert b"transfer-encoding: chunked" in head
    assert not body.endswith(b"0\r\n\r\n")
