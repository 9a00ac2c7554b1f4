"""Noticing code that blocks its event loop. The clock of these tests is set by hand."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from asyncflask import bridge
from asyncflask.bridge import blocking

pytestmark = pytest.mark.anyio


@dataclass
class Traveller:
    in_worker: bool = False


class Clock:
    """A clock that stands still until it is told how long something took."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(blocking, "monotonic", clock)
    return clock


@pytest.fixture
def looked(monkeypatch):
    """Set once the watchdog has looked at what is running."""
    event, look = threading.Event(), blocking._Stretch.look

    def look_and_tell(stretch):
        look(stretch)
        event.set()

    monkeypatch.setattr(blocking._Stretch, "look", look_and_tell)
    return event


@pytest.fixture
def reports():
    return []


@pytest.fixture
def watch(reports):
    """Drive a coroutine that may keep the loop for 0.05 seconds at a time."""

    async def watch(coroutine, traveller=None, limit=0.05):
        traveller = traveller or Traveller()
        watched = bridge.watched(coroutine, traveller, limit, reports.append)
        return await bridge.drive(watched, traveller)

    return watch


async def test_a_long_stretch_is_reported_with_its_place(clock, looked, reports, watch):
    """The function, its file and line, and the seconds; what it calls is the innermost."""

    def compute():
        clock.now += 1.5
        looked.wait(20)

    async def work():
        compute()
        return "value"

    value = await watch(work())

    (blockage,) = reports
    assert value == "value"
    assert (blockage.seconds, blockage.is_over) == (1.5, True)
    assert blockage.caller.function.endswith("work")
    assert blockage.caller.file == __file__
    assert Path(__file__).read_text().splitlines()[blockage.caller.line - 1].strip() == "compute()"
    assert blockage.innermost.file == threading.__file__


async def test_stretches_between_awaits_are_measured_each(clock, reports, watch):
    """Together they may take as long as they like."""

    async def work():
        for _ in range(5):
            clock.now += 0.04
            await anyio.lowlevel.checkpoint()

    await watch(work())

    assert reports == []


async def test_waiting_is_no_stretch(clock, reports, watch):
    """Others run meanwhile."""
    resumed = anyio.Event()

    async def wait():
        await resumed.wait()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch, wait())
        await anyio.wait_all_tasks_blocked()
        clock.now += 10
        resumed.set()

    assert reports == []


async def test_work_in_a_worker_is_no_stretch(clock, reports, watch):
    """A worker may block as long as it needs; what follows on the loop may not."""

    async def work():
        await bridge.to_worker()
        clock.now += 10
        await bridge.to_loop()
        clock.now += 3

    await watch(work())

    assert [blockage.seconds for blockage in reports] == [3]


async def test_errors_pass(clock, reports, watch):
    """What took long and failed is reported, and its error raised."""

    async def work():
        clock.now += 1
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        await watch(work())

    assert [blockage.seconds for blockage in reports] == [1]


async def test_cancellation_passes(watch):
    """The coroutine sees it where it waits."""
    seen = []

    async def wait():
        try:
            await anyio.sleep_forever()
        finally:
            seen.append("cancelled")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch, wait())
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()

    assert seen == ["cancelled"]


async def test_a_stretch_within_another_is_reported_once(clock, reports, watch):
    """The outer one has it."""

    async def inner():
        clock.now += 1

    async def outer():
        await watch(inner())
        clock.now += 1

    await watch(outer())

    assert [blockage.seconds for blockage in reports] == [2]


async def test_a_stretch_that_may_never_end_is_reported_meanwhile(clock, watch):
    """After some seconds, from the watchdog's thread, and then not again."""
    told, reports = threading.Event(), []

    def report(blockage):
        reports.append(blockage)
        told.set()

    async def work():
        clock.now += blocking._PATIENCE + 1
        told.wait(20)

    await bridge.watched(work(), Traveller(), 0.05, report)

    assert [blockage.is_over for blockage in reports] == [False]
    assert reports[0].caller.function.endswith("work")


async def test_each_task_has_its_own_stretches(clock, reports, watch):
    """One that waits is not blamed for what another does."""
    ended = anyio.Event()

    async def wait():
        await ended.wait()

    async def work():
        await anyio.wait_all_tasks_blocked()
        clock.now += 2
        ended.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch, wait())
        tasks.start_soon(watch, work())

    assert [blockage.seconds for blockage in reports] == [2]
