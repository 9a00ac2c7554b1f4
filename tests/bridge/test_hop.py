"""Coroutines that move between the event loop and a worker."""

from __future__ import annotations

import asyncio
import threading
import types
from contextvars import ContextVar
from functools import partial

import anyio
import anyio.from_thread
import pytest

from asyncflask import bridge

number: ContextVar[int] = ContextVar("number", default=0)


class Traveller:
    """The least that a driven coroutine's companion is."""

    in_worker = False


@pytest.mark.anyio
async def test_a_driven_coroutine_moves_to_a_worker_and_back():
    """to_worker and to_loop change the thread; `in_worker` says where the coroutine is."""
    traveller = Traveller()
    seen = []

    async def travel():
        seen.append((threading.get_ident(), traveller.in_worker))
        await bridge.to_worker()
        seen.append((threading.get_ident(), traveller.in_worker))
        await bridge.to_loop()
        seen.append((threading.get_ident(), traveller.in_worker))
        return "there"

    result = await bridge.drive(travel(), traveller)

    assert result == "there"
    (first, first_away), (second, second_away), (third, third_away) = seen
    assert first == third != second
    assert (first_away, second_away, third_away) == (False, True, False)


@pytest.mark.anyio
async def test_context_variables_travel_both_ways():
    """What either side sets is seen on the other, and a token of one hop serves a later one."""

    async def travel():
        number.set(1)
        await bridge.to_worker()
        seen_in_worker = number.get()
        token = number.set(2)
        await bridge.to_loop()
        seen_on_loop = number.get()
        await bridge.to_worker()
        number.reset(token)
        return seen_in_worker, seen_on_loop, number.get()

    assert await bridge.drive(travel(), Traveller()) == (1, 2, 1)
    assert number.get() == 1


@pytest.mark.anyio
@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt("stop")])
async def test_an_error_in_the_worker_is_the_coroutines_own(error):
    """An exception raised in the worker leaves `drive` as it is."""

    async def travel():
        await bridge.to_worker()
        raise error

    with pytest.raises(type(error)) as raised:
        await bridge.drive(travel(), Traveller())

    assert raised.value is error


@pytest.mark.anyio
async def test_awaiting_something_real_in_a_worker_explains_itself():
    """A sync step cannot suspend; the error says to declare the function async."""

    @types.coroutine
    def suspend():
        yield "something"

    async def travel():
        await bridge.to_worker()
        await suspend()

    with pytest.raises(RuntimeError, match="declare the function with `async def`"):
        await bridge.drive(travel(), Traveller())


@pytest.mark.anyio
async def test_a_cancelled_hop_waits_for_the_thread_and_cleans_up_once():
    """Cancellation cannot interrupt a thread; the coroutine's clean-up runs after it, once."""
    entered, leave = threading.Event(), threading.Event()
    ends: list[str] = []

    async def travel():
        try:
            await bridge.to_worker()
            entered.set()
            leave.wait(10)
            await bridge.to_loop()
            await anyio.sleep(10)
        finally:
            ends.append("ended")

    async def cancel_when_entered(scope: anyio.CancelScope):
        await anyio.to_thread.run_sync(entered.wait)
        scope.cancel()
        leave.set()

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            tasks.start_soon(cancel_when_entered, scope)
            await bridge.drive(travel(), Traveller())

    assert scope.cancelled_caught
    assert ends == ["ended"]


@pytest.mark.asyncio
async def test_a_native_asyncio_cancellation_waits_for_the_thread_too():
    """Task.cancel() during a hop leaves no coroutine running in two threads."""
    entered, leave = threading.Event(), threading.Event()
    ends: list[str] = []

    async def travel():
        try:
            await bridge.to_worker()
            entered.set()
            leave.wait(10)
            await bridge.to_loop()
            ends.append("went on")
            await anyio.sleep(10)
        finally:
            ends.append("ended")

    task = asyncio.create_task(_await(bridge.drive(travel(), Traveller())))
    await asyncio.to_thread(entered.wait)
    task.cancel()
    asyncio.get_running_loop().call_later(0.01, leave.set)

    with pytest.raises(asyncio.CancelledError):
        await task

    assert ends == ["ended"]


