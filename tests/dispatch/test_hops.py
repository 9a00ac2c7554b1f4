"""How often a request changes threads, and what travels along."""

from __future__ import annotations

import logging
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest

import asyncflask
from asyncflask import Flask, request, session
from asyncflask.bridge.hop import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """One entry for each time that a request goes to a worker thread."""
    made: list[int] = []
    run = Worker.run

    async def counted(self, function):
        made.append(threading.get_ident())
        return await run(self, function)

    monkeypatch.setattr(Worker, "run", counted)
    return made


@pytest.fixture
def app() -> Flask:
    app = Flask("hops")
    app.secret_key = "secret"
    return app


async def get(app: Flask, path: str, **kwargs: object) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.request("GET", path, **kwargs)


@pytest.mark.anyio
async def test_an_all_sync_request_makes_one_hop(app, hops):
    """Hooks, view, response, session and teardown share one thread and one hop."""
    threads = []

    def note(value=None):
        threads.append(threading.get_ident())
        return value

    app.url_value_preprocessor(lambda endpoint, values: note())
    app.before_request(lambda: note())
    app.after_request(note)
    app.teardown_request(lambda exc: note() and None)
    app.teardown_appcontext(lambda exc: note() and None)

    @app.get("/")
    def index():
        session["seen"] = True
        return {"thread": note("view")}

    response = await get(app, "/")

    assert response.json() == {"thread": "view"}
    assert "session=" in response.headers["set-cookie"]
    assert len(threads) == 6
    assert len(set(threads)) == 1
    assert threading.get_ident() not in threads
    assert len(hops) == 1


@pytest.mark.anyio
async def test_an_all_async_request_makes_no_hop(app, hops):
    """Everything runs on the event loop, in the request's own task."""
    threads = []

    async def note(value=None):
        threads.append(threading.get_ident())
        return value

    async def before():
        await note()

    async def teardown(exc):
        await note()

    app.before_request(before)
    app.after_request(note)
    app.teardown_request(teardown)

    @app.get("/")
    async def index():
        session["seen"] = True
        await note()
        return "done"

    await get(app, "/")

    assert set(threads) == {threading.get_ident()}
    assert hops == []


@pytest.mark.anyio
async def test_neighbouring_sync_steps_share_a_hop(app, hops):
    """sync, sync, async, sync, sync: two stays in the worker."""
    app.before_request(lambda: None)
    app.before_request(lambda: None)
    app.after_request(lambda response: response)
    app.teardown_request(lambda exc: None)

    @app.get("/")
    async def index():
        return "done"

    await get(app, "/")

    assert len(hops) == 2


@pytest.mark.anyio
async def test_an_inline_function_makes_no_hop(app, hops):
    """A sync function that promises not to block runs on the event loop."""
    threads = []

    @app.get("/")
    @asyncflask.inline
    def index():
        threads.append(threading.get_ident())
        return "quick"

    await get(app, "/")

    assert threads == [threading.get_ident()]
    assert hops == []


@pytest.mark.anyio
async def test_a_context_variable_of_a_sync_hook_is_seen_by_an_async_view(app):
    """What a worker sets is there on the event loop, and the other way round."""
    seen = []

    @app.before_request
    def set_tenant():
        tenant.set("acme")

    @app.get("/")
    async def index():
        seen.append(tenant.get())
        tenant.set("globex")
        return "done"

    @app.teardown_request
    def look(exc):
        seen.append(tenant.get())

    await get(app, "/")

    assert seen == ["acme", "globex"]


@pytest.mark.anyio
async def test_a_sync_decorator_around_an_async_view_works(app):
    """What a function returns is awaited if it is awaitable, on the event loop."""
    threads = []

    def plain_decorator(view):
        def wrapper(**kwargs):
            return view(**kwargs)

        return wrapper

    @app.get("/<name>", endpoint="hello")
    @plain_decorator
    async def hello(name):
        await anyio.sleep(0)
        threads.append(threading.get_ident())
        return name

    response = await get(app, "/ada")

    assert response.text == "ada"
    assert threads == [threading.get_ident()]


