"""When the client goes: what becomes of a WebSocket's view, its context and its teardown."""

from __future__ import annotations

import threading

import anyio
import pytest

from asyncflask import Flask, WebSocketDisconnected, websocket

pytestmark = pytest.mark.anyio


@pytest.fixture
def log():
    """What happened, in its order."""
    return []


@pytest.fixture
def app(log):
    app = Flask("gone")
    app.teardown_websocket(lambda exc: log.append(("teardown", type(exc).__name__)))
    app.after_websocket(lambda response: log.append(("after", response)))
    return app


@pytest.fixture
def connect(app):
    def connect(path="/ws", **options):
        return app.async_test_client().websocket_connect(path, **options)

    return connect


NORMAL_END = [("after", None), ("teardown", "NoneType")]
INTERRUPTED = [("after", None), ("teardown", "WebSocketDisconnected")]


def names_of_tasks():
    return [task.name or "" for task in anyio.get_running_tasks()]


class TestCost:
    async def test_view_that_only_receives_and_sends(self, app, connect):
        """It has no task beside it, however long it waits for its messages."""
        names = []

        @app.websocket("/ws")
        async def ws():
            async for message in websocket:
                names.extend(names_of_tasks())
                await websocket.send(message)

        async with connect() as connection:
            for _ in range(3):
                await connection.send("x")
                await connection.receive()

        assert not [name for name in names if "Watch" in name]

    async def test_view_that_waits_for_something_else(self, app, connect):
        """It is watched from then on, until it only receives again."""
        watched = []

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            await anyio.lowlevel.checkpoint()
            async for message in websocket:
                watched.append(any("Watch" in name for name in names_of_tasks()))
                await websocket.send(message)

        async with connect() as connection:
            for _ in range(5):
                await connection.send("x")
                await connection.receive()

        assert [watched[0], watched[-1]] == [True, False]


class TestReceiving:
    async def test_iteration_ends(self, app, connect, log):
        """The view goes on behind its loop."""

        @app.websocket("/ws")
        async def ws():
            async for _ in websocket:
                pass
            log.append("behind")

        async with connect() as connection:
            await connection.send("x")

        assert log == ["behind", *NORMAL_END]

    async def test_second_iteration_raises(self, app, connect, log):
        """Who knows that it is over, and goes on, is told by an error."""

        @app.websocket("/ws")
        async def ws():
            for _ in range(2):
                async for _ in websocket:
                    pass
                log.append("ended")

        async with connect() as connection:
            await connection.send("x")

        assert log == ["ended", *NORMAL_END]

    async def test_receive_raises_with_code_and_reason(self, app, connect, log):
        """The error says how the client has closed."""

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            try:
                await websocket.receive()
            except WebSocketDisconnected as gone:
                log.append((gone.code, gone.reason))

        async with connect() as connection:
            await connection.close(4001, "bye")

        assert log == [(4001, "bye"), *NORMAL_END]

    async def test_unhandled_it_is_a_normal_end(self, app, connect, log, caplog):
        """Nothing is logged, and no error handler asked."""
        app.register_error_handler(Exception, lambda error: log.append(error))

        @app.websocket("/ws")
        async def ws():
            while True:
                await websocket.receive()

        async with connect() as connection:
            await connection.send("x")

        assert log == NORMAL_END
        assert not caplog.records

    async def test_send_raises_afterwards(self, app, connect, log):
        """So does everything that would reach the client."""

        @app.websocket("/ws")
        async def ws():
            async for _ in websocket:
                pass
            with pytest.raises(WebSocketDisconnected):
                await websocket.send("x")
            with pytest.raises(WebSocketDisconnected):
                await websocket.receive()
            await websocket.close()
            log.append("raised")

        async with connect() as connection:
            await connection.send("x")

        assert log == ["raised", *NORMAL_END]

    async def test_messages_before_it_are_received(self, app, connect, log):
        """They come in order, although the view was busy when the client went."""
        is_busy, may_go_on = anyio.Event(), anyio.Event()

        @app.websocket("/ws")
        async def ws():
            async for message in websocket:
                log.append(message)
                is_busy.set()
                await may_go_on.wait()

        async with connect() as connection:
            for text in ("a", "b", "c"):
                await connection.send(text)
            await is_busy.wait()
            await connection.close()
            await anyio.wait_all_tasks_blocked()
            may_go_on.set()

        assert log == ["a", "b", "c", *NORMAL_END]

    async def test_cleaning_up_may_wait(self, app, connect, log):
        """A view that knows that the client has gone may still await."""

        @app.websocket("/ws")
        async def ws():
            try:
                async for _ in websocket:
                    pass
            finally:
                await anyio.lowlevel.checkpoint()
                log.append("clean")

        async with connect() as connection:
            await connection.send("x")

        assert log == ["clean", *NORMAL_END]

    async def test_cleaning_up_has_a_limit(self, app, connect, log):
        """After WEBSOCKET_CLOSE_TIMEOUT the view is cancelled."""
        app.config["WEBSOCKET_CLOSE_TIMEOUT"] = 0.02

        @app.websocket("/ws")
        async def ws():
            async for _ in websocket:
                pass
            log.append("cleaning")
            await anyio.sleep_forever()

        async with connect() as connection:
            await connection.send("x")

        assert log == ["cleaning", *INTERRUPTED]

    async def test_catching_everything_has_a_limit(self, app, connect, log):
        """A loop that never gives up neither keeps the event loop nor lives for ever."""
        app.config["WEBSOCKET_CLOSE_TIMEOUT"] = 0.02

        @app.websocket("/ws")
        async def ws():
            while True:
                try:
                    await websocket.send(await websocket.receive())
                except Exception:
                    continue

        async with connect() as connection:
            await connection.send("x")
            await connection.receive()

        assert log == INTERRUPTED


