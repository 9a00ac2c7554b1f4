"""Background tasks where no server runs the lifespan: on bare loops and in commands."""

from __future__ import annotations

import logging
import threading

import anyio
import anyio.to_thread
import httpx
import pytest

from asyncflask import Flask


@pytest.fixture
def app():
    return Flask("jobs")


@pytest.fixture
def in_app():
    """Send a request to an app as a server does that runs no lifespan."""

    async def get(app, path="/"):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    return get


def job_of(kind, function):
    """A sync job or an async one that does the same."""
    if kind == "sync":
        return function

    async def job(*args, **kwargs):
        return function(*args, **kwargs)

    return job


both_kinds = pytest.mark.parametrize("kind", ["sync", "async"])


@pytest.mark.anyio
@pytest.mark.parametrize("view_kind", ["sync", "async"])
@both_kinds
async def test_tasks_without_a_lifespan(app, in_app, kind, view_kind):
    """They run on the request's loop, which outlives the request."""
    has_run = threading.Event()

    def view():
        app.add_background_task(job_of(kind, has_run.set))
        return "started"

    app.add_url_rule("/", "view", job_of(view_kind, view))

    response = await in_app(app)
    ran = await anyio.to_thread.run_sync(has_run.wait, 20)

    assert (response.text, ran) == ("started", True)


@pytest.mark.anyio
async def test_tasks_without_a_lifespan_are_tracked(app, in_app, caplog):
    """They can be waited for on their loop, and cancelled there; then nothing is left."""
    app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 0.01
    started = anyio.Event()

    async def linger():
        started.set()
        await anyio.sleep_forever()

    @app.get("/")
    async def view():
        app.add_background_task(linger)
        return ""

    await in_app(app)
    await started.wait()
    await app._background.finish(app)

    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert app._background._crews == {}


@pytest.mark.anyio
async def test_tasks_begun_before_the_lifespan_end_in_it(app):
    """Where the loop is the same, shutdown waits for all."""
    seen = []

    async def job():
        await app.shutdown_event.wait()
        seen.append("ended")

    app.add_background_task(job)
    async with app.async_test_client():
        pass

    assert seen == ["ended"]
    assert app._background._crews == {}


def test_loop_may_end_before_its_tasks(app):
    """Tasks that nobody waits for are cancelled with their loop, and nothing is left of them."""
    seen = []

    async def linger(has_started):
        has_started.set()
        try:
            await anyio.sleep_forever()
        finally:
            seen.append("cancelled")

    async def run():
        has_started = anyio.Event()
        app.add_background_task(linger, has_started)
        await has_started.wait()

    anyio.run(run)
    anyio.run(run, backend="trio")

    assert seen == ["cancelled"] * 2
    assert app._background._crews == {}


@both_kinds
def test_tasks_of_a_command_are_waited_for(app, kind):
    """A command ends when its tasks have, outside of its own context."""
    seen = []

    @app.cli.command("enqueue")
    def enqueue():
        app.add_background_task(job_of(kind, seen.append), "ran")

    result = app.test_cli_runner().invoke(args=["enqueue"])

    assert result.exit_code == 0
    assert seen == ["ran"]


def test_async_command_may_start_tasks(app):
    """They run on the command's event loop."""
    seen = []

    @app.cli.command("enqueue")
    async def enqueue():
        app.add_background_task(seen.append, "ran")

    result = app.test_cli_runner().invoke(args=["enqueue"])

    assert result.exit_code == 0
    assert seen == ["ran"]
