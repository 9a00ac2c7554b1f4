"""How bodies are framed: lengths that lie, chunks, pipelining, pauses, clients that leave."""

from __future__ import annotations

import queue
import socket
from contextlib import suppress

import pytest

from asyncflask import Flask, request
from asyncflask.exceptions import ClientDisconnected

HOST = "Host: localhost"
NEXT = (b"GET /next HTTP/1.1", b"Host: localhost")


@pytest.fixture(scope="module")
def seen():
    """What teardown functions and views have noted."""
    return queue.Queue()


def make_app(seen, **config):
    app = Flask("bodies")
    app.config.update(MAX_CONTENT_LENGTH=1_000_000, **config)

    def measure():
        return {"size": len(request.get_data())}

    @app.route("/sync", methods=["GET", "POST"])
    def measure_sync():
        return measure()

    @app.route("/async", methods=["GET", "POST"])
    async def measure_async():
        return measure()

    @app.post("/stream", stream_body=True)
    async def measure_stream():
        return {"size": sum([len(chunk) async for chunk in request.stream])}

    @app.post("/note")
    def note():
        try:
            request.get_data()
        except ClientDisconnected:
            seen.put("view")
            raise
        return "read"

    @app.get("/next")
    def answer_next():
        return "next"

    @app.teardown_request
    def note_teardown(exc):
        if request.path == "/note":
            seen.put("teardown")

    return app


@pytest.fixture(scope="module")
def server(serve, seen):
    return serve(make_app(seen))


@pytest.fixture(scope="module")
def impatient(serve, seen):
    """A server that waits no longer than 0.1 seconds for data."""
    return serve(make_app(seen, BODY_TIMEOUT=0.1))


@pytest.fixture
def errors(caplog):
    """The messages that were logged as errors."""
    return lambda: [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


PATHS = pytest.mark.parametrize("path", ["/sync", "/async", "/stream"])


@PATHS
def test_a_body_that_is_shorter_than_announced_times_out(impatient, errors, path):
    """408; and the connection is closed, for nobody knows what comes next."""
    with impatient.connect() as connection:
        answer = connection.ask(f"POST {path} HTTP/1.1", HOST, "Content-Length: 10", body=b"abc")
        rest = connection.read_all()

    assert answer.status == 408
    assert rest == b""
    assert errors() == []


@PATHS
def test_a_body_that_is_longer_than_announced_is_the_next_request(server, errors, path):
    """The framing is the server's: the rest is no request, and is refused as one."""
    with server.connect() as connection:
        first = connection.ask(f"POST {path} HTTP/1.1", HOST, "Content-Length: 3", body=b"abcdef")
        connection.send(b"", b"")
        rest = connection.read_all()

    assert first.status == 400 or first.text == '{"size":3}\n'
    assert b"HTTP/1.1 200" not in rest
    assert errors() == []


@pytest.mark.parametrize(
    "fields",
    [
        ("Content-Length: -1",),
        ("Content-Length: abc",),
        ("Content-Length: 1e3",),
        ("Content-Length: 0x10",),
        ("Content-Length: +3",),
        ("Content-Length: 3, 3, 5",),
        ("Content-Length: 3", "Content-Length: 5"),
        ("Content-Length: " + "9" * 100,),
        ("Content-Length: \xb2",),
        ("Transfer-Encoding: chunked", "Content-Length: 3"),
        ("Transfer-Encoding: gzip",),
        ("Transfer-Encoding: chunked, chunked",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        (" Content-Length: 3",),
    ],
)
def test_a_body_whose_framing_is_in_doubt_is_not_read_twice(server, errors, fields):
    """What could smuggle a second request past a proxy ends the connection, or is framed one
    way only.
    """
    smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"

    with server.connect() as connection:
        connection.send("POST /sync HTTP/1.1", HOST, *fields, "Connection: close", body=smuggled)
        answers = connection.read_all()

    assert answers.count(b"HTTP/1.1 ") == 1
    assert b"HTTP/1.1 500" not in answers
    assert errors() == []
    assert server.ask(*NEXT).text == "next"


@PATHS
@pytest.mark.parametrize(
    "chunks",
    [b"zz\r\nabc\r\n", b"-1\r\nabc\r\n", b"3\r\nabcdef\r\n0\r\n\r\n"],
)
def test_chunks_that_are_none_end_the_connection(server, path, chunks):
    """Nothing of them comes as a body, and the server goes on."""
    with server.connect() as connection:
        connection.send(f"POST {path} HTTP/1.1", HOST, "Transfer-Encoding: chunked", body=chunks)
        answers = connection.read_all()

    assert b"HTTP/1.1 200" not in answers
    assert b"HTTP/1.1 500" not in answers
    assert server.ask(*NEXT).text == "next"


@PATHS
def test_many_small_chunks_are_one_body(server, path):
    """With extensions and trailers, which mean nothing here."""
    body = b"1;a=b\r\nx\r\n" * 20_000 + b"0\r\nX-Trailer: a\r\n\r\n"

    with server.connect() as connection:
        first = connection.ask(
            f"POST {path} HTTP/1.1", HOST, "Transfer-Encoding: chunked", body=body
        )
        second = connection.ask(*NEXT)

    assert first.text == '{"size":20000}\n'
    assert second.text == "next"


@PATHS
def test_a_chunked_body_over_the_limit_is_too_large(server, path):
    """Found by counting; the connection goes on."""
    body = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

    with server.connect() as connection:
        first = connection.ask(
            f"POST {path} HTTP/1.1",
            HOST,
            "Transfer-Encoding: chunked",
            body=body * 16 + b"0\r\n\r\n",
        )
        second = connection.ask(*NEXT)

    assert first.status == 413
    assert second.text == "next"


@pytest.mark.parametrize("path", ["/sync", "/async"])
@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "HEAD"])
def test_a_body_where_none_belongs_disturbs_nobody(server, path, method):
    """It is read or skipped; the connection goes on."""
    with server.connect() as connection:
        first = connection.ask(f"{method} {path} HTTP/1.1", HOST, "Content-Length: 3", body=b"abc")
        second = connection.ask(*NEXT)

    assert first.status in {200, 405}
    assert second.text == "next"