async def _await(awaitable):
    return await awaitable


@pytest.mark.anyio
async def test_wait_for_in_a_worker_runs_on_the_requests_own_loop():
    """An async function met in a worker runs on the loop the request came from."""
    loop_thread = threading.get_ident()

    async def where():
        await anyio.sleep(0)
        number.set(7)
        return threading.get_ident()

    def work():
        return bridge.wait_for(where), number.get(), threading.get_ident()

    ran_in, seen, worker = await bridge.run_in_worker(work)

    assert ran_in == loop_thread != worker
    assert seen == 7


@pytest.mark.anyio
async def test_wait_for_in_a_thread_of_the_users_runs_on_the_loop_that_started_it():
    """anyio.to_thread.run_sync knows where it came from."""
    loop_thread = threading.get_ident()

    async def where():
        await anyio.sleep(0)
        return threading.get_ident()

    assert await anyio.to_thread.run_sync(bridge.wait_for, where) == loop_thread


@pytest.mark.anyio
async def test_waiting_workers_cannot_fill_the_pool():
    """A sync step inside async code that a worker waits for needs no second place."""

    async def inner():
        return await bridge.run_in_worker(partial(str.upper, "deep"))

    async def travel():
        await bridge.to_worker()
        return bridge.wait_for(inner)

    with anyio.fail_after(10):
        bridge.limit_workers(1)
        assert await bridge.drive(travel(), Traveller()) == "DEEP"


@pytest.mark.anyio
async def test_pools_of_other_names_are_apart():
    """The threads of one may all be stuck, and another's run."""
    is_stuck, may_end = anyio.Event(), threading.Event()

    def stick():
        anyio.from_thread.run_sync(is_stuck.set)
        may_end.wait(20)

    async def stay():
        bridge.limit_workers(1, "long")
        await bridge.run_in_worker(stick)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stay)
        await is_stuck.wait()
        bridge.limit_workers(1)
        with anyio.fail_after(10):
            answer = await bridge.run_in_worker(str.upper, "free")
        may_end.set()

    assert answer == "FREE"


@pytest.mark.anyio
async def test_a_home_is_found_from_any_thread():
    """Async code runs on the loop that the home was made on, whoever asks for it."""
    home, threads = bridge.Home(), []

    async def note():
        threads.append(threading.get_ident())
        return "noted"

    answers = [await bridge.run_in_worker(home.wait_for, note)]
    thread = threading.Thread(target=lambda: answers.append(home.wait_for(note)))
    await anyio.to_thread.run_sync(lambda: (thread.start(), thread.join()))

    assert answers == ["noted", "noted"]
    assert threads == [home.thread, home.thread]


@pytest.mark.anyio
async def test_waiting_for_a_home_is_cancelled_with_the_worker():
    """A server that stops does not wait for a WebSocket's view that waits for a message."""
    home, has_begun, seen = bridge.Home(), anyio.Event(), []

    async def receive():
        has_begun.set()
        await anyio.sleep_forever()

    def view():
        try:
            home.wait_for(receive)
        except BaseException as exc:
            seen.append(type(exc))
            raise

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bridge.run_in_worker, view)
        await has_begun.wait()
        tasks.cancel_scope.cancel()

    assert seen == [anyio.get_cancelled_exc_class()]


@pytest.mark.anyio
async def test_a_home_is_not_waited_for_on_a_loop():
    """Blocking an event loop's own thread is refused."""
    with pytest.raises(RuntimeError, match="Await it there"):
        bridge.Home().wait_for(anyio.sleep, 0)


@pytest.mark.anyio
async def test_a_task_that_left_the_pool_waits_for_none_of_its_threads():
    """Though all of them are stuck."""
    is_stuck, may_end = anyio.Event(), threading.Event()
    bridge.limit_workers(1)

    def stick():
        anyio.from_thread.run_sync(is_stuck.set)
        may_end.wait(20)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bridge.run_in_worker, stick)
        await is_stuck.wait()
        bridge.leave_pool()
        with anyio.fail_after(10):
            answer = await bridge.run_in_worker(str.upper, "free")
        may_end.set()

    assert answer == "FREE"


