"""A response as an ASGI application: what it sends, when it stops, what it closes."""

from __future__ import annotations

import threading
from contextvars import ContextVar

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


# Clients that go


async def test_an_async_generator_is_closed_when_the_client_goes(exchange):
    """Its clean-up runs, once, though it waits for something that never comes."""
    sent, ended = anyio.Event(), []

    async def pieces():
        try:
            yield "a"
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    async def receive():
        await sent.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message.get("body") == b"a":
            sent.set()

    with anyio.fail_after(10):
        answer = await exchange(Response(pieces()), receive=receive, send=send)

    assert ended == [True]
    assert answer.messages[-1]["more_body"] is True


async def test_clean_up_may_await_when_the_client_goes_during_sending(exchange):
    """A generator at rest is closed, not cancelled: its clean-up can await."""
    sending, ended = anyio.Event(), []

    async def pieces():
        try:
            while True:
                yield "a"
        finally:
            await anyio.lowlevel.checkpoint()
            ended.append(True)

    async def receive():
        await sending.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if "body" in message:
            sending.set()
            await anyio.sleep_forever()

    with anyio.fail_after(10):
        await exchange(Response(pieces()), receive=receive, send=send)

    assert ended == [True]


async def test_a_sync_generator_is_closed_when_the_client_goes(exchange):
    """Its clean-up runs in its worker, once."""
    sending, ended = anyio.Event(), []

    def pieces():
        try:
            while True:
                yield "a"
        finally:
            ended.append(threading.get_ident())

    async def receive():
        await sending.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if "body" in message:
            sending.set()

    with anyio.fail_after(10):
        await exchange(Response(pieces()), receive=receive, send=send)

    assert len(ended) == 1
    assert ended[0] != threading.get_ident()


async def test_clean_up_may_await_when_the_client_goes_while_the_stream_waits(exchange):
    """The waiting is cancelled, once; what `finally` awaits after that is not."""
    sent, ended = anyio.Event(), []

    async def pieces():
        try:
            yield "a"
            await anyio.sleep_forever()
        finally:
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
            ended.append(True)

    async def receive():
        await sent.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message.get("body") == b"a":
            sent.set()

    with anyio.fail_after(10):
        await exchange(Response(pieces()), receive=receive, send=send)

    assert ended == [True]


async def test_an_error_of_the_clean_up_is_not_lost_when_the_client_goes(exchange):
    """It is raised, to be logged, though nobody waits for the body any more."""
    sent = anyio.Event()

    async def pieces():
        try:
            yield "a"
            await anyio.sleep_forever()
        finally:
            raise ZeroDivisionError

    async def receive():
        await sent.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message.get("body") == b"a":
            sent.set()

    with pytest.raises(ZeroDivisionError), anyio.fail_after(10):
        await exchange(Response(pieces()), receive=receive, send=send)


async def test_a_stream_that_never_waits_leaves_others_their_turn(exchange):
    """Neither send() nor the generator waits, and yet the client's leaving is noticed."""
    ended = []

    async def pieces():
        try:
            while True:
                yield "a"
        finally:
            ended.append(True)

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        """Return at once, as uvicorn does once the client has gone."""

    with anyio.fail_after(10):
        await Response(pieces())(HTTP_SCOPE, receive, send)

    assert ended == [True]


async def test_an_iterator_needs_no_closing_function(exchange):
    """An object with `__anext__`, or with `__next__`, will do."""

    class Numbers:
        def __init__(self):
            self.left = 3

        def __iter__(self):
            return self

        def __next__(self):
            if not self.left:
                raise StopIteration
            self.left -= 1
            return str(self.left)

    class AsyncNumbers:
        def __init__(self):
            self.numbers = Numbers()

        def __aiter__(self):
            return self

        async def __anext__(self):
            await anyio.lowlevel.checkpoint()
            try:
                return next(self.numbers)
            except StopIteration:
                raise StopAsyncIteration from None

    bodies = [(await exchange(Response(kind()))).body for kind in (Numbers, AsyncNumbers)]

    assert bodies == [b"210", b"210"]


async def test_a_server_may_report_the_lost_client_when_sending(exchange):
    """An OSError of send() ends the stream quietly and closes it."""
    ended = []

    async def pieces():
        try:
            while True:
                yield "a"
        finally:
            ended.append(True)

    async def send(message):
        if "body" in message:
            raise OSError("the client has gone")

    await exchange(Response(pieces()), send=send)

    assert ended == [True]


async def test_an_os_error_of_the_stream_is_not_taken_for_a_lost_client(exchange):
    """Only the server's own OSError means that nobody listens."""

    async def pieces():
        yield "a"
        raise FileNotFoundError("rows.csv")

    with pytest.raises(FileNotFoundError):
        await exchange(Response(pieces()))