@pytest.mark.anyio
async def test_an_async_error_handler_of_a_sync_view_runs_on_the_loop(app):
    """Async code met inside a worker runs on the event loop; its answer is used."""
    threads = []

    @app.errorhandler(ZeroDivisionError)
    async def handle(exc):
        await anyio.sleep(0)
        threads.append(threading.get_ident())
        return f"{request.path} failed", 418

    @app.get("/")
    def index():
        return 1 // 0

    response = await get(app, "/")

    assert (response.status_code, response.text) == (418, "/ failed")
    assert threads == [threading.get_ident()]


@pytest.mark.anyio
async def test_a_sync_view_can_wait_for_async_code(app):
    """app.ensure_sync gives a worker a plain callable that runs on the loop and waits."""

    async def fetch():
        await anyio.sleep(0)
        return f"{request.path} in {threading.get_ident() == loop_thread}"

    loop_thread = threading.get_ident()

    @app.get("/sync")
    def index():
        return app.ensure_sync(fetch)()

    response = await get(app, "/sync")

    assert response.text == "/sync in True"


@pytest.mark.anyio
async def test_more_sync_requests_than_workers_all_finish(app):
    """Requests beyond THREADPOOL_SIZE wait their turn; none is lost."""
    app.config["THREADPOOL_SIZE"] = 2
    answers = []

    @app.get("/<int:number>")
    def index(number):
        return str(number)

    async def ask(number):
        answers.append((await get(app, f"/{number}")).text)

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(ask, number)

    assert sorted(map(int, answers)) == list(range(20))


@pytest.mark.anyio
async def test_requests_that_wait_for_a_thread_are_warned_of(app, caplog):
    """Once, by a logger of its own, with what to do; nothing is said while there are threads."""
    app.config["THREADPOOL_SIZE"] = 2
    caplog.set_level(logging.WARNING, "asyncflask.workers")
    both_run = threading.Barrier(2)

    @app.get("/")
    def index():
        both_run.wait(20)
        return "welcome"

    async def ask(requests):
        async with anyio.create_task_group() as tasks:
            for _ in range(requests):
                tasks.start_soon(get, app, "/")

    await ask(2)
    before = list(caplog.messages)
    await ask(6)

    assert before == []
    assert caplog.messages == [
        "All 2 worker threads for sync code are busy, so calls have to wait for one. Declare what"
        " waits for I/O with `async def`, or raise THREADPOOL_SIZE."
    ]


@pytest.mark.anyio
async def test_run_sync_in_a_view_has_the_request(app, hops):
    """The proxies, `g` and the session are the same there; it is one hop."""

    def look_up(key):
        session["user"] = "Ada"
        asyncflask.g.key = key
        return request.path, threading.get_ident()

    @app.get("/users")
    async def users():
        path, thread = await asyncflask.run_sync(look_up)("k")
        assert thread != threading.get_ident()
        return f"{path} {session['user']} {asyncflask.g.key}"

    response = await get(app, "/users")

    assert response.text == "/users Ada k"
    assert len(hops) == 1


@pytest.mark.anyio
async def test_a_full_thread_pool_does_not_starve_the_frameworks_own_threads(app, tmp_path):
    """A static file is served while every worker for user code is blocked."""
    (tmp_path / "logo.txt").write_text("logo")
    app.config["THREADPOOL_SIZE"] = 1
    app.static_folder = tmp_path
    app.add_url_rule(
        "/files/<path:filename>", endpoint="files", view_func=app.view_functions["static"]
    )
    entered, release = threading.Event(), threading.Event()

    @app.get("/block")
    def block():
        entered.set()
        assert release.wait(20)
        return "unblocked"

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(get, app, "/block")
        await anyio.to_thread.run_sync(entered.wait)
        with anyio.fail_after(10):
            response = await get(app, "/files/logo.txt")
        release.set()

    assert response.text == "logo"


@pytest.mark.anyio
@pytest.mark.parametrize(("size", "meet"), [(1, False), (2, True)])
async def test_the_thread_pools_size_is_the_apps(app, size, meet):
    """Two sync views meet at a barrier if, and only if, there are workers for both."""
    app.config["THREADPOOL_SIZE"] = size
    barrier = threading.Barrier(2)
    met = []

    @app.get("/")
    def index():
        try:
            barrier.wait(10 if meet else 0.2)
            met.append(True)
        except threading.BrokenBarrierError:
            met.append(False)
        return ""

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(get, app, "/")
        tasks.start_soon(get, app, "/")

    assert met == [meet, meet]
