"""Contexts, as applications and extensions lean on them: the same on Flask 3.1, checked there."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import weakref

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
    stream_with_context,
)
from asyncflask.globals import app_ctx, request_ctx
from asyncflask.routing import BaseConverter
from asyncflask.sessions import SecureCookieSession, SessionInterface


@pytest.fixture
def app():
    app = Flask(__name__, static_folder=None)
    app.secret_key = "key"
    app.testing = True
    return app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def teardowns(app, coloured):
    """What the teardown functions were called with, in order."""
    calls = []
    app.teardown_request(coloured(lambda exc: calls.append(("request", exc))))
    app.teardown_appcontext(coloured(lambda exc: calls.append(("app", exc))))
    return calls


# -- an outer context


def test_pushed_app_context_is_reused(app, client, teardowns, coloured):
    """A request in a block of app_context has its g, and the app's teardown waits for the end."""
    app.add_url_rule("/", view_func=coloured(lambda: g.name))

    with app.app_context():
        g.name = "outer"
        response = client.get("/")
        during = list(teardowns)

    assert response.text == "outer"
    assert during == [("request", None)]
    assert teardowns == [("request", None), ("app", None)]


def test_escaping_error_reaches_the_outer_teardown(app, teardowns):
    """The error that leaves the block is what the app's teardown functions get."""
    error = LookupError()

    with pytest.raises(LookupError), app.app_context():
        raise error

    assert teardowns == [("app", error)]


def test_each_request_has_its_own_g(app, client, coloured):
    """Without an outer context nothing of a request's g is left for the next."""
    app.add_url_rule("/", view_func=coloured(lambda: g.setdefault("path", request.url)))

    texts = [client.get("/?1").text, client.get("/?2").text]

    assert texts == ["http://localhost/?1", "http://localhost/?2"]


def test_other_apps_context_is_not_reused(app, client, coloured):
    """A request has its own app and g although another app's context is current."""
    app.add_url_rule("/", view_func=coloured(lambda: f"{current_app.name} {'name' in g}"))

    with Flask("other").app_context():
        g.name = "outer"
        response = client.get("/")
        after = (current_app.name, g.name)

    assert response.text == f"{app.name} False"
    assert after == ("other", "outer")


# -- pushing again, and the order of teardowns


def test_pushing_again_tears_nothing_down(app, client, teardowns, coloured):
    """The current contexts may be pushed once more in a view; teardown is at the very end."""
    during = []

    def view():
        with app_ctx, request_ctx:
            during.append(request.path)
        during.extend(teardowns)
        return request.path

    app.add_url_rule("/", view_func=coloured(view))

    response = client.get("/")

    assert (response.text, during) == ("/", ["/"])
    assert teardowns == [("request", None), ("app", None)]


def test_handled_error_is_not_passed_to_teardown(app, client, teardowns, coloured):
    """What an error handler answered is no error to the teardown functions."""
    app.register_error_handler(LookupError, coloured(lambda exc: "handled"))
    app.add_url_rule("/", view_func=coloured(lambda: [].pop()))

    response = client.get("/")

    assert response.text == "handled"
    assert teardowns == [("request", None), ("app", None)]


def test_every_teardown_gets_the_same_error(app, client, teardowns, coloured):
    """An unhandled error is passed to all teardown functions, itself."""
    app.add_url_rule("/", view_func=coloured(lambda: 1 / 0))

    with pytest.raises(ZeroDivisionError) as caught:
        client.get("/")

    assert teardowns == [("request", caught.value), ("app", caught.value)]


def test_teardown_after_a_500(app, client, teardowns, coloured):
    """The error is passed to teardown also where a 500 page is sent for it."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/", view_func=coloured(lambda: 1 / 0))

    response = client.get("/")

    assert response.status_code == 500
    assert [type(exc) for _, exc in teardowns] == [ZeroDivisionError, ZeroDivisionError]


def test_failing_session_leaves_no_context(app, client):
    """Where open_session fails, the answer is a 500 and nothing stays current."""

    class Broken(SessionInterface):
        def open_session(self, app, request):
            raise LookupError

    app.session_interface = Broken()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/", view_func=lambda: "never")

    response = client.get("/")

    assert response.status_code == 500
    assert not has_request_context()
    assert not has_app_context()


# -- the client's block


def test_client_block_keeps_the_last_context(app, client, coloured):
    """After a request in `with client` its request, session and g are readable, then no more."""

    def view():
        g.name = session["name"] = "ada"
        return ""

    app.add_url_rule("/", view_func=coloured(view))

    with client:
        client.get("/?a=1")
        kept = (request.args["a"], session["name"], g.name, current_app.name)

    assert kept == ("1", "ada", "ada", app.name)
    assert not has_request_context()
    with pytest.raises(RuntimeError, match="outside of request context"):
        request.path  # noqa: B018


def test_next_request_replaces_the_kept_context(app, client, coloured):
    """Each request in the block takes the place of the one before."""
    app.add_url_rule("/<name>", view_func=coloured(lambda name: name))

    with client:
        client.get("/first")
        first = request.path
        client.get("/second")
        second = request.path

    assert (first, second) == ("/first", "/second")
    assert not has_app_context()


def test_block_keeps_nothing_of_an_error(app, client, coloured):
    """A request that raised leaves no context, and not that of the request before it."""
    app.add_url_rule("/", view_func=coloured(lambda: "fine"))
    app.add_url_rule("/broken", endpoint="broken", view_func=coloured(lambda: 1 / 0))

    with client:
        client.get("/")
        with pytest.raises(ZeroDivisionError):
            client.get("/broken")
        kept = has_request_context()

    assert not kept


def test_followed_redirect_leaves_the_last_session(app, client, coloured):
    """The kept context after a redirect is the last request's."""

    def first():
        session["seen"] = "first"
        return "", 302, {"Location": "/second"}

    def second():
        session["seen"] += " second"
        return ""

    app.add_url_rule("/first", view_func=coloured(first))
    app.add_url_rule("/second", endpoint="second", view_func=coloured(second))

    with client:
        client.get("/first", follow_redirects=True)
        kept = (request.path, session["seen"])

    assert kept == ("/second", "first second")


