"""Streams in both directions at once, and clients that leave in the midst of them."""

from __future__ import annotations

import queue
import threading

import anyio
import pytest

from asyncflask import Flask, request, stream_with_context

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


class Streams:
    """An app with streams of every colour, and a queue of what has happened to them."""

    def __init__(self):
        self.happened = queue.Queue()
        self.release = threading.Event()
        self.app = app = Flask("streams")
        app.teardown_request(self.note_teardown)
        app.add_url_rule("/next", view_func=lambda: "next")
        app.add_url_rule("/<colour>/<ending>", view_func=self.start)

    def note_teardown(self, exc):
        if request.endpoint == "start":
            self.happened.put(("teardown", request.path, exc and type(exc).__name__))

    def start(self, colour, ending):
        pieces = self.pieces_async if colour == "async" else self.pieces
        return stream_with_context(pieces(ending))

    def pieces(self, ending):
        try:
            if ending == "failure":
                raise ZeroDivisionError("secret-of-the-app")
            yield "piece"
            if ending == "error":
                raise ZeroDivisionError("secret-of-the-app")
            while ending == "endless":
                yield "x" * 10_000
            if ending == "silent":
                self.release.wait(20)
        finally:
            self.happened.put(("closed", request.path))

    async def pieces_async(self, ending):
        try:
            if ending == "failure":
                raise ZeroDivisionError("secret-of-the-app")
            yield "piece"
            if ending == "error":
                raise ZeroDivisionError("secret-of-the-app")
            while ending == "endless":
                yield "x" * 10_000
            if ending == "silent":
                await anyio.sleep_forever()
        finally:
            self.happened.put(("closed", request.path))

    def next_two(self):
        """What happens next, and then."""
        return [self.happened.get(timeout=20), self.happened.get(timeout=20)]


@pytest.fixture
def streams():
    return Streams()


COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])


@COLOURS
def test_a_stream_that_ends_is_closed_and_torn_down(serve, streams, errors, colour):
    """Once each, in this order, with the request still there."""
    answer = serve(streams.app).ask(f"GET /{colour}/end HTTP/1.1", HOST)

    path = f"/{colour}/end"
    assert answer.text == "piece"
    assert streams.next_two() == [("closed", path), ("teardown", path, None)]
    assert streams.happened.empty()
    assert errors() == []


@COLOURS
def test_a_stream_that_fails_cuts_the_connection(serve, streams, errors, colour):
    """So that nobody takes it for whole; it is logged, and teardown is told of the error."""
    server = serve(streams.app)

    with server.connect() as connection:
        connection.send(f"GET /{colour}/error HTTP/1.1", HOST)
        answer = connection.read_all()

    path = f"/{colour}/error"
    assert b"piece" in answer
    assert not answer.endswith(b"0\r\n\r\n")
    assert b"secret-of-the-app" not in answer
    assert streams.next_two() == [("closed", path), ("teardown", path, "ZeroDivisionError")]
    assert server.ask("GET /next HTTP/1.1", HOST).text == "next"
    assert streams.happened.empty()
    assert errors().count(f"Exception on {path} [GET]") == 1


@COLOURS
def test_a_stream_that_fails_before_its_first_item_is_a_500(serve, streams, errors, colour):
    """As in Flask: nothing has been sent, so that it can still be answered."""
    server = serve(streams.app)

    answer = server.ask(f"GET /{colour}/failure HTTP/1.1", HOST)

    path = f"/{colour}/failure"
    assert answer.status == 500
    assert streams.next_two() == [("closed", path), ("teardown", path, "ZeroDivisionError")]
    assert errors().count(f"Exception on {path} [GET]") == 1


@COLOURS
@pytest.mark.parametrize("ending", ["endless", "silent"])
def test_a_client_that_leaves_a_stream_is_no_error(serve, streams, errors, colour, ending):
    """The generator is closed and torn down, once each; nothing is logged."""
    server = serve(streams.app)

    with server.connect() as connection:
        connection.send(f"GET /{colour}/{ending} HTTP/1.1", HOST)
        while b"piece" not in connection.socket.recv(65536):
            pass
        connection.close()
    if (colour, ending) == ("sync", "silent"):
        # A thread cannot be interrupted: it is left alone until it has its next piece.
        streams.release.set()

    path = f"/{colour}/{ending}"
    assert streams.next_two() == [("closed", path), ("teardown", path, None)]
    assert server.ask("GET /next HTTP/1.1", HOST).text == "next"
    assert streams.happened.empty()
    assert errors() == []


@COLOURS
def test_a_server_that_stops_ends_its_streams(serve, streams, colour):
    """They are cancelled; the generator is closed and torn down, once each."""
    server = serve(streams.app, timeout_graceful_shutdown=0)

    with server.connect() as connection:
        connection.send(f"GET /{colour}/silent HTTP/1.1", HOST)
        while b"piece" not in connection.socket.recv(65536):
            pass
        if colour == "sync":
            streams.release.set()
        server.stop()

    assert [what for what, *_ in streams.next_two()] == ["closed", "teardown"]
    assert streams.happened.empty()


@pytest.mark.parametrize("length", [100, 1_000_000])
@COLOURS
def test_a_client_that_leaves_an_unread_body_is_noticed(serve, streams, errors, colour, length):
    """Also while a response is streamed on a route whose body nobody reads."""
    streams.app.add_url_rule(
        "/body/<colour>/<ending>",
        "start",
        streams.start,
        methods=["POST"],
        stream_body=True,
    )
    server = serve(streams.app)

    with server.connect() as connection:
        connection.send(
            f"POST /body/{colour}/endless HTTP/1.1",
            HOST,
            f"Content-Length: {length}",
            body=b"x" * 50,
        )
        while b"piece" not in connection.socket.recv(65536):
            pass
        connection.close()

    path = f"/body/{colour}/endless"
    assert streams.next_two() == [("closed", path), ("teardown", path, None)]
    assert errors() == []
