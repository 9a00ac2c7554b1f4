"""The worker threads that share one queue."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextvars import ContextVar

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest

from asyncflask import bridge
from asyncflask.bridge import pool

pytestmark = pytest.mark.anyio

colour: ContextVar[str] = ContextVar("colour", default="none")


async def run_at_once(function, count):
    """Run `function` so many times, each in a task of its own."""
    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(bridge.run_in_worker, function)


async def test_no_more_threads_than_its_size_run_at_once():
    """Thirty calls share three threads, and all of them are run."""
    bridge.limit_workers(3)
    running, most, ended, count = [], [], [], threading.Lock()
    three = threading.Barrier(3)

    def work():
        with count:
            running.append(None)
            most.append(len(running))
        three.wait(timeout=10)
        with count:
            running.pop()
            ended.append(None)

    await run_at_once(work, 30)

    assert len(ended) == 30
    assert max(most) == 3


async def test_a_thread_has_nothing_of_the_task_it_was_started_for():
    """A variable that the first callers have set is not seen by a later one."""
    bridge.limit_workers(4)
    two = threading.Barrier(2)

    async def call_with_colour():
        colour.set("red")
        await bridge.run_in_worker(two.wait, 10)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call_with_colour)
        tasks.start_soon(call_with_colour)
    later = [await bridge.run_in_worker(colour.get) for _ in range(4)]

    assert later == ["none"] * 4


async def test_a_thread_knows_its_event_loop():
    """anyio.from_thread works in sync code without a token."""

    async def answer():
        return 42

    found = await bridge.run_in_worker(anyio.from_thread.run, answer)

    assert found == 42


async def test_a_call_that_comes_when_the_thread_ends_is_run(monkeypatch):
    """A thread that has been idle for long enough ends; the next call starts another."""
    monkeypatch.setattr(pool, "_IDLE", 0.001)
    bridge.limit_workers(1)

    found = []
    for number in range(20):
        found.append(await bridge.run_in_worker(lambda number=number: number))
        await anyio.sleep(0.002)

    assert found == list(range(20))


async def test_a_call_that_is_cancelled_while_it_waits_is_never_run():
    """No thread was free for it, so it is not begun after its caller has gone."""
    bridge.limit_workers(1)
    entered, leave, ran = anyio.Event(), threading.Event(), []

    def occupy():
        anyio.from_thread.run_sync(entered.set)
        leave.wait(timeout=10)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bridge.run_in_worker, occupy)
        await entered.wait()
        with anyio.move_on_after(0.01):
            await bridge.run_in_worker(ran.append, 1)
        leave.set()
    await bridge.run_in_worker(ran.append, 2)

    assert ran == [2]


async def test_what_a_thread_waits_for_is_cancelled_with_its_caller():
    """The async function that sync code waits for ends; the thread goes on, to its own end."""
    entered, seen = anyio.Event(), []

    async def wait_for_ever():
        entered.set()
        try:
            await anyio.sleep_forever()
        finally:
            seen.append("cancelled")

    def work():
        try:
            bridge.wait_for(wait_for_ever)
        finally:
            seen.append("cleaned up")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bridge.run_in_worker, work)
        await entered.wait()
        tasks.cancel_scope.cancel()

    assert seen == ["cancelled", "cleaned up"]


async def test_too_few_threads_are_warned_of_once(caplog):
    """The warning says how many there are and what to do."""
    bridge.limit_workers(2)
    two = threading.Barrier(2)

    with caplog.at_level(logging.WARNING, "asyncflask.workers"):
        await run_at_once(lambda: two.wait(timeout=10), 8)

    assert [record.getMessage() for record in caplog.records] == [
        "All 2 worker threads for sync code are busy, so calls have to wait for one. Declare what"
        " waits for I/O with `async def`, or raise THREADPOOL_SIZE."
    ]


def test_clean_up_that_blocks_runs_though_the_event_loop_ends(anyio_backend, caplog):
    """All tasks are cancelled then, those too that lend the threads; nothing is logged of it."""
    name, options = anyio_backend if isinstance(anyio_backend, tuple) else (anyio_backend, {})
    ended = []

    async def serve():
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await bridge.run_in_worker(ended.append, "cleaned up")

    async def main():
        await bridge.run_in_worker(ended.append, "begun")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve)
            tasks.cancel_scope.cancel()

    anyio.run(main, backend=name, backend_options=options)

    assert ended == ["begun", "cleaned up"]
    assert caplog.records == []


async def test_what_a_thread_has_ended_is_not_lost_to_cancellation():
    """The value comes, and the cancellation with the next thing that is awaited."""
    entered, leave, values = anyio.Event(), threading.Event(), []

    def work():
        anyio.from_thread.run_sync(entered.set)
        leave.wait(timeout=10)
        return "value"

    async def call():
        values.append(await bridge.run_in_worker(work))
        await anyio.lowlevel.checkpoint()
        values.append("went on")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        await entered.wait()
        tasks.cancel_scope.cancel()
        leave.set()

    assert values == ["value"]


async def test_nothing_is_begun_for_a_task_that_is_cancelled():
    """The cancellation comes first, however short the function is."""
    ran = []

    with anyio.CancelScope() as scope:
        scope.cancel()
        await bridge.run_in_worker(ran.append, 1)

    assert ran == []
    assert scope.cancelled_caught


@pytest.mark.parametrize("use_uvloop", [False, True])
def test_idle_threads_end_with_the_event_loop(use_uvloop, monkeypatch):
    """A server that stops does not wait until they would have ended by themselves.

    Trio keeps threads of its own, which no process waits for.
    """
    monkeypatch.setattr(pool, "_IDLE", 120)
    all_run = threading.Barrier(3)
    threads = []

    def stay():
        all_run.wait(20)
        threads.append(threading.current_thread())

    anyio.run(run_at_once, stay, 3, backend_options={"use_uvloop": use_uvloop})

    for thread in threads:
        thread.join(20)
    assert [thread.is_alive() for thread in threads] == [False] * 3


@pytest.mark.parametrize("use_uvloop", [False, True])
def test_a_first_thread_that_cancelled_code_needs_ends_with_the_loop(use_uvloop):
    """The interpreter would wait for it for ever; the loop has cancelled its tasks already."""
    threads = []

    async def clean_up_in_a_thread():
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                threads.append(await bridge.run_in_worker(threading.current_thread))

    async def leave_it_running():
        running = asyncio.ensure_future(clean_up_in_a_thread())
        await asyncio.sleep(0)
        assert not running.done()

    anyio.run(leave_it_running, backend_options={"use_uvloop": use_uvloop})

    [thread] = threads
    thread.join(5)
    assert not thread.is_alive()


async def test_dismissed_threads_end_and_others_follow(monkeypatch):
    """The idle one at once, the busy one after its job; later calls have new ones."""
    monkeypatch.setattr(pool, "_IDLE", 120)
    bridge.limit_workers(2)
    ended = threading.Semaphore(0)
    work = pool.Pool._work

    def work_and_tell(self):
        work(self)
        ended.release()

    monkeypatch.setattr(pool.Pool, "_work", work_and_tell)
    two = threading.Barrier(2)
    await run_at_once(lambda: two.wait(timeout=10), 2)

    bridge.dismiss_workers()

    assert await anyio.to_thread.run_sync(ended.acquire, True, 10)
    assert await anyio.to_thread.run_sync(ended.acquire, True, 10)
    assert await bridge.run_in_worker(lambda: "again") == "again"
