"""The app's task beside the test's."""

from __future__ import annotations

import threading

import anyio
import pytest

from asyncflask import bridge
from asyncflask.testing import EnvironBuilder
from asyncflask.testing.builder import NoApp
from asyncflask.testing.websockets import Connection, WebSocketClosed, to_websocket_scope
from asyncflask.testing.websockets import connection as connection_module

pytestmark = pytest.mark.anyio


@pytest.fixture
def open_to():
    """Connect to an app; gives the connection once the app has accepted."""

    async def open_connection(app, patience=20, host=None):
        scope = to_websocket_scope(EnvironBuilder(NoApp(), "/").get_scope())
        return await Connection.open(app, scope, bridge.task_of_caller(), patience, host)

    return open_connection


@pytest.fixture
def lasting():
    """An app that accepts and goes on until it is cancelled; `ended` is set when it has been."""

    async def lasting(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        try:
            await anyio.sleep_forever()
        finally:
            lasting.ended = True

    lasting.ended = False
    return lasting


async def test_an_app_that_does_not_end(open_to, lasting):
    """It is cancelled, and the error says what to do."""
    connection = await open_to(lasting)
    connection.patience = 0.01

    with pytest.raises(TimeoutError, match=r"still ran 0\.01 seconds after"):
        await connection.leave()

    assert lasting.ended


async def test_a_test_that_is_cancelled_cancels_the_app(open_to, lasting):
    """Leaving in a cancelled scope waits only for the end of the cancelled app."""
    connection = await open_to(lasting)

    with anyio.CancelScope() as scope:
        scope.cancel()
        await connection.leave()

    assert scope.cancelled_caught
    assert lasting.ended


async def test_a_handshake_that_is_cancelled_cancels_the_app(open_to):
    """Nothing of it goes on."""
    began, ended = anyio.Event(), []

    async def app(scope, receive, send):
        began.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(open_to, app)
        await began.wait()
        tasks.cancel_scope.cancel()

    assert ended == [True]


async def test_a_cancelled_wait_loses_no_message(open_to, echo):
    """A test may give up waiting and receive the message later."""
    connection = await open_to(echo)
    with anyio.move_on_after(0) as scope:
        await connection.receive(None)
    await connection.send({"type": "websocket.receive", "text": "tea"})

    message = await connection.receive(None)
    await connection.leave()

    assert scope.cancelled_caught
    assert message == "tea"


async def test_closing_while_another_task_waits(open_to, echo):
    """The other one is told at once."""
    connection = await open_to(echo)
    codes = []

    async def wait():
        with pytest.raises(WebSocketClosed) as caught:
            await connection.receive(None)
        codes.append(caught.value.code)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        connection.close(4001, "")
    await connection.leave()

    assert codes == [4001]


async def test_a_message_that_is_there_is_received_without_waiting(open_to, speaking, accept):
    """With a patience of 0 too."""
    connection = await open_to(speaking(accept(), {"type": "websocket.send", "text": "tea"}))
    await anyio.wait_all_tasks_blocked()

    message = await connection.receive(0)
    await connection.leave()

    assert message == "tea"


async def test_an_app_that_is_far_ahead_waits(open_to):
    """It cannot fill the memory."""
    sent = []

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            await send({"type": "websocket.send", "text": "tea"})
            sent.append("tea")

    connection = await open_to(app)
    await anyio.wait_all_tasks_blocked()
    sent_unread = len(sent)
    for _ in range(10):
        await connection.receive(None)
    await anyio.wait_all_tasks_blocked()
    await connection.leave()

    assert sent_unread == 64
    assert len(sent) == 74


async def test_a_group_of_nothing_but_disconnects(open_to):
    """An app's task group may wrap them; they are no errors of the test's either."""

    async def app(scope, receive, send):
        async def send_for_ever():
            while True:
                await send({"type": "websocket.send", "text": "tea"})

        await receive()
        await send({"type": "websocket.accept"})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send_for_ever)
            tasks.start_soon(send_for_ever)

    connection = await open_to(app)
    await connection.receive(None)

    await connection.leave()

    assert connection.dialogue.code == 1000


async def test_a_host_that_is_given_is_left_running(open_to, echo):
    """A client's block has one for all its websockets."""
    host = await bridge.TaskHost.start()
    for _ in range(2):
        connection = await open_to(echo, host=host)
        await connection.leave()

    await host.stop()

    assert len(echo.disconnects) == 2


async def test_a_thread_that_blocks_is_not_waited_for(open_to, monkeypatch):
    """Nothing can end it, so that the error is raised without."""
    monkeypatch.setattr(connection_module, "_GRACE", 0.01)
    release, ended = threading.Event(), anyio.Event()

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        try:
            await bridge.run_in_worker(release.wait, 20)
        finally:
            ended.set()

    connection = await open_to(app)
    connection.patience = 0.01

    with pytest.raises(TimeoutError, match="still ran"):
        await connection.leave()

    release.set()
    await ended.wait()
