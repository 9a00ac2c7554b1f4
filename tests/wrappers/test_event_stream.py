"""The response that sends server-sent events."""

from __future__ import annotations

import datetime
import threading
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest

from asyncflask import EventStream, Flask, Response, ServerSentEvent, request
from asyncflask.json.provider import DefaultJSONProvider

SCOPE = {
    "type": "http",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "root_path": "",
    "query_string": b"",
    "headers": [],
    "server": ("localhost", 80),
}
COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])


@pytest.fixture
def app():
    return Flask("events")


@pytest.fixture
def client(app):
    return app.test_client()


def coloured(colour, items):
    """The items as a generator of a colour."""

    async def generate():
        for item in items:
            yield item

    return generate() if colour == "async" else (item for item in items)


# What is sent


@COLOURS
def test_events_of_all_kinds(app, client, colour):
    """Text, JSON, and events with all their fields; nothing for None; bytes as they are."""
    items = ["text", {"b": 1}, [1, 2], ServerSentEvent("x", id=1), None, b"data: raw\n\n"]
    app.add_url_rule("/", view_func=lambda: EventStream(coloured(colour, items)))

    response = client.get("/")

    assert response.text == (
        'data: text\n\ndata: {"b": 1}\n\ndata: [1, 2]\n\nid: 1\ndata: x\n\ndata: raw\n\n'
    )


def test_headers(app, client):
    """What keeps browsers, caches and proxies from holding events back."""
    app.add_url_rule("/", view_func=lambda: EventStream(["x"]))

    response = client.get("/")

    assert dict(response.headers) == {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
    }


def test_status_and_headers_of_ones_own(app, client):
    """They go before the stream's, also in a tuple, and hooks see them."""
    headers = {"Cache-Control": "no-cache", "X-Own": "1"}
    seen = []
    app.add_url_rule("/", view_func=lambda: (EventStream(["x"], 202, headers), {"X-More": "2"}))
    app.after_request(lambda response: seen.append(response.mimetype) or response)

    response = client.get("/")

    assert response.status_code == 202
    assert response.headers["Cache-Control"] == "no-cache"
    assert (response.headers["X-Own"], response.headers["X-More"]) == ("1", "2")
    assert seen == ["text/event-stream"]


@COLOURS
def test_json_of_the_app(app, client, colour):
    """Its provider makes the data."""

    class Provider(DefaultJSONProvider):
        def dumps(self, obj, **kwargs):
            return f"<{obj}>"

    app.json = Provider(app)
    items = [{"day": datetime.date(2026, 1, 1)}]
    app.add_url_rule("/", view_func=lambda: EventStream(coloured(colour, items)))

    assert client.get("/").text == "data: <{'day': datetime.date(2026, 1, 1)}>\n\n"


def test_an_app_with_a_response_class_of_its_own(app, client):
    """An EventStream stays what it is."""
    app.response_class = type("OwnResponse", (Response,), {})
    app.add_url_rule("/", view_func=lambda: EventStream(["x"]))

    assert client.get("/").text == "data: x\n\n"


def test_head(app, client):
    """The headers alone; the events are closed unheard."""
    app.add_url_rule("/", view_func=lambda: EventStream(["x"]))

    response = client.head("/")

    assert response.mimetype == "text/event-stream"
    assert response.data == b""


@pytest.mark.parametrize(
    ("header", "last"), [(None, None), ("", ""), ("7", "7"), ("gr\xc3\xbcn", "grün")]
)
def test_last_event_id(app, client, header, last):
    """A browser's UTF-8, as text; None for a first connection."""
    app.add_url_rule("/", view_func=lambda: {"last": request.last_event_id})
    headers = {} if header is None else {"Last-Event-ID": header}

    assert client.get("/", headers=headers).json == {"last": last}


@pytest.mark.parametrize("seconds", [0, -1])
def test_keep_alive_is_a_time(seconds):
    """What would send comments without end is refused."""
    with pytest.raises(ValueError, match="keep_alive="):
        EventStream([], keep_alive=seconds)


def test_events_cannot_be_read_as_a_body():
    """Their stream may have no end; the error says so."""
    with pytest.raises(RuntimeError, match="streamed"):
        EventStream(["x"]).get_data()


def test_response_timeout_is_not_for_events():
    """An endless response is never over in time."""
    assert EventStream().timeout is None


# When it is sent


class Client:
    """Receives an event stream as a server would send it, and leaves when it is told to."""

    def __init__(self):
        self.messages, self.waiting = [], []
        self.has_gone = anyio.Event()

    async def send(self, message):
        self.messages.append(message)
        for wanted, event in self.waiting:
            if wanted(self):
                event.set()
        await anyio.lowlevel.checkpoint()

    async def receive(self):
        await self.has_gone.wait()
        return {"type": "http.disconnect"}

    async def until(self, wanted):
        """Wait until `wanted(client)` is true."""
        event = anyio.Event()
        self.waiting.append((wanted, event))
        if not wanted(self):
            await event.wait()

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def is_complete(self):
        return self.messages[-1].get("more_body") is False


