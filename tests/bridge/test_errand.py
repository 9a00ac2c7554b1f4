"""The threads for file access."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from functools import partial

import anyio
import anyio.from_thread
import pytest

from asyncflask import bridge

pytestmark = pytest.mark.anyio

colour: ContextVar[str] = ContextVar("colour", default="none")


class Slow:
    """A call that lasts until it is released."""

    def __init__(self):
        self.began = bridge.Event()
        self.released = threading.Event()
        self.has_ended = False

    def __call__(self):
        self.began.set()
        self.released.wait(10)
        self.has_ended = True
        return "opened"


async def test_it_runs_in_a_thread_and_returns_the_value():
    """The event loop's own thread does not do it."""
    thread = await bridge.run_io(threading.get_ident)

    assert thread != threading.get_ident()


async def test_an_error_is_raised_here():
    """As it is."""
    with pytest.raises(FileNotFoundError):
        await bridge.run_io(open, "/missing/file")


async def test_context_variables_are_seen_there_and_stay_there():
    """File access is no part of the user's flow of control."""

    def change():
        before = colour.get()
        colour.set("blue")
        return before

    colour.set("red")

    seen = await bridge.run_io(change)

    assert (seen, colour.get()) == ("red", "red")


async def test_it_knows_its_event_loop():
    """What is overridden may ask async code."""

    async def answer():
        return 42

    assert await bridge.run_io(anyio.from_thread.run, answer) == 42


async def test_user_code_cannot_fill_its_threads():
    """A file is read while all workers are busy."""
    bridge.limit_workers(1)
    slow = Slow()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bridge.run_in_worker, slow)
        await slow.began.wait()
        found = await bridge.run_io(str, 1)
        slow.released.set()

    assert found == "1"


async def test_cancelling_waits_for_its_end_and_loses_no_result():
    """What was opened is there to be closed."""
    slow, found = Slow(), []

    async def cancelled_call():
        with anyio.CancelScope() as scope:
            tasks.start_soon(partial(cancel_when_begun, scope))
            found.append(await bridge.run_io(slow))

    async def cancel_when_begun(scope):
        await slow.began.wait()
        scope.cancel()
        slow.released.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cancelled_call)

    assert slow.has_ended
    assert found == ["opened"]


async def test_what_is_cancelled_before_it_began_is_not_run():
    """The one thread that there is for it was busy."""
    ran = []
    with anyio.CancelScope() as scope:
        scope.cancel()
        await bridge.run_io(ran.append, 1)

    assert ran == []


async def test_a_worker_that_waits_for_it_does_not_hold_it_up():
    """Also where every thread of the pool waits like this."""

    def read_with_help():
        return bridge.wait_for(bridge.run_io, str, 1)

    found = []

    async def call():
        found.append(await bridge.run_io(read_with_help))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(call)

    assert found == ["1"] * 50
