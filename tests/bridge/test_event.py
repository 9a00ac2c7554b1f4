"""An event that is set and waited for in threads, on event loops and by signal handlers."""

from __future__ import annotations

import signal
import threading

import anyio
import anyio.to_thread
import pytest

from asyncflask.bridge import Event


@pytest.fixture
def event():
    return Event()


def in_thread(function):
    """Run a function in a thread of its own that knows no event loop."""
    thread = threading.Thread(target=function)
    thread.start()
    return thread


def wait_until_waited_for(event):
    """Return once somebody waits."""
    while not event._wakers:
        pass


def test_it_has_not_happened_at_first(event):
    """A new event is not set."""
    assert not event.is_set()
    assert repr(event) == "<Event not set>"


def test_it_can_be_cleared(event):
    """A cleared event can happen again."""
    event.set()
    event.clear()

    assert not event.is_set()


def test_thread_is_woken(event):
    """A thread that blocks goes on once the event is set."""
    seen = []
    thread = in_thread(lambda: seen.append(event.wait()))
    wait_until_waited_for(event)

    event.set()
    thread.join(20)

    assert seen == [True]


@pytest.mark.parametrize(("happened", "result"), [(True, True), (False, False)])
def test_thread_waits_no_longer_than_the_timeout(event, happened, result):
    """A blocking wait says whether the event has happened."""
    if happened:
        event.set()

    assert event.wait(0.001) is result


@pytest.mark.anyio
async def test_task_is_woken_by_another(event):
    """A task that waits goes on once another task has set the event."""
    seen = []

    async def wait():
        seen.append(await event.wait())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        event.set()

    assert seen == [True]


@pytest.mark.anyio
async def test_task_is_woken_by_a_thread(event):
    """A thread may set what tasks of an event loop wait for."""

    def set_once_waited_for():
        wait_until_waited_for(event)
        event.set()

    thread = in_thread(set_once_waited_for)
    with anyio.fail_after(20):
        await event.wait()
    thread.join(20)

    assert event.is_set()


@pytest.mark.anyio
async def test_thread_is_woken_by_a_task(event):
    """Worker threads block on what async code sets."""

    async def set_once_waited_for():
        await anyio.to_thread.run_sync(wait_until_waited_for, event)
        event.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(set_once_waited_for)
        happened = await anyio.to_thread.run_sync(event.wait)

    assert happened is True


@pytest.mark.anyio
async def test_task_is_woken_by_a_signal_handler(event):
    """What a signal handler sets wakes the loop in whose thread it runs."""
    before = signal.signal(signal.SIGTERM, lambda *_: event.set())

    async def terminate():
        await anyio.wait_all_tasks_blocked()
        signal.raise_signal(signal.SIGTERM)

    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(terminate)
            with anyio.fail_after(20):
                await event.wait()
    finally:
        signal.signal(signal.SIGTERM, before)

    assert event.is_set()


@pytest.mark.anyio
@pytest.mark.parametrize(("happened", "result"), [(True, True), (False, False)])
async def test_task_waits_no_longer_than_the_timeout(event, happened, result):
    """An awaited wait says whether the event has happened."""
    if happened:
        event.set()

    assert await event.wait(0.001) is result


@pytest.mark.anyio
async def test_nobody_is_kept_who_stopped_waiting(event):
    """A cancelled wait leaves nothing behind."""
    with anyio.CancelScope() as scope:
        scope.cancel()
        await event.wait()

    assert not event._wakers


def test_loop_that_has_ended_is_no_obstacle(event):
    """Setting an event that a closed loop waited for wakes the others all the same."""
    left_behind = []

    async def wait_and_leave():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(event.wait)
            await anyio.wait_all_tasks_blocked()
            left_behind.extend(event._wakers)
            tasks.cancel_scope.cancel()

    anyio.run(wait_and_leave)
    event._wakers.update(left_behind)
    event.set()

    assert event.is_set()


@pytest.mark.anyio
async def test_a_function_is_called_once_it_happens(event):
    """On the thread of the event loop, with the loop's time; a forgotten one is not called."""
    called = anyio.Event()
    times = []

    def note(now):
        times.append((now, threading.current_thread()))
        called.set()

    event.when_set(note)
    event.forget(event.when_set(times.append))
    before = anyio.current_time()
    in_thread(event.set).join()
    await called.wait()

    assert [thread for _, thread in times] == [threading.current_thread()]
    assert before <= times[0][0] <= anyio.current_time()


@pytest.mark.anyio
async def test_a_function_is_called_for_what_has_happened(event):
    """It is called soon, where the event was set before."""
    called = anyio.Event()
    event.set()

    event.when_set(lambda now: called.set())
    was_called_at_once = called.is_set()
    await called.wait()

    assert not was_called_at_once
