"""Receiving a body, from the messages that a server gives."""

from __future__ import annotations

import anyio
import pytest

from asyncflask.dispatch import body as receiving
from asyncflask.dispatch.body import must_close_connection
from asyncflask.exceptions import (
    BadRequest,
    ClientDisconnected,
    RequestEntityTooLarge,
    RequestTimeout,
)
from asyncflask.wrappers.body import BODY_MEMORY
from tests.dispatch.bodies import DISCONNECT, Server, chunks, make_request, receive_body

MULTIPART = "multipart/form-data; boundary=bb"
FIELD = b'--bb\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
FILE_HEAD = b'--bb\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\n'
MIB = 1024 * 1024


# What is there already


@pytest.mark.anyio
async def test_a_body_that_has_come_whole_is_not_waited_for():
    """Nothing of it is left to be awaited."""
    request = make_request(3)
    request._receive = Server(*chunks(b"abc"))

    rest = receiving.begin_body(request)

    assert rest is None
    assert request.get_data() == b"abc"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("length", "pieces"),
    [
        (3, chunks(b"abc", 1)),
        (None, chunks(b"abc")),
        (BODY_MEMORY + 1, chunks(b"x" * (BODY_MEMORY + 1), BODY_MEMORY + 1)),
    ],
)
async def test_of_other_bodies_the_rest_is_awaited(length, pieces):
    """Of those in pieces, of unknown length, or too long for memory."""
    request = make_request(length)
    request._receive = Server(*pieces)

    rest = receiving.begin_body(request)
    assert rest is not None
    await rest

    assert request.get_data() == b"".join(message["body"] for message in pieces)
    request.close()


# Nothing to receive


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", [(), [("content-length", "0")]])
async def test_without_a_body_nothing_is_asked(method, headers):
    """HTTP/1 announces a body, or there is none; the server is left alone."""
    request = make_request(0, method=method, headers=headers)
    server = Server()

    await receive_body(request, server)

    assert server.asked == 0
    assert request.get_data() == b""


@pytest.mark.anyio
@pytest.mark.parametrize(("method", "asked"), [("GET", 0), ("HEAD", 0), ("POST", 1), ("DELETE", 1)])
@pytest.mark.parametrize("http_version", ["2", "3", ""])
async def test_beyond_http_1_a_post_is_received_unannounced(http_version, method, asked):
    """Frames end such a body, so that its length need not be known."""
    request = make_request(0, method=method, http_version=http_version)
    server = Server(*chunks(b"abc"))

    await receive_body(request, server)

    assert server.asked == asked
    assert request.get_data() == (b"abc" if asked else b"")


# In memory and on disk


@pytest.mark.anyio
async def test_a_small_body_stays_in_memory():
    """The server is asked just as often as it has something to say."""
    request = make_request(6)
    server = Server(*chunks(b"abcdef", 3))

    await receive_body(request, server)

    assert request.get_data() == b"abcdef"
    assert server.asked == 2
    assert request._body.raw == b"abcdef"


@pytest.mark.anyio
async def test_a_message_without_body_counts_as_empty():
    """A server may leave out what is empty or false."""
    request = make_request(3)
    server = Server(
        {"type": "http.request", "more_body": True},
        {"type": "http.request", "body": b"abc", "more_body": True},
        {"type": "http.request"},
    )

    await receive_body(request, server)

    assert request.get_data() == b"abc"


