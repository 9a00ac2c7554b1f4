"""Bodies that are still to come when their request is answered, of a server with a short queue."""

from __future__ import annotations

import anyio
import pytest

from asyncflask import Flask, request

PIECES = 20


class Queue:
    """The queue of a server that puts all of a body into it, and a disconnect behind that.

    As Hypercorn does, it waits for room for the disconnect before `send` of the last message ends.
    """

    def __init__(self) -> None:
        self._send, self.receive_stream = anyio.create_memory_object_stream(2)
        self.told = anyio.Event()
        self.taken = 0

    async def fill(self) -> None:
        for _ in range(PIECES):
            await self._send.send({"type": "http.request", "body": b"x" * 10, "more_body": True})
        await self._send.send({"type": "http.disconnect"})
        self.told.set()

    async def receive(self):
        message = await self.receive_stream.receive()
        self.taken += 1
        return message

    async def send(self, message):
        if message["type"] == "http.response.body" and not message.get("more_body"):
            await self.told.wait()

    async def close(self) -> None:
        await self._send.aclose()
        await self.receive_stream.aclose()


@pytest.fixture
def app():
    app = Flask("unread")

    @app.post("/live", stream_body=True)
    async def read_nothing():
        return "read nothing"

    @app.post("/some", stream_body=True)
    async def read_some():
        return {"read": len(await request.stream.read(15))}

    @app.post("/stream", stream_body=True)
    async def answer_in_pieces():
        async def items():
            yield "a"
            yield "b"

        return items()

    @app.post("/small", max_content_length=30)
    async def measure():
        return str(len(request.get_data()))

    return app


async def ask(app, exchange, path):
    """The answer to a POST whose body nobody wants, and what the app took of the queue."""
    queue = Queue()
    try:
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(queue.fill)
                answer = await exchange(
                    app,
                    path,
                    method="POST",
                    headers={"Transfer-Encoding": "chunked"},
                    http_version="1.1",
                    receive=queue.receive,
                    send=queue.send,
                )
    finally:
        await queue.close()
    return answer, queue.taken


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "status"),
    [("/nowhere", 404), ("/live", 200), ("/some", 200), ("/stream", 200), ("/small", 413)],
)
async def test_answers_wait_for_no_body(app, exchange, path, status):
    """A server that waits, in `send`, for somebody to receive does not wait for ever."""
    answer, taken = await ask(app, exchange, path)

    assert answer.status == status
    assert taken > PIECES - 2


@pytest.mark.anyio
async def test_an_error_of_send_is_raised_as_it_is(app, exchange):
    """An error of the server's `send` gets to the server in no group."""

    async def fail(message):
        if message["type"] == "http.response.body":
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await exchange(app, "/live", method="POST", headers={"Content-Length": "9"}, send=fail)
