"""Bodies that are read as streams; and a `receive` that is no coroutine."""

from __future__ import annotations

import pytest

from asyncflask import Flask, bridge, request
from asyncflask.dispatch.body import must_close_connection
from asyncflask.exceptions import ClientDisconnected, RequestEntityTooLarge, RequestTimeout
from tests.dispatch.bodies import DISCONNECT, Server, attach_stream, chunks, make_request


@pytest.mark.anyio
async def test_a_stream_is_pulled_by_its_reader():
    """Nothing is received before it is read, and no more than is read."""
    request = make_request(9)
    server = Server(*chunks(b"abcdefghi", 3))
    attach_stream(request, server)
    asked = [server.asked]

    first = await request.stream.read(2)
    asked.append(server.asked)
    second = await request.stream.read(2)
    asked.append(server.asked)
    rest = await request.stream.read()

    assert (first, second, rest) == (b"ab", b"cd", b"efghi")
    assert asked == [0, 1, 2]
    assert await request.stream.read() == b""
    assert server.asked == 3


@pytest.mark.anyio
async def test_a_stream_is_iterated_by_chunks():
    """As they came; what readline has left over comes first."""
    request = make_request(9)
    attach_stream(request, Server(*chunks(b"a\ncdefghi", 3)))

    line = await request.stream.readline()
    rest = [chunk async for chunk in request.stream]

    assert (line, rest) == (b"a\n", [b"c", b"def", b"ghi"])


@pytest.mark.anyio
@pytest.mark.parametrize("size", [1, 2, 100])
async def test_a_stream_is_read_by_lines(size):
    """However the server has cut them; the last one need not end."""
    request = make_request(None)
    attach_stream(request, Server(*chunks(b"one\n\ntwo\nthree", size)))

    limited = await request.stream.readline(2)
    lines = await request.stream.readlines()

    assert (limited, lines) == (b"on", [b"e\n", b"\n", b"two\n", b"three"])


@pytest.mark.anyio
async def test_readlines_stops_after_its_hint():
    """As many lines as have so many bytes together."""
    request = make_request(None)
    attach_stream(request, Server(*chunks(b"1\n2\n3\n")))

    assert await request.stream.readlines(3) == [b"1\n", b"2\n"]


@pytest.mark.anyio
async def test_a_stream_blocks_in_a_worker():
    """Sync code reads it as a file, and iterates over its lines."""
    request = make_request(None)
    attach_stream(request, Server(*chunks(b"one\ntwo\nthree", 2)))

    def read():
        return request.stream.read(2), request.stream.readline(), list(request.stream)

    read_in_worker = await bridge.run_in_worker(read)

    assert read_in_worker == (b"on", b"e\n", [b"two\n", b"three"])


@pytest.mark.anyio
async def test_async_code_is_told_not_to_iterate_synchronously():
    """A plain `for` could not wait for data on the event loop."""
    request = make_request(None)
    attach_stream(request, Server(*chunks(b"abc")))

    with pytest.raises(RuntimeError, match="async for chunk in"):
        list(request.stream)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "name", ["form", "files", "values", "data", "get_data", "json", "get_json"]
)
async def test_what_a_streamed_body_cannot_give_names_the_remedy(name):
    """Before and after the stream has been read in part."""
    request = make_request(2, headers=[("content-type", "application/json")])
    attach_stream(request, Server(*chunks(b"{}", 1)))

    for _ in range(2):
        with pytest.raises(RuntimeError, match="This route was registered with stream_body=True"):
            value = getattr(request, name)
            value()
        assert await request.stream.read(1)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("length", "messages", "config", "error"),
    [
        (11, [], {"MAX_CONTENT_LENGTH": 10}, RequestEntityTooLarge),
        (None, chunks(b"x" * 11, 6), {"MAX_CONTENT_LENGTH": 10}, RequestEntityTooLarge),
        (None, [DISCONNECT], {}, ClientDisconnected),
        (None, [], {"BODY_TIMEOUT": 0.01}, RequestTimeout),
    ],
)
async def test_what_goes_wrong_with_a_stream_is_raised_where_it_is_read(
    length, messages, config, error
):
    """At each try."""
    request = make_request(length, **config)
    attach_stream(request, Server(*messages))

    for _ in range(2):
        with pytest.raises(error):
            await request.stream.read()


@pytest.mark.anyio
async def test_a_view_may_lift_the_limit_of_its_stream():
    """It is set on the request before the stream is taken."""
    request = make_request(11, MAX_CONTENT_LENGTH=10)
    attach_stream(request, Server(*chunks(b"x" * 11)))

    request.max_content_length = None

    assert await request.stream.read() == b"x" * 11


@pytest.mark.anyio
async def test_an_unread_stream_closes_the_connection_of_a_waiting_client():
    """Reading tells the client to send; a view that never reads leaves it waiting."""
    request = make_request(3, headers=[("expect", "100-continue")])
    attach_stream(request, Server(*chunks(b"abc")))
    before = must_close_connection(request)

    await request.stream.read()

    assert (before, must_close_connection(request)) == (True, False)


@pytest.mark.anyio
async def test_a_stream_without_body_is_empty():
    """The server is not asked."""
    request = make_request(0)
    server = Server()
    attach_stream(request, server)

    assert await request.stream.read() == b""
    assert server.asked == 0


class Ready:
    """What a compiled server's `receive` gives: an iterator that cannot be sent to."""

    def __init__(self, message):
        self._message = message

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration(self._message)


@pytest.mark.anyio
async def test_a_receive_that_is_no_coroutine(exchange):
    """Granian's is none."""
    app = Flask("compiled")
    messages = [
        {"type": "http.request", "body": b"one ", "more_body": True},
        {"type": "http.request", "body": b"two", "more_body": False},
    ]

    @app.post("/")
    async def echo():
        return request.data

    answer = await exchange(
        app,
        method="POST",
        headers={"Transfer-Encoding": "chunked"},
        receive=lambda: Ready(messages.pop(0)),
    )

    assert answer.body == b"one two"
