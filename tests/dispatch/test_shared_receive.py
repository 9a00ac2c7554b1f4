"""Reading a body while somebody watches for the disconnect."""

from __future__ import annotations

import anyio
import pytest

from asyncflask.dispatch.shared_receive import SharedReceive

FIRST = {"type": "http.request", "body": b"one", "more_body": True}
LAST = {"type": "http.request", "body": b"two", "more_body": False}
GONE = {"type": "http.disconnect"}


class Server:
    """Gives the messages that are sent to it; says how many have been taken."""

    def __init__(self, *messages):
        self.send, self._receive = anyio.create_memory_object_stream(10)
        self.taken = 0
        for message in messages:
            self.send.send_nowait(message)

    async def receive(self):
        message = await self._receive.receive()
        self.taken += 1
        return message

    def close(self):
        self.send.close()
        self._receive.close()


@pytest.fixture
def connect():
    """Make servers, and close them."""
    servers = []

    def connect(*messages):
        servers.append(Server(*messages))
        return servers[-1]

    yield connect
    for server in servers:
        server.close()


@pytest.mark.anyio
async def test_a_watcher_takes_nothing_from_the_reader(connect):
    """It has the disconnect, and the reader everything before."""
    shared = SharedReceive(connect(FIRST, LAST, GONE).receive)
    seen = []

    async def watch():
        seen.append(await shared.watch())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        await anyio.wait_all_tasks_blocked()
        read = [await shared.read(), await shared.read()]

    assert read == [FIRST, LAST]
    assert seen == [GONE]


@pytest.mark.anyio
async def test_a_watcher_keeps_one_message_at_most(connect):
    """What nobody reads stays with the server."""
    server = connect(FIRST, FIRST, FIRST)
    shared = SharedReceive(server.receive)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.watch)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()

    assert server.taken == 1


@pytest.mark.anyio
async def test_a_reader_that_waits_gets_what_the_watcher_receives(connect):
    """They take turns at the server's receive, which never has two callers."""
    server = connect()
    shared = SharedReceive(server.receive)
    read = []

    async def read_one():
        read.append(await shared.read())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.watch)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(read_one)
        await anyio.wait_all_tasks_blocked()
        server.send.send_nowait(FIRST)
        server.send.send_nowait(GONE)

    assert read == [FIRST]


@pytest.mark.anyio
async def test_the_reader_sees_the_disconnect_too(connect):
    """Also after the watcher has seen it, though a server may tell it only once."""
    shared = SharedReceive(connect(GONE).receive)

    await shared.watch()

    assert await shared.read() == GONE
