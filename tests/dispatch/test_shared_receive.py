"""Reading a body while somebody watches for the disconnect."""

from __future__ import annotations

import anyio
import pytest

from asyncflask.dispatch.shared_receive import MOST_AHEAD, SharedReceive

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
async def test_a_watcher_goes_no_further_ahead_than_it_may(connect):
    """What nobody reads stays with the server."""
    long = {"type": "http.request", "body": b"x" * (MOST_AHEAD // 2), "more_body": True}
    server = connect(long, long, long, long)
    shared = SharedReceive(server.receive)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.watch)
        await anyio.wait_all_tasks_blocked()
        taken_unread = server.taken
        await shared.read()
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()

    assert (taken_unread, server.taken) == (2, 3)


@pytest.mark.anyio
async def test_what_is_here_is_read_while_the_watcher_waits(connect):
    """It does not keep the reader waiting for one message more."""
    shared = SharedReceive(connect(FIRST).receive)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.watch)
        await anyio.wait_all_tasks_blocked()
        read = await shared.read()
        tasks.cancel_scope.cancel()

    assert read == FIRST


@pytest.mark.anyio
async def test_a_client_that_leaves_an_unread_body_is_noticed(connect):
    """Though nobody has read what comes before."""
    shared = SharedReceive(connect(FIRST, FIRST, GONE).receive)

    assert await shared.watch() == GONE
    assert [await shared.read() for _ in range(3)] == [FIRST, FIRST, GONE]


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
