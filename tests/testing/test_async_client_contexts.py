"""The context and the session that the asynchronous test client keeps."""

from __future__ import annotations

import anyio
import pytest

from asyncflask import ctx
from asyncflask.app import Flask
from asyncflask.globals import current_app, g, request, session

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


async def test_block_keeps_the_context(app):
    """The last request, its session and its g stay readable."""
    async with app.async_test_client() as client:
        await client.get("/visit")

        assert request.path == "/visit"
        assert session["visits"] == 1
        assert g.place == "shop"
        assert current_app.name == "shop"


async def test_next_request_replaces_the_context(app):
    """It is the last request that can be read."""
    async with app.async_test_client() as client:
        await client.get("/visit")
        await client.get("/")

        assert request.path == "/"
        assert "place" not in g


async def test_context_of_an_error_is_kept(app):
    """Also a request that has failed can be looked at."""

    @app.get("/fail")
    async def fail():
        g.reason = "rain"
        raise LookupError

    async with app.async_test_client() as client:
        with pytest.raises(LookupError):
            await client.get("/fail")

        assert g.reason == "rain"


async def test_context_of_a_stream_is_kept_once_it_was_read(app):
    """The context of a stream lives until its end, and is kept then."""

    @app.get("/stream")
    async def stream():
        async def produce():
            g.sent = 1
            yield "a"

        return produce()

    async with app.async_test_client() as client:
        await client.get("/stream")

        assert g.sent == 1


async def test_leaving_the_block_drops_the_context(app):
    """After the block there is no request."""
    async with app.async_test_client() as client:
        await client.get("/")

    assert ctx.current() is None
    with pytest.raises(RuntimeError, match="Working outside of request context"):
        _ = request.path


async def test_no_context_is_kept_without_a_block(app):
    """Only the block keeps contexts."""
    client = app.async_test_client()

    await client.get("/")

    assert ctx.current() is None


async def test_request_joins_an_app_context_of_the_test(app):
    """g of an app context that the test has pushed is the request's."""

    @app.get("/place")
    async def place():
        return g.place

    async with app.app_context():
        g.place = "market"
        async with app.async_test_client() as client:
            response = await client.get("/place")
        place_after = g.place

    assert response.text == place_after == "market"


async def test_app_context_may_be_left_before_the_client(app):
    """A kept request does not stand in the way of an app context inside of the block."""
    async with app.async_test_client() as client:
        async with app.app_context():
            await client.get("/visit")

        assert request.path == "/visit"

    assert ctx.current() is None


async def test_server_in_an_app_context_shares_nothing(app):
    """Requests of other tasks do not get the g of the task that started them."""

    @app.get("/place")
    async def place():
        return g.get("place", "none")

    answers = []
    async with app.app_context():
        g.place = "market"
        async with app.async_test_client() as client, anyio.create_task_group() as tasks:

            async def ask():
                answers.append((await client.get("/place")).text)

            tasks.start_soon(ask)

    assert answers == ["none"]


# Session


async def test_session_can_be_filled_beforehand(app):
    """What a transaction puts into the session is there in the next request."""
    async with app.async_test_client() as client:
        async with client.session_transaction() as opened:
            opened["visits"] = 41
        response = await client.get("/visit")

    assert response.text == "42"


async def test_session_can_be_read_afterwards(app):
    """A transaction sees what requests have put into the session."""
    async with app.async_test_client() as client:
        await client.get("/visit")
        async with client.session_transaction() as opened:
            seen = dict(opened)

    assert seen == {"visits": 1}


async def test_transaction_leaves_the_kept_context_alone(app):
    """The last request can still be read in a transaction and after it."""
    async with app.async_test_client() as client:
        await client.get("/visit")
        async with client.session_transaction() as opened:
            inside = request.path
            opened["visits"] = 5

        assert (inside, request.path) == ("/visit", "/visit")


async def test_interface_of_the_session_may_be_async(app):
    """An async session interface is awaited."""
    interface = app.session_interface

    class AsyncInterface(type(interface)):
        async def open_session(self, app, request):
            return super().open_session(app, request)

        async def save_session(self, app, session, response):
            return super().save_session(app, session, response)

    app.session_interface = AsyncInterface()
    async with app.async_test_client() as client:
        async with client.session_transaction() as opened:
            opened["visits"] = 41
        response = await client.get("/visit")

    assert response.text == "42"


async def test_transaction_needs_a_session(app):
    """An interface that opens none is named."""

    class NoSessions(type(app.session_interface)):
        def open_session(self, app, request):
            return None

    app.session_interface = NoSessions()
    async with app.async_test_client() as client:
        with pytest.raises(
            RuntimeError,
            match=r"Session backend did not open a session: .*open_session.. gave None",
        ):
            async with client.session_transaction():
                pytest.fail("opened")


# httpx
