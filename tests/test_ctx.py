"""The context: how long it lives, what it shares, what it tears down."""

from __future__ import annotations

import threading

import anyio
import httpx
import pytest

from asyncflask import (
    Flask,
    copy_current_request_context,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
    session,
)
from asyncflask.globals import app_ctx, request_ctx
from asyncflask.sessions import SecureCookieSessionInterface


@pytest.fixture
def app() -> Flask:
    app = Flask("contexts")
    app.secret_key = "key"
    return app


@pytest.fixture
def ends(app) -> list[object]:
    """What the teardown functions were told, in order."""
    ends: list[object] = []
    app.teardown_request(lambda exc: ends.append(("request", exc)))
    app.teardown_appcontext(lambda exc: ends.append(("app", exc)))
    return ends


def test_a_context_is_current_between_push_and_pop(app):
    """By hand, synchronously; the proxies show what is current."""
    context = app.test_request_context("/path")
    assert not has_app_context()

    context.push()
    seen = (current_app.name, request.path, has_request_context())
    context.pop()

    assert seen == ("contexts", "/path", True)
    assert not has_app_context()
    assert not has_request_context()


def test_outside_a_context_the_proxies_explain_themselves():
    """RuntimeError, with the remedy."""
    with pytest.raises(RuntimeError, match="Working outside of application context"):
        _ = current_app.name
    with pytest.raises(RuntimeError, match="Working outside of request context"):
        _ = request.path


def test_teardown_runs_request_first_and_once_each(app, ends):
    """With the error that left the block."""
    error = ValueError("left")

    with pytest.raises(ValueError, match="left"), app.test_request_context():
        raise error

    assert ends == [("request", error), ("app", error)]


def test_a_handled_error_is_not_passed_on(app, ends):
    """What was caught within the context is nobody's concern."""
    with app.test_request_context():
        try:
            raise ValueError
        except ValueError:
            pass

    assert ends == [("request", None), ("app", None)]


def test_a_context_popped_by_hand_runs_sync_and_async_teardown_functions(app):
    """Without an event loop of the caller's, in the order of any context, each time."""
    ran = []

    @app.teardown_appcontext
    async def last(exc):
        await anyio.lowlevel.checkpoint()
        ran.append("async")

    @app.teardown_appcontext
    def first(exc):
        ran.append("sync")

    for _ in range(2):
        with app.app_context():
            pass

    assert ran == ["sync", "async"] * 2


def test_pushing_again_triggers_no_teardown(app, ends):
    """Only the last pop tears down."""
    context = app.test_request_context()
    with context:
        with context, app_ctx._get_current_object():
            pass
        assert ends == []

    assert [kind for kind, _ in ends] == ["request", "app"]


def test_a_context_that_is_opened_again_is_torn_down_again(app, ends):
    """Each opening has its teardown."""
    context = app.app_context()

    for _ in range(2):
        with context:
            pass

    assert [kind for kind, _ in ends] == ["app", "app"]


def test_popping_out_of_order_is_refused(app):
    """The error names both contexts."""
    outer, inner = app.app_context(), app.test_request_context("/inner")
    outer.push()
    inner.push()

    with pytest.raises(AssertionError, match="reverse order"):
        outer.pop()

    inner.pop()
    outer.pop()
    assert not has_app_context()


def test_an_app_context_inside_a_request_keeps_the_request(app):
    """It has a `g` of its own, and the request is still there."""
    with app.test_request_context("/outer"):
        g.name = "outer"
        with app.app_context():
            assert "name" not in g
            assert request.path == "/outer"
        assert g.name == "outer"


def test_a_request_reuses_the_apps_context_that_the_test_has_pushed(app, ends):
    """`g` is shared and the app's teardown waits for the outer exit."""

    @app.get("/")
    def index():
        g.from_view = g.from_test
        return str(app_ctx._get_current_object() is outer)

    with app.app_context() as outer:
        g.from_test = "shared"
        text = app.test_client().get("/").text
        assert g.from_view == "shared"
        assert [kind for kind, _ in ends] == ["request"]

    assert text == "True"
    assert [kind for kind, _ in ends] == ["request", "app"]