@pytest.mark.anyio
@pytest.mark.parametrize("length", [None, 3 * MIB])
async def test_a_long_body_moves_to_a_file(length):
    """Its bytes are the same, and closing the request deletes them."""
    body = bytes(range(256)) * (3 * MIB // 256)
    request = make_request(length, headers=[("content-type", "text/plain")])

    await receive_body(request, Server(*chunks(body)))

    assert request._body.raw is None
    assert request.data == body
    file = request._body.file
    request.close()
    assert file.closed


@pytest.mark.anyio
async def test_a_body_that_just_fits_stays_in_memory():
    """One mebibyte is the limit, not over it."""
    request = make_request(BODY_MEMORY)

    await receive_body(request, Server(*chunks(b"x" * BODY_MEMORY)))

    assert request._body.file is None
    assert len(request.get_data()) == BODY_MEMORY


# Forms


@pytest.mark.anyio
async def test_a_short_multipart_form_keeps_its_bytes():
    """get_data() before the form gives them, the form is parsed when it is asked for."""
    body = FIELD + FILE_HEAD + b"abc\r\n--bb--\r\n"
    request = make_request(len(body), headers=[("content-type", MULTIPART)])

    await receive_body(request, Server(*chunks(body, 10)))

    assert request.get_data() == body
    assert request.form["a"] == "b"
    assert request.files["f"].read() == b"abc"
    request.close()


@pytest.mark.anyio
async def test_a_long_multipart_form_is_parsed_as_it_arrives():
    """Its files are there; its bytes are not, and asking for them names the remedy."""
    content = b"x\r\n--b" * MIB
    body = FIELD + FILE_HEAD + content + b"\r\n--bb--\r\n"
    request = make_request(len(body), headers=[("content-type", MULTIPART)])

    await receive_body(request, Server(*chunks(body)))

    with pytest.raises(RuntimeError, match="stream_body=True"):
        request.get_data()
    assert request.form["a"] == "b"
    assert request.files["f"].read() == content
    assert request.data == b""
    stream = request.files["f"].stream
    request.close()
    assert stream.closed


@pytest.fixture
def hops(monkeypatch):
    """What was done in threads."""
    names = []
    run_io = receiving.run_io

    def note(function, *args):
        names.append(function.__name__)
        return run_io(function, *args)

    monkeypatch.setattr(receiving, "run_io", note)
    return names


@pytest.mark.anyio
@pytest.mark.parametrize("size", [65536, 2 * MIB])
async def test_a_form_whose_files_are_small_needs_no_thread(hops, size):
    """However many there are; unless it comes in larger pieces than servers give."""
    body = FILE_HEAD + b"x" * MIB + b"\r\n" + (FILE_HEAD + b"y" * 100_000 + b"\r\n") * 9
    body += b"--bb--\r\n"
    request = make_request(len(body), headers=[("content-type", MULTIPART)])

    await receive_body(request, Server(*chunks(body, size)))

    assert len(request.files["f"].read()) == MIB
    assert len(request.files.getlist("f")) == 10
    assert hops == ([] if size == 65536 else ["feed"])
    request.close()


@pytest.mark.anyio
async def test_a_large_file_is_written_in_a_thread(hops, monkeypatch):
    """In batches."""
    body = FILE_HEAD + b"x" * 3 * MIB + b"\r\n--bb--\r\n"
    request = make_request(len(body), headers=[("content-type", MULTIPART)])

    await receive_body(request, Server(*chunks(body)))

    assert len(request.files["f"].read()) == 3 * MIB
    assert hops == ["write"] * 3 + ["finish"]
    request.close()


@pytest.mark.anyio
async def test_the_files_of_a_form_nobody_asked_for_are_closed():
    """Closing the request closes them too."""
    body = FILE_HEAD + b"x" * 2 * MIB + b"\r\n--bb--\r\n"
    request = make_request(len(body), headers=[("content-type", MULTIPART)])

    await receive_body(request, Server(*chunks(body)))
    [(_, file)] = request._body.form.files
    request.close()

    assert file.stream.closed


@pytest.mark.anyio
async def test_a_form_over_its_limits_can_be_let_through_by_a_hook():
    """The limits that hold are those at the time the form is asked for."""
    value = b"x" * (2 * MIB)
    body = FIELD.replace(b"\r\nb\r\n", b"\r\n" + value + b"\r\n") + b"--bb--"
    request = make_request(len(body), headers=[("content-type", MULTIPART)])

    await receive_body(request, Server(*chunks(body)))
    request.max_form_memory_size = None

    assert request.form["a"] == value.decode()
    request.close()


@pytest.mark.anyio
@pytest.mark.parametrize("size", [7_000, 65_536, 400_000])
@pytest.mark.parametrize("content", [b"x" * 400_000, b"x\r\n--b" * 60_000, b"\r" * 100_000])
async def test_a_form_that_is_refused_late_is_kept_whole(content, size):
    """Its bytes are put together of what was parsed and what was not."""
    file = FILE_HEAD + content + b"\r\n"
    body = FIELD + file + file + FIELD * 2 + file + FIELD + file * 8 + FIELD + b"--bb--\r\n"
    request = make_request(
        len(body), headers=[("content-type", MULTIPART)], MAX_FORM_PARTS=3, MAX_CONTENT_LENGTH=None
    )

    await receive_body(request, Server(*chunks(body, size)))
    request.max_form_parts = None

    assert request.get_data() == body
    assert request.form.getlist("a") == ["b"] * 5
    assert [upload.read() for upload in request.files.getlist("f")] == [content] * 11
    request.close()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("tail", "error"),
    [
        (FIELD * 2 + b"--bb--", RequestEntityTooLarge),
        (b"--bbbroken", BadRequest),
        (FIELD, BadRequest),
    ],
)
async def test_what_is_wrong_late_in_a_long_form_is_kept(tail, error):
    """Over its limits, broken or truncated, it says so when it is asked for."""
    body = FILE_HEAD + b"x" * 2 * MIB + b"\r\n" + tail
    request = make_request(None, headers=[("content-type", MULTIPART)], MAX_FORM_PARTS=2)

    await receive_body(request, Server(*chunks(body)))

    for _ in range(2):
        with pytest.raises(error):
            _ = request.form


