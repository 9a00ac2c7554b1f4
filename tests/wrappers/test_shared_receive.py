"""Reading a body while somebody watches for the disconnect."""

from __future__ import annotations

import anyio
import pytest

from asyncflask.wrappers.shared_receive import MOST_AHEAD, SharedReceive

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


LONG = {"type": "http.request", "body": b"x" * MOST_AHEAD, "more_body": True}


@pytest.mark.anyio
async def test_a_watcher_whose_patience_ends_drops_the_body(connect):
    """It then sees the disconnect behind it; whoever reads too late is told why."""
    shared = SharedReceive(connect(LONG, LONG, FIRST, GONE).receive)

    assert await shared.watch(patience=0) == GONE
    with pytest.raises(RuntimeError, match="0 seconds of the streamed response went by"):
        await shared.read()


@pytest.mark.anyio
async def test_a_watcher_is_patient_while_somebody_reads(connect):
    """Each read begins a new wait, and nothing is lost."""
    server = connect(LONG, LONG, LONG, LAST, GONE)
    shared = SharedReceive(server.receive)
    seen = []

    async def watch():
        seen.append(await shared.watch(patience=30))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        read = [await shared.read()]
        while read[-1] is not LAST:
            await anyio.wait_all_tasks_blocked()
            read.append(await shared.read())

    assert read == [LONG, LONG, LONG, LAST]
    assert seen == [GONE]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("messages", "expected"), [((), False), ((FIRST,), False), ((FIRST, LAST, GONE), True)]
)
async def test_asking_for_the_disconnect_takes_nothing_from_the_reader(connect, messages, expected):
    """Whether or not the client has gone, at once, and again."""
    shared = SharedReceive(connect(*messages).receive)

    answers = [await shared.is_disconnected() for _ in range(3)]

    assert answers == [expected] * 3
    assert tuple([await shared.read() for _ in messages]) == messages


@pytest.mark.anyio
async def test_a_disconnect_that_comes_later_is_seen(connect):
    """An earlier answer is not kept."""
    server = connect(FIRST)
    shared = SharedReceive(server.receive)

    before = await shared.is_disconnected()
    server.send.send_nowait(GONE)

    assert (before, await shared.is_disconnected()) == (False, True)


@pytest.mark.anyio
async def test_a_body_that_is_much_is_left_with_the_server(connect):
    """Asking takes no more ahead than a watcher does."""
    server = connect(LONG, FIRST, GONE)
    shared = SharedReceive(server.receive)

    answers = [await shared.is_disconnected() for _ in range(2)]

    assert (answers, server.taken) == ([False, False], 1)


@pytest.mark.anyio
async def test_asking_beside_a_watcher_waits_for_nothing(connect):
    """It is the watcher's turn, and what he has seen is known."""
    server = connect()
    shared = SharedReceive(server.receive)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.watch)
        await anyio.wait_all_tasks_blocked()
        before = await shared.is_disconnected()
        server.send.send_nowait(GONE)
        await anyio.wait_all_tasks_blocked()
        after = await shared.is_disconnected()

    assert (before, after) == (False, True)


@pytest.mark.anyio
async def test_what_receiving_raises_is_raised_as_it_is():
    """Not in a group."""

    async def fail():
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        await SharedReceive(fail).is_disconnected()


@pytest.mark.anyio
async def test_the_watcher_knows_what_the_reader_was_told(connect):
    """A disconnect that the reader gets ends the watching, though the server says it only once."""
    server = connect(FIRST)
    shared = SharedReceive(server.receive)
    seen = []

    async def watch():
        seen.append(await shared.watch())

    await shared.read()
    async with anyio.create_task_group() as tasks:

        async def read():
            seen.append(await shared.read())

        tasks.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(watch)
        await anyio.wait_all_tasks_blocked()
        server.send.send_nowait(GONE)

    assert seen == [GONE, GONE]
