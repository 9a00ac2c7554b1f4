"""The asynchronous test client."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack

import anyio
import httpx
import pytest

from asyncflask.app import Flask
from asyncflask.globals import g, request, session
from asyncflask.testing.async_client import import_httpx

pytestmark = pytest.mark.anyio


@pytest.fixture
def app():
    app = Flask("shop")
    app.secret_key = "secret"
    app.testing = True

    @app.get("/")
    async def index():
        return "Hello"

    @app.route("/echo", methods=["POST"])
    async def echo():
        return request.get_data()

    @app.get("/visit")
    async def visit():
        session["visits"] = session.get("visits", 0) + 1
        g.place = "shop"
        return str(session["visits"])

    return app


# Requests


@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_views_of_both_kinds_are_called(app, kind):
    """Sync views run in a worker, async ones on the test's loop."""

    def plain():
        return request.path

    async def on_loop():
        return request.path

    app.add_url_rule("/view", view_func=plain if kind == "def" else on_loop)

    async with app.async_test_client() as client:
        response = await client.get("/view")

    assert (response.status_code, response.text) == (200, "/view")


async def test_client_is_httpxs(app):
    """Everything that httpx's client and response can do is there."""
    client = app.async_test_client(headers={"X-A": "1"})

    async with client:
        response = await client.get("/")

    assert isinstance(client, httpx.AsyncClient)
    assert isinstance(response, httpx.Response)
    assert response.request.headers["X-A"] == "1"
    assert response.headers["content-type"] == "text/html; charset=utf-8"


async def test_client_works_without_a_block(app):
    """A client that was never entered sends requests too."""
    client = app.async_test_client()

    response = await client.get("/")
    await client.aclose()

    assert response.text == "Hello"


async def test_address_comes_from_the_configuration(app):
    """SERVER_NAME, APPLICATION_ROOT and PREFERRED_URL_SCHEME are where the app is."""
    app.config.update(
        SERVER_NAME="example.org", APPLICATION_ROOT="/r", PREFERRED_URL_SCHEME="https"
    )

    @app.get("/ä b")
    async def view():
        return f"{request.url} {request.root_path}"

    async with app.async_test_client() as client:
        response = await client.get("/ä b", params={"q": "1"})

    assert response.text == "https://example.org/r/ä%20b?q=1 /r"


async def test_base_url_may_be_given(app):
    """httpx's base_url goes over the configuration."""
    seen = []

    @app.before_request
    async def note():
        seen.append(request.url)

    async with app.async_test_client(base_url="https://example.org:81") as client:
        await client.get("/")

    assert seen == ["https://example.org:81/"]


async def test_path_outside_of_the_root_has_no_root_path(app):
    """Only what is below APPLICATION_ROOT has it in front."""
    app.config["APPLICATION_ROOT"] = "/r"
    seen = []

    @app.before_request
    async def note():
        seen.append((request.root_path, request.path))

    async with app.async_test_client() as client:
        await client.get("http://localhost/rest")

    assert seen == [("", "/rest")]


async def test_cookies_are_kept(app):
    """The session lives from one request to the next."""
    async with app.async_test_client() as client:
        await client.get("/visit")
        response = await client.get("/visit")

    assert response.text == "2"


async def test_redirects_are_followed_when_asked(app):
    """httpx follows redirects through the app."""

    @app.get("/old")
    async def old():
        return "", 302, {"Location": "/"}

    async with app.async_test_client() as client:
        response = await client.get("/old", follow_redirects=True)

    assert response.text == "Hello"
    assert [each.status_code for each in response.history] == [302]


async def test_requests_may_run_at_once(app):
    """Requests of several tasks do not wait for each other."""
    arrived = []
    all_there = anyio.Event()

    @app.get("/meet")
    async def meet():
        arrived.append(request.args["name"])
        if len(arrived) == 3:
            all_there.set()
        await all_there.wait()
        return request.args["name"]

    answers = []
    async with app.async_test_client() as client, anyio.create_task_group() as tasks:

        async def ask(name):
            answers.append((await client.get("/meet", params={"name": name})).text)

        for name in "abc":
            tasks.start_soon(ask, name)

    assert sorted(answers) == ["a", "b", "c"]