# Limits of size


@pytest.mark.anyio
async def test_an_announced_body_over_the_limit_is_not_even_begun():
    """The server is not asked; the note says what to set."""
    request = make_request(11, MAX_CONTENT_LENGTH=10)
    server = Server()

    await receive_body(request, server)

    assert server.asked == 0
    for _ in range(2):
        with pytest.raises(RequestEntityTooLarge) as caught:
            request.get_data()
    assert "MAX_CONTENT_LENGTH" in caught.value.__notes__[0]


@pytest.mark.anyio
async def test_an_unannounced_body_is_received_up_to_the_limit():
    """What is over it is not asked for."""
    request = make_request(None, MAX_CONTENT_LENGTH=10)
    server = Server(*chunks(b"x" * 100, 6))

    await receive_body(request, server)

    assert server.asked == 2
    with pytest.raises(RequestEntityTooLarge):
        _ = request.form


@pytest.mark.anyio
async def test_a_body_of_just_the_limit_is_taken():
    """The limit is the most that is allowed."""
    request = make_request(10, MAX_CONTENT_LENGTH=10)

    await receive_body(request, Server(*chunks(b"x" * 10)))

    assert request.get_data() == b"x" * 10


@pytest.mark.anyio
async def test_a_limit_set_on_the_request_comes_first():
    """As a route's own limit does."""
    request = make_request(11, MAX_CONTENT_LENGTH=10)
    request.max_content_length = None

    await receive_body(request, Server(*chunks(b"x" * 11)))

    assert request.get_data() == b"x" * 11


@pytest.mark.anyio
async def test_a_body_longer_than_announced_is_a_bad_request():
    """Where a server lets it through."""
    request = make_request(3)

    await receive_body(request, Server(*chunks(b"abcd")))

    with pytest.raises(BadRequest, match="longer than its Content-Length of 3 bytes"):
        request.get_data()


@pytest.mark.anyio
@pytest.mark.parametrize("messages", [chunks(b"ab"), [DISCONNECT]])
async def test_a_body_shorter_than_announced_means_the_client_has_gone(messages):
    """Whether the server says so or just ends the body."""
    request = make_request(3)

    await receive_body(request, Server(*messages))

    for _ in range(2):
        with pytest.raises(ClientDisconnected):
            request.get_data()


@pytest.mark.anyio
async def test_a_client_that_goes_during_a_long_form_leaves_no_files():
    """What has been parsed is closed, else it would warn."""
    body = FILE_HEAD + b"x" * 2 * MIB
    request = make_request(None, headers=[("content-type", MULTIPART)])
    messages = [message | {"more_body": True} for message in chunks(body)]

    await receive_body(request, Server(*messages, DISCONNECT))

    with pytest.raises(ClientDisconnected):
        _ = request.files


