"""The lifespan of an app around the blocks of its test clients."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager

import anyio
import pytest

from asyncflask import Flask, current_app, g, request
from asyncflask.testing import FlaskClient


@pytest.fixture
def order():
    return []


@pytest.fixture
def app(order):
    app = Flask("life")

    @app.before_serving
    async def start():
        order.append("start")

    @app.after_serving
    async def stop():
        order.append("stop")

    @app.get("/")
    def view():
        order.append("request")
        return ""

    return app


# -- the synchronous client


def test_block_starts_and_stops_the_app(app, order):
    """Start-up runs at the block's begin, shutdown at its end."""
    with app.test_client() as client:
        client.get("/")

    assert order == ["start", "request", "stop"]


def test_client_without_a_block_does_not(app, order):
    """A client that is used without `with` runs neither."""
    app.test_client().get("/")

    assert order == ["request"]


def test_each_block_is_a_lifespan(app, order):
    """A client may be entered again."""
    client = app.test_client()
    for _ in range(2):
        with client:
            pass

    assert order == ["start", "stop"] * 2


def test_nested_blocks_share_one_lifespan(app, order):
    """The app starts with the first block and stops with the last."""
    with app.test_client() as outer:
        with app.test_client() as inner:
            inner.get("/")
        outer.get("/")

    assert order == ["start", "request", "request", "stop"]


def test_blocks_may_end_in_any_order(app, order):
    """The block that was entered first may be left first."""
    first, second = app.test_client(), app.test_client()
    first.__enter__()
    second.__enter__()

    first.__exit__(None, None, None)
    second.get("/")
    second.__exit__(None, None, None)

    assert order == ["start", "request", "stop"]


def test_blocks_of_several_threads_share_one_lifespan(app, order):
    """A second thread waits until the first has started the app up."""
    both_are_in = threading.Barrier(2)

    def use():
        with app.test_client() as client:
            both_are_in.wait(20)
            client.get("/")

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert order == ["start", "request", "request", "stop"]


def test_apps_do_not_share_theirs(app, order):
    """A block of one app does nothing to another."""
    with Flask("other").test_client():
        pass

    assert order == []


def test_app_behind_middleware_is_started(app, order):
    """Any ASGI application has its lifespan run."""

    async def middleware(scope, receive, send):
        order.append(scope["type"])
        await app(scope, receive, send)

    with FlaskClient(middleware) as client:
        client.get("/")

    assert order == ["lifespan", "start", "http", "request", "stop"]


def test_app_with_nothing_to_start_is_not_called():
    """A plain Flask test suite pays nothing for its `with` blocks."""
    app = Flask("plain")

    with app.test_client():
        has_started = app._has_started

    assert not has_started


@pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(lambda app: app.before_serving(lambda: None), id="before"),
        pytest.param(lambda app: app.while_serving(lambda: iter([None])), id="while"),
        pytest.param(lambda app: app.after_serving(lambda: None), id="after"),
        pytest.param(lambda app: app.mount("/inner", Flask("inner")), id="mount"),
        pytest.param(lambda app: app.add_middleware(lambda app: app), id="middleware"),
        pytest.param(lambda app: setattr(app, "asgi_app", app.asgi_app.__call__), id="wrapped"),
    ],
)
def test_app_with_something_to_start_is_called(set_up):
    """Functions, mounted applications and middleware all count."""
    app = Flask("life")
    set_up(app)

    assert app._has_lifespan


def test_resources_of_start_up_are_on_the_views_loop():
    """What start-up opens on its event loop is usable in async views, what it runs too."""
    app = Flask("life")

    @app.while_serving
    async def live():
        send, app.state.receive = anyio.create_memory_object_stream()

        async def produce():
            async with send:
                await send.send("from a task of start-up")

        async with anyio.create_task_group() as tasks, app.state.receive:
            tasks.start_soon(produce)
            yield

    @app.get("/")
    async def view():
        return await app.state.receive.receive()

    with app.test_client() as client:
        answer = client.get("/").text

    assert answer == "from a task of start-up"


def test_sync_functions_run_in_the_calling_thread():
    """As sync views do."""
    app = Flask("life")
    threads = []

    def note():
        threads.append(threading.get_ident())

    app.before_serving(note)
    app.after_serving(note)

    @app.while_serving
    def live():
        note()
        yield
        note()

    with app.test_client():
        pass

    assert threads == [threading.get_ident()] * 4


def test_tasks_of_start_up_do_not_wait_for_the_test():
    """Sync teardown functions of what runs meanwhile find a worker while the test goes on."""
    app = Flask("life")
    app.teardown_appcontext(lambda exc: None)
    may_begin, has_ended = threading.Event(), threading.Event()

    async def work():
        await anyio.to_thread.run_sync(may_begin.wait, 20)
        async with app.app_context():
            pass
        has_ended.set()

    @app.while_serving
    async def live():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            yield

    with app.test_client():
        may_begin.set()
        ended_within_the_block = has_ended.wait(20)

    assert ended_within_the_block


