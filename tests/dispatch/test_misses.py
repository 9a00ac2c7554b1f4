"""Requests that no rule answers, whose pages may be sent without a response being made."""

from __future__ import annotations

import pytest

from asyncflask import Flask, Response, after_this_request, appcontext_pushed, request, url_for
from asyncflask.exceptions import HTTPException, NotFound
from asyncflask.routing import BaseConverter

pytestmark = pytest.mark.anyio


class Watched(Response):
    """A response of the app's own class; pages of such an app are ordinary responses."""


def shop(flask_class=Flask, **config):
    app = flask_class("shop")
    app.config.update(config)

    @app.route("/items/<int:id>", methods=["GET", "PUT"])
    async def item(id):
        return f"item {id}"

    @app.get("/list/")
    async def items():
        return "items"

    @app.route("/all", redirect_to="/list/")
    async def everything():
        return "never"

    return app


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/nowhere", "GET"),
        ("/nowhere", "HEAD"),
        ("/nowhere", "OPTIONS"),
        ("/items/7", "DELETE"),
        ("/items/seven", "GET"),
        ("/items//7", "GET"),
        ("/list", "GET"),
        ("/all", "GET"),
        ("", "GET"),
        ("//nowhere", "GET"),
        ("/ünd", "GET"),
    ],
)
async def test_the_answer_is_that_of_a_response(exchange, path, method):
    """Status, headers and body are the same where the app has a response class of its own."""
    app, ordinary = shop(), shop()
    ordinary.response_class = Watched

    answer = await exchange(app, path, method=method)
    expected = await exchange(ordinary, path, method=method)

    assert (answer.status, answer.body) == (expected.status, expected.body)
    assert sorted(answer.headers.items()) == sorted(expected.headers.items())


async def test_the_methods_of_the_path_are_named(exchange):
    """In the Allow header of a 405."""
    answer = await exchange(shop(), "/items/7", method="DELETE")

    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, PUT"


@pytest.mark.parametrize("registered_for", [404, NotFound, HTTPException, Exception])
async def test_an_error_handler_answers(exchange, registered_for):
    """And finds the error as the request's `routing_exception`."""
    app = shop()

    @app.errorhandler(registered_for)
    async def explain(error):
        assert request.routing_exception is error
        return f"{error.code} at {url_for('items')}", 410

    answer = await exchange(app, "/nowhere")

    assert (answer.status, answer.body) == (410, b"404 at /list/")


@pytest.mark.parametrize(
    "register", ["before_request", "after_request", "teardown_request", "teardown_appcontext"]
)
async def test_hooks_run(exchange, register):
    """For requests without a rule too."""
    app, seen = shop(), []

    @getattr(app, register)
    def note(value=None):
        seen.append(register)
        return value

    await exchange(app, "/nowhere")

    assert seen == [register]


async def test_trapped_errors_are_raised(exchange):
    """TRAP_HTTP_EXCEPTIONS makes a 404 an error as any other."""
    app = shop(TRAP_HTTP_EXCEPTIONS=True, PROPAGATE_EXCEPTIONS=True)

    with pytest.raises(NotFound):
        await exchange(app, "/nowhere")


@pytest.mark.parametrize("name", ["raise_routing_exception", "trap_http_exception"])
async def test_replaced_methods_are_asked(exchange, name):
    """As extensions replace them."""
    asked = []

    class Shop(Flask):
        def raise_routing_exception(self, request):
            asked.append("raise_routing_exception")
            super().raise_routing_exception(request)

        def trap_http_exception(self, e):
            asked.append("trap_http_exception")
            return super().trap_http_exception(e)

    answer = await exchange(shop(Shop), "/nowhere")

    assert answer.status == 404
    assert name in asked


async def test_a_replaced_adapter_matches(exchange):
    """It may know more addresses than the app's own."""

    class Shop(Flask):
        def create_url_adapter(self, request):
            adapter = super().create_url_adapter(request)
            adapter.path_info = adapter.path_info.removeprefix("/v1")
            return adapter

    answer = await exchange(shop(Shop), "/v1/items/7")

    assert answer.body == b"item 7"


async def test_functions_after_this_request_run(exchange):
    """A converter or a signal may ask for them."""
    app = shop()

    def ask(sender, **extra):
        @after_this_request
        def mark(response):
            response.headers["X-Marked"] = "1"
            return response

    with appcontext_pushed.connected_to(ask, app):
        answer = await exchange(app, "/nowhere")

    assert answer.headers["x-marked"] == "1"


async def test_an_error_of_a_converter_is_the_answer(exchange):
    """As if the view had raised it."""

    class Teapot(HTTPException):
        code = 418
        description = "short and stout"

    class Kind(BaseConverter):
        def to_python(self, value):
            raise Teapot

    app = Flask("kitchen")
    app.url_map.converters["kind"] = Kind
    app.add_url_rule("/<kind:kind>", "show", view_func=lambda kind: kind)

    answer = await exchange(app, "/black")

    assert answer.status == 418


async def test_a_changed_description_is_sent(exchange, monkeypatch):
    """Pages are not kept beyond the words they are made of."""
    app = shop()
    await exchange(app, "/nowhere")
    monkeypatch.setattr(NotFound, "description", "Gone <fishing>")

    answer = await exchange(app, "/nowhere")

    assert b"<p>Gone &lt;fishing&gt;</p>" in answer.body
