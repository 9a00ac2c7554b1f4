"""Sync views without hooks: their values are settled in their thread, as in the ordinary way."""

from __future__ import annotations

import asyncio
import threading
from functools import wraps

import pytest

from asyncflask import (
    Flask,
    Response,
    abort,
    after_this_request,
    current_app,
    jsonify,
    redirect,
    send_file,
    session,
    stream_with_context,
)

pytestmark = pytest.mark.anyio


class Watched(Response):
    """A response of the app's own class; views of such an app take the ordinary way."""


def give_text():
    return "tëxt"


def give_dict():
    return {"a": [1, None]}


def give_tuple():
    return "made", 201, {"X-Own": "yes"}


def give_redirect():
    return redirect("/näxt")


def give_json():
    return jsonify(a=1)


def give_nothing():
    return None


def give_what_is_no_json():
    return {"a": object()}


def give_generator():
    return (f"{number} " for number in range(3))


def give_stream_with_context():
    @stream_with_context
    def chunks():
        yield current_app.name

    return Response(chunks())


def give_file():
    return send_file(__file__, mimetype="text/plain")


def give_missing_file():
    return send_file(f"{__file__}.not")


def fail():
    raise LookupError


def refuse():
    abort(403)


def exit_program():
    raise SystemExit(3)


def cancel():
    raise asyncio.CancelledError


def stop_iteration():
    raise StopIteration


def change_session():
    session["seen"] = True
    return "changed"


def add_function_for_this_request():
    @after_this_request
    def mark(response):
        response.headers["X-This"] = "request"
        return response

    return "marked"


async def answer():
    return "awaited"


async def fail_in_async():
    raise LookupError


@wraps(answer)
def give_awaitable():
    return answer()


@wraps(fail_in_async)
def give_failing_awaitable():
    return fail_in_async()


def add_bad_header():
    return Response("x", headers={"X Name": "a"})


VIEWS = [
    give_text,
    give_dict,
    give_tuple,
    give_redirect,
    give_json,
    give_nothing,
    give_what_is_no_json,
    give_generator,
    give_stream_with_context,
    give_file,
    give_missing_file,
    fail,
    refuse,
    exit_program,
    cancel,
    stop_iteration,
    change_session,
    add_function_for_this_request,
    give_awaitable,
    give_failing_awaitable,
    add_bad_header,
]


def plain_app(view, response_class=Response):
    app = Flask("plain")
    app.response_class = response_class
    app.secret_key = "k" * 32
    app.add_url_rule("/", view_func=view)
    app.register_error_handler(LookupError, lambda error: ("looked up", 418))
    app.register_error_handler(TypeError, lambda error: ("not asked", 418))
    return app


@pytest.mark.parametrize("view", VIEWS)
async def test_the_answer_is_that_of_the_ordinary_way(exchange, view, caplog):
    """Status, headers, body and what is logged, whatever the view does."""
    answer = await exchange(plain_app(view))
    logged = [record.getMessage() for record in caplog.records]
    caplog.clear()

    expected = await exchange(plain_app(view, Watched))

    assert (answer.status, answer.body) == (expected.status, expected.body)
    assert answer.headers == expected.headers
    assert logged == [record.getMessage() for record in caplog.records]


async def test_the_view_runs_in_a_worker(exchange):
    """And so does what is made of its value, such as JSON."""
    threads = []

    class Noted:
        def __json__(self):
            threads.append(threading.get_ident())
            return "noted"

    def view():
        threads.append(threading.get_ident())
        return {"a": Noted()}

    app = plain_app(view)
    app.json.default = lambda value: value.__json__()

    answer = await exchange(app)

    assert answer.body == b'{"a":"noted"}\n'
    assert threads[0] == threads[1] != threading.get_ident()