def test_session_transaction_leaves_the_request_alone(app, client, coloured):
    """A transaction in the block changes the cookie, not the request that is kept."""
    app.add_url_rule("/", view_func=coloured(lambda: session.get("name", "nobody")))

    with client:
        client.get("/?a=1")
        kept = request._get_current_object()
        with client.session_transaction() as transaction:
            transaction["name"] = "ada"
        still = request._get_current_object()
        response = client.get("/")

    assert still is kept
    assert response.text == "ada"


def test_unread_stream_leaks_nothing(app, client):
    """A streamed response that is closed unread leaves nothing current.

    Flask tears down once for the view and once more for the stream; here it is once in all, and
    a client that went away is no error.
    """
    calls = []
    app.teardown_request(calls.append)

    @app.get("/")
    def index():
        return stream_with_context(request.path for _ in range(3))

    client.get("/").close()

    assert calls == [None]
    assert not has_request_context()
    assert not has_app_context()


# -- by hand


def test_push_and_pop_by_hand(app, teardowns):
    """A context is pushed and popped without a block; the session and g go with it."""
    ctx = app.test_request_context("/?a=1")

    ctx.push()
    session["name"] = g.name = "ada"
    seen = (request.args["a"], session["name"], g.name)
    ctx.pop()

    assert seen == ("1", "ada", "ada")
    assert teardowns == [("request", None), ("app", None)]
    assert not has_app_context()


def test_contexts_nest(app):
    """An inner context hides the outer one until it ends."""
    with app.test_request_context("/outer"):
        with app.test_request_context("/inner"):
            inner = request.path
        outer = request.path

    assert (inner, outer) == ("/inner", "/outer")


def test_wrong_context_cannot_be_popped(app):
    """Popping another context than the current one is an error."""
    outer, inner = app.app_context(), app.app_context()

    def pop_the_outer_one():
        outer.push()
        inner.push()
        outer.pop()

    with pytest.raises(AssertionError):
        contextvars.copy_context().run(pop_the_outer_one)


def test_copied_context_in_a_thread(app, client):
    """A function begun in a view sees the request and session in its own thread."""
    seen = []

    @app.get("/")
    def index():
        session["name"] = "ada"

        @copy_current_request_context
        def work():
            seen.append((request.path, current_app.name, session["name"]))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return ""

    client.get("/")

    assert seen == [("/", app.name, "ada")]


def test_copied_context_outlives_the_request(app, client):
    """The copy works when the request is over."""
    kept = []

    @app.get("/")
    def index():
        kept.append(copy_current_request_context(lambda: request.path))
        return ""

    client.get("/")

    assert kept[0]() == "/"


def test_copied_context_in_a_task(app, client):
    """An async function begun in an async view sees the request in its own task.

    Not so in Flask, which would run it on a second event loop.
    """

    @app.get("/")
    async def index():
        @copy_current_request_context
        async def work():
            return request.path

        return await asyncio.create_task(work())

    response = client.get("/")

    assert response.text == "/"


def test_context_object_is_one_from_view_to_teardown(app, client, coloured):
    """The object behind app_ctx is the same in hooks, view and teardown."""
    seen = []

    def record(*args):
        seen.append(id(app_ctx._get_current_object()))

    app.before_request(coloured(record))
    app.teardown_request(coloured(record))
    app.teardown_appcontext(coloured(record))
    app.add_url_rule("/", view_func=coloured(lambda: str(record())))

    client.get("/")

    assert (len(seen), len(set(seen))) == (4, 1)


def test_app_is_freed_without_the_collector(coloured):
    """The last reference to an app that answered a request takes the app with it."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=coloured(lambda: ""))
    with app.app_context():
        app.test_client().get("/")
    reference = weakref.ref(app)
    gc.collect()
    gc.disable()

    try:
        del app
        alive = reference()
    finally:
        gc.enable()

    assert alive is None


# -- what is bound when


def test_converters_see_request_and_session(app, client, coloured):
    """A converter may look at the request and its session."""

    class Named(BaseConverter):
        def to_python(self, value):
            return f"{request.method} {session.get('name')} {value}"

    app.url_map.converters["named"] = Named
    app.add_url_rule("/<named:text>", view_func=coloured(lambda text: text))
    with client.session_transaction() as transaction:
        transaction["name"] = "ada"

    response = client.get("/here")

    assert response.text == "GET ada here"


def test_session_interface_may_match_the_url(app, client, coloured):
    """A custom interface opens with the request bound, and may match its URL."""
    seen = []

    class ByEndpoint(SessionInterface):
        def open_session(self, app, request_):
            request_ctx.match_request()
            seen.append(request.endpoint)
            return SecureCookieSession()

        def save_session(self, app, session, response):
            pass

    app.session_interface = ByEndpoint()
    app.add_url_rule("/", "index", coloured(lambda: ""))

    response = client.get("/")

    assert response.status_code == 200
    assert seen == ["index"]


def test_users_objects_take_attributes(app):
    """Extensions put attributes of their own on the objects that users handle."""
    with app.test_request_context() as ctx:
        objects = [ctx, g, app_ctx, request, session, app]
        for thing in objects:
            thing.extra = "mine"

        kept = [thing.extra for thing in objects]

    assert kept == ["mine"] * len(objects)
