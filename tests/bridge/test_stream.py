"""Sync iterables streamed to the event loop."""

from __future__ import annotations

import threading
from contextvars import ContextVar

import anyio
import pytest

from asyncflask import bridge
from asyncflask.bridge.stream import BATCH

label: ContextVar[str] = ContextVar("label", default="none")


@pytest.mark.anyio
async def test_items_arrive_in_order_from_one_thread():
    """The whole generator, its clean-up too, runs in one worker thread."""
    threads = set()

    def rows():
        try:
            for row in range(200):
                threads.add(threading.get_ident())
                yield row
        finally:
            threads.add(threading.get_ident())

    async with bridge.iterate(rows()) as items:
        received = [item async for item in items]

    assert received == list(range(200))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


@pytest.mark.anyio
async def test_an_item_is_delivered_before_the_next_is_made():
    """Nothing waits for a full batch: a slow stream is heard at once."""
    heard = threading.Event()

    def slow():
        yield "first"
        assert heard.wait(10)
        yield "second"

    async with bridge.iterate(slow()) as items:
        assert await anext(items) == "first"
        heard.set()
        assert await anext(items) == "second"


@pytest.mark.anyio
async def test_an_endless_stream_pauses_when_nobody_reads():
    """At most BATCH items are made ahead; leaving the block closes the generator."""
    made, closed = [], threading.Event()

    def endless():
        try:
            while True:
                made.append(1)
                yield b"x"
        finally:
            closed.set()

    with anyio.fail_after(10):
        async with bridge.iterate(endless()) as items:
            assert await anext(items) == b"x"

    assert closed.is_set()
    assert len(made) <= BATCH + 2


@pytest.mark.anyio
async def test_an_error_is_raised_where_it_happened():
    """Items before the error arrive, then the error itself."""

    def failing():
        yield 1
        raise ValueError("broken row")

    received = []
    with pytest.raises(ValueError, match="broken row"):
        async with bridge.iterate(failing()) as items:
            received.append(await anext(items))
            await anext(items)

    assert received == [1]


@pytest.mark.anyio
async def test_a_context_variables_token_can_be_reset_in_the_generator():
    """A stream has one context from first chunk to close."""

    def labelled():
        token = label.set("streaming")
        yield label.get()
        label.reset(token)
        yield label.get()

    async with bridge.iterate(labelled()) as items:
        assert [item async for item in items] == ["streaming", "none"]


def test_in_a_lent_thread_the_generator_runs_in_that_thread():
    """A test's generator runs in the test's thread, as it would in Flask."""
    threads = set()

    def rows():
        for row in range(3):
            threads.add(threading.get_ident())
            yield row

    async def collect():
        async with bridge.iterate(rows()) as items:
            return [item async for item in items]

    assert bridge.wait_for(collect) == [0, 1, 2]
    assert threads == {threading.get_ident()}