@pytest.mark.parametrize("path", ["/nowhere", "/next", "/sync/"])
@pytest.mark.parametrize("size", [3, 2_000_000])
def test_a_body_that_nobody_wants_disturbs_nobody(server, path, size):
    """404 and 405 do not read it, and the connection goes on."""
    with server.connect() as connection:
        first = connection.ask(
            f"POST {path} HTTP/1.1", HOST, f"Content-Length: {size}", body=b"x" * size
        )
        second = connection.ask(*NEXT)

    assert first.status in {404, 405}
    assert second.text == "next"


def test_pipelined_requests_are_answered_in_their_order(server):
    """Bodies, errors and all."""
    requests = b"".join(
        [
            b"POST /sync HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc",
            b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"POST /async HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nab\r\n0\r\n\r\n",
            b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc",
            b"GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ]
        * 20
    )

    with server.connect() as connection:
        connection.send(body=requests)
        answers = [connection.read() for _ in range(100)]

    assert [answer.status for answer in answers] == [200, 404, 200, 404, 200] * 20
    assert answers[0].text == '{"size":3}\n'
    assert answers[-1].text == "next"


@pytest.mark.parametrize("path", ["/sync", "/async", "/stream"])
def test_a_client_that_waits_for_100_gets_it_where_the_body_is_wanted(server, path):
    """And its body is read."""
    with server.connect() as connection:
        connection.send(f"POST {path} HTTP/1.1", HOST, "Expect: 100-continue", "Content-Length: 3")
        interim = connection.socket.recv(1000)
        connection.send(body=b"abc")
        answer = connection.read()

    assert interim.startswith(b"HTTP/1.1 100 ")
    assert answer.text == '{"size":3}\n'


@pytest.mark.parametrize("expectation", ["something-else", "100-continue, x", ""])
def test_an_expectation_that_nobody_knows_is_ignored(server, expectation):
    """As in Flask's server; the body comes and is read."""
    answer = server.ask(
        "POST /sync HTTP/1.1", HOST, f"Expect: {expectation}", "Content-Length: 3", body=b"abc"
    )

    assert answer.status == 200


@pytest.mark.parametrize("sent", [b"", b"abc", b"x" * 100_000])
def test_a_client_that_leaves_within_the_body_is_no_error(server, seen, errors, sent):
    """The view sees it where it asks for the body; teardown runs once; nothing is logged."""
    with server.connect() as connection:
        connection.send("POST /note HTTP/1.1", HOST, "Content-Length: 500000", body=sent)
        connection.close()

    assert [seen.get(timeout=20), seen.get(timeout=20)] == ["view", "teardown"]
    assert server.ask(*NEXT).text == "next"
    assert seen.empty()
    assert errors() == []


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n",
        b"\0" * 100,
        b"GET",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 200_000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 50_000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
    ],
)
def test_bytes_that_are_no_request_harm_nobody(server, errors, raw):
    """Whatever the server says to them, it goes on."""
    with server.connect() as connection:
        # It may close the connection before the end.
        with suppress(OSError):
            connection.send(body=raw)
            connection.socket.shutdown(socket.SHUT_WR)
        connection.read_all()

    assert server.ask(*NEXT).text == "next"
    assert errors() == []