# Bodies


async def test_body_is_sent(app):
    """A body of bytes arrives."""
    async with app.async_test_client() as client:
        response = await client.post("/echo", content=b"abc")

    assert response.content == b"abc"


async def test_body_is_streamed(app):
    """The next chunk is only asked for when the app wants it."""
    events = []

    async def produce():
        for number in range(3):
            events.append(f"sent {number}")
            yield b"%d" % number

    @app.post("/stream", stream_body=True)
    async def stream():
        while chunk := await request.stream.read(1):
            events.append(f"got {chunk.decode()}")
        return "done"

    async with app.async_test_client() as client:
        await client.post("/stream", content=produce())

    assert events == ["sent 0", "got 0", "sent 1", "got 1", "sent 2", "got 2"]


@pytest.mark.parametrize("content", [b"", b"abc"])
async def test_body_of_known_length_is_one_message(app, content):
    """The app need not ask twice for what httpx has at hand."""
    messages = []

    async def raw_app(scope, receive, send):
        if scope["type"] == "lifespan":
            raise NotImplementedError
        messages.append(await receive())
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    app.asgi_app = raw_app
    async with app.async_test_client() as client:
        await client.post("/", content=content)

    assert messages == [{"type": "http.request", "body": content, "more_body": False}]


async def test_body_may_be_left_unread(app):
    """What the app does not read is let go of without a warning."""

    @app.post("/stream", stream_body=True)
    async def stream():
        return await request.stream.read(2)

    async with app.async_test_client() as client:
        response = await client.post("/stream", files={"f": b"x", "g": b"y"})

    assert response.text == "--"


async def test_error_of_the_body_is_the_tests(app):
    """The app sees a client that has gone, the test its own error."""
    app.testing = False

    async def produce():
        yield b"a"
        raise LookupError("out of data")

    async with app.async_test_client() as client:
        with pytest.raises(LookupError, match="out of data"):
            await client.post("/echo", content=produce())


# Responses


async def test_response_is_streamed(app):
    """A chunk is seen before the app makes the next one."""
    may_go_on = anyio.Event()

    @app.get("/stream")
    async def stream():
        async def produce():
            yield "first"
            await may_go_on.wait()
            yield "second"

        return produce()

    chunks = []
    async with app.async_test_client() as client, client.stream("GET", "/stream") as response:
        async for chunk in response.aiter_raw():
            chunks.append(chunk)
            may_go_on.set()

    assert chunks == [b"first", b"second"]


async def test_app_does_not_run_far_ahead(app):
    """A stream that is not read is not produced to its end."""
    produced = []

    @app.get("/endless")
    async def endless():
        async def produce():
            while True:
                produced.append(1)
                yield "x"

        return produce()

    async with app.async_test_client() as client, client.stream("GET", "/endless"):
        for _ in range(100):
            await anyio.lowlevel.checkpoint()

        assert len(produced) < 20


@pytest.mark.parametrize("kind", ["async", "sync"])
async def test_closing_a_response_disconnects(app, kind):
    """A stream that is closed early is ended, and torn down, before the test goes on."""
    events = []

    @app.get("/endless")
    async def endless():
        async def produce():
            try:
                while True:
                    yield "x"
            finally:
                events.append("closed")

        def produce_in_worker():
            try:
                while True:
                    yield "x"
            finally:
                events.append("closed")

        return produce() if kind == "async" else produce_in_worker()

    @app.teardown_request
    async def note(exc):
        events.append("torn down")

    async with app.async_test_client() as client:
        async with client.stream("GET", "/endless"):
            pass
        seen = list(events)

    assert seen == ["closed", "torn down"]


async def test_app_is_told_of_the_disconnect(app):
    """receive() gives http.disconnect when the response is closed."""
    received = []

    async def raw_app(scope, receive, send):
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await receive()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        received.append((await receive())["type"])
        try:
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        except OSError as exc:
            received.append(str(exc))

    app.asgi_app = raw_app
    async with app.async_test_client() as client, client.stream("GET", "/"):
        pass

    assert received == ["http.disconnect", "The client has disconnected."]