async def test_cancelling_the_server_closes_the_stream(exchange):
    """A generator's clean-up runs when the server shuts down."""
    sending, ended = anyio.Event(), []

    async def pieces():
        try:
            while True:
                yield "a"
                await anyio.lowlevel.checkpoint()
        finally:
            ended.append(True)

    async def send(message):
        sending.set()

    async with anyio.create_task_group() as tasks:

        async def serve():
            await exchange(Response(pieces()), send=send)

        tasks.start_soon(serve)
        await sending.wait()
        tasks.cancel_scope.cancel()

    assert ended == [True]


async def test_a_receive_that_never_waits_does_not_hang(exchange):
    """Some servers and tests repeat an empty request message for ever."""

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    with anyio.fail_after(10):
        answer = await exchange(Response(iter(["a", "b"])), receive=receive)

    assert answer.body == b"ab"


# Closing


@pytest.mark.parametrize("body", ["x", ["x", "y"], None], ids=["text", "list", "nothing"])
async def test_functions_run_after_a_buffered_response(exchange, body):
    """Once, when everything is sent."""
    response, seen = Response(body), []

    async def send(message):
        seen.append(message["type"])

    response.call_on_close(lambda: seen.append("closed"))

    await exchange(response, send=send)

    assert seen == ["http.response.start", "http.response.body", "closed"]


async def test_sync_functions_may_block_and_async_ones_are_awaited(exchange):
    """Sync functions run in a worker thread, async ones on the event loop, in their order."""
    response, seen = Response("x"), []

    @response.call_on_close
    def first():
        seen.append(("first", threading.get_ident() == loop_thread))

    @response.call_on_close
    async def second():
        await anyio.lowlevel.checkpoint()
        seen.append(("second", threading.get_ident() == loop_thread))

    loop_thread = threading.get_ident()

    await exchange(response)

    assert seen == [("first", False), ("second", True)]


async def test_functions_run_when_sending_fails(exchange):
    """A server's error does not keep the response from being closed."""
    response, seen = Response("x"), []
    response.call_on_close(lambda: seen.append("closed"))

    async def send(message):
        raise RuntimeError("broken server")

    with pytest.raises(RuntimeError, match="broken server"):
        await exchange(response, send=send)

    assert seen == ["closed"]


async def test_functions_run_when_the_stream_fails(exchange):
    """The stream's own error is the one that is raised."""
    response, seen = Response(1 / divisor for divisor in [0]), []
    response.call_on_close(lambda: seen.append("closed"))

    with pytest.raises(ZeroDivisionError):
        await exchange(response)

    assert seen == ["closed"]


async def test_functions_run_when_the_response_is_cancelled(exchange):
    """Async functions can still await."""
    response, seen = Response("x"), []
    sending = anyio.Event()

    @response.call_on_close
    async def function():
        await anyio.lowlevel.checkpoint()
        seen.append("closed")

    async def send(message):
        sending.set()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:

        async def serve():
            await exchange(response, send=send)

        tasks.start_soon(serve)
        await sending.wait()
        tasks.cancel_scope.cancel()

    assert seen == ["closed"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_iterables_own_close_runs_once(exchange, method):
    """Whether the items were sent or not."""
    closed = []

    class Rows:
        def __iter__(self):
            return iter(["a"])

        def close(self):
            closed.append(True)

    await exchange(Response(Rows()), method=method)

    assert closed == [True]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_async_iterables_own_aclose_runs_once(exchange, method):
    """Also where the iterator is another object."""
    closed = []

    class Rows:
        async def __aiter__(self):
            yield "a"

        async def aclose(self):
            closed.append(True)

    await exchange(Response(Rows()), method=method)

    assert closed == [True]


async def test_an_async_stream_has_one_context(exchange):
    """A variable that the generator sets can be reset in its clean-up."""
    label = ContextVar("label", default="outside")
    seen = []

    async def pieces():
        token = label.set("inside")
        try:
            yield "a"
            seen.append(label.get())
            yield "b"
        finally:
            label.reset(token)

    await exchange(Response(pieces()))

    assert seen == ["inside"]
    assert label.get() == "outside"


@pytest.mark.anyio
async def test_an_endless_stream_that_never_waits_leaves_others_their_turn(exchange):
    """Neither its items nor the server's send() wait; the disconnect is noticed all the same."""
    ended = []

    async def endless():
        try:
            while True:
                yield b"x"
        finally:
            ended.append(True)

    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        while len(sent) < 100:
            await anyio.lowlevel.checkpoint()
        return {"type": "http.disconnect"}

    with anyio.fail_after(20):
        await exchange(Response(endless()), receive=receive, send=send)

    assert ended == [True]
