"""Sync iterables streamed to the event loop."""

from __future__ import annotations

import threading
from contextlib import AsyncExitStack
from contextvars import ContextVar

import anyio
import anyio.lowlevel
import pytest

from asyncflask import bridge
from asyncflask.bridge.stream import BATCH, BATCH_SIZE

label: ContextVar[str] = ContextVar("label", default="none")


@pytest.mark.anyio
async def test_items_arrive_in_order_from_worker_threads():
    """The whole generator, its clean-up too, runs off the event loop, batch after batch."""
    threads = set()

    def rows():
        try:
            for row in range(5 * BATCH):
                threads.add(threading.get_ident())
                yield str(row)
        finally:
            threads.add(threading.get_ident())

    async with bridge.iterate(rows(), str.encode) as items:
        received = [int(item) async for item in items]

    assert received == list(range(5 * BATCH))
    assert threading.get_ident() not in threads


@pytest.mark.anyio
async def test_an_item_is_delivered_before_the_next_is_made():
    """Nothing waits for a full batch: a slow stream is heard at once."""
    heard = threading.Event()

    def slow():
        yield "first"
        assert heard.wait(10)
        yield "second"

    async with bridge.iterate(slow(), str.encode) as items:
        assert await anext(items) == b"first"
        heard.set()
        assert await anext(items) == b"second"


class Endless:
    """A stream that never ends and never waits; its reader is slower."""

    def __init__(self, item=b"x"):
        self.item = item
        self.made = 0
        self.threads = set()
        self.is_closed = False

    def __iter__(self):
        try:
            while True:
                self.threads.add(threading.get_ident())
                self.made += 1
                yield self.item
        finally:
            self.is_closed = True


async def all_rest():
    """Wait until no worker is taken."""
    workers = bridge.hop._threads(bridge.hop.current_loop())
    while workers.unfinished:
        await anyio.lowlevel.checkpoint()


@pytest.mark.anyio
@pytest.mark.parametrize(("item", "batch"), [(b"x", BATCH), (bytes(BATCH_SIZE // 4), 4)])
async def test_an_endless_stream_rests_while_nobody_reads(item, batch):
    """At most two batches wait, of many items or of few large ones, and no thread is held."""
    stream = Endless(item)

    with anyio.fail_after(10):
        async with bridge.iterate(iter(stream), bytes) as items:
            assert await anext(items) == item
            await all_rest()
            made_at_first = stream.made
            for _ in range(10 * batch):
                await anext(items)
            await all_rest()
            is_closed_within = stream.is_closed

    assert batch <= made_at_first <= 2 * batch
    assert stream.made <= 12 * batch + 1
    assert (is_closed_within, stream.is_closed) == (False, True)


@pytest.mark.anyio
async def test_more_streams_at_rest_than_workers():
    """Each of many stalled streams is at rest, so that others, and other code, run."""
    streams = [Endless() for _ in range(bridge.DEFAULT_WORKERS + 5)]

    with anyio.fail_after(20):
        async with AsyncExitStack() as stack:
            for stream in streams:
                items = await stack.enter_async_context(bridge.iterate(iter(stream), bytes))
                await anext(items)
            answer = await bridge.run_in_worker(lambda: "answered")

    assert answer == "answered"
    assert all(stream.is_closed for stream in streams)


@pytest.mark.anyio
async def test_a_long_stream_queues_for_its_worker_anew(monkeypatch):
    """Where each item takes long, others in the queue for a worker have their turn."""
    monkeypatch.setattr(bridge.stream, "LONGEST_STAY", 0)
    order = []

    def slow():
        for number in range(3):
            order.append(number)
            yield b"x"

    async def work():
        await bridge.run_in_worker(order.append, "other")

    bridge.limit_workers(1)
    async with anyio.create_task_group() as tasks, bridge.iterate(slow(), bytes) as items:
        await anext(items)
        tasks.start_soon(work)
        async for _ in items:
            pass

    assert "other" in order[: order.index(2)]


@pytest.mark.anyio
async def test_an_error_while_closing_is_raised_at_the_end():
    """Nobody takes items any more, and yet the error is heard of."""

    def failing():
        try:
            while True:
                yield b"x"
        finally:
            raise ValueError("broken clean-up")

    with pytest.raises(ValueError, match="broken clean-up"):
        async with bridge.iterate(failing(), bytes) as items:
            await anext(items)


@pytest.mark.anyio
async def test_an_item_that_cannot_be_encoded_is_an_error_at_its_place():
    """Encoding is a part of making the item, in the worker."""
    received = []

    with pytest.raises(UnicodeEncodeError):
        async with bridge.iterate(iter(["a", "\udc00"]), str.encode) as items:
            received.append(await anext(items))
            await anext(items)

    assert received == [b"a"]


@pytest.mark.anyio
async def test_an_error_is_raised_where_it_happened():
    """Items before the error arrive, then the error itself."""

    def failing():
        yield b"1"
        raise ValueError("broken row")

    received = []
    with pytest.raises(ValueError, match="broken row"):
        async with bridge.iterate(failing(), bytes) as items:
            received.append(await anext(items))
            await anext(items)

    assert received == [b"1"]


@pytest.mark.anyio
async def test_a_context_variables_token_can_be_reset_in_the_generator():
    """A stream has one context from first chunk to close."""

    def labelled():
        token = label.set("streaming")
        for _ in range(3 * BATCH):
            yield label.get()
        label.reset(token)
        yield label.get()

    async with bridge.iterate(labelled(), str.encode) as items:
        received = [item async for item in items]

    assert set(received[:-1]) == {b"streaming"}
    assert received[-1] == b"none"


def test_in_a_lent_thread_the_generator_runs_in_that_thread():
    """A test's generator runs in the test's thread, as it would in Flask."""
    threads = set()

    def rows():
        for row in range(3):
            threads.add(threading.get_ident())
            yield bytes([row])

    async def collect():
        async with bridge.iterate(rows(), bytes) as items:
            return [item async for item in items]

    assert bridge.wait_for(collect) == [b"\0", b"\1", b"\2"]
    assert threads == {threading.get_ident()}
