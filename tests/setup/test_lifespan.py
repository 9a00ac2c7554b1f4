"""The lifespan of an app in tests."""

from __future__ import annotations

import pytest

from asyncflask.bridge import TaskHost
from asyncflask.setup.lifespan import Lifespan, running

pytestmark = pytest.mark.anyio


async def run(app):
    """Start an app up and shut it down."""
    host = await TaskHost.start()
    try:
        lifespan = Lifespan(app)
        await lifespan.start_up(host)
        await lifespan.shut_down()
    finally:
        await host.stop()


async def test_app_is_told_of_both_ends():
    """Start-up comes first and shutdown last, both waited for."""
    seen = []

    async def app(scope, receive, send):
        for part in ("startup", "shutdown"):
            seen.append((await receive())["type"])
            await send({"type": f"lifespan.{part}.complete"})
        seen.append("returned")

    await run(app)

    assert seen == ["lifespan.startup", "lifespan.shutdown", "returned"]


async def test_scope_is_that_of_the_protocol():
    """The scope says its type and has a state to fill."""
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)
        raise NotImplementedError

    await run(app)

    assert (seen["type"], seen["state"]) == ("lifespan", {})


async def test_state_is_kept():
    """What the app puts into the state can be read."""

    async def app(scope, receive, send):
        await receive()
        scope["state"]["pool"] = 5
        await send({"type": "lifespan.startup.complete"})
        await receive()

    host = await TaskHost.start()
    lifespan = Lifespan(app)
    await lifespan.start_up(host)
    await host.stop()

    assert lifespan.state == {"pool": 5}


async def test_app_may_do_without():
    """An app that raises at the scope itself knows no lifespan."""

    async def app(scope, receive, send):
        assert scope["type"] == "http"

    await run(app)


async def test_app_may_return_at_once():
    """An app that ignores the scope knows no lifespan."""

    async def app(scope, receive, send):
        return

    await run(app)


@pytest.mark.parametrize("part", ["startup", "shutdown"])
async def test_failure_is_raised(part):
    """The app's message is in the error."""

    async def app(scope, receive, send):
        if (await receive())["type"] != f"lifespan.{part}":
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": f"lifespan.{part}.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match=f"{part} has failed: no database"):
        await run(app)


async def test_failure_has_the_error_as_its_cause():
    """Where the app raises after it has told of the failure, that is the cause."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed"})
        raise LookupError("no database")

    with pytest.raises(RuntimeError, match="it gave no reason") as caught:
        await run(app)

    assert isinstance(caught.value.__cause__, LookupError)


@pytest.mark.parametrize("completed", [[], ["startup"]])
async def test_error_of_the_app_is_raised(completed):
    """What start-up or shutdown raises goes to the test."""

    async def app(scope, receive, send):
        for part in completed:
            await receive()
            await send({"type": f"lifespan.{part}.complete"})
        await receive()
        raise LookupError("no database")

    with pytest.raises(LookupError, match="no database"):
        await run(app)


@pytest.mark.parametrize("part", ["startup", "shutdown"])
async def test_app_may_go_on_to_receive_after_its_last_word(part):
    """An app that never returns by itself is not waited for."""

    async def app(scope, receive, send):
        while True:
            if (await receive())["type"] == f"lifespan.{part}":
                await send({"type": f"lifespan.{part}.failed", "message": "no database"})
            else:
                await send({"type": "lifespan.startup.complete"})

    with pytest.raises(RuntimeError, match=f"{part} has failed: no database"):
        await run(app)


async def test_another_apps_lifespan_runs_around_a_block():
    """Start-up comes before the block and shutdown after it, with a state that both see."""
    state = {"outer": 1}
    seen = []

    async def app(scope, receive, send):
        seen.append((await receive())["type"])
        scope["state"]["inner"] = scope["state"]["outer"] + 1
        await send({"type": "lifespan.startup.complete"})
        seen.append((await receive())["type"])
        await send({"type": "lifespan.shutdown.complete"})

    async with running(app, state):
        seen.append("block")

    assert seen == ["lifespan.startup", "block", "lifespan.shutdown"]
    assert state == {"outer": 1, "inner": 2}


async def test_block_runs_where_the_app_knows_no_lifespan():
    """An app that raises at the scope, or ignores it, is left alone."""
    seen = []

    async def raises(scope, receive, send):
        assert scope["type"] == "http"

    async def ignores(scope, receive, send):
        return

    for app in (raises, ignores):
        async with running(app, {}):
            seen.append("block")

    assert seen == ["block", "block"]


@pytest.mark.parametrize("part", ["startup", "shutdown"])
async def test_failure_around_a_block_is_raised(part):
    """The error is the app's own, in no group."""

    async def app(scope, receive, send):
        if (await receive())["type"] != f"lifespan.{part}":
            await send({"type": "lifespan.startup.complete"})
            await receive()
        raise LookupError("no database")

    with pytest.raises(LookupError, match="no database"):
        async with running(app, {}):
            pass


async def test_error_of_the_block_is_raised_after_shutdown():
    """The app shuts down, and the block's error goes on as it is."""
    seen = []

    async def app(scope, receive, send):
        for part in ("startup", "shutdown"):
            seen.append((await receive())["type"])
            await send({"type": f"lifespan.{part}.complete"})

    with pytest.raises(LookupError, match="in the block"):
        async with running(app, {}):
            raise LookupError("in the block")

    assert seen == ["lifespan.startup", "lifespan.shutdown"]
