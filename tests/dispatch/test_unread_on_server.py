"""Bodies that nobody reads, on a server that hands them over in a short queue."""

from __future__ import annotations

import socket

import pytest

HYPERCORN = ("hypercorn", "--bind", "127.0.0.1:0", "app:app", "-k")
MOST = 64 * 1024 * 1024  # bytes, of which no server has room for all

APP = """
import anyio

from asyncflask import Flask

app = Flask(__name__)
released = anyio.Event()


@app.get("/release")
async def release():
    released.set()
    return ""


@app.post("/unread", stream_body=True)
async def read_nothing():
    await released.wait()
    return "read nothing"
"""


@pytest.fixture(params=["asyncio", "trio"])
def address(request, start):
    return start(APP, *HYPERCORN, request.param).address()


connect = socket.create_connection


def send_until_full(connection):
    """Send of a body until nobody takes more of it."""
    connection.settimeout(1)
    with pytest.raises(TimeoutError):
        connection.sendall(b"x" * MOST)
    connection.settimeout(20)


def test_the_answer_ends_the_connection(address):
    """The server's full queue keeps neither the answer from ending nor the connection open."""
    with (
        socket.create_connection(address) as connection,
        socket.create_connection(address) as other,
    ):
        connection.sendall(b"POST /unread HTTP/1.1\r\nHost: localhost\r\n")
        connection.sendall(f"Content-Length: {MOST}\r\n\r\n".encode())
        send_until_full(connection)

        other.sendall(b"GET /release HTTP/1.1\r\nHost: localhost\r\n\r\n")

        assert read_to_the_end(connection).endswith(b"read nothing")


def read_to_the_end(connection):
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except ConnectionError:
        # The server has closed what it did not read.
        pass
    return received