@pytest.mark.anyio
async def test_wait_for_on_the_event_loop_explains_itself():
    """Blocking the loop's own thread is refused, with the remedy."""
    with pytest.raises(RuntimeError, match="Await it there"):
        bridge.wait_for(anyio.sleep, 0)


def test_wait_for_in_a_plain_thread_starts_a_loop_and_lends_the_thread():
    """Without a loop anywhere, sync steps of the async code run in the calling thread."""

    async def travel():
        return threading.get_ident(), await bridge.run_in_worker(threading.get_ident)

    on_loop, in_worker = bridge.wait_for(travel)

    assert in_worker == threading.get_ident() != on_loop


def test_a_lent_thread_can_lend_itself_again():
    """Sync code in a lent thread may wait for async code that needs a worker itself."""

    async def inner():
        return await bridge.run_in_worker(threading.get_ident)

    async def outer():
        return await bridge.run_in_worker(lambda: bridge.wait_for(inner))

    assert bridge.wait_for(outer) == threading.get_ident()


def test_context_variables_come_back_from_wait_for():
    """A value set on the loop is seen by the thread that waited."""

    async def setter():
        number.set(11)

    token = number.set(1)
    bridge.wait_for(setter)
    seen = number.get()
    number.reset(token)

    assert seen == 11


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt("stop"), SystemExit(3)])
def test_any_error_reaches_the_waiting_thread_and_the_loop_lives_on(error):
    """KeyboardInterrupt and SystemExit pass to the caller without ending the loop thread."""

    async def fail():
        raise error

    with pytest.raises(type(error)) as raised:
        bridge.wait_for(fail)

    assert raised.value is error
    assert bridge.wait_for(_await, _give(5)) == 5


async def _give(value):
    return value


def test_run_here_keeps_sync_steps_in_the_calling_thread():
    """A driven coroutine can be run without a request: async steps on a loop, sync ones here."""
    seen = []

    async def travel():
        seen.append(threading.get_ident())
        await bridge.to_loop()
        await anyio.sleep(0)
        seen.append(threading.get_ident())
        await bridge.to_worker()
        seen.append(threading.get_ident())
        return "done"

    result = bridge.run_here(travel(), Traveller())

    assert result == "done"
    assert seen[0] == seen[2] == threading.get_ident() != seen[1]


@pytest.mark.anyio
async def test_ensure_sync_on_the_loop_gives_the_coroutine():
    """Where waiting is impossible, the coroutine is returned to be awaited."""
    function = bridge.ensure_sync(_give)

    assert await function(3) == 3


@pytest.mark.anyio
async def test_run_sync_runs_in_a_worker_with_the_callers_variables():
    """They are seen there, and what is set there is seen here."""

    @bridge.run_sync
    def paint(part, *, to):
        before = number.get()
        number.set(to)
        return part, before, threading.get_ident()

    number.set(1)

    part, before, thread = await paint("door", to=2)

    assert (part, before, number.get()) == ("door", 1, 2)
    assert thread != threading.get_ident()
    assert paint.__name__ == "paint"


@pytest.mark.anyio
async def test_run_sync_raises_the_functions_error():
    """As if it had been called."""

    def fail():
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        await bridge.run_sync(fail)()


@pytest.mark.anyio
async def test_run_sync_leaves_async_functions_alone():
    """They are what they should become."""

    async def work():
        return None

    assert bridge.run_sync(work) is work


@pytest.mark.anyio
async def test_run_sync_shares_the_limit_of_the_sync_views():
    """Thirty calls, three of them at a time."""
    bridge.limit_workers(3)
    running, most, three = [], [], threading.Barrier(3)

    @bridge.run_sync
    def work():
        running.append(None)
        most.append(len(running))
        three.wait(timeout=10)
        running.pop()

    async with anyio.create_task_group() as tasks:
        for _ in range(30):
            tasks.start_soon(work)

    assert len(most) == 30
    assert max(most) == 3
