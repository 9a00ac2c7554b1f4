"""Exceptions that end a program elsewhere: a server lives on, and a test is told."""

from __future__ import annotations

import asyncio
import logging

import anyio
import pytest

from asyncflask import Flask, request, websocket

FATAL = pytest.mark.parametrize(
    "error",
    [
        pytest.param(SystemExit(3), id="SystemExit"),
        pytest.param(KeyboardInterrupt(), id="KeyboardInterrupt"),
        pytest.param(BaseExceptionGroup("all", [SystemExit(3)]), id="group"),
    ],
)
PLACES = pytest.mark.parametrize(
    "place", ["view", "before", "after", "handler", "teardown", "stream"]
)
COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])


class Failing:
    """An app that raises an error in one place."""

    def __init__(self, error, place, colour="sync"):
        self.error, self.place = error, place
        self.torn_down = []
        self.app = app = Flask("failing")
        names = "note", "before", "after", "handle", "tear_down", "view"
        for name in names:
            function = getattr(self, name)
            setattr(self, name, self.as_async(function) if colour == "async" else function)
        app.teardown_request(self.note)
        app.before_request(self.before)
        app.after_request(self.after)
        app.teardown_request(self.tear_down)
        app.errorhandler(LookupError)(self.handle)
        app.add_url_rule("/", view_func=self.view)

    @staticmethod
    def as_async(function):
        async def run(*args):
            await anyio.lowlevel.checkpoint()
            return function(*args)

        return run

    def fail_at(self, place):
        if place == self.place:
            raise self.error

    def before(self):
        self.fail_at("before")

    def after(self, response):
        self.fail_at("after")
        return response

    def handle(self, exc):
        self.fail_at("handler")

    def tear_down(self, exc):
        self.fail_at("teardown")

    def note(self, exc):
        self.torn_down.append(request.path)

    def view(self):
        self.fail_at("view")
        if self.place == "handler":
            raise LookupError
        return self.items() if self.place == "stream" else "fine"

    def items(self):
        self.fail_at("stream")
        yield "item"


@pytest.mark.anyio
@FATAL
@PLACES
@COLOURS
async def test_a_server_is_answered_with_500(exchange, caplog, error, place, colour):
    """Wherever it is raised; it is logged once, and teardown runs once."""
    failing = Failing(error, place, colour)

    answer = await exchange(failing.app)

    assert answer.status == 500
    assert [record.exc_info[1] for record in caplog.records] == [error]
    assert failing.torn_down == ["/"]


@pytest.mark.anyio
@COLOURS
async def test_error_handlers_do_not_get_it(exchange, colour):
    """As in Flask: it is no Exception."""
    failing = Failing(SystemExit(3), "view", colour)
    failing.app.errorhandler(500)(lambda exc: "handled")

    assert (await exchange(failing.app)).body != b"handled"


@FATAL
@PLACES
@COLOURS
def test_a_test_client_raises_it(error, place, colour):
    """As Flask's does, with TESTING or without."""
    client = Failing(error, place, colour).app.test_client()

    with pytest.raises(type(error)) as raised:
        client.get("/").get_data()

    assert raised.value is error


@COLOURS
def test_a_test_client_raises_what_cancels(colour):
    """Nobody has cancelled the request, so that it is an error as any other."""
    client = Failing(asyncio.CancelledError("mine"), "view", colour).app.test_client()

    with pytest.raises(asyncio.CancelledError, match="mine"):
        client.get("/")


def test_a_test_client_raises_stop_iteration():
    """Where errors propagate; it is not what Python makes of it in a coroutine."""
    app = Failing(StopIteration("mine"), "view").app
    app.testing = True

    with pytest.raises(StopIteration, match="mine"):
        app.test_client().get("/")


@pytest.mark.anyio
async def test_what_cancels_is_an_error_in_sync_code(exchange, caplog):
    """A thread is not cancelled, so that it must be the view's own."""
    failing = Failing(asyncio.CancelledError("mine"), "view")
    failing.app.teardown_request(Failing.as_async(lambda exc: None))

    answer = await exchange(failing.app)

    assert answer.status == 500
    assert "CancelledError: mine" in caplog.text


@pytest.mark.anyio
async def test_a_cancellation_is_none(exchange, caplog):
    """It leaves the app as it came."""
    failing = Failing(None, "nowhere")

    async def wait():
        await anyio.sleep_forever()

    failing.app.add_url_rule("/wait", view_func=wait)
    with anyio.move_on_after(0.001) as scope:
        await exchange(failing.app, "/wait")

    assert scope.cancelled_caught
    assert caplog.records == []


@pytest.mark.anyio
@FATAL
@pytest.mark.parametrize("timeout", [None, 20])
async def test_a_response_that_has_begun_is_cut(exchange, caplog, error, timeout):
    """The app returns without its last message, and without the error, which is logged."""
    app = Flask("cut")

    @app.get("/", timeout=timeout)
    async def view():
        async def items():
            yield "item"
            raise error

        return items()

    answer = await exchange(app)

    assert answer.messages[-1]["more_body"]
    assert [record.exc_info[1] for record in caplog.records] == [error]


@FATAL
def test_a_background_task_ends_alone(error, caplog):
    """It is logged."""
    app = Flask("background")

    def fail():
        raise error

    with caplog.at_level(logging.ERROR), app.test_client():
        app.add_background_task(fail)

    assert [record.exc_info[1] for record in caplog.records] == [error]


@pytest.mark.anyio
async def test_a_stream_that_stops_wrongly_is_an_error(exchange, caplog):
    """A sync iterator that raises StopAsyncIteration has not come to its end."""
    app = Flask("stream")

    @app.get("/")
    def view():
        def items():
            yield "item"
            raise StopAsyncIteration("mine")

        return items()

    answer = await exchange(app)

    assert answer.messages[-1]["more_body"]
    assert "StopAsyncIteration: mine" in caplog.text


async def converse(app):
    """Open a WebSocket, send a message, and give what the app has sent."""
    sent = []
    arriving = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}]

    async def receive():
        if not arriving:
            await anyio.sleep_forever()
        return arriving.pop(0)

    async def send(message):
        sent.append(message)

    extensions = {"websocket.http.response": {}}
    scope = {"type": "websocket", "scheme": "ws", "path": "/", "root_path": "", "headers": []}
    await app({**scope, "query_string": b"", "extensions": extensions}, receive, send)
    return sent


@pytest.mark.anyio
@FATAL
async def test_a_websocket_is_closed_with_1011(caplog, error):
    """After its handshake."""
    app = Flask("websocket")

    @app.websocket("/")
    async def view():
        await websocket.receive()
        raise error

    sent = await converse(app)

    assert (sent[-1]["type"], sent[-1]["code"]) == ("websocket.close", 1011)
    assert [record.exc_info[1] for record in caplog.records] == [error]


@pytest.mark.anyio
@FATAL
async def test_a_handshake_is_answered_with_500(error):
    """Before it was accepted."""
    app = Flask("websocket")

    @app.websocket("/")
    def view():
        raise error

    sent = await converse(app)

    assert (sent[0]["type"], sent[0]["status"]) == ("websocket.http.response.start", 500)
