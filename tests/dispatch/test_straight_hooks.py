"""Async hooks around async views: the short way does what the ordinary one does."""

from __future__ import annotations

import pytest

from asyncflask import Flask, Response, abort, after_this_request, g, redirect, session

pytestmark = pytest.mark.anyio


class Watched(Response):
    """A response of the app's own class; views of such an app take the ordinary way."""


async def give_text():
    return "text"


async def give_tuple():
    return {"a": 1}, 202, {"X-Own": "yes"}


async def give_redirect():
    return redirect("/näxt")


async def give_nothing():
    return None


async def give_stream():
    async def chunks():
        yield "one"
        yield "two"

    return Response(chunks())


async def fail():
    raise LookupError


async def refuse():
    abort(403)


async def change_session():
    session["seen"] = True
    return "changed"


async def add_function_for_this_request():
    @after_this_request
    def mark(response):
        response.headers["X-This"] = "request"
        return response

    return "marked"


VIEWS = [
    give_text,
    give_tuple,
    give_redirect,
    give_nothing,
    give_stream,
    fail,
    refuse,
    change_session,
    add_function_for_this_request,
]


def hooked_app(view, response_class=Response):
    """Its hooks note that they ran, and what they saw, in `order`."""
    app = Flask("hooked")
    app.response_class = response_class
    app.secret_key = "k" * 32
    app.add_url_rule("/", view_func=view)
    order = []

    @app.before_request
    async def begin():
        order.append("before")

    @app.before_request
    async def begin_again():
        order.append("again")

    @app.after_request
    async def end(response):
        order.append(f"after {response.status_code}")
        response.headers["X-After"] = "true"
        return response

    return app, order


@pytest.mark.parametrize("view", VIEWS)
async def test_the_answer_and_the_order_are_the_same(exchange, view):
    """Status, headers and body, and which hooks ran, whatever the view does."""
    (app, order), (ordinary, same) = hooked_app(view), hooked_app(view, Watched)

    answer, expected = await exchange(app), await exchange(ordinary)

    assert (answer.status, answer.body) == (expected.status, expected.body)
    assert answer.headers == expected.headers
    assert order == same
    assert order[:2] == ["before", "again"]


@pytest.mark.parametrize("response_class", [Response, Watched])
async def test_what_a_before_function_returns_is_the_answer(exchange, response_class):
    """The others, and the view, are left out; after functions run."""
    app, order = hooked_app(fail, response_class)

    async def answer_early():
        return "early"

    app.before_request_funcs[None].insert(1, answer_early)

    answer = await exchange(app)

    assert answer.body == b"early"
    assert order == ["before", "after 200"]


@pytest.mark.parametrize("response_class", [Response, Watched])
async def test_a_failing_before_function_has_its_handler(exchange, response_class):
    """The view is left out, and the after functions see what the handler gives."""
    app, order = hooked_app(give_text, response_class)
    app.register_error_handler(LookupError, lambda error: ("handled", 418))
    app.before_request_funcs[None].append(fail)

    answer = await exchange(app)

    assert (answer.status, answer.body) == (418, b"handled")
    assert order == ["before", "again", "after 418"]


@pytest.mark.parametrize("response_class", [Response, Watched])
async def test_a_failing_after_function_is_a_500(exchange, response_class, caplog):
    """Logged once as unhandled, and once as failing again for the 500."""
    app, order = hooked_app(give_text, response_class)

    async def fail_after(response):
        raise LookupError

    app.after_request_funcs[None].append(fail_after)

    answer = await exchange(app)

    assert answer.status == 500
    assert [record.getMessage() for record in caplog.records] == [
        "Exception on / [GET]",
        "Request finalizing failed with an error while handling an error",
    ]
    assert order == ["before", "again"]


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [("X-Text", "ä", "ä"), ("X-Space", " a ", "a"), ("Location", "/ä", "/%C3%A4")],
)
@pytest.mark.parametrize("response_class", [Response, Watched])
async def test_a_header_that_needs_care_gets_it(exchange, response_class, name, value, sent):
    """It is stripped, quoted or sent as Latin-1."""
    app, _ = hooked_app(give_text, response_class)

    @app.after_request
    async def add(response):
        response.headers[name] = value
        return response

    answer = await exchange(app)

    headers = dict(answer.messages[0]["headers"])
    assert headers[name.lower().encode()] == sent.encode("latin-1")


async def test_a_hook_that_would_end_the_program_does_not(exchange):
    """What ends a program elsewhere is a logged 500, here as in a view."""
    app, order = hooked_app(give_text)

    async def leave():
        raise SystemExit

    app.before_request_funcs[None].append(leave)

    answer = await exchange(app)

    assert answer.status == 500
    assert order == ["before", "again"]


async def test_a_hook_shares_the_context(exchange):
    """`g` is one for hooks and view."""

    async def show():
        return g.name

    app, _ = hooked_app(show)

    @app.before_request
    async def name():
        g.name = "shared"

    answer = await exchange(app)

    assert answer.body == b"shared"
