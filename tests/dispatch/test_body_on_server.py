"""Bodies over a real connection: broken, truncated, oversized and slow ones."""

from __future__ import annotations

import queue
import socket
from http.client import HTTPResponse

import pytest

from asyncflask import Flask, request
from asyncflask.exceptions import ClientDisconnected

MIB = 1024 * 1024
FILE_HEAD = b'--bb\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\n'
MULTIPART = "Content-Type: multipart/form-data; boundary=bb"
NEXT = b"GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n"


def make_app(disconnects):
    app = Flask("server")
    app.config.update(MAX_CONTENT_LENGTH=8 * MIB, BODY_TIMEOUT=0.2)

    @app.get("/next")
    def answer_next():
        return "next"

    @app.post("/sync")
    def measure():
        return {"size": len(request.get_data())}

    @app.post("/async")
    async def measure_async():
        return {"size": len(request.get_data())}

    @app.post("/small", max_content_length=10)
    def measure_small():
        return {"size": len(request.get_data())}

    @app.post("/form")
    async def list_form():
        files = {name: len(file.read()) for name, file in request.files.items()}
        return {"fields": request.form, "files": files}

    @app.post("/gone")
    async def wait_for_body():
        try:
            request.get_data()
        except ClientDisconnected as exc:
            disconnects.put(exc)
        return ""

    add_streams(app)
    return app


def add_streams(app):
    @app.post("/stream", stream_body=True)
    async def read_some():
        return {"read": len(await request.stream.read(10))}

    @app.post("/stream-sync", stream_body=True)
    def read_lines():
        return {"lines": [len(line) for line in request.stream]}

    @app.post("/unread", stream_body=True)
    def read_nothing():
        return "unread"


@pytest.fixture(scope="module")
def disconnects():
    """What views caught of clients that had gone."""
    return queue.Queue()


@pytest.fixture(scope="module")
def address(serve, disconnects):
    """A running server's address."""
    return serve(make_app(disconnects)).address


@pytest.fixture
def connection(address):
    """A connection to the server."""
    with socket.create_connection(address, timeout=10) as connection:
        yield connection


def head(path, *headers, length=None):
    """The first lines of a POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", *headers]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()


def read_response(connection):
    """Return the next response's status, headers and text."""
    response = HTTPResponse(connection, method="POST")
    # Byte by byte, else the reader would buffer, and close with it, the next response's start.
    response.fp = connection.makefile("rb", 0)
    response.begin()
    body = response.read()
    return response.status, response.headers, body.decode()


@pytest.mark.parametrize("path", ["/sync", "/async"])
@pytest.mark.parametrize("size", [1, 100_000, 3 * MIB])
def test_a_body_arrives_whole(connection, path, size):
    """In memory or by way of a file, in sync and async views."""
    connection.sendall(head(path, length=size) + b"x" * size)

    status, _, text = read_response(connection)

    assert (status, text) == (200, f'{{"size":{size}}}\n')


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_a_chunked_body_arrives_whole(connection, path):
    """Without a length."""
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    connection.sendall(head(path, "Transfer-Encoding: chunked") + chunk * 20 + b"0\r\n\r\n")

    status, _, text = read_response(connection)

    assert (status, text) == (200, f'{{"size":{20 * 0x10000}}}\n')


@pytest.mark.parametrize(
    ("path", "size"), [("/sync", 9 * MIB), ("/async", 9 * MIB), ("/small", 11)]
)
def test_after_a_body_that_is_too_large_the_connection_goes_on(connection, path, size):
    """413, though the client sends it all, then the next request's response."""
    connection.sendall(head(path, length=size) + b"x" * size + NEXT)

    first, second = read_response(connection), read_response(connection)

    assert first[0] == 413
    assert "close" not in first[1].get("Connection", "")
    assert second[2] == "next"


