"""Teardown runs exactly once, whatever happens to the request, on every event loop."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import anyio
import pytest

from asyncflask import Flask, abort, request, stream_with_context

BODY = {"method": "POST", "http_version": "1.1"}


class Life:
    """An app of views of one colour, and what came to an end."""

    def __init__(self, colour):
        self.ended = []
        self.entered, self.release = threading.Event(), threading.Event()
        self.app = app = Flask("life")
        app.config["BODY_TIMEOUT"] = 20
        views = {name: getattr(self, name) for name in ("ok", "error", "refuse", "wait", "body")}
        for name, view in views.items():
            if colour == "async" and name != "wait":
                view = self.as_async(view)
            elif colour == "async":
                view = self.wait_async
            app.add_url_rule(f"/{name}", name, view, methods=["GET", "POST"])
        stream = self.stream_async if colour == "async" else self.stream
        app.add_url_rule("/stream/<ending>", view_func=stream)
        self.add_hooks(colour)

    def add_hooks(self, colour):
        def note_request(exc):
            self.ended.append(("request", request.path, exc and type(exc).__name__))

        def note_app(exc):
            self.ended.append(("app", request.path, exc and type(exc).__name__))

        if colour == "async":
            note_request, note_app = self.as_async(note_request), self.as_async(note_app)
        self.app.teardown_request(note_request)
        self.app.teardown_appcontext(note_app)

    @staticmethod
    def as_async(function):
        async def run(*args):
            # The clean-up of a cancelled request may have to wait, too.
            await anyio.lowlevel.checkpoint()
            return function(*args)

        return run

    def ok(self):
        return "ok"

    def error(self):
        raise ZeroDivisionError

    def refuse(self):
        abort(418)

    def body(self):
        return request.get_data()

    def wait(self):
        self.entered.set()
        assert self.release.wait(20)
        return "over"

    async def wait_async(self):
        self.entered.set()
        await anyio.sleep_forever()

    def stream(self, ending):
        def pieces():
            try:
                yield "piece"
                if ending == "error":
                    raise ZeroDivisionError
                if ending == "wait":
                    self.entered.set()
                    assert self.release.wait(20)
            finally:
                self.ended.append(("generator", request.path, None))

        return stream_with_context(pieces())

    async def stream_async(self, ending):
        async def pieces():
            try:
                yield "piece"
                if ending == "error":
                    raise ZeroDivisionError
                if ending == "wait":
                    self.entered.set()
                    await anyio.sleep_forever()
            finally:
                self.ended.append(("generator", request.path, None))

        return pieces()

    async def wait_until_entered(self):
        assert await anyio.to_thread.run_sync(self.entered.wait, 20)


@pytest.fixture(params=["sync", "async"])
def life(request):
    return Life(request.param)


def torn_down(path, error=None):
    """What has ended where teardown ran once."""
    return [("request", path, error), ("app", path, error)]


def closed_and_torn_down(path, error=None):
    """The same for a stream, whose generator ends before."""
    return [("generator", path, None), *torn_down(path, error)]


async def gone():
    return {"type": "http.disconnect"}


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/ok", "/refuse", "/nowhere"])
async def test_after_an_answer(life, exchange, path):
    """A view's, an HTTP error's, or that of no view at all."""
    await exchange(life.app, path)

    assert life.ended == torn_down(path)


@pytest.mark.anyio
@pytest.mark.parametrize("propagates", [False, True])
async def test_after_an_error(life, exchange, propagates):
    """Whether it became a 500 or went on to the server."""
    life.app.config["PROPAGATE_EXCEPTIONS"] = propagates

    with suppress(ZeroDivisionError):
        await exchange(life.app, "/error")

    assert life.ended == torn_down("/error", "ZeroDivisionError")


@pytest.mark.anyio
async def test_after_a_client_that_left_within_its_body(life, exchange):
    """The view was run all the same, and found no body: 400."""
    headers = {"Content-Length": "10"}

    answer = await exchange(life.app, "/body", headers=headers, receive=gone, **BODY)

    assert answer.status == 400
    assert life.ended == torn_down("/body")


@pytest.mark.anyio
async def test_after_a_body_that_did_not_come(life, exchange):
    """408."""
    life.app.config["BODY_TIMEOUT"] = 0.01

    answer = await exchange(life.app, "/body", headers={"Content-Length": "10"}, **BODY)

    assert answer.status == 408
    assert life.ended == torn_down("/body")


@pytest.mark.anyio
async def test_after_a_cancellation_within_the_body(life, exchange):
    """Before any view has run."""
    with anyio.CancelScope() as scope:

        async def cancel():
            scope.cancel()
            await anyio.sleep_forever()

        await exchange(life.app, "/body", headers={"Content-Length": "10"}, receive=cancel, **BODY)

    assert [what for what, *_ in life.ended] == ["request", "app"]


@pytest.mark.anyio
async def test_after_a_cancellation_within_the_view(life, exchange):
    """A sync view runs to its end first."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(exchange, life.app, "/wait")
        await life.wait_until_entered()
        tasks.cancel_scope.cancel()
        life.release.set()

    assert [what for what, *_ in life.ended] == ["request", "app"]


@pytest.mark.anyio
async def test_after_a_time_limit_of_the_servers(life, exchange):
    """A scope around the app that ends by itself."""
    life.release.set()

    with anyio.move_on_after(0.01):
        await exchange(life.app, "/wait")

    assert [what for what, *_ in life.ended] == ["request", "app"]


