"""What extensions do to an app from outside: the same on Flask 3.1, checked there."""

from __future__ import annotations

import inspect

import pytest

from asyncflask import Blueprint, Flask, render_template_string, request, session, url_for
from asyncflask.blueprints import BlueprintSetupState
from asyncflask.exceptions import NotFound


@pytest.fixture
def app():
    """An app that answers errors as in production."""
    app = Flask(__name__, static_folder=None)
    app.secret_key = "key"
    return app


@pytest.fixture
def client(app):
    return app.test_client()


class MyError(Exception):
    pass


def fail():
    raise MyError


# -- blueprints


def test_patched_setup_state(app, client, coloured, monkeypatch):
    """A wrapper in place of BlueprintSetupState.add_url_rule changes every rule of blueprints."""
    original = BlueprintSetupState.add_url_rule

    def add_url_rule(self, rule, endpoint=None, view_func=None, **options):
        original(self, f"/v1{rule}", endpoint, view_func, **options)

    monkeypatch.setattr(BlueprintSetupState, "add_url_rule", add_url_rule)
    shop = Blueprint("shop", __name__, url_prefix="/shop")
    shop.add_url_rule("/cart", "cart", coloured(lambda: request.endpoint))
    app.register_blueprint(shop)

    found, lost = client.get("/shop/v1/cart"), client.get("/shop/cart")

    assert (found.text, lost.status_code) == ("shop.cart", 404)


def test_registries_of_a_blueprint_are_live(app, client, coloured):
    """The app's registries hold a blueprint's functions under its name, and take more."""
    shop = Blueprint("shop", __name__)
    shop.add_url_rule("/", "index", coloured(lambda: "view"))
    app.register_blueprint(shop)
    app.add_url_rule("/other", "other", coloured(lambda: "other"))
    client.get("/")

    app.before_request_funcs.setdefault("shop", []).append(coloured(lambda: "before"))
    texts = [client.get("/").text, client.get("/other").text]

    assert texts == ["before", "other"]


# -- the app's registries


@pytest.mark.parametrize("has_served", [False, True])
@pytest.mark.parametrize(
    "registry", ["before_request_funcs", "after_request_funcs", "teardown_request_funcs"]
)
def test_functions_may_be_inserted(app, client, coloured, registry, has_served):
    """A function put in front runs first, or last where they run backwards; at any time."""
    order = []

    def record(word):
        return coloured(lambda *args: order.append(word) or next(iter(args), None))

    app.add_url_rule("/", view_func=coloured(lambda: ""))
    getattr(app, registry.removesuffix("_funcs"))(record("registered"))
    if has_served:
        client.get("/")
        order.clear()

    getattr(app, registry).setdefault(None, []).insert(0, record("inserted"))
    client.get("/")

    forwards = registry == "before_request_funcs"
    assert order == (["inserted", "registered"] if forwards else ["registered", "inserted"])


def test_app_teardown_may_be_inserted(app, client, coloured):
    """teardown_appcontext_funcs is a list, which runs backwards."""
    order = []
    app.teardown_appcontext(coloured(lambda exc: order.append("registered")))
    client.get("/")
    order.clear()

    app.teardown_appcontext_funcs.insert(0, coloured(lambda exc: order.append("inserted")))
    client.get("/")

    assert order == ["registered", "inserted"]


def test_functions_may_be_taken_out(app, client, coloured):
    """An extension may remove what another has registered."""
    intruder = coloured(lambda: "intruder")
    app.before_request(intruder)
    app.add_url_rule("/", view_func=coloured(lambda: "view"))
    client.get("/")

    app.before_request_funcs[None].remove(intruder)
    response = client.get("/")

    assert response.text == "view"


def test_url_functions_may_be_inserted(app, client, coloured):
    """Value preprocessors and URL defaults are lists by scope too."""
    app.add_url_rule("/<lang>/", "index", coloured(lambda lang: f"{lang} {url_for('index')}"))
    client.get("/missing")

    app.url_value_preprocessors[None] = [lambda endpoint, values: values.update(lang="en")]
    app.url_default_functions[None] = [lambda endpoint, values: values.setdefault("lang", "fr")]
    response = client.get("/de/")

    assert response.text == "en /fr/"


def test_context_processors_may_be_inserted(app, client, coloured):
    """A processor in the registry adds to the templates."""
    app.add_url_rule("/", view_func=coloured(lambda: render_template_string("{{ name }}!")))
    client.get("/")

    app.template_context_processors[None].append(lambda: {"name": "ada"})
    response = client.get("/")

    assert response.text == "ada!"


