"""A response as an ASGI application: what it sends, buffered and streamed."""

from __future__ import annotations

import threading

import anyio
import anyio.lowlevel
import httpx
import pytest

from asyncflask.wrappers.response import Response

pytestmark = pytest.mark.anyio

HTTP_SCOPE = {"type": "http", "method": "GET", "path": "/", "headers": []}


# Buffered


async def test_a_text_is_sent_in_two_messages(exchange):
    """The head, then the whole body, which is the last message."""
    answer = await exchange(Response("né", status=404))

    assert answer.messages == [
        {
            "type": "http.response.start",
            "status": 404,
            "headers": [
                (b"content-type", b"text/html; charset=utf-8"),
                (b"content-length", b"3"),
            ],
        },
        {"type": "http.response.body", "body": b"n\xc3\xa9", "more_body": False},
    ]


async def test_a_buffered_response_never_listens(exchange):
    """No message is asked of the client for a body that is at hand."""

    async def receive():
        raise AssertionError("receive was called")

    answer = await exchange(Response("x"), receive=receive)

    assert answer.body == b"x"


@pytest.mark.parametrize("body", [["a", b"b"], ("a", b"b"), bytearray(b"ab"), "ab"])
async def test_what_is_at_hand_is_sent_at_once_with_its_size(exchange, body):
    """Lists, tuples and bytes are joined; Content-Length is added."""
    answer = await exchange(Response(body))

    assert len(answer.messages) == 2
    assert answer.body == b"ab"
    assert answer.headers["content-length"] == "2"


async def test_an_empty_response_has_size_zero(exchange):
    """No body is a body of no bytes."""
    answer = await exchange(Response())

    assert answer.body == b""
    assert answer.headers["content-length"] == "0"


async def test_text_assigned_to_response_is_sent(exchange):
    """`response.response = "text"` is sent as the text it is."""
    response = Response("old")
    response.response = "text"
    del response.headers["Content-Length"]

    answer = await exchange(response)

    assert answer.body == b"text"


async def test_a_head_request_gets_the_head_alone(exchange):
    """HEAD has the same headers, Content-Length included, and no body."""
    answer = await exchange(Response("abc"), method="HEAD")

    assert answer.body == b""
    assert answer.headers["content-length"] == "3"


@pytest.mark.parametrize("status", [101, 204])
async def test_a_status_without_content_has_no_body_and_no_type(exchange, status):
    """Neither Content-Length nor Content-Type is sent for what is not there."""
    answer = await exchange(Response("abc", status=status, headers={"X-Own": "1"}))

    assert answer.body == b""
    assert answer.headers == {"x-own": "1"}


async def test_not_modified_keeps_what_validates_the_copy(exchange):
    """A 304 keeps ETag, Expires and its like, and drops what describes a body."""
    headers = {"ETag": '"x"', "Expires": "0", "Content-Encoding": "gzip", "Last-Modified": "y"}

    answer = await exchange(Response("abc", status=304, headers=headers))

    assert answer.body == b""
    assert answer.headers == {"etag": '"x"', "expires": "0"}


async def test_sending_leaves_the_response_as_it_was(exchange):
    """A kept response can be sent again; its own headers stay."""
    response = Response("abc", status=204)

    await exchange(response)
    response.status_code = 200
    answer = await exchange(response)

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.body == b"abc"


async def test_a_location_is_sent_as_a_uri(exchange):
    """Whatever the status, addresses are quoted; the response's own header keeps its text."""
    response = Response(headers={"Location": "/ü ☃", "Content-Location": "/é"})

    answer = await exchange(response)

    assert answer.headers["location"] == "/%C3%BC%20%E2%98%83"
    assert answer.headers["content-location"] == "/%C3%A9"
    assert response.location == "/ü ☃"


async def test_a_location_can_be_made_absolute(exchange):
    """autocorrect_location_header joins it with the request's address."""
    response = Response(headers={"Location": "x"}, status=302)
    response.autocorrect_location_header = True

    answer = await exchange(response, "/shop/cart")

    assert answer.headers["location"] == "http://localhost/shop/x"