@pytest.mark.anyio
async def test_after_a_send_that_fails(life, exchange):
    """The response is made, so that teardown has run when it is lost."""

    async def send(message):
        raise OSError("connection lost")

    with pytest.raises(OSError, match="connection lost"):
        await exchange(life.app, "/ok", send=send)

    assert life.ended == torn_down("/ok")


@pytest.mark.anyio
async def test_after_a_stream(life, exchange):
    """At its end."""
    answer = await exchange(life.app, "/stream/ok")

    assert answer.body == b"piece"
    assert life.ended == closed_and_torn_down("/stream/ok")


@pytest.mark.anyio
async def test_after_a_stream_that_failed(life, exchange):
    """The server cuts the connection of a response that is left incomplete."""
    answer = await exchange(life.app, "/stream/error")

    assert answer.messages[-1]["more_body"]
    assert life.ended == closed_and_torn_down("/stream/error", "ZeroDivisionError")


@pytest.mark.anyio
async def test_after_a_client_that_left_a_stream(life, exchange):
    """Nobody's error."""

    async def leave():
        await life.wait_until_entered()
        life.release.set()
        return await gone()

    await exchange(life.app, "/stream/wait", receive=leave)

    assert life.ended == closed_and_torn_down("/stream/wait")


@pytest.mark.anyio
async def test_after_a_stream_that_could_not_be_sent(life, exchange):
    """A server may say by an OSError that the client has gone."""

    async def send(message):
        if message["type"] == "http.response.body":
            raise OSError("connection lost")

    life.release.set()
    await exchange(life.app, "/stream/ok", send=send)

    assert life.ended == closed_and_torn_down("/stream/ok")


@pytest.mark.anyio
async def test_after_a_cancellation_within_a_stream(life, exchange):
    """The generator is closed before."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(exchange, life.app, "/stream/wait")
        await life.wait_until_entered()
        tasks.cancel_scope.cancel()
        life.release.set()

    assert [what for what, *_ in life.ended] == ["generator", "request", "app"]


@pytest.mark.anyio
async def test_a_cancellation_within_a_teardown_function_stops_none(life, exchange):
    """Neither that one nor those after it, though they may have to wait."""
    cancelling = anyio.CancelScope()

    @life.app.teardown_request
    async def cancel(exc):
        cancelling.cancel()
        await anyio.sleep(0.001)
        life.ended.append(("cancelling", request.path, None))

    with cancelling:
        await exchange(life.app, "/ok")

    assert [what for what, *_ in life.ended] == ["cancelling", "request", "app"]


@pytest.mark.anyio
async def test_a_teardown_function_that_fails_while_cancelled_stops_none(life, exchange):
    """Whatever colour it has; the cancellation still ends the request."""

    def fail(exc):
        raise LookupError

    life.app.teardown_request(fail)
    life.app.teardown_request(Life.as_async(fail))
    life.release.set()

    with anyio.move_on_after(0.01), suppress(LookupError):
        await exchange(life.app, "/wait")

    assert [what for what, *_ in life.ended] == ["request", "app"]


ASYNCIO = pytest.mark.parametrize(
    "anyio_backend",
    [("asyncio", {"use_uvloop": False}), ("asyncio", {"use_uvloop": True})],
    ids=["asyncio", "uvloop"],
)


@ASYNCIO
@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/wait", "/stream/wait"])
async def test_after_a_tasks_own_cancellation(life, exchange, path):
    """As uvicorn cancels its tasks when it stops."""
    task = asyncio.create_task(exchange(life.app, path))
    await life.wait_until_entered()

    task.cancel()
    life.release.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    ended = [what for what, *_ in life.ended]
    assert ended == (["generator"] if "stream" in path else []) + ["request", "app"]


@ASYNCIO
@pytest.mark.anyio
async def test_a_tasks_second_cancellation_stops_no_other_function(life, exchange):
    """asyncio cancels through every shield: one function is cut short, the others run."""

    @life.app.teardown_request
    async def wait(exc):
        life.ended.append(("waiting", request.path, None))
        await anyio.sleep_forever()

    task = asyncio.create_task(exchange(life.app, "/wait"))
    await life.wait_until_entered()
    life.release.set()
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.01)

    assert [what for what, *_ in life.ended] == ["waiting", "request", "app"]


@ASYNCIO
@pytest.mark.anyio
@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_function_on_its_way_to_a_worker_is_not_stopped(exchange, times):
    """Though the task is cancelled again before a thread has taken it."""
    life = Life("async")
    life.app.teardown_request(lambda exc: life.ended.append(("sync", request.path, None)))
    task = asyncio.create_task(exchange(life.app, "/wait"))
    await life.wait_until_entered()

    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task

    assert life.ended[0] == ("sync", "/wait", None)


@ASYNCIO
@pytest.mark.anyio
async def test_after_a_tasks_own_cancellation_within_the_body(life, exchange):
    """Before any view has run."""
    waiting = asyncio.Event()

    async def receive():
        waiting.set()
        await anyio.sleep_forever()

    task = asyncio.create_task(
        exchange(life.app, "/body", headers={"Content-Length": "10"}, receive=receive, **BODY)
    )
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert [what for what, *_ in life.ended] == ["request", "app"]


@pytest.mark.anyio
async def test_many_requests_that_end_in_many_ways(life, exchange):
    """Each is torn down once, also where they come all at once."""
    life.release.set()
    paths = ["/ok", "/error", "/refuse", "/nowhere", "/stream/ok", "/body"] * 20

    async with anyio.create_task_group() as tasks:
        for path in paths:
            tasks.start_soon(exchange, life.app, path)

    for what in ("request", "app"):
        assert sorted(path for end, path, _ in life.ended if end == what) == sorted(paths)
