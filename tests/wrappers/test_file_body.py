"""Files as bodies: how they are read, cut and closed."""

from __future__ import annotations

import io
import threading

import pytest

from asyncflask.wrappers.file_body import SLICE, FileBody
from asyncflask.wrappers.response import Response

pytestmark = pytest.mark.anyio


@pytest.fixture
def large(tmp_path):
    """A file of two slices and a bit."""
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(range(256)) * (SLICE // 128) + b"end")
    return path


def body_of(path):
    return FileBody(str(path), path.stat().st_size)


def file_response(body):
    return Response(body, direct_passthrough=True)


async def test_a_small_file_is_one_message(exchange, tmp_path):
    """It is read at once, head and body follow each other."""
    path = tmp_path / "small.txt"
    path.write_bytes(b"small")

    answer = await exchange(file_response(body_of(path)))

    assert [message.get("body") for message in answer.messages] == [None, b"small"]


async def test_a_large_file_is_sent_in_slices(exchange, large):
    """Never all of it in memory."""
    answer = await exchange(file_response(body_of(large)))

    assert answer.body == large.read_bytes()
    assert max(len(message["body"]) for message in answer.messages[1:]) == SLICE


async def test_a_server_can_send_the_file_itself(exchange, large):
    """Where it offers to, it is given the path in place of the content."""
    extensions = {"http.response.pathsend": {}}

    answer = await exchange(file_response(body_of(large)), extensions=extensions)

    assert answer.messages[1:] == [{"type": "http.response.pathsend", "path": str(large)}]


async def test_a_part_is_not_left_to_the_server(exchange, large):
    """The path would stand for all of the file."""
    body = body_of(large)
    body.clip(0, 3)

    answer = await exchange(file_response(body), extensions={"http.response.pathsend": {}})

    assert answer.body == b"\x00\x01\x02"


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (3, SLICE + 3), (SLICE * 2, SLICE * 2 + 3)])
async def test_a_part_is_cut_out_of_a_path(exchange, large, start, stop):
    """From the first byte up to, and without, the last."""
    body = body_of(large)
    body.clip(start, stop)

    answer = await exchange(file_response(body))

    assert answer.body == large.read_bytes()[start:stop]


async def test_a_part_of_a_file_object_counts_from_where_it_stands(exchange):
    """What lies before is not part of the body."""
    file = io.BytesIO(b"head0123456789")
    file.seek(4)
    body = FileBody(file, 10)
    body.clip(2, 5)

    answer = await exchange(file_response(body))

    assert answer.body == b"234"


async def test_a_file_object_that_cannot_seek_is_read_up_to_the_part(exchange):
    """A pipe can only be read on."""

    class Pipe:
        def __init__(self):
            self.chunks = [b"01", b"234", b"56789", b""]

        def read(self, size=-1):
            return self.chunks.pop(0)

    body = FileBody(Pipe())
    body.clip(2, 5)

    answer = await exchange(file_response(body))

    assert answer.body == b"234"


async def test_a_file_object_of_unknown_size_is_read_to_its_end(exchange):
    """It is sent without Content-Length."""

    class Source:
        def __init__(self):
            self.chunks = [b"one", b"two", b""]

        def read(self, size=-1):
            return self.chunks.pop(0)

    answer = await exchange(file_response(FileBody(Source())))

    assert answer.body == b"onetwo"
    assert "content-length" not in answer.headers


async def test_files_are_read_off_the_event_loop(exchange):
    """Disks and network shares may keep a reader waiting."""
    threads = set()

    class Source:
        left = 2

        def read(self, size=-1):
            threads.add(threading.get_ident())
            self.left -= 1
            return b"x" * self.left

    await exchange(file_response(FileBody(Source())))

    assert threads
    assert threading.get_ident() not in threads


async def test_memory_is_read_at_once(exchange):
    """A BytesIO is worth no thread."""
    threads = set()

    class Memory(io.BytesIO):
        def read(self, size=-1):
            threads.add(threading.get_ident())
            return super().read(size)

    await exchange(file_response(FileBody(Memory(b"abc"), 3)))

    assert threads == {threading.get_ident()}


async def test_no_more_is_sent_than_was_promised(exchange, tmp_path):
    """A file that grows meanwhile keeps to the size in the head."""
    path = tmp_path / "log.txt"
    path.write_bytes(b"0123456789")
    body = body_of(path)
    with path.open("ab") as log:
        log.write(b"more")

    answer = await exchange(file_response(body))

    assert answer.body == b"0123456789"


async def test_a_file_that_is_gone_fails_before_the_head(exchange, tmp_path):
    """So that the server can still answer with an error."""
    sent = []

    async def send(message):
        sent.append(message)

    with pytest.raises(FileNotFoundError):
        await exchange(file_response(FileBody(str(tmp_path / "gone"), 10**6)), send=send)

    assert sent == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_file_object_is_closed(exchange, method):
    """Whether it was sent or not."""
    file = io.BytesIO(b"abc")

    await exchange(file_response(FileBody(file, 3)), method=method)

    assert file.closed


async def test_a_file_object_is_closed_when_the_client_goes(exchange):
    """In the middle of the file."""
    file = io.BytesIO(b"x" * (SLICE * 3))

    async def send(message):
        if "body" in message:
            raise OSError("the client has gone")

    await exchange(file_response(FileBody(file, SLICE * 3)), send=send)

    assert file.closed


def test_sync_code_can_read_it(large):
    """As an iterable, and through the response where passing through is turned off."""
    response = file_response(body_of(large))
    response.direct_passthrough = False

    assert response.get_data() == large.read_bytes()


def test_a_path_is_not_opened_before_it_is_read(tmp_path):
    """A response that is never sent leaves nothing open."""
    body = FileBody(str(tmp_path / "missing"), 3)

    body.close()

    with pytest.raises(FileNotFoundError):
        list(body)
