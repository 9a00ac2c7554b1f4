"""The warning about code that blocks the event loop, in debug mode."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path

import anyio
import pytest

from asyncflask import Blueprint, Flask, inline, websocket

pytestmark = pytest.mark.anyio

LONG = 0.2


def line_of(mark):
    """The number of the line of this file that ends with a mark."""
    lines = Path(__file__).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.endswith(f"# {mark}"))


@pytest.fixture
def app():
    app = Flask("guarded")
    app.debug = True
    app.config["SLOW_CALLBACK_SECONDS"] = LONG / 4
    return app


@pytest.fixture
def warnings(caplog):
    """The warnings so far."""
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


async def test_async_view_that_blocks_is_named(app, exchange, warnings):
    """With its file and line, its endpoint, how long it took, and what to do."""
    shop = Blueprint("shop", __name__)

    @shop.get("/")
    async def stock():
        time.sleep(LONG)  # the stock
        return "7"

    app.register_blueprint(shop)

    answer = await exchange(app)

    (warning,) = warnings()
    assert answer.body == b"7"
    assert f"stock ({__file__}:{line_of('the stock')}) kept the event loop" in warning
    assert re.search(r"for 0\.[2-9]\d seconds, in the endpoint 'shop.stock'", warning)
    assert "Await an async library there, or drop `async` (or @inline)" in warning


async def test_inline_hook_that_blocks_is_named(app, exchange, warnings):
    """It is not the view's fault."""

    @app.before_request
    @inline
    def count():
        time.sleep(LONG)

    @app.get("/")
    async def index():
        return "welcome"

    await exchange(app)

    (warning,) = warnings()
    assert "count (" in warning
    assert "in the endpoint 'index'" in warning


async def test_what_the_view_was_in_is_named_too(app, exchange, warnings):
    """A library's line says what it was that blocked."""

    @app.get("/")
    async def index():
        re.sub("x", lambda match: time.sleep(LONG) or "", "x")
        return "welcome"

    await exchange(app)

    (warning,) = warnings()
    assert "index (" in warning
    assert "which was in" in warning
    assert "<lambda> (" in warning


async def test_async_view_that_awaits_is_not(app, exchange, warnings):
    """However long it takes."""

    @app.get("/")
    async def index():
        await anyio.sleep(LONG)
        return "welcome"

    await exchange(app)

    assert warnings() == []


async def test_sync_view_may_block(app, exchange, warnings):
    """It runs in a worker."""

    @app.get("/")
    def index():
        time.sleep(LONG)
        return "welcome"

    await exchange(app)

    assert warnings() == []


@pytest.mark.parametrize(
    "changes", [{"DEBUG": False}, {"SLOW_CALLBACK_SECONDS": None}, {"SLOW_CALLBACK_SECONDS": 30}]
)
async def test_it_is_for_debug_mode_and_can_be_set(app, exchange, warnings, changes):
    """Elsewhere nobody looks, and nothing is paid for it."""
    app.config.update(changes)

    @app.get("/")
    async def index():
        time.sleep(LONG)
        return "welcome"

    await exchange(app)

    assert warnings() == []


async def test_a_limit_that_is_no_time_is_refused(app, exchange):
    """As other times are."""
    app.config["SLOW_CALLBACK_SECONDS"] = 0

    with pytest.raises(ValueError, match="SLOW_CALLBACK_SECONDS is 0"):
        await exchange(app)


async def test_an_endpoint_is_named_once_a_minute(app, exchange, warnings):
    """Another one is named beside it."""

    @app.get("/<int:number>")
    async def one(number):
        time.sleep(LONG)
        return "1"

    @app.get("/other")
    async def other():
        time.sleep(LONG)
        return "2"

    for path in ["/1", "/2", "/other"]:
        await exchange(app, path)

    assert [warning.partition("endpoint ")[2][:7] for warning in warnings()] == [
        "'one'. ",
        "'other'",
    ]


async def test_error_handler_that_blocks_is_named(app, exchange, warnings):
    """Also where no route has matched."""

    @app.errorhandler(404)
    async def not_found(error):
        time.sleep(LONG)
        return "nothing", 404

    answer = await exchange(app, "/missing")

    (warning,) = warnings()
    assert answer.body == b"nothing"
    assert "not_found (" in warning
    assert "in a request that no route fits" in warning


async def test_stream_that_blocks_is_named(app, exchange, warnings):
    """An async generator that is sent after the view has returned."""

    @app.get("/")
    async def index():
        async def generate():
            yield "a"
            time.sleep(LONG)
            yield "b"

        return generate()

    answer = await exchange(app)

    (warning,) = warnings()
    assert answer.body == b"ab"
    assert "generate (" in warning
    assert "in the endpoint 'index'" in warning


async def test_guarded_stream_is_closed(app, exchange):
    """The client leaves early, and the generator's clean-up runs, as without debug mode."""
    closed, gone = [], anyio.Event()

    async def leave(message):
        gone.set()

    async def receive():
        await gone.wait()
        return {"type": "http.disconnect"}

    @app.get("/")
    async def index():
        async def generate():
            try:
                while True:
                    yield "tick"
                    await anyio.sleep(0.001)
            finally:
                closed.append(True)

        return generate()

    await exchange(app, receive=receive, send=leave)

    assert closed == [True]


async def test_websocket_that_blocks_is_named(app, warnings):
    """Between two of its messages."""

    @app.websocket("/talk")
    async def talk():
        await websocket.send("a")
        time.sleep(LONG)
        await websocket.send("b")

    async with (
        app.async_test_client() as client,
        client.websocket_connect("/talk") as connection,
    ):
        received = [await connection.receive(), await connection.receive()]

    (warning,) = warnings()
    assert received == ["a", "b"]
    assert "talk (" in warning
    assert "in the endpoint 'talk'" in warning


async def test_background_task_that_blocks_is_named(app, warnings):
    """By its own name."""
    ended = anyio.Event()

    async def report():
        time.sleep(LONG)
        ended.set()

    @app.get("/")
    async def index():
        app.add_background_task(report)
        return "begun"

    async with app.async_test_client() as client:
        await client.get("/")
        await ended.wait()

    (warning,) = warnings()
    assert "report (" in warning
    assert "in the background task " in warning


async def test_teardown_function_that_blocks_is_named(app, exchange, warnings):
    """After a stream, when the pipeline has long been run."""

    @app.teardown_request
    async def clean_up(error):
        time.sleep(LONG)

    @app.get("/")
    async def index():
        async def generate():
            yield "a"

        return generate()

    await exchange(app)

    (warning,) = warnings()
    assert "clean_up (" in warning
