"""Forms that a route with stream_body=True reads part by part, over a real connection."""

from __future__ import annotations

import queue

import pytest

from asyncflask import Flask, request
from asyncflask.exceptions import ClientDisconnected
from asyncflask.wrappers import Part

MULTIPART = "Content-Type: multipart/form-data; boundary=bb"
FIELD = b'--bb\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
FILE_HEAD = b'--bb\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\n'
END = b"\r\n--bb--\r\n"
MIB = 1024 * 1024


def make_app(told, *, timeout=20):
    app = Flask("parts")
    app.config.update(MAX_CONTENT_LENGTH=8 * MIB, BODY_TIMEOUT=timeout)

    @app.post("/async", stream_body=True)
    async def measure_async():
        parts = request.multipart(max_part_size=4 * MIB)
        return [[p.name, p.filename, sum([len(chunk) async for chunk in p])] async for p in parts]

    @app.post("/sync", stream_body=True)
    def measure():
        parts = request.multipart(max_part_size=4 * MIB)
        return [[part.name, part.filename, sum(map(len, part))] for part in parts]

    @app.errorhandler(RuntimeError)
    def show(error):
        return str(error), 500

    add_other_uses(app, told)
    return app


def add_other_uses(app, told):
    @app.post("/skip", stream_body=True)
    async def skip():
        return [part.name async for part in request.multipart()]

    @app.post("/first", stream_body=True)
    async def read_first():
        return await (await anext(request.multipart())).text()

    @app.post("/twice", stream_body=True)
    async def ask_twice():
        request.multipart()
        request.multipart()

    @app.post("/received")
    async def ask_for_received():
        request.multipart()

    @app.post("/gone", stream_body=True)
    async def wait_for_gone():
        told.put("reading")
        try:
            async for part in request.multipart():
                while await part.read(65536):
                    pass
        except ClientDisconnected as exc:
            told.put(exc.code)
            raise


@pytest.fixture(scope="module")
def told():
    """What a view tells of its client."""
    return queue.Queue()


@pytest.fixture(scope="module")
def server(serve, told):
    return serve(make_app(told))


def head(path, *headers, length=None):
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", *headers]
    return lines if length is None else [*lines, f"Content-Length: {length}"]


@pytest.mark.parametrize("path", ["/async", "/sync"])
@pytest.mark.parametrize("size", [0, 100, 3 * MIB])
def test_a_form_arrives_part_by_part(server, path, size):
    """In async views and in sync ones."""
    body = FIELD + FILE_HEAD + b"x" * size + END

    answer = server.ask(*head(path, MULTIPART, length=len(body)), body=body)

    assert answer.text == f'[["a",null,1],["f","f.txt",{size}]]\n'


@pytest.mark.parametrize("path", ["/async", "/sync"])
def test_parts_are_there_before_the_body_is(server, path):
    """A chunked form whose sender waits between the parts is no different."""
    with server.connect() as connection:
        connection.send(*head(path, MULTIPART, "Transfer-Encoding: chunked"))
        for piece in (FIELD, FILE_HEAD, b"xyz", END):
            connection.send(body=b"%x\r\n%b\r\n" % (len(piece), piece))
        connection.send(body=b"0\r\n\r\n")

        answer = connection.read("POST")

    assert answer.text == '[["a",null,1],["f","f.txt",3]]\n'


@pytest.mark.parametrize(("path", "text"), [("/skip", '["f","a"]\n'), ("/first", "b")])
def test_after_a_form_that_was_not_read_the_connection_goes_on(server, path, text):
    """What a view does not want is skipped."""
    parts = [FILE_HEAD + b"x" * 3 * MIB + b"\r\n", FIELD]
    body = b"".join(parts if path == "/skip" else parts[::-1])[:-2] + END
    with server.connect() as connection:
        first = connection.ask(*head(path, MULTIPART, length=len(body)), body=body)
        second = connection.ask(*head(path, MULTIPART, length=len(body)), body=body)

    assert (first.text, second.text) == (text, text)


