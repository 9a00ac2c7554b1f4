"""Tasks that belong to no task group of the test's."""

from __future__ import annotations

from contextvars import ContextVar

import anyio
import pytest

from asyncflask import bridge
from asyncflask.bridge import TaskHost

pytestmark = pytest.mark.anyio

colour = ContextVar("colour", default="none")


async def test_task_runs_beside_the_caller():
    """A task goes on while its starter does other things."""
    host = await TaskHost.start()
    asked, answered = anyio.Event(), anyio.Event()

    async def answer():
        await asked.wait()
        answered.set()

    host.start_soon(answer)
    asked.set()
    await answered.wait()

    await host.stop()


async def test_task_has_the_context_of_its_starter():
    """ContextVars that the starter has set are seen."""
    host = await TaskHost.start()
    ended = anyio.Event()
    seen = []

    async def look():
        seen.append(colour.get())
        ended.set()

    colour.set("red")
    host.start_soon(look)
    await ended.wait()
    await host.stop()

    assert seen == ["red"]


async def test_stopping_cancels_the_tasks():
    """Tasks are cancelled, and have ended when stop returns."""
    host = await TaskHost.start()
    started = anyio.Event()
    ended = []

    async def linger():
        started.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    host.start_soon(linger)
    await started.wait()
    await host.stop()

    assert ended == [True]


async def test_stopping_in_a_cancelled_scope_waits_too():
    """The end of the tasks is not left to chance."""
    host = await TaskHost.start()
    ended = anyio.Event()

    async def linger():
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    host.start_soon(linger)
    await anyio.lowlevel.checkpoint()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await host.stop()

    assert ended.is_set()


async def test_another_task_may_stop_the_host():
    """Which task has started it does not matter."""
    hosts = []

    async def start():
        hosts.append(await TaskHost.start())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(start)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hosts[0].stop)


async def test_hosts_are_stopped_in_any_order():
    """The first one started may be the first one stopped."""
    first = await TaskHost.start()
    second = await TaskHost.start()

    await first.stop()
    await second.stop()


async def test_loop_may_end_before_the_host():
    """A host that nobody stops keeps nothing from ending, and complains of nothing."""
    await TaskHost.start()


async def test_task_may_act_for_another():
    """A task can count as the one that waits for it."""
    host = await TaskHost.start()
    ended = anyio.Event()
    seen = []

    async def act(caller):
        seen.append(bridge.task_of_caller())
        bridge.act_for(caller)
        seen.append(bridge.task_of_caller())
        ended.set()

    me = bridge.task_of_caller()
    host.start_soon(act, me)
    await ended.wait()
    await host.stop()

    assert seen[0] != me
    assert seen[1] == me


async def test_opened_host_takes_tasks_at_once():
    """A task given before the host has started runs with its starter's context."""
    seen = []
    ended = anyio.Event()

    async def look():
        seen.append(colour.get())
        ended.set()

    colour.set("blue")
    host = TaskHost.open()
    host.start_soon(look)
    colour.set("green")
    await ended.wait()
    await host.stop()

    assert seen == ["blue"]


async def test_closed_host_ends_after_its_tasks():
    """Closing cancels nothing."""
    host = await TaskHost.start()
    may_end = anyio.Event()
    seen = []

    async def linger():
        await may_end.wait()
        seen.append("ended")

    host.start_soon(linger)
    host.close()
    await anyio.wait_all_tasks_blocked()
    may_end.set()
    await host._has_stopped.wait()

    assert seen == ["ended"]
