"""Background tasks: where they run, their contexts, their errors, and who waits for them."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from contextvars import ContextVar
from functools import partial

import anyio
import anyio.to_thread
import pytest

from asyncflask import Flask, current_app, g, has_request_context, request
from asyncflask.signals import got_background_exception

colour = ContextVar("colour", default="none")


@pytest.fixture
def app():
    return Flask("jobs")


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
async def test_task_of_a_view(app, kind, view_kind):
    """Sync and async views start sync and async tasks, with arguments."""
    seen = []

    def view():
        app.add_background_task(
            job_of(kind, lambda *args, **kwargs: seen.append((args, kwargs))), 1, b=2
        )
        return "started"

    app.add_url_rule("/", "view", job_of(view_kind, view))

    async with app.async_test_client() as client:
        response = await client.get("/")

    assert response.text == "started"
    assert seen == [((1,), {"b": 2})]


@pytest.mark.anyio
async def test_sync_task_runs_in_a_worker_and_async_task_on_the_loop(app):
    """A sync task may block."""
    threads = {}

    def note(name):
        threads[name] = threading.get_ident()

    async with app.async_test_client():
        app.add_background_task(note, "sync")
        app.add_background_task(job_of("async", note), "async")

    assert threads["async"] == threading.get_ident()
    assert threads["sync"] != threading.get_ident()


@pytest.mark.anyio
@both_kinds
async def test_task_has_an_app_context_of_its_own(app, kind):
    """current_app and a fresh g, no request; the teardown functions run after it."""
    seen = []

    @app.teardown_appcontext
    def tear_down(exc):
        seen.append(("teardown", g.get("mark"), exc))

    def job():
        seen.append((current_app.name, g.get("mark"), has_request_context()))
        g.mark = "job's"

    @app.get("/")
    async def view():
        g.mark = "view's"
        app.add_background_task(job_of(kind, job))
        return ""

    async with app.async_test_client() as client:
        await client.get("/")

    assert ("jobs", None, False) in seen
    assert ("teardown", "job's", None) in seen


@pytest.mark.anyio
@both_kinds
async def test_nothing_holds_the_request(app, kind):
    """While the task runs, the request's context is let go of."""
    contexts = []
    may_end = threading.Event()

    def job():
        may_end.wait(20)

    async def async_job():
        await anyio.to_thread.run_sync(may_end.wait, 20)

    @app.get("/")
    async def view():
        contexts.append(weakref.ref(request._get_current_object()))
        app.add_background_task(job if kind == "sync" else async_job)
        return ""

    async with app.async_test_client() as client:
        await client.get("/")
        await client.get("/other")
        gc.collect()
        is_held = contexts[0]() is not None
        may_end.set()

    assert not is_held


@pytest.mark.anyio
async def test_context_variables_come_along(app):
    """A task sees the ContextVars of whoever started it."""
    seen = []

    async def job():
        seen.append(colour.get())

    async with app.async_test_client():
        colour.set("red")
        app.add_background_task(job)

    assert seen == ["red"]


@pytest.mark.anyio
async def test_start_up_functions_may_start_tasks(app):
    """Sync and async ones, which are waited for at shutdown."""
    seen = []

    @app.before_serving
    def start():
        app.add_background_task(seen.append, "sync")

    @app.before_serving
    async def start_async():
        app.add_background_task(seen.append, "async")

    async with app.async_test_client():
        pass

    assert sorted(seen) == ["async", "sync"]


@pytest.mark.anyio
async def test_thread_of_the_users_may_start_tasks(app):
    """A thread that knows no event loop has them run where the app is served."""
    threads = []

    async def job():
        threads.append(threading.get_ident())

    async with app.async_test_client():
        thread = threading.Thread(target=app.add_background_task, args=(job,))
        thread.start()
        await anyio.to_thread.run_sync(thread.join)

    assert threads == [threading.get_ident()]


@pytest.mark.anyio
async def test_sync_task_may_call_async_code(app):
    """`ensure_sync` works in it as in a sync view."""
    seen = []

    async def note():
        seen.append(threading.get_ident())

    def job():
        app.ensure_sync(note)()

    async with app.async_test_client():
        app.add_background_task(job)

    assert seen == [threading.get_ident()]


@pytest.mark.anyio
async def test_tasks_may_start_tasks(app):
    """Those are waited for as well."""
    seen = []

    async def first():
        app.add_background_task(second)

    def second():
        app.add_background_task(third)

    async def third():
        seen.append("third")

    async with app.async_test_client():
        app.add_background_task(first)

    assert seen == ["third"]


@pytest.mark.anyio
async def test_many_sync_tasks_leave_requests_their_workers(app):
    """Tasks have a pool of their own: sync views still run while it is full."""
    app.config["THREADPOOL_SIZE"] = 2
    may_end = threading.Event()

    @app.get("/")
    def view():
        return "answered"

    async with app.async_test_client() as client:
        for _ in range(4):
            app.add_background_task(may_end.wait, 20)
        response = await client.get("/")
        may_end.set()

    assert response.text == "answered"


# -- errors