@pytest.mark.parametrize("path", ["/async", "/sync"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (FIELD[:-2] + b"\r\n--bb", 400),
        (b"no form", 400),
        (FILE_HEAD + b"x" * (4 * MIB + 1) + END, 413),
        (b'--bb\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x" * 600_000 + END, 413),
        (FIELD * 1001, 413),
        (FILE_HEAD + b"x" * 9 * MIB + END, 413),
    ],
)
def test_a_form_that_is_broken_or_too_much(server, path, body, status):
    """400 and 413, through the error handlers, and the connection goes on."""
    good = FIELD[:-2] + END
    with server.connect() as connection:
        bad = connection.ask(*head(path, MULTIPART, length=len(body)), body=body)
        after = connection.ask(*head(path, MULTIPART, length=len(good)), body=good)

    assert (bad.status, after.status) == (status, 200)


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        ((), 415, "takes a form as &#39;multipart/form-data&#39;"),
        (("Content-Type: application/json",), 415, "Content-Type is application/json"),
        (("Content-Type: multipart/form-data",), 400, "has no boundary"),
    ],
)
def test_a_body_that_is_no_multipart_form(server, headers, status, text):
    """The answer says what was wanted, and what came."""
    answer = server.ask(*head("/async", *headers, length=2), body=b"{}")

    assert answer.status == status
    assert text in answer.text


@pytest.mark.parametrize(
    ("path", "text"),
    [("/received", "Register the route with stream_body=True"), ("/twice", "only once")],
)
def test_where_parts_cannot_be_read(server, path, text):
    """The error says what to do."""
    answer = server.ask(*head(path, MULTIPART, length=len(FIELD)), body=FIELD)

    assert answer.status == 500
    assert text in answer.text


@pytest.mark.parametrize("body", [FIELD, FILE_HEAD + b"x" * MIB, FIELD[:-2] + END])
def test_a_client_that_goes_before_the_end(server, told, body):
    """The view gets ClientDisconnected, even after the last boundary."""
    with server.connect() as connection:
        connection.send(*head("/gone", MULTIPART, length=len(body) + 10), body=body)
        # A connection that is reset takes with it what nobody has read yet.
        assert told.get(timeout=10) == "reading"
        connection.close()

    assert told.get(timeout=10) == 400


@pytest.mark.parametrize("path", ["/async", "/sync"])
def test_a_client_that_stalls(serve, told, path):
    """408 after BODY_TIMEOUT, and the connection ends."""
    server = serve(make_app(told, timeout=0.2))

    with server.connect() as connection:
        answer = connection.ask(*head(path, MULTIPART, length=1000), body=FILE_HEAD)
        rest = connection.read_all()

    assert (answer.status, answer.headers["Connection"], rest) == (408, "close", b"")


def test_the_test_client_sends_forms_to_such_a_route():
    """As to any other."""
    app = make_app(queue.Queue())

    response = app.test_client().post("/sync", data={"a": "bc"}, content_type="multipart/form-data")

    assert response.json == [["a", None, 2]]


@pytest.mark.parametrize("colour", ["async", "sync"])
def test_a_route_that_streams_and_gets_no_body(serve, colour):
    """Its stream is empty, and is read in its own colour, also in a GET request."""
    app = Flask("bodiless")

    @app.get("/async", stream_body=True)
    async def read_async():
        return {"read": len(await request.stream.read())}

    @app.get("/sync", stream_body=True)
    def read():
        return {"read": len(request.stream.read())}

    answer = serve(app).ask(f"GET /{colour} HTTP/1.1", "Host: localhost")

    assert answer.text == '{"read":0}\n'


def test_a_part_can_be_named_in_annotations():
    """It is where the request is."""
    assert Part.__module__.startswith("asyncflask.wrappers")
