"""How a response ends: its client goes, its body or the server fails, functions run on close."""

from __future__ import annotations

import threading
from contextvars import ContextVar

import anyio
import anyio.lowlevel
import pytest

from asyncflask.wrappers.response import Response

pytestmark = pytest.mark.anyio

HTTP_SCOPE = {"type": "http", "method": "GET", "path": "/", "headers": []}


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
