"""Cancellation that is seen once."""

from __future__ import annotations

import asyncio

import anyio
import anyio.lowlevel
import pytest

from asyncflask import bridge

pytestmark = pytest.mark.anyio


def nothing():
    """Nothing is to be done before waiting."""


async def cancel(function):
    """Run `function` until it waits, and then cancel it."""
    with anyio.CancelScope() as scope:
        await bridge.cancel_once(function(), scope.cancel)
    return scope.cancelled_caught


async def test_the_result_is_passed_on():
    """Without a cancellation it is as if the coroutine was awaited."""

    async def work():
        await anyio.lowlevel.checkpoint()
        return "done"

    assert await bridge.cancel_once(work(), nothing) == "done"


async def test_an_error_is_passed_on():
    """As it was raised."""

    async def work():
        await anyio.lowlevel.checkpoint()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await bridge.cancel_once(work(), nothing)


async def test_waiting_is_announced_once():
    """Before the first time; never where nothing waits."""
    waits = []

    async def wait():
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()

    async def return_at_once():
        return

    await bridge.cancel_once(return_at_once(), lambda: waits.append("nothing"))
    await bridge.cancel_once(wait(), lambda: waits.append("checkpoint"))

    assert waits == ["checkpoint"]


async def test_clean_up_awaits_after_a_cancellation():
    """The cancellation is raised where the coroutine waits, and not again in its `finally`."""
    events = []

    async def work():
        try:
            await anyio.sleep_forever()
        finally:
            events.append("cancelled")
            for _ in range(3):
                await anyio.lowlevel.checkpoint()
            events.append("cleaned up")

    assert await cancel(work)
    assert events == ["cancelled", "cleaned up"]


async def test_a_timeout_within_does_not_keep_a_cancellation_out():
    """What the coroutine cancels itself is its own affair; it can be cancelled after that."""
    events = []

    async def work():
        with anyio.move_on_after(0):
            await anyio.sleep_forever()
        events.append("timeout")
        scope.cancel()
        try:
            await anyio.sleep_forever()
        finally:
            await anyio.lowlevel.checkpoint()
            events.append("cancelled")

    with anyio.CancelScope() as scope:
        await bridge.cancel_once(work(), nothing)

    assert events == ["timeout", "cancelled"]


async def test_a_cancellation_within_an_open_timeout():
    """Scopes that the coroutine has entered are left in their order."""
    events = []

    async def work():
        with anyio.fail_after(60):
            try:
                await anyio.sleep_forever()
            finally:
                await anyio.lowlevel.checkpoint()
                events.append("cleaned up")

    assert await cancel(work)
    assert events == ["cleaned up"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_asyncios_own_timeout_within():
    """It knows no scopes; it ends its own waiting and nothing else."""
    events = []

    async def work():
        try:
            async with asyncio.timeout(0):
                await anyio.sleep_forever()
        except TimeoutError:
            events.append("timeout")
        await anyio.sleep_forever()

    with anyio.move_on_after(0.01):
        await bridge.cancel_once(work(), nothing)

    assert events == ["timeout"]


async def test_a_closed_coroutine_closes_what_it_runs():
    """Where an event loop ends without having ended its tasks."""
    events = []

    async def work():
        try:
            await anyio.sleep_forever()
        finally:
            events.append("closed")

    coroutine = bridge.cancelling._drive(work(), anyio.CancelScope(), nothing)
    coroutine.send(None)
    coroutine.close()

    assert events == ["closed"]