def test_error_handlers_may_be_put_in(app, client, coloured):
    """error_handler_spec is by scope, code and class, and takes handlers at any depth."""
    app.add_url_rule("/", view_func=coloured(fail))
    client.get("/")

    app.error_handler_spec[None][404][NotFound] = coloured(lambda exc: ("lost", 404))
    app.error_handler_spec[None][None][MyError] = coloured(lambda exc: ("mine", 500))
    texts = [client.get("/missing").text, client.get("/").text]

    assert texts == ["lost", "mine"]


def test_views_may_be_wrapped(app, client, coloured):
    """An extension wraps the function in view_functions, as for CSRF exemption or caching."""
    app.add_url_rule("/", "index", coloured(lambda: "view"))
    client.get("/")
    view = app.view_functions["index"]

    app.view_functions["index"] = lambda: f"<{app.ensure_sync(view)()}>"
    response = client.get("/")

    assert response.text == "<view>"


# -- methods that are replaced on the instance


@pytest.mark.parametrize("has_served", [False, True])
def test_user_exceptions_are_wrapped(app, client, coloured, has_served):
    """A plain function around handle_user_exception sees each error, and calls the original."""
    app.register_error_handler(404, coloured(lambda exc: (f"lost {session.get('a')}", 404)))
    app.add_url_rule("/", view_func=coloured(fail))
    original = app.handle_user_exception
    seen = []

    def wrapped(exc):
        seen.append(type(exc))
        return original(exc)

    if has_served:
        client.get("/")
    app.handle_user_exception = wrapped
    missing, failing = client.get("/missing"), client.get("/")

    assert (missing.text, failing.status_code) == ("lost None", 500)
    assert seen == [NotFound, MyError]


def test_unhandled_exceptions_are_wrapped(app, client, coloured):
    """A plain function around handle_exception sees unhandled errors only."""
    app.register_error_handler(500, coloured(lambda exc: (f"sorry {request.path}", 500)))
    app.add_url_rule("/", view_func=coloured(fail))
    original = app.handle_exception
    seen = []

    def wrapped(exc):
        seen.append(type(exc))
        return original(exc)

    app.handle_exception = wrapped
    client.get("/missing")
    response = client.get("/")

    assert response.text == "sorry /"
    assert seen == [MyError]


@pytest.mark.parametrize("has_served", [False, True])
def test_dispatch_is_wrapped(app, client, coloured, has_served):
    """A plain function around dispatch_request sees hooks' requests, views and 404s."""
    seen = []
    app.add_url_rule("/<name>", view_func=coloured(lambda name: name.upper()))
    original = app.dispatch_request

    def wrapped():
        seen.append(request.path)
        return original()

    if has_served:
        client.get("/ada")
    app.dispatch_request = wrapped
    found, missing = client.get("/ada"), client.get("/not/there")

    assert (found.text, missing.status_code) == ("ADA", 404)
    assert seen == ["/ada", "/not/there"]


def test_dispatch_is_answered_elsewhere(app, client, coloured):
    """A replacement need not call the original; what it returns is a view's return value."""
    app.add_url_rule("/", view_func=coloured(lambda: "view"))
    app.after_request(coloured(lambda response: response.headers.update(after="yes") or response))

    app.dispatch_request = lambda: ("closed for today", 503)
    response = client.get("/")

    assert (response.status_code, response.text) == (503, "closed for today")
    assert response.headers["after"] == "yes"


# -- ensure_sync


def test_ensure_sync_leaves_sync_functions(app):
    """A sync function is given back itself."""
    assert app.ensure_sync(fail) is fail


def test_ensure_sync_outside_of_requests(app):
    """An async function becomes a plain one that gives the result, in a script too."""

    async def add(a, b=0):
        return a + b

    plain = app.ensure_sync(add)

    assert not inspect.iscoroutinefunction(plain)
    assert plain(1, b=2) == 3


@pytest.mark.parametrize("where", ["view", "before", "after", "handler"])
def test_ensure_sync_in_sync_code(app, client, where):
    """Extensions call what users gave them from their own sync functions, anywhere."""

    async def work():
        return f"{request.path} {session.get('name')}"

    def call(*args):
        seen.append(app.ensure_sync(work)())
        return next(iter(args), None)

    def view():
        if where == "view":
            call()
        if where == "handler":
            fail()
        return ""

    seen = []
    if where == "before":
        app.before_request(call)
    if where == "after":
        app.after_request(call)
    app.register_error_handler(MyError, lambda exc: call() or "")
    app.add_url_rule("/", view_func=view)

    response = client.get("/")

    assert (response.status_code, seen) == (200, ["/ None"])


def test_errors_come_through_ensure_sync(app):
    """What the async function raises, the plain one raises."""

    async def work():
        fail()

    with pytest.raises(MyError):
        app.ensure_sync(work)()