def test_after_a_chunked_body_that_is_too_large_the_connection_goes_on(connection):
    """The limit is found by counting."""
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    body = chunk * (9 * MIB // 0x10000) + b"0\r\n\r\n"
    connection.sendall(head("/async", "Transfer-Encoding: chunked") + body + NEXT)

    first, second = read_response(connection), read_response(connection)

    assert first[0] == 413
    assert second[2] == "next"


def test_a_client_that_waits_is_told_to_send(connection):
    """Expect: 100-continue is answered because the body is wanted."""
    connection.sendall(head("/sync", "Expect: 100-continue", length=3))
    interim = connection.recv(1000)
    connection.sendall(b"abc" + NEXT)

    first, second = read_response(connection), read_response(connection)

    assert interim.startswith(b"HTTP/1.1 100 ")
    assert first[2] == '{"size":3}\n'
    assert second[2] == "next"


@pytest.mark.parametrize(
    ("path", "length", "status"), [("/small", 11, 413), ("/nowhere", 3, 404), ("/unread", 3, 200)]
)
def test_a_client_that_waits_in_vain_is_disconnected(connection, path, length, status):
    """Nobody wants the body: the response comes at once, and the connection ends."""
    connection.sendall(head(path, "Expect: 100-continue", length=length))

    first = read_response(connection)

    assert first[0] == status
    assert first[1]["Connection"] == "close"
    assert connection.recv(1) == b""


def test_a_long_form_arrives(connection):
    """A file of several mebibytes and a field beside it."""
    field = b'\r\n--bb\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--bb--\r\n'
    body = FILE_HEAD + b"x" * 4 * MIB + field
    connection.sendall(head("/form", MULTIPART, length=len(body)) + body)

    status, _, text = read_response(connection)

    assert (status, text) == (200, f'{{"fields":{{"a":"b"}},"files":{{"f":{4 * MIB}}}}}\n')


@pytest.mark.parametrize("size", [10, 2 * MIB])
@pytest.mark.parametrize("tail", [b"", b"\r\n--bb", b"\r\n--bbgarbage--\r\n"])
def test_after_a_broken_form_the_connection_goes_on(connection, size, tail):
    """400, whether it was parsed as it came or when it was asked for."""
    body = FILE_HEAD + b"x" * size + tail
    connection.sendall(head("/form", MULTIPART, length=len(body)) + body + NEXT)

    first, second = read_response(connection), read_response(connection)

    assert first[0] == 400
    assert second[2] == "next"


@pytest.mark.parametrize("sent", [b"", b"abc", b"x" * 2 * MIB])
def test_a_client_that_goes_before_the_end_is_noticed(address, disconnects, sent):
    """The view's access to the body raises ClientDisconnected."""
    with socket.create_connection(address) as connection:
        connection.sendall(head("/gone", length=3 * MIB) + sent)

    assert disconnects.get(timeout=10).code == 400


@pytest.mark.parametrize("path", ["/sync", "/async", "/stream"])
def test_a_client_that_stalls_times_out(connection, path):
    """408, and the connection ends, since nobody knows what may still come."""
    connection.sendall(head(path, length=100) + b"abc")

    first = read_response(connection)

    assert first[0] == 408
    assert first[1]["Connection"] == "close"
    assert connection.recv(1) == b""


@pytest.mark.parametrize(("path", "text"), [("/stream", '{"read":10}\n'), ("/unread", "unread")])
@pytest.mark.parametrize("size", [100, 3 * MIB])
def test_after_a_stream_that_was_not_read_to_its_end_the_connection_goes_on(
    connection, path, text, size
):
    """The rest is skipped."""
    connection.sendall(head(path, length=size) + b"x" * size + NEXT)

    first, second = read_response(connection), read_response(connection)

    assert (first[0], first[2]) == (200, text)
    assert second[2] == "next"


def test_a_sync_view_reads_its_stream_as_a_file(connection):
    """Line by line, from a worker."""
    connection.sendall(head("/stream-sync", length=9) + b"one\ntwo\nx")

    assert read_response(connection)[2] == '{"lines":[4,4,1]}\n'
