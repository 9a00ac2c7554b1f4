"""The messages between a server and an app, counted: what is sent, and what is asked for."""

from __future__ import annotations

import io

import anyio
import pytest

from asyncflask import Flask, Response, request, send_file

pytestmark = pytest.mark.anyio


def paint(colour, function):
    """`function` as it is, or as an async one that does the same."""
    if colour == "def":
        return function

    async def run(**values):
        return function(**values)

    return run


@pytest.fixture(params=["def", "async def"])
def app(request):
    """An app with a view for each kind of response."""
    app = Flask(__name__)
    views = {
        "text": lambda: "text",
        "pieces": lambda: Response(["te", "xt"]),
        "stream": lambda: iter(["te", "", "xt"]),
        "empty": lambda: "",
        "empty-stream": lambda: iter([]),
        "nothing": lambda: ("", 204),
        "file": lambda: send_file(io.BytesIO(b"text"), mimetype="text/plain"),
        "broken": lambda: 1 / 0,
    }
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, paint(request.param, view))
    app.add_url_rule("/echo", "echo", paint(request.param, echo), methods=["POST"])
    app.add_url_rule("/deaf", "deaf", paint(request.param, lambda: "deaf"), methods=["POST"])
    return app


def echo():
    return request.get_data()


def server_of(*messages):
    """A server that has these messages and no more; asking once more waits for ever.

    Its `asked` counts how often it was.
    """
    waiting = list(messages)

    async def receive():
        receive.asked += 1
        if not waiting:
            await anyio.sleep_forever()
        return waiting.pop(0)

    receive.asked = 0
    return receive


PATHS = [
    ("/text", b"text"),
    ("/pieces", b"text"),
    ("/stream", b"text"),
    ("/empty", b""),
    ("/empty-stream", b""),
    ("/nothing", b""),
    ("/file", b"text"),
    ("/broken", None),
    ("/missing", None),
]


@pytest.mark.parametrize(("path", "body"), PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_response_is_complete_when_the_app_returns(exchange, app, path, body, method):
    """It is one start, then the body, of which the last message alone says that it is the last."""
    with anyio.fail_after(20):
        answer = await exchange(app, path, method=method)

    start, *pieces = answer.messages
    assert start["type"] == "http.response.start"
    assert {piece["type"] for piece in pieces} == {"http.response.body"}
    assert [piece.get("more_body", False) for piece in pieces] == [True] * (len(pieces) - 1) + [
        False
    ]
    if method == "HEAD":
        assert answer.body == b""
    elif body is not None:
        assert answer.body == body


@pytest.mark.parametrize("path", ["/text", "/pieces", "/empty", "/broken", "/missing", "/deaf"])
async def test_without_a_body_the_server_is_not_asked(exchange, app, path):
    """No request message is waited for where none is announced; the app does not wait to go."""
    server = server_of()

    with anyio.fail_after(20):
        await exchange(app, path, receive=server)

    assert server.asked == 0


@pytest.mark.parametrize(
    ("messages", "body"),
    [
        ([{"body": b"abc", "more_body": False}], b"abc"),
        ([{"body": b"abc"}], b"abc"),
        ([{"body": b"ab", "more_body": True}, {"body": b"c"}], b"abc"),
        ([{"body": b"abc", "more_body": True}, {}], b"abc"),
        ([{"more_body": True}, {"body": b"abc"}], b"abc"),
        ([{"body": b"", "more_body": True}, {"body": b"abc"}, {"body": b"!"}], b"abc"),
    ],
    ids=["one", "no more_body", "two", "last without body", "first without body", "one too many"],
)
async def test_a_body_takes_its_own_messages_and_no_more(exchange, app, messages, body):
    """What a message leaves out is empty or False; after the last one nothing is asked for."""
    messages = [{"type": "http.request", **message} for message in messages]
    needed = next(n for n, m in enumerate(messages, 1) if not m.get("more_body"))
    server = server_of(*messages)

    with anyio.fail_after(20):
        answer = await exchange(
            app, "/echo", method="POST", headers={"Transfer-Encoding": "chunked"}, receive=server
        )

    assert (answer.body, server.asked) == (body, needed)


async def test_an_announced_body_is_complete_at_its_length(exchange, app):
    """A message without `body` is the empty end of a body whose length was known."""
    server = server_of(
        {"type": "http.request", "body": b"abc", "more_body": True}, {"type": "http.request"}
    )

    with anyio.fail_after(20):
        answer = await exchange(
            app, "/echo", method="POST", headers={"Content-Length": "3"}, receive=server
        )

    assert answer.body == b"abc"
    assert server.asked <= 2


async def test_a_stream_watches_for_the_end_of_the_connection_once(exchange, app):
    """One receive waits beside a stream, to hear of a client that goes; it ends with the stream."""
    server = server_of()

    with anyio.fail_after(20):
        answer = await exchange(app, "/stream", receive=server)

    assert answer.body == b"text"
    assert server.asked <= 1


async def test_a_message_of_a_returned_app_may_lack_its_body(exchange, app):
    """An ASGI app that a view returns sends what it likes; it is passed on as it is."""

    async def terse(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "more_body": True})
        await send({"type": "http.response.body"})

    app.add_url_rule("/terse", "terse", lambda: terse)

    with anyio.fail_after(20):
        answer = await exchange(app, "/terse")

    assert (answer.status, answer.body, len(answer.messages)) == (200, b"", 3)