@pytest.fixture
def connect(app):
    """Ask the app for its events; gives the client, which leaves at the end of the block."""

    @asynccontextmanager
    async def connect():
        client = Client()
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(app, SCOPE, client.receive, client.send)
                yield client
                client.has_gone.set()

    return connect


class Waiting:
    """Events that come when they are released, and note how they ended."""

    def __init__(self, colour):
        self.colour = colour
        self.release = threading.Event()
        self.released = anyio.Event()
        self.ended = []

    def __call__(self):
        return EventStream(self.generate() if self.colour == "sync" else self.generate_async())

    def generate(self):
        try:
            yield "first"
            self.release.wait(20)
            yield "second"
        finally:
            self.ended.append(request.path)

    async def generate_async(self):
        try:
            yield "first"
            await self.released.wait()
            yield "second"
        finally:
            await anyio.lowlevel.checkpoint()
            self.ended.append(request.path)

    def let_go(self):
        self.release.set()
        self.released.set()


@COLOURS
@pytest.mark.anyio
async def test_comments_keep_a_silent_stream_alive(app, connect, colour):
    """Also while the generator is busy waiting, in a thread or on the loop."""
    app.config["EVENT_STREAM_KEEP_ALIVE"] = 0.01
    events = Waiting(colour)
    app.add_url_rule("/", "events", events)

    async with connect() as client:
        await client.until(lambda client: client.body.endswith(b"\n\n:\n\n:\n\n"))
        events.let_go()
        await client.until(lambda client: client.is_complete)

    assert client.body.startswith(b"data: first\n\n:\n\n:\n\n")
    assert client.body.replace(b":\n\n", b"") == b"data: first\n\ndata: second\n\n"


@pytest.mark.anyio
async def test_a_stream_without_comments(app, connect):
    """keep_alive=None goes before the configuration."""
    app.config["EVENT_STREAM_KEEP_ALIVE"] = 0.001

    @app.get("/")
    async def view():
        async def generate():
            await anyio.sleep(0.05)
            yield "x"

        return EventStream(generate(), keep_alive=None)

    async with connect() as client:
        await client.until(lambda client: client.messages and client.is_complete)

    assert client.body == b"data: x\n\n"


@pytest.mark.anyio
async def test_the_head_does_not_wait_for_the_first_event(app, connect):
    """The page knows that it is connected."""

    @app.get("/")
    async def view():
        async def generate():
            await anyio.sleep_forever()
            yield

        return EventStream(generate())

    async with connect() as client:
        await client.until(lambda client: len(client.messages) == 2)

    assert [message["type"] for message in client.messages] == [
        "http.response.start",
        "http.response.body",
    ]
    assert client.body == b""


@COLOURS
@pytest.mark.anyio
async def test_the_generator_is_closed_when_the_client_goes(app, connect, colour):
    """At once, where it waits on the loop; a thread's after its next event."""
    events = Waiting(colour)
    app.add_url_rule("/", "events", events)

    async with connect() as client:
        await client.until(lambda client: b"first" in client.body)
        client.has_gone.set()
        events.release.set()

    assert events.ended == ["/"]
    assert not client.is_complete


@COLOURS
@pytest.mark.anyio
async def test_the_stream_is_completed_when_the_server_stops(app, connect, colour):
    """The generator is closed, and the last message sent, so that the page connects again."""
    events = Waiting(colour)
    app.add_url_rule("/", "events", events)

    async with connect() as client:
        await client.until(lambda client: b"first" in client.body)
        app.shutdown_event.set()
        events.release.set()
        await client.until(lambda client: client.is_complete)

    assert events.ended == ["/"]
    assert client.body.replace(b"data: second\n\n", b"") == b"data: first\n\n"


@pytest.mark.anyio
async def test_a_client_that_stalls_while_the_server_stops(app):
    """It is given up once STREAM_SHUTDOWN_TIMEOUT is over."""
    app.config["STREAM_SHUTDOWN_TIMEOUT"] = 0.01
    app.add_url_rule("/", view_func=lambda: EventStream(iter(lambda: "x" * 1000, None)))

    async def send(message):
        if message.get("body"):
            app.shutdown_event.set()
            await anyio.sleep_forever()
        if message.get("more_body") is False:
            await anyio.sleep_forever()

    with anyio.fail_after(20):
        await app(SCOPE, anyio.sleep_forever, send)


@COLOURS
@pytest.mark.anyio
async def test_an_error_in_the_generator_cuts_the_stream(app, colour, caplog):
    """It is logged once, and the response is left incomplete."""

    def generate():
        yield "x"
        raise ZeroDivisionError

    async def generate_async():
        yield "x"
        raise ZeroDivisionError

    stream = generate_async if colour == "async" else generate
    app.add_url_rule("/", view_func=lambda: EventStream(stream()))

    client = Client()
    await app(SCOPE, client.receive, client.send)

    assert not client.is_complete
    assert [record.getMessage() for record in caplog.records] == ["Exception on / [GET]"]