@pytest.mark.anyio
@pytest.mark.parametrize("error", [LookupError("no database"), SystemExit(3)])
@both_kinds
async def test_errors_are_logged_and_hurt_nobody(app, kind, error, caplog):
    """The log names the function; other tasks and the app go on."""
    seen = []

    def fail():
        raise error

    job = job_of(kind, fail)
    async with app.async_test_client() as client:
        app.add_background_task(job)
        app.add_background_task(seen.append, "other")
        response = await client.get("/")

    (record,) = caplog.records
    assert record.getMessage() == f"Exception in the background task {job.__qualname__}"
    assert record.exc_info[1] is error
    assert (seen, response.status_code) == (["other"], 404)


@pytest.mark.anyio
@both_kinds
async def test_errors_are_signalled(app, kind, caplog):
    """got_background_exception is sent in an app context, to sync and async receivers."""
    seen = []

    def receive(sender, exception):
        seen.append((sender, current_app.name, str(exception)))

    async def receive_async(sender, exception):
        receive(sender, exception)

    def fail():
        raise LookupError("no database")

    with (
        got_background_exception.connected_to(receive, app),
        got_background_exception.connected_to(receive_async, app),
    ):
        async with app.async_test_client():
            app.add_background_task(job_of(kind, fail))

    assert seen == [(app, "jobs", "no database")] * 2


@pytest.mark.anyio
@both_kinds
async def test_teardown_functions_see_the_error(app, kind, caplog):
    """As those of a request do."""
    seen = []
    app.teardown_appcontext(seen.append)

    def fail():
        raise LookupError("no database")

    async with app.async_test_client():
        app.add_background_task(job_of(kind, fail))

    assert [str(error) for error in seen] == ["no database"]


@pytest.mark.anyio
@both_kinds
async def test_error_of_a_teardown_function_is_logged(app, kind, caplog):
    """It ends no other task."""

    @app.teardown_appcontext
    def fail(exc):
        raise LookupError("in teardown")

    async with app.async_test_client():
        app.add_background_task(job_of(kind, lambda: None))

    assert [str(record.exc_info[1]) for record in caplog.records] == ["in teardown"]


@pytest.mark.anyio
async def test_name_of_a_partial(app, caplog):
    """What has no name is shown as it is."""

    def fail(word):
        raise LookupError(word)

    job = partial(fail, "no database")
    async with app.async_test_client():
        app.add_background_task(job)

    assert caplog.records[0].getMessage() == f"Exception in the background task {job!r}"


# -- the end


@pytest.mark.anyio
async def test_tasks_are_told_of_shutdown_and_waited_for(app):
    """The shutdown event is set first; generators and after functions run after the tasks."""
    order = []

    async def job():
        await app.shutdown_event.wait()
        order.append("job")

    def sync_job():
        app.shutdown_event.wait()
        order.append("job")

    @app.while_serving
    async def live():
        yield
        order.append("out")

    @app.after_serving
    async def stop():
        order.append("after")

    async with app.async_test_client():
        app.add_background_task(job)
        app.add_background_task(sync_job)

    assert order == ["job", "job", "out", "after"]


@pytest.mark.anyio
@both_kinds
async def test_tasks_of_shutdown_functions_are_waited_for(app, kind):
    """What a generator or an after function starts is not lost."""
    seen = []

    @app.while_serving
    async def live():
        yield
        app.add_background_task(job_of(kind, seen.append), "generator's")

    @app.after_serving
    async def stop():
        app.add_background_task(job_of(kind, seen.append), "after function's")

    async with app.async_test_client():
        pass

    assert sorted(seen) == ["after function's", "generator's"]


@pytest.mark.anyio
async def test_async_tasks_that_take_too_long_are_cancelled(app, caplog):
    """They may clean up; a warning names them."""
    app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 0.01
    cleaned_up = []

    async def linger():
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
            cleaned_up.append(current_app.name)

    async with app.async_test_client():
        app.add_background_task(linger)

    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert linger.__qualname__ in record.getMessage()
    assert cleaned_up == ["jobs"]


@pytest.mark.anyio
async def test_sync_tasks_that_take_too_long_are_left_behind(app, caplog):
    """A thread cannot be cancelled; the server ends without it, and its error is still logged."""
    app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 0.01
    may_end, threads = threading.Event(), []

    def linger():
        threads.append(threading.current_thread())
        may_end.wait(20)
        raise LookupError("too late")

    async with app.async_test_client():
        app.add_background_task(linger)
    levels_in_time = [record.levelno for record in caplog.records]
    may_end.set()
    await anyio.to_thread.run_sync(threads[0].join, 20)

    warning, error = caplog.records
    assert levels_in_time == [logging.WARNING]
    assert linger.__qualname__ in warning.getMessage()
    assert str(error.exc_info[1]) == "too late"


@pytest.mark.anyio
async def test_timeout_of_none_waits_for_ever(app, caplog):
    """Nothing is cancelled."""
    app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = None
    seen = []

    async def job():
        await app.shutdown_event.wait()
        await anyio.lowlevel.checkpoint()
        seen.append("ended")

    async with app.async_test_client():
        app.add_background_task(job)

    assert seen == ["ended"]
    assert caplog.records == []


@pytest.mark.anyio
async def test_tasks_of_a_failed_start_up_are_waited_for(app, caplog):
    """They are told of the shutdown like those of a served app."""
    seen = []

    async def job():
        await app.shutdown_event.wait()
        seen.append("ended")

    @app.before_serving
    async def start():
        app.add_background_task(job)
        raise LookupError("no database")

    with pytest.raises(RuntimeError, match="no database"):
        async with app.async_test_client():
            pass

    assert seen == ["ended"]