async def test_two_streams_may_be_open(app):
    """Streams are closed in any order."""

    @app.get("/stream")
    async def stream():
        async def produce():
            yield "a"
            yield "b"

        return produce()

    async with app.async_test_client() as client:
        first = await client.send(client.build_request("GET", "/stream"), stream=True)
        second = await client.send(client.build_request("GET", "/stream"), stream=True)
        await first.aclose()
        rest = await second.aread()

    assert rest == b"ab"


async def test_app_without_a_response_is_an_error(app):
    """An app that just returns is told of."""

    async def silent_app(scope, receive, send):
        return None

    app.asgi_app = silent_app
    async with app.async_test_client() as client:
        with pytest.raises(RuntimeError, match="without sending a response"):
            await client.get("/")


# Errors


async def test_errors_propagate_in_testing(app):
    """With TESTING the error of a view is raised."""

    @app.get("/fail")
    async def fail():
        raise LookupError("out of stock")

    async with app.async_test_client() as client:
        with pytest.raises(LookupError, match="out of stock"):
            await client.get("/fail")


async def test_errors_are_500_otherwise(app):
    """Without TESTING there is a response."""
    app.testing = False

    @app.get("/fail")
    async def fail():
        raise LookupError("out of stock")

    async with app.async_test_client() as client:
        response = await client.get("/fail")

    assert response.status_code == 500


async def test_error_of_a_stream_is_raised_while_reading(app):
    """The part before the error can be read."""

    @app.get("/stream")
    async def stream():
        async def produce():
            yield "a"
            raise LookupError("out of data")

        return produce()

    async with app.async_test_client() as client, AsyncExitStack() as stack:
        response = await stack.enter_async_context(client.stream("GET", "/stream"))
        chunks = response.aiter_raw()
        first = await anext(chunks)
        with pytest.raises(LookupError, match="out of data"):
            await anext(chunks)

    assert first == b"a"


async def test_cancelling_a_request_ends_it(app):
    """A request that is given up is torn down before the test goes on."""
    events = []
    has_begun = anyio.Event()

    @app.get("/slow")
    async def slow():
        has_begun.set()
        await anyio.sleep_forever()

    @app.teardown_request
    async def note(exc):
        events.append("torn down")

    async with app.async_test_client() as client, anyio.create_task_group() as tasks:
        tasks.start_soon(client.get, "/slow")
        await has_begun.wait()
        tasks.cancel_scope.cancel()

    assert events == ["torn down"]


# Lifespan


async def test_block_runs_the_lifespan(app):
    """The app starts up on entering and shuts down on leaving."""
    events = []
    inner = app.asgi_app

    async def noting_app(scope, receive, send):
        if scope["type"] != "lifespan":
            events.append(scope["state"])
            return await inner(scope, receive, send)
        scope["state"]["pool"] = 5
        for part in ("startup", "shutdown"):
            events.append((await receive())["type"])
            await send({"type": f"lifespan.{part}.complete"})
        return None

    app.asgi_app = noting_app
    async with app.async_test_client() as client:
        await client.get("/")

    assert events == ["lifespan.startup", {"pool": 5}, "lifespan.shutdown"]


async def test_failed_start_is_raised_on_entering(app):
    """The block is not entered where the app cannot start."""

    async def failing_app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    app.asgi_app = failing_app
    with pytest.raises(RuntimeError, match="startup has failed: no database"):
        async with app.async_test_client():
            pytest.fail("entered")


async def test_block_may_be_left_in_another_task(app):
    """Fixtures are set up and torn down in tasks of their own."""
    client = app.async_test_client()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.__aenter__)
    response = await client.get("/")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.__aexit__)

    assert response.text == "Hello"


# Contexts


def hide(monkeypatch, *names):
    """Let these modules be not installed."""
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


async def test_missing_httpx_is_explained(app, monkeypatch):
    """Without httpx the error says what to install."""
    hide(monkeypatch, "httpx", "httpx2")

    with pytest.raises(ImportError, match=r"pip install asyncflask\[test\]"):
        app.async_test_client()


async def test_successor_of_httpx_is_taken(monkeypatch):
    """Where only httpx2 is installed, it is used."""
    hide(monkeypatch, "httpx")
    monkeypatch.setitem(sys.modules, "httpx2", httpx)

    assert import_httpx() is httpx
