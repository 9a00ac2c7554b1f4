"""Streams that take too long, and requests whose client leaves, as an ASGI server sees them."""

from __future__ import annotations

import logging
import threading
import time

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest

from asyncflask import Flask, Response, request
from asyncflask.exceptions import ClientDisconnected
from asyncflask.globals import request_ctx
from asyncflask.views import View

pytestmark = pytest.mark.anyio

SOON = 0.1  # seconds of a limit that is to be exceeded
LONG = 60  # and of one that is not


NO_ERROR = ("teardown", type(None))


# Streams


def stream_forever(order):
    async def items():
        try:
            yield "first"
            await anyio.sleep_forever()
        finally:
            order.append("closed")

    return items()


async def test_a_stream_is_cut_off(noted, exchange, caplog):
    """The app returns without the last message; one warning, no traceback."""

    @noted.app.get("/<path:rest>", timeout=SOON)
    async def stream(rest):
        return stream_forever(noted.order)

    with caplog.at_level(logging.WARNING):
        answer = await exchange(noted.app, "/a\x1bb")

    assert answer.status == 200
    assert [m["body"] for m in answer.messages[1:]] == [b"first"]
    assert answer.messages[-1]["more_body"]
    assert noted.order[:2] == ["after", "closed"]
    assert len(noted.order) == 3
    assert [record.exc_info for record in caplog.records] == [None]
    assert r"/a\x1bb [GET]" in caplog.text


async def test_a_response_may_lift_the_limit(exchange):
    """timeout = None on the response, for what is to be streamed for ever."""
    app = Flask("endless")
    app.config["RESPONSE_TIMEOUT"] = SOON
    go_on = anyio.Event()

    async def items():
        yield "first"
        await go_on.wait()
        yield " last"

    @app.get("/endless")
    async def endless():
        response = Response(items())
        response.timeout = None
        return response

    @app.get("/")
    async def wait():
        await anyio.sleep_forever()

    async def ask_beside():
        await exchange(app)
        await exchange(app)
        go_on.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask_beside)
        answer = await exchange(app, "/endless")

    assert answer.body == b"first last"


async def test_a_response_may_have_a_limit_of_its_own(noted, exchange, caplog):
    """Where nothing else limits the request; it counts from the start of sending."""

    @noted.app.get("/")
    async def stream():
        response = Response(stream_forever(noted.order))
        response.timeout = SOON
        return response

    answer = await exchange(noted.app)

    assert answer.messages[-1]["more_body"]
    assert noted.order[1] == "closed"
    assert "was cut off" in caplog.text


async def test_a_sync_stream_is_cut_off_when_its_item_is_there(noted, exchange):
    """Its generator is closed in its thread, and torn down once."""
    may_end = threading.Event()

    @noted.app.get("/", timeout=SOON)
    def stream():
        def items():
            try:
                yield "first"
                may_end.wait(20)
                yield "late"
            finally:
                noted.order.append("closed")

        return items()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_set_after, may_end, SOON * 5)
        answer = await exchange(noted.app)

    assert answer.body == b"first"
    assert noted.order[:2] == ["after", "closed"]
    assert len(noted.order) == 3


async def _set_after(event, seconds):
    await anyio.sleep(seconds)
    event.set()


async def test_a_stream_in_time(noted, exchange):
    """It ends as ever."""

    @noted.app.get("/", timeout=LONG)
    async def stream():
        return (chunk for chunk in ("a", "b"))

    answer = await exchange(noted.app)

    assert answer.body == b"ab"
    assert not answer.messages[-1]["more_body"]


# Clients that leave


class Client:
    """A client that stays until `leave` is set, and sends what it is given before."""

    def __init__(self, *messages):
        self.messages = list(messages)
        self.leave = anyio.Event()

    async def receive(self):
        if self.messages:
            return self.messages.pop(0)
        await self.leave.wait()
        return {"type": "http.disconnect"}


async def test_a_view_is_cancelled_when_its_client_leaves(noted, exchange):
    """Nothing is sent, and teardown is told why."""
    client = Client()

    @noted.app.get("/", cancel_on_disconnect=True)
    async def wait():
        client.leave.set()
        await anyio.sleep_forever()

    answer = await exchange(noted.app, receive=client.receive)

    assert answer.messages == []
    assert noted.order == [("teardown", ClientDisconnected)]


async def test_without_being_asked_a_view_runs_to_its_end(noted, exchange):
    """As in Flask."""
    client = Client()

    @noted.app.get("/")
    async def work():
        client.leave.set()
        await anyio.wait_all_tasks_blocked()
        noted.order.append("worked")
        return ""

    await exchange(noted.app, receive=client.receive)

    assert noted.order == ["worked", "after", NO_ERROR]


@pytest.mark.parametrize("stream_body", [True, False])
async def test_the_body_is_not_the_watchers(noted, exchange, stream_body):
    """Though he waits for the disconnect behind it."""
    pieces = [{"type": "http.request", "body": b"ab", "more_body": more} for more in (True, False)]
    client = Client(*pieces)

    @noted.app.post("/", cancel_on_disconnect=True, stream_body=stream_body)
    async def read():
        await anyio.wait_all_tasks_blocked()
        noted.order.append(await request.stream.read() if stream_body else request.data)
        client.leave.set()
        await anyio.sleep_forever()

    headers = {"Content-Length": "4"}
    await exchange(noted.app, method="POST", headers=headers, receive=client.receive)

    assert noted.order == [b"abab", ("teardown", ClientDisconnected)]


async def test_a_class_says_it_too(exchange):
    """cancel_on_disconnect as an attribute."""
    app, client = Flask("class"), Client()

    class Waiting(View):
        cancel_on_disconnect = True

        async def dispatch_request(self):
            client.leave.set()
            await anyio.sleep_forever()

    app.add_url_rule("/", view_func=Waiting.as_view("waiting"))

    answer = await exchange(app, receive=client.receive)

    assert answer.messages == []


async def test_a_sync_view_ends_before_its_request_does(noted, exchange):
    """Its thread cannot be interrupted; what is async after it is not run."""
    client = Client()

    @noted.app.after_request
    async def never(response):
        await anyio.lowlevel.checkpoint()
        noted.order.append("never")
        return response

    @noted.app.get("/", cancel_on_disconnect=True)
    def work():
        anyio.from_thread.run_sync(client.leave.set)
        while not request_ctx.given_up:
            time.sleep(0.001)
        noted.order.append("worked")
        return ""

    answer = await exchange(noted.app, receive=client.receive)

    assert answer.messages == []
    assert noted.order == ["worked", ("teardown", ClientDisconnected)]


async def test_a_request_that_is_cancelled_from_outside(noted, exchange):
    """As by a server that stops: one teardown, and the cancellation goes on."""

    @noted.app.get("/", timeout=LONG, cancel_on_disconnect=True)
    async def wait():
        tasks.cancel_scope.cancel()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(exchange, noted.app)

    assert len(noted.order) == 1
    assert noted.order[0][0] == "teardown"
