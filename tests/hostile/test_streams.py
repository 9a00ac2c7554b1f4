"""Streams in both directions at once, and clients that leave in the midst of them."""

from __future__ import annotations

import threading

import pytest

from asyncflask import Flask, request

HOST = "Host: localhost"
MIB = 1024 * 1024


@pytest.fixture
def errors(caplog):
    """The messages of all that is logged as an error."""
    return lambda: [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def make_echo():
    app = Flask("echo")
    app.config["BODY_TIMEOUT"] = 20

    @app.post("/async", stream_body=True)
    async def echo_chunks():
        stream = request.stream

        async def chunks():
            async for chunk in stream:
                yield chunk

        return chunks()

    @app.post("/sync", stream_body=True)
    def echo_lines():
        return iter(request.stream)

    @app.post("/half", stream_body=True)
    async def echo_after_a_line():
        first = await request.stream.readline()

        async def chunks():
            yield first.upper()
            async for chunk in request.stream:
                yield chunk

        return chunks()

    return app


@pytest.fixture(scope="module")
def echo(serve):
    return serve(make_echo())


@pytest.mark.parametrize("path", ["/async", "/sync"])
@pytest.mark.parametrize("size", [0, 1, 100_000, 3 * MIB])
def test_a_stream_echoes_a_body_of_any_size(echo, path, size):
    """The server's disconnect is watched for while the body is read, and takes nothing of it."""
    line = b"x" * 1023 + b"\n"
    body = line * (size // 1024) + b"x" * (size % 1024)
    sender_done = threading.Event()

    with echo.connect() as connection:

        def send():
            connection.send(f"POST {path} HTTP/1.1", HOST, f"Content-Length: {size}", body=body)
            sender_done.set()

        threading.Thread(target=send).start()
        answer = connection.read()

    assert sender_done.wait(20)
    assert answer.status == 200
    assert answer.body == body


@pytest.mark.parametrize("path", ["/async", "/sync"])
def test_an_echo_answers_while_the_body_is_still_coming(echo, path):
    """Each line comes back before the next is sent."""
    with echo.connect() as connection:
        connection.send(f"POST {path} HTTP/1.1", HOST, "Transfer-Encoding: chunked")
        for line in (b"one\n", b"two\n"):
            connection.send(body=b"4\r\n" + line + b"\r\n")
            received = b""
            while line not in received:
                received += connection.socket.recv(1000)
        connection.send(body=b"0\r\n\r\n")

        rest = b""
        while not rest.endswith(b"0\r\n\r\n"):
            rest += connection.socket.recv(1000)


def test_a_stream_goes_on_with_the_body_where_the_view_stopped(echo):
    """What the view has read is the view's; the generator gets the rest."""
    answer = echo.ask("POST /half HTTP/1.1", HOST, "Content-Length: 9", body=b"one\ntwo\nx")

    assert answer.body == b"ONE\ntwo\nx"
