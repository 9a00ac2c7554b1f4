"""Threads and tasks that belong to no request."""

from __future__ import annotations

import threading

import anyio
import anyio.to_thread
import pytest

from asyncflask import bridge

pytestmark = pytest.mark.anyio


async def test_value_of_the_function_is_given():
    """It runs in another thread than the loop's."""
    thread = await bridge.run_aside(threading.get_ident, 1)

    assert thread != threading.get_ident()


async def test_error_of_the_function_is_raised():
    """As it was raised in the thread."""

    def fail():
        raise LookupError("no database")

    with pytest.raises(LookupError, match="no database"):
        await bridge.run_aside(fail, 1)


async def test_thread_keeps_no_process_alive():
    """It is a daemon."""
    is_daemon = await bridge.run_aside(lambda: threading.current_thread().daemon, 1)

    assert is_daemon


async def test_thread_reaches_the_loop():
    """Async functions are run on the event loop that the thread belongs to."""

    async def note():
        return threading.get_ident()

    thread = await bridge.run_aside(lambda: bridge.wait_for(note), 1)

    assert thread == threading.get_ident()


async def test_pool_has_so_many_threads():
    """One function more has to wait."""
    started, may_end = [], threading.Event()

    def note():
        started.append(True)
        may_end.wait(20)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(bridge.run_aside, note, 2)
        await anyio.wait_all_tasks_blocked()
        await bridge.run_in_worker(lambda: wait_until(lambda: len(started) == 2))
        started_at_once = len(started)
        may_end.set()

    assert (started_at_once, len(started)) == (2, 3)


def wait_until(is_so):
    while not is_so():
        pass


async def test_cancelling_leaves_the_thread_behind():
    """The task ends at once; the thread when it likes."""
    started, may_end = threading.Event(), threading.Event()
    ended = threading.Event()

    def linger():
        started.set()
        may_end.wait(20)
        ended.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bridge.run_aside, linger, 1)
        await anyio.to_thread.run_sync(started.wait, 20)
        tasks.cancel_scope.cancel()
    had_ended = ended.is_set()
    may_end.set()

    assert not had_ended
    assert await anyio.to_thread.run_sync(ended.wait, 20)