# Limits of time


@pytest.mark.anyio
@pytest.mark.parametrize("received", [b"", b"abc", b"x" * 2 * MIB])
async def test_a_silent_client_times_out(received):
    """BODY_TIMEOUT counts from the last data; the connection is of no more use."""
    request = make_request(None, BODY_TIMEOUT=0.01)
    messages = [message | {"more_body": True} for message in chunks(received)]

    await receive_body(request, Server(*messages))

    for _ in range(2):
        with pytest.raises(RequestTimeout):
            _ = request.data
    assert must_close_connection(request)


@pytest.mark.anyio
async def test_cancellation_while_waiting_passes():
    """The server may cancel the request while its body is awaited."""
    request = make_request(None)

    with anyio.move_on_after(0.01) as scope:
        await receive_body(request, Server())

    assert scope.cancelled_caught


class Middleware:
    """A `receive` around a server's that runs tasks beside it and cleans up, as some do."""

    def __init__(self, server):
        self.server = server
        self.has_cleaned_up = False

    async def __call__(self):
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(anyio.sleep_forever)
                # It waits: what follows is not received at once.
                await anyio.wait_all_tasks_blocked()
                message = await self.server()
                tasks.cancel_scope.cancel()
            return message
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.wait_all_tasks_blocked()
            self.has_cleaned_up = True


@pytest.mark.anyio
async def test_middleware_may_use_task_groups_in_receive():
    """What `receive` enters before it waits is left before anything of ours."""
    request = make_request(100, BODY_TIMEOUT=60)

    await receive_body(request, Middleware(Server(*chunks(b"x" * 100, 10))))

    assert request.data == b"x" * 100


@pytest.mark.anyio
async def test_middleware_is_interrupted_by_the_timeout():
    """It cleans up; what it makes of the interruption does not matter, nor does it last."""
    request = make_request(None, BODY_TIMEOUT=0.01)
    middleware = Middleware(Server())

    await receive_body(request, middleware)
    await anyio.wait_all_tasks_blocked()

    assert middleware.has_cleaned_up
    with pytest.raises(RequestTimeout):
        _ = request.data


@pytest.mark.anyio
async def test_cancellation_passes_through_middleware():
    """A request that is cancelled while its body is awaited is cancelled in `receive`."""
    request = make_request(None)
    middleware = Middleware(Server())

    with anyio.move_on_after(0.01) as scope:
        await receive_body(request, middleware)

    assert scope.cancelled_caught
    assert middleware.has_cleaned_up


@pytest.mark.anyio
async def test_an_error_of_receive_passes():
    """What `receive` raises after it has waited is its own, not a timeout."""

    async def fail():
        await anyio.wait_all_tasks_blocked()
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        await receive_body(make_request(None), fail)


# The connection afterwards


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("length", "headers", "must_close"),
    [
        (11, [], False),
        (11, [("expect", "100-continue")], True),
        (200 * MIB, [], False),
        (2000 * MIB, [], True),
    ],
)
async def test_a_refused_body_closes_the_connection_only_if_it_must(length, headers, must_close):
    """The rest is skipped by the server; a client that waits, or has too much, is cut."""
    request = make_request(length, headers=headers, MAX_CONTENT_LENGTH=10)

    await receive_body(request, Server())

    assert must_close_connection(request) is must_close


@pytest.mark.anyio
async def test_a_received_body_keeps_the_connection():
    """Also where the client has waited to be told to send it."""
    request = make_request(3, headers=[("expect", "100-continue")])

    await receive_body(request, Server(*chunks(b"abc")))

    assert not must_close_connection(request)


@pytest.mark.parametrize(
    ("length", "headers", "must_close"),
    [(0, [], False), (3, [], False), (3, [("expect", "100-Continue")], True)],
)
def test_a_body_nobody_asked_for_closes_the_connection_of_a_waiting_client(
    length, headers, must_close
):
    """As for a 404: the client would send its next request where the body should be."""
    assert must_close_connection(make_request(length, headers=headers)) is must_close
