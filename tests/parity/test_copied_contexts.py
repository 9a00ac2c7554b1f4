"""Contexts that go along to greenlets, or that extensions tell apart: the same on Flask 3.1."""

from __future__ import annotations

import threading

import pytest
from greenlet import getcurrent, greenlet

from asyncflask import (
    Flask,
    copy_current_request_context,
    g,
    has_app_context,
    has_request_context,
    request,
    session,
)
from asyncflask.globals import app_ctx


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
    """The teardown functions that ran, in order."""
    calls = []
    app.teardown_request(coloured(lambda exc: calls.append("request")))
    app.teardown_appcontext(coloured(lambda exc: calls.append("app")))
    return calls


# -- greenlets


def test_plain_greenlet_sees_no_context(app):
    """A greenlet has context variables of its own: without a copy there is no request."""
    with app.test_request_context():
        seen = greenlet(lambda: (has_request_context(), has_app_context())).switch()

    assert seen == (False, False)


def test_copied_context_in_a_greenlet(app, client, coloured):
    """A greenlet that the view starts and ends sees the request, the session and the app."""

    def view():
        session["name"] = "ada"

        @copy_current_request_context
        def work():
            return f"{request.args['a']} {session['name']}"

        return greenlet(work).switch()

    app.add_url_rule("/", view_func=coloured(view))

    response = client.get("/?a=1")

    assert response.text == "1 ada"


def test_switching_greenlets_switches_contexts(app, client, coloured):
    """Each greenlet keeps its own current context while the other one runs."""

    def view():
        @copy_current_request_context
        def work():
            g.name = "greenlet's"
            getcurrent().parent.switch()
            return g.name

        other = greenlet(work)
        g.name = "view's"
        other.switch()
        own = g.name
        return f"{own} {other.switch()} {g.name} {request.path}"

    app.add_url_rule("/", view_func=coloured(view))

    response = client.get("/")

    assert response.text == "view's greenlet's view's /"


def test_copied_context_in_a_later_greenlet(app, client, teardowns):
    """The greenlet may run when the request is over; its own teardown follows it."""
    kept = []

    @app.get("/")
    def index():
        session["name"] = "ada"
        kept.append(copy_current_request_context(lambda: f"{request.path} {session['name']}"))
        return ""

    client.get("/")
    before = list(teardowns)
    seen = greenlet(kept[0]).switch()

    assert (seen, before) == ("/ ada", ["request", "app"])
    assert teardowns == ["request", "app"] * 2
    assert not has_request_context()


def test_copied_context_in_a_greenlet_within_a_greenlet(app, client, coloured):
    """A copy may be made of a copy."""

    def view():
        @copy_current_request_context
        def outer():
            inner = copy_current_request_context(lambda: request.path)
            return greenlet(inner).switch()

        return greenlet(outer).switch()

    app.add_url_rule("/", view_func=coloured(view))

    response = client.get("/")

    assert response.text == "/"


# -- copies by hand


def test_copy_by_hand(app, teardowns):
    """A copy has the same request and session, a g of its own, and its own teardown."""
    with app.test_request_context("/?a=1") as ctx:
        session["name"] = "ada"
        g.name = "original's"
        copied = ctx.copy()

    copied.push()
    seen = (request.args["a"], session["name"], "name" in g, request is ctx.request)
    copied.pop()

    assert seen == ("1", "ada", False, False)
    assert copied.request is ctx.request
    assert teardowns == ["request", "app"] * 2


# -- an extension that scopes what it has by the context object, as SQLAlchemy's does


@pytest.fixture
def scoped(app):
    """Gives the current context's own resource; it is removed at teardown."""
    resources = {}

    def remove(exc):
        resources.pop(id(app_ctx._get_current_object()))

    def resource():
        return resources.setdefault(id(app_ctx._get_current_object()), object())

    app.teardown_appcontext(remove)
    resource.all = resources
    return resource


def test_resource_is_one_for_the_whole_request(app, client, scoped, coloured):
    """Hooks and view get one resource; teardown finds it and nothing is left."""
    seen = []
    app.before_request(coloured(lambda: seen.append(scoped())))
    app.after_request(coloured(lambda response: seen.append(scoped()) or response))
    app.teardown_request(coloured(lambda exc: seen.append(scoped())))
    app.add_url_rule("/", view_func=coloured(lambda: seen.append(scoped()) or ""))

    client.get("/")

    assert (len(seen), len(set(map(id, seen)))) == (4, 1)
    assert scoped.all == {}


def test_resource_is_the_tests_own_in_its_app_context(app, client, scoped, coloured):
    """A request in a test's app context gets the test's resource, and leaves it there."""
    seen = []
    app.add_url_rule("/", view_func=coloured(lambda: seen.append(scoped()) or ""))

    with app.app_context():
        mine = scoped()
        client.get("/")
        still_mine = scoped()

    assert seen == [mine]
    assert still_mine is mine
    assert scoped.all == {}


@pytest.mark.parametrize("nested", ["app_context", "test_request_context"])
def test_resource_of_a_nested_app_context(app, scoped, nested):
    """A second app context has a resource of its own, a request in the first one shares it."""
    with app.app_context():
        outer = scoped()
        with getattr(app, nested)():
            inner = scoped()
        after = scoped()

    assert after is outer
    assert (inner is outer) is (nested == "test_request_context")
    assert scoped.all == {}


@pytest.mark.parametrize("kind", ["thread", "greenlet"])
def test_resource_of_a_copied_context(app, client, scoped, coloured, kind):
    """What runs in a copy has its own resource, which goes with it."""
    seen = []

    def view():
        seen.append(scoped())
        run_in(kind, copy_current_request_context(lambda: seen.append(scoped())))
        seen.append(scoped())
        return ""

    app.add_url_rule("/", view_func=coloured(view))

    client.get("/")

    assert seen[0] is seen[2]
    assert seen[1] is not seen[0]
    assert scoped.all == {}


def run_in(kind, work):
    if kind == "greenlet":
        greenlet(work).switch()
        return
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
