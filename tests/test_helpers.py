"""What views call."""

from __future__ import annotations

import io

import pytest

from asyncflask import (
    Blueprint,
    Flask,
    Response,
    abort,
    flash,
    get_flashed_messages,
    get_template_attribute,
    make_response,
    redirect,
    send_file,
    send_from_directory,
    stream_with_context,
    url_for,
)
from asyncflask import request as current_request
from asyncflask.exceptions import Aborter, ImATeapot, NotFound
from asyncflask.signals import message_flashed


@pytest.fixture
def app() -> Flask:
    app = Flask("helpers")
    app.secret_key = "key"
    app.testing = True
    return app


def test_abort_raises_the_apps_own_exceptions(app):
    """Without an app the standard ones, within one those of its aborter."""

    class Unavailable(ImATeapot):
        code = 599

    class OwnAborter(Aborter):
        def __init__(self):
            super().__init__(extra={599: Unavailable})

    app.aborter = OwnAborter()

    with pytest.raises(NotFound):
        abort(404)
    with pytest.raises(LookupError):
        abort(599)
    with app.app_context(), pytest.raises(Unavailable):
        abort(599)


def test_redirect_uses_the_current_apps_method(app):
    """A subclass's `redirect`, and its response class, are honoured."""

    class Own(Response):
        """A response class of the app's."""

    app.response_class = Own

    with app.app_context():
        inside = redirect("/there", 307)
    outside = redirect("/there")

    assert (type(inside), inside.status_code, inside.location) == (Own, 307, "/there")
    assert (type(outside), outside.status_code) == (Response, 302)


def test_make_response_takes_what_a_view_returns(app):
    """Nothing is an empty response, several arguments are a tuple."""
    with app.test_request_context():
        empty = make_response()
        full = make_response("text", 404, {"X-A": "1"})

    assert (empty.status_code, empty.data) == (200, b"")
    assert (full.status_code, full.text, full.headers["X-A"]) == (404, "text", "1")


def test_a_relative_endpoint_is_the_current_blueprints(app):
    """`.view` in a blueprint's view is the blueprint's; in the app's it is the app's."""
    shop = Blueprint("shop", __name__, url_prefix="/shop")
    shop.add_url_rule("/", "index", lambda: url_for(".cart"))
    shop.add_url_rule("/cart", "cart", lambda: "")
    app.register_blueprint(shop)
    app.add_url_rule("/", "index", lambda: url_for(".shop.cart"))
    client = app.test_client()

    assert client.get("/shop/").text == "/shop/cart"
    assert client.get("/").text == "/shop/cart"


def test_build_error_handlers_see_the_special_values(app):
    """The first URL wins; where none is given the original error is raised."""
    calls = []

    def handler(error, endpoint, values):
        calls.append((endpoint, values["_external"], values["a"]))
        return "/external" if endpoint == "known" else None

    app.url_build_error_handlers.append(handler)

    with app.test_request_context():
        url = url_for("known", a=1)
        with pytest.raises(Exception, match="Could not build url for endpoint 'unknown'"):
            url_for("unknown", a=2)

    assert url == "/external"
    assert calls == [("known", False, 1), ("unknown", False, 2)]


def test_template_attributes_are_macros_and_variables(app):
    """A template's module is open to code."""
    from jinja2 import DictLoader

    app.jinja_loader = DictLoader({"m.html": "{% macro hello(name) %}Hi {{ name }}{% endmacro %}"})

    with app.app_context():
        hello = get_template_attribute("m.html", "hello")

    assert hello("<Ada>") == "Hi &lt;Ada&gt;"


def test_files_are_relative_to_the_root_path(app, tmp_path):
    """send_file and send_from_directory start at the app's root path; max_age is the app's."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("text")
    app.root_path = str(tmp_path)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600

    with app.test_request_context():
        whole = send_file("docs/a.txt")
        found = send_from_directory("docs", "a.txt", as_attachment=True)
        with pytest.raises(NotFound):
            send_from_directory("docs", "../docs/a.txt")
        with pytest.raises(NotFound):
            send_from_directory("docs", "b.txt")
        buffered = send_file(io.BytesIO(b"x"), mimetype="text/plain", max_age=5)

    assert whole.cache_control.max_age == 3600
    assert found.headers["Content-Disposition"] == "attachment; filename=a.txt"
    assert buffered.cache_control.max_age == 5


# -- flashing


def test_messages_are_shown_once_and_may_be_filtered(app):
    """They survive redirects; reading takes them all; later reads in the request repeat them."""

    @app.get("/flash")
    def add():
        flash("saved")
        flash("broken", "error")
        return ""

    @app.get("/show")
    async def show():
        return {
            "all": get_flashed_messages(),
            "errors": get_flashed_messages(category_filter=["error"]),
            "pairs": get_flashed_messages(with_categories=True),
        }

    client = app.test_client()
    client.get("/flash")

    first, second = client.get("/show").json, client.get("/show").json

    assert first == {
        "all": ["saved", "broken"],
        "errors": ["broken"],
        "pairs": [["message", "saved"], ["error", "broken"]],
    }
    assert second == {"all": [], "errors": [], "pairs": []}


def test_flashing_tells_its_signal(app):
    """message_flashed has the message and its category."""
    heard = []

    def listen(sender, message, category):
        heard.append((sender is app, message, category))

    with message_flashed.connected_to(listen, app), app.test_request_context():
        flash("saved", "info")

    assert heard == [(True, "saved", "info")]


# -- streaming


def test_a_generator_keeps_its_context_wherever_it_runs(app):
    """stream_with_context makes the request current for each item, and only then."""

    def rows():
        yield current_request.args["a"]
        yield current_request.args["b"]

    with app.test_request_context("/?a=1&b=2"):
        stream = stream_with_context(rows())

    assert next(stream) == "1"
    with pytest.raises(RuntimeError, match="request context"):
        _ = current_request.args
    assert list(stream) == ["2"]


def test_a_decorated_generator_function_keeps_its_context(app):
    """stream_with_context works as a decorator as well."""

    @app.get("/")
    def index():
        @stream_with_context
        def rows(prefix):
            yield prefix
            yield current_request.path

        return rows("at ")

    assert app.test_client().get("/").text == "at /"


@pytest.mark.anyio
async def test_an_async_generator_keeps_its_context(app):
    """Async iterators too."""
    ended = []

    async def rows():
        try:
            yield current_request.path
            yield current_request.method
        finally:
            ended.append(current_request.path)

    async with app.test_request_context("/somewhere"):
        stream = stream_with_context(rows())

    assert [row async for row in stream] == ["/somewhere", "GET"]
    assert ended == ["/somewhere"]


def test_streaming_with_context_needs_one():
    """Outside a request there is no context to keep."""
    with pytest.raises(RuntimeError, match="request context"):
        stream_with_context(iter(()))
