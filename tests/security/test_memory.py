"""Bodies of 200 MB, however they are announced, and the memory that they take."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import Connection

pytestmark = pytest.mark.timeout(120)

HOST = "Host: localhost"
MIB = 1024 * 1024
SIZE = 200 * MIB
PIECE = b"x" * MIB
FORM = "Content-Type: multipart/form-data; boundary=bb"
HEAD = b'--bb\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
FIELD = b'--bb\r\nContent-Disposition: form-data; name="f"\r\n\r\n'
END = b"\r\n--bb--\r\n"


@pytest.fixture(scope="module", params=[("h11", "asyncio"), ("httptools", "uvloop")], ids="-".join)
def connect(request):
    """Connect to a server in a process of its own."""
    script = str(Path(__file__).parent / "memory_server.py")
    with subprocess.Popen(
        [sys.executable, script, *request.param], stdout=subprocess.PIPE, text=True
    ) as process:
        port = int(process.stdout.readline())
        yield lambda: socket.create_connection(("127.0.0.1", port), timeout=60)
        process.terminate()


@pytest.fixture
def ask(connect):
    """Send a body and give the answer, and the megabytes by which the server's memory grew."""

    def peak():
        with connect() as raw:
            return int(Connection(raw).ask("GET /peak HTTP/1.1", HOST).text)

    def ask(path, pieces, *fields):
        before = peak()
        with connect() as raw:
            connection = Connection(raw)
            connection.send(f"POST {path} HTTP/1.1", HOST, *fields)
            # The server may answer, and close the connection, before it has everything.
            with suppress(BrokenPipeError, ConnectionResetError):
                for piece in pieces:
                    raw.sendall(piece)
            answer = connection.read("POST")
        return answer, (peak() - before) / 1024

    return ask


def whole():
    return [PIECE] * 200


def chunked():
    return [b"%x\r\n%b\r\n" % (MIB, PIECE)] * 200 + [b"0\r\n\r\n"]


CHUNKED = "Transfer-Encoding: chunked"
ANNOUNCED = f"Content-Length: {SIZE}"
PATHS = pytest.mark.parametrize("path", ["/sync", "/async", "/stream"])


@PATHS
@pytest.mark.parametrize(
    ("pieces", "field"), [(whole(), ANNOUNCED), (chunked(), CHUNKED)], ids=["announced", "chunked"]
)
def test_a_body_over_the_limit_is_not_kept(ask, path, pieces, field):
    """413, whether its length is announced or counted."""
    answer, grown = ask(path, pieces, field)

    assert answer.status == 413
    assert grown < 64


@pytest.mark.parametrize("head", [HEAD, FIELD], ids=["file", "field"])
def test_a_form_over_the_limit_is_not_kept(ask, head):
    """Neither as a file nor as a field."""
    first = b"%x\r\n%b\r\n" % (len(head), head)

    answer, grown = ask("/form", [first, *chunked()], CHUNKED, FORM)

    assert answer.status == 413
    assert grown < 64


@PATHS
@pytest.mark.parametrize("length", [10, 999_999])
def test_a_length_that_lies_lets_no_more_in(ask, path, length):
    """What follows the announced bytes is another request, and none."""
    answer, grown = ask(path, whole(), f"Content-Length: {length}")

    assert answer.status in {200, 400}
    if answer.status == 200:
        assert answer.text == f'{{"size":{length}}}\n'
    assert grown < 64


def test_a_body_that_nobody_reads_is_not_kept(ask):
    """The view never hears of it."""
    answer, grown = ask("/unread", chunked(), CHUNKED)

    assert answer.text == "unread"
    assert grown < 64


@pytest.mark.parametrize(
    ("path", "pieces", "fields"),
    [
        ("/whole-stream", chunked(), [CHUNKED]),
        ("/kept", whole(), [ANNOUNCED]),
        (
            "/upload",
            [HEAD, *whole(), END],
            [FORM, f"Content-Length: {SIZE + len(HEAD) + len(END)}"],
        ),
    ],
    ids=["stream", "file", "form"],
)
def test_a_body_that_is_wanted_is_not_in_memory(ask, path, pieces, fields):
    """It is on disk, or gone by; and it is whole."""
    answer, grown = ask(path, pieces, *fields)

    assert answer.text == f'{{"size":{SIZE}}}\n'
    assert grown < 64