@pytest.mark.anyio
async def test_requests_of_other_tasks_do_not_share_g(app):
    """A server that was started inside a context gives each request a `g` of its own."""

    @app.get("/")
    async def index():
        return str("user" in g)

    async def serve_one():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answers.append((await client.get("/")).text)

    answers: list[str] = []
    async with app.app_context():
        g.user = "ada"
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve_one)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            own = (await client.get("/")).text

    assert answers == ["False"]
    assert own == "True"


@pytest.mark.anyio
async def test_async_with_awaits_async_teardown(app):
    """Both colours of context managers, both colours of functions."""
    ends = []

    @app.teardown_appcontext
    async def teardown(exc):
        await anyio.sleep(0)
        ends.append(exc)

    async with app.app_context():
        pass

    assert ends == [None]


@pytest.mark.anyio
async def test_plain_with_on_the_loop_explains_async_teardown(app):
    """A plain `with` cannot await: the error says where the trouble is."""

    @app.teardown_appcontext
    async def teardown(exc):
        """Never reached."""

    with pytest.raises(RuntimeError, match="Await it there"), app.app_context():
        pass


def test_a_copied_context_works_in_a_thread(app):
    """copy_current_request_context carries request and session along."""
    results = []

    @app.get("/")
    def index():
        session["name"] = "ada"

        @copy_current_request_context
        def work():
            results.append((request.path, session["name"], has_request_context()))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return ""

    app.test_client().get("/")

    assert results == [("/", "ada", True)]


@pytest.mark.anyio
async def test_a_copied_context_works_in_a_task(app):
    """An async function is wrapped as one."""
    results = []

    @app.get("/")
    async def index():
        @copy_current_request_context
        async def work():
            await anyio.sleep(0)
            results.append(request.path)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            tasks.start_soon(work)
        return ""

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        await client.get("/")

    assert results == ["/", "/"]


def test_the_context_object_is_the_same_in_view_and_teardown(app):
    """Extensions scope their resources by its identity."""
    seen = []
    app.teardown_appcontext(lambda exc: seen.append(id(app_ctx._get_current_object())))

    @app.get("/")
    def index():
        seen.append(id(app_ctx._get_current_object()))
        request_ctx.extension_data = "anything"
        return request_ctx.extension_data

    assert app.test_client().get("/").text == "anything"
    assert seen[0] == seen[1]


def test_a_failing_open_session_gives_a_500_and_leaves_no_context(app, ends):
    """The request is answered and torn down like any other."""

    class Broken(SecureCookieSessionInterface):
        def open_session(self, app, request):
            raise OSError("no storage")

    app.session_interface = Broken()
    app.add_url_rule("/", "index", lambda: "never")

    with app.test_client() as client:
        status = client.get("/").status_code

    assert status == 500
    assert not has_app_context()
    assert [kind for kind, _ in ends] == ["request", "app"]


@pytest.mark.parametrize("color", ["sync", "async"])
def test_a_custom_session_interface_may_be_sync_or_async(app, color):
    """It opens before the hooks and saves after the after functions."""
    store: dict[str, dict[str, object]] = {}
    order = []

    class Stored(SecureCookieSessionInterface):
        if color == "sync":

            def open_session(self, app, request):
                order.append("open")
                assert request.endpoint is None
                return self.session_class(store.get("one", {}))

            def save_session(self, app, session, response):
                order.append("save")
                store["one"] = dict(session)
        else:

            async def open_session(self, app, request):
                order.append("open")
                return self.session_class(store.get("one", {}))

            async def save_session(self, app, session, response):
                order.append("save")
                store["one"] = dict(session)

    app.session_interface = Stored()
    app.before_request(lambda: order.append("before"))

    @app.after_request
    def after(response):
        order.append("after")
        return response

    @app.get("/")
    async def index():
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    client = app.test_client()

    assert [client.get("/").text for _ in range(2)] == ["1", "2"]
    assert order == ["open", "before", "after", "save"] * 2