def test_functions_do_not_share_the_tests_context(app):
    """An app context that the test has pushed is another one."""
    seen = []

    @app.before_serving
    def look():
        seen.append((g.get("mark"), current_app.name))

    with app.app_context():
        g.mark = "test's"
        with app.test_client():
            pass

    assert seen == [(None, "life")]


def test_state_is_in_the_requests():
    """What the lifespan yields is each request's `state`; a request's own changes stay its own."""

    @asynccontextmanager
    async def lifespan(app):
        yield {"pool": "pool"}

    app = Flask("life", lifespan=lifespan)

    @app.get("/")
    def view():
        request.state.seen = "seen" in request.state._state
        return {"pool": request.state.pool, "seen": request.state.seen}

    with app.test_client() as client:
        answers = [client.get("/").json for _ in range(2)]

    assert answers == [{"pool": "pool", "seen": False}] * 2


def test_failed_start_up_is_raised(app, order, caplog):
    """The block is not entered, and the app can be tried again."""

    @app.before_serving
    def fail():
        if len(order) == 1:
            raise LookupError("no database")

    failure = pytest.raises(RuntimeError, match="startup has failed: LookupError: no database")
    with failure, app.test_client():
        order.append("block")
    with app.test_client():
        pass

    assert order == ["start", "start", "stop"]


def test_failed_shutdown_is_raised(app, caplog):
    """After the block, from the client that is left last."""

    @app.after_serving
    def fail():
        raise LookupError("no database")

    failure = pytest.raises(RuntimeError, match="shutdown has failed: LookupError: no database")
    with failure, app.test_client():
        pass


def test_block_waits_for_background_tasks(app, order):
    """The tasks are told of the end and waited for before the functions."""

    def job():
        app.shutdown_event.wait()
        order.append("job")

    with app.test_client():
        app.add_background_task(job)

    assert order == ["start", "job", "stop"]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_block_waits_for_background_tasks_of_a_plain_app(order, kind):
    """Also where there is nothing to be started."""
    app = Flask("plain")

    def job():
        app.shutdown_event.wait()
        order.append("job")

    async def async_job():
        await app.shutdown_event.wait()
        order.append("job")

    @app.get("/")
    def view():
        app.add_background_task(job if kind == "sync" else async_job)
        return ""

    with app.test_client() as client:
        client.get("/")

    assert order == ["job"]


def test_shutdown_event_is_fresh_after_the_block(app):
    """A client without a block finds an app that seems to run."""
    with app.test_client():
        pass

    assert not app.shutdown_event.is_set()


# -- the asynchronous client


@pytest.mark.anyio
async def test_nested_async_blocks_share_one_lifespan(app, order):
    """The app starts with the first block and stops with the last."""
    async with app.async_test_client() as outer:
        async with app.async_test_client() as inner:
            await inner.get("/")
        await outer.get("/")

    assert order == ["start", "request", "request", "stop"]


@pytest.mark.anyio
async def test_parallel_async_blocks_share_one_lifespan(app, order):
    """A second task waits until the first has started the app up."""
    may_start, users = anyio.Event(), []

    @app.before_serving
    async def start_slowly():
        await may_start.wait()

    async def use():
        async with app.async_test_client() as client:
            users.append(client)
            while len(users) < 2:
                await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(use)
        tasks.start_soon(use)
        await anyio.wait_all_tasks_blocked()
        may_start.set()

    assert order == ["start", "stop"]


@pytest.mark.anyio
async def test_failed_start_up_of_async_blocks_is_raised(app, order, caplog):
    """The block is not entered, and the app can be tried again."""

    @app.before_serving
    def fail():
        if len(order) == 1:
            raise LookupError("no database")

    with pytest.raises(RuntimeError, match="startup has failed: LookupError: no database"):
        async with app.async_test_client():
            order.append("block")
    async with app.async_test_client():
        pass

    assert order == ["start", "start", "stop"]


@pytest.mark.anyio
async def test_shutdown_event_is_fresh_after_the_async_block(app):
    """A client without a block finds an app that seems to run."""
    async with app.async_test_client():
        pass

    assert not app.shutdown_event.is_set()


@pytest.mark.anyio
async def test_state_is_in_the_async_clients_requests():
    """What the lifespan yields is each request's `state`."""

    @asynccontextmanager
    async def lifespan(app):
        yield {"pool": "pool"}

    app = Flask("life", lifespan=lifespan)
    app.add_url_rule("/", "view", lambda: request.state.pool)

    async with app.async_test_client() as client:
        answer = await client.get("/")

    assert answer.text == "pool"