class TestWaitingForSomethingElse:
    async def test_sleeping_view_is_cancelled(self, app, connect, log):
        """At once; its finally runs, and teardown is told what ended it."""

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            try:
                await anyio.sleep_forever()
            finally:
                log.append("cancelled")

        async with connect():
            pass

        assert log == ["cancelled", *INTERRUPTED]

    async def test_between_messages(self, app, connect, log):
        """Also after messages were received in between."""
        is_waiting = anyio.Event()

        @app.websocket("/ws")
        async def ws():
            for _ in range(3):
                await websocket.send(await websocket.receive())
                await anyio.lowlevel.checkpoint()
            is_waiting.set()
            await anyio.sleep_forever()

        async with connect() as connection:
            for text in ("a", "b", "c"):
                await connection.send(text)
                log.append(await connection.receive())
            await is_waiting.wait()

        assert log == ["a", "b", "c", *INTERRUPTED]

    async def test_unread_messages_give_it_time(self, app, connect, log):
        """With messages still to be read, the view has WEBSOCKET_CLOSE_TIMEOUT for them."""
        app.config["WEBSOCKET_CLOSE_TIMEOUT"] = 0.02

        @app.websocket("/ws")
        async def ws():
            await websocket.receive()
            await anyio.sleep_forever()

        async with connect() as connection:
            for _ in range(3):
                await connection.send("x")

        assert log == INTERRUPTED

    async def test_more_ahead_than_is_kept(self, app, connect, log):
        """A client that sends and sends is read when the view reads, with nothing lost."""

        may_read = anyio.Event()

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            await may_read.wait()
            count = 0
            async for message in websocket:
                count += len(message)
                if count < 200_000:
                    await anyio.lowlevel.checkpoint()
            log.append(count)

        async with connect() as connection:
            for _ in range(300):
                await connection.send("x" * 1000)
            may_read.set()

        assert log == [300_000, *NORMAL_END]

    async def test_tasks_of_the_view(self, app, connect, log):
        """A task that receives is told, which ends its task group, which is a normal end."""

        @app.websocket("/ws")
        async def ws():
            socket = websocket._get_current_object()

            async def receive():
                while True:
                    log.append(await socket.receive())

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(receive)
                tasks.start_soon(anyio.sleep_forever)

        async with connect(timeout=5) as connection:
            await connection.send("x")
            await connection.send("y")

        assert log == ["x", "y", *NORMAL_END]

    async def test_tasks_that_wait(self, app, connect, log):
        """Where nobody receives, all are cancelled."""

        @app.websocket("/ws")
        async def ws():
            socket = websocket._get_current_object()

            async def greet():
                await socket.send("hello")
                await anyio.sleep_forever()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(greet)
                tasks.start_soon(greet)

        async with connect() as connection:
            await connection.receive()
            await connection.receive()

        assert log == INTERRUPTED

    async def test_tasks_that_only_send(self, app, connect, log):
        """They end, whether a message of theirs notices it first or the watching does."""

        @app.websocket("/ws")
        async def ws():
            socket = websocket._get_current_object()
            await socket.accept()

            async def tick():
                while True:
                    await socket.send("tick")
                    await anyio.sleep(0.001)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(tick)
                tasks.start_soon(tick)

        async with connect() as connection:
            await connection.receive()

        assert log in (NORMAL_END, INTERRUPTED)

    async def test_own_close_cancels_nothing(self, app, connect, log):
        """A view that has closed by itself ends in its own time."""

        has_gone = anyio.Event()

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            await anyio.lowlevel.checkpoint()
            await websocket.close()
            await has_gone.wait()
            log.append("done")

        async with connect() as connection:
            await connection.close()
            has_gone.set()

        assert log == ["done", *NORMAL_END]

    async def test_shielded_code_is_finished(self, app, connect, log):
        """What must not be left half done runs to its end."""

        has_gone = anyio.Event()

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            with anyio.CancelScope(shield=True):
                await has_gone.wait()
                log.append("saved")
            await anyio.sleep_forever()

        async with connect() as connection:
            await connection.close()
            has_gone.set()

        assert log == ["saved", *INTERRUPTED]


class TestSyncViews:
    async def test_receive_raises(self, app, connect, log):
        """A thread that waits for a message is told."""

        @app.websocket("/ws")
        def ws():
            for message in websocket:
                log.append(message)
            log.append("behind")

        async with connect() as connection:
            await connection.send("x")

        assert log == ["x", "behind", *NORMAL_END]

    async def test_send_raises(self, app, connect, log):
        """A thread that only sends is told by its next message."""

        @app.websocket("/ws")
        def ws():
            pause = threading.Event()
            while True:
                websocket.send("tick")
                pause.wait(0.001)

        async with connect() as connection:
            await connection.receive()

        assert log == NORMAL_END

    async def test_what_the_thread_does_is_finished(self, app, connect, log):
        """It cannot be interrupted; the teardown functions wait for it."""
        may_go_on = threading.Event()

        @app.websocket("/ws")
        def ws():
            websocket.accept()
            may_go_on.wait(10)
            log.append("finished")

        async with connect() as connection:
            await connection.close()
            may_go_on.set()

        assert log == ["finished", *NORMAL_END]