async def test_a_websocket_handshake_is_refused_with_a_response(exchange):
    """The messages have the types that refuse a handshake."""
    answer = await exchange(Response("no", status=403), type="websocket")

    assert [message["type"] for message in answer.messages] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]


async def test_httpx_reads_it():
    """The response is an application that clients can call."""
    transport = httpx.ASGITransport(Response("né", mimetype="text/plain"))

    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/")

    assert answer.text == "né"


# Streamed


async def test_a_generator_is_sent_item_by_item(exchange):
    """Each item is a message; empty ones are left out; the last message ends the body."""
    answer = await exchange(Response(piece for piece in ["a", "", b"b"]))

    assert [(m["body"], m["more_body"]) for m in answer.messages[1:]] == [
        (b"a", True),
        (b"b", True),
        (b"", False),
    ]
    assert "content-length" not in answer.headers


async def test_an_async_generator_is_sent_item_by_item(exchange):
    """As a sync one, on the event loop."""

    async def pieces():
        yield "a"
        await anyio.lowlevel.checkpoint()
        yield bytearray(b"b")

    answer = await exchange(Response(pieces()))

    assert [message["body"] for message in answer.messages[1:]] == [b"a", b"b", b""]


async def test_a_sync_generator_runs_off_the_event_loop(exchange):
    """It may block: it has a worker thread."""
    threads = set()

    def pieces():
        threads.add(threading.get_ident())
        yield "a"
        threads.add(threading.get_ident())

    await exchange(Response(pieces()))

    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_the_first_item_does_not_wait_for_the_second(exchange):
    """An item is sent before the next one is asked for."""
    sent = anyio.Event()

    async def pieces():
        yield "first"
        await sent.wait()
        yield "second"

    async def send(message):
        if message.get("body") == b"first":
            sent.set()

    with anyio.fail_after(10):
        answer = await exchange(Response(pieces()), send=send)

    assert answer.body == b"firstsecond"


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_an_error_before_the_first_item_sends_nothing(exchange, colour):
    """As in Flask: the server can answer 500 still, rather than cut a 200."""
    messages = []

    def pieces():
        raise ZeroDivisionError
        yield "a"

    async def async_pieces():
        raise ZeroDivisionError
        yield "a"

    async def send(message):
        messages.append(message)

    with pytest.raises(ZeroDivisionError):
        await exchange(Response(pieces() if colour == "sync" else async_pieces()), send=send)

    assert messages == []


async def test_an_empty_first_item_sends_the_head_at_once(exchange):
    """A stream that will wait long can tell its client that it is there."""
    started = anyio.Event()

    async def pieces():
        yield ""
        await started.wait()
        yield "news"

    async def send(message):
        if message["type"] == "http.response.start":
            started.set()

    with anyio.fail_after(10):
        answer = await exchange(Response(pieces()), send=send)

    assert answer.body == b"news"


async def test_the_size_of_a_stream_is_kept_where_it_is_set(exchange):
    """An application that knows the size may say it."""
    answer = await exchange(Response(iter(["abc"]), headers={"Content-Length": "3"}))

    assert answer.headers["content-length"] == "3"


async def test_a_head_request_does_not_run_the_stream(exchange):
    """The generator is closed without having been started."""
    ran = []

    def pieces():
        ran.append(True)
        yield "a"

    answer = await exchange(Response(pieces()), method="HEAD")

    assert answer.body == b""
    assert ran == []


async def test_an_error_in_a_stream_reaches_the_server_itself(exchange):
    """Not wrapped in a group; the body is left unfinished, so the connection is cut."""
    messages = []

    async def pieces():
        yield "a"
        raise ZeroDivisionError

    async def send(message):
        messages.append(message)

    with pytest.raises(ZeroDivisionError):
        await exchange(Response(pieces()), send=send)

    assert messages[-1] == {"type": "http.response.body", "body": b"a", "more_body": True}


async def test_an_error_in_a_sync_stream_reaches_the_server_itself(exchange):
    """The worker's error comes out as it was raised."""

    def pieces():
        yield "a"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await exchange(Response(pieces()))


async def test_a_wrong_item_in_a_stream_is_named(exchange):
    """The error says what a body is made of."""
    with pytest.raises(TypeError, match="5 is of type 'int'"):
        await exchange(Response(iter([5])))
