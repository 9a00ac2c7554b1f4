"""Awaiting with other context variables than the task's own."""

from __future__ import annotations

from contextvars import ContextVar, copy_context

import anyio
import pytest

from asyncflask import bridge

number = ContextVar("number", default=0)


async def wait_and_set():
    """Look, wait, set, wait, look again."""
    before = number.get()
    await anyio.sleep(0.001)
    number.set(2)
    await anyio.lowlevel.checkpoint()
    return before, number.get()


@pytest.mark.anyio
async def test_variables_are_those_given():
    """From the first step to the last; what is set there stays there."""
    variables = copy_context()
    number.set(1)

    seen = await bridge.run_with(variables, wait_and_set())

    assert seen == (0, 2)
    assert number.get() == 1
    assert variables[number] == 2


@pytest.mark.anyio
async def test_an_error_comes_out():
    """As it was raised."""

    async def fail():
        await anyio.lowlevel.checkpoint()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await bridge.run_with(copy_context(), fail())


@pytest.mark.anyio
async def test_a_cancellation_comes_in():
    """To where it waits; its clean-up has the variables too."""
    variables, seen = copy_context(), []
    number.set(1)

    async def wait():
        try:
            await anyio.sleep_forever()
        finally:
            seen.append(number.get())

    with anyio.move_on_after(0.001) as scope:
        await bridge.run_with(variables, wait())

    assert scope.cancelled_caught
    assert seen == [0]


@pytest.mark.anyio
async def test_closing_goes_on_to_what_is_awaited():
    """A coroutine that is closed does not leave another one half-way."""
    closed = []

    async def wait():
        try:
            await anyio.sleep_forever()
        finally:
            closed.append(True)

    async def run():
        await bridge.run_with(copy_context(), wait())

    running = run()
    running.send(None)
    running.close()

    assert closed == [True]


@pytest.mark.anyio
async def test_the_last_message_is_sent_with_them():
    """Those before it are sent with the task's own."""
    variables, seen = copy_context(), []
    number.set(1)

    async def send(message):
        seen.append(number.get())

    outside = bridge.OutsideSend(variables, send)
    await outside({"type": "http.response.body", "more_body": True})
    await outside({"type": "http.response.body"})

    assert seen == [1, 0]


@pytest.mark.anyio
async def test_messages_are_received_with_them():
    """Each of them."""
    variables = copy_context()
    number.set(1)

    async def receive():
        return number.get()

    assert await bridge.receive_outside(variables, receive) == 0
