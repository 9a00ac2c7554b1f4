"""What a view may return, and what becomes of it."""

from __future__ import annotations

import pytest
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, StreamingResponse

from asyncflask import Flask, Response, after_this_request
from asyncflask.exceptions import Conflict
from asyncflask.local import LocalProxy


@pytest.fixture
def answer():
    """The response of an app whose one view returns the given value."""

    def answer(value):
        app = Flask("responses")
        app.testing = True
        app.add_url_rule("/", "index", lambda: value)
        return app.test_client().get("/")

    return answer


async def _chunks():
    yield "a"
    yield b"b"


@pytest.mark.parametrize(
    ("value", "status", "body", "mimetype"),
    [
        ("text", 200, b"text", "text/html"),
        (b"bytes", 200, b"bytes", "text/html"),
        (bytearray(b"array"), 200, b"array", "text/html"),
        ({"a": 1}, 200, b'{"a":1}\n', "application/json"),
        ([1, 2], 200, b"[1,2]\n", "application/json"),
        (LocalProxy(lambda: {"a": 1}), 200, b'{"a":1}\n', "application/json"),
        (LocalProxy(lambda: Response("proxied", 202)), 202, b"proxied", "text/html"),
        (("made", 201), 201, b"made", "text/html"),
        (("made", "201 Made"), 201, b"made", "text/html"),
        (({"a": 1}, 202), 202, b'{"a":1}\n', "application/json"),
        (("plain", {"Content-Type": "text/plain"}), 200, b"plain", "text/plain"),
        (("plain", 203, [("Content-Type", "text/plain")]), 203, b"plain", "text/plain"),
        (Response("own", 204 + 1), 205, b"own", "text/html"),
        ((Response("own", 200), 207), 207, b"own", "text/html"),
        (iter(["a", b"b"]), 200, b"ab", "text/html"),
        (_chunks(), 200, b"ab", "text/html"),
        (Conflict("taken"), 409, None, "text/html"),
    ],
)
def test_every_kind_of_return_value(answer, value, status, body, mimetype):
    """Text, bytes, JSON, tuples, responses, generators of both colours, HTTP errors."""
    response = answer(value)

    assert response.status_code == status
    assert response.mimetype == mimetype
    assert body is None or response.data == body


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            None,
            "The view function for 'index' did not return a valid response. The function either",
        ),
        ((None, 404), "returned None"),
        (True, "but it was a bool"),
        (7, "but it was a int"),
        (("a",), r"this one has 1 items: \('a',\)"),
        (("a", 200, {}, "more"), "this one has 4 items"),
    ],
)
def test_what_is_no_response_is_explained(answer, value, message):
    """The TypeError says what was returned and what may be."""
    with pytest.raises(TypeError, match=message):
        answer(value)


def test_headers_of_a_tuple_replace_those_of_the_response(answer):
    """A header that both have is the tuple's; a list as its value repeats it."""
    own = Response("own", headers={"X-A": "1", "X-B": "1"})

    response = answer((own, {"X-A": ["2", "3"]}))

    assert response.headers.getlist("X-A") == ["2", "3"]
    assert response.headers["X-B"] == "1"


def test_a_starlette_response_keeps_its_status_headers_and_background_task(answer):
    """It is sent by itself, so that what runs after it runs."""
    ran = []

    response = answer(
        JSONResponse({"a": 1}, 201, {"X-A": "1"}, background=BackgroundTask(ran.append, "task"))
    )

    assert (response.status_code, response.json, response.headers["X-A"]) == (201, {"a": 1}, "1")
    assert ran == ["task"]


def test_after_functions_see_and_change_a_starlette_response():
    """Status and headers are there before it is sent; its body is not, and says so."""
    app = Flask("responses")
    app.secret_key = "key"

    @app.get("/")
    async def index():
        @after_this_request
        def change(response):
            assert response.headers["X-A"] == "1"
            with pytest.raises(RuntimeError, match="comes from an ASGI application"):
                response.get_data()
            response.headers["X-A"] = "2"
            response.status_code = 203
            response.set_cookie("seen", "yes")
            return response

        return StreamingResponse(_chunks(), headers={"X-A": "1"})

    response = app.test_client().get("/")

    assert (response.status_code, response.data, response.headers["X-A"]) == (203, b"ab", "2")
    assert response.headers["Set-Cookie"].startswith("seen=yes")


def test_any_asgi_application_may_be_returned(answer):
    """Its start message decides; headers set by after functions are added."""

    async def teapot(scope, receive, send):
        await send({"type": "http.response.start", "status": 418, "headers": [(b"x-pot", b"1")]})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    response = answer((teapot, {"X-Added": "2"}))

    assert (response.status_code, response.text) == (418, "/")
    assert (response.headers["X-Pot"], response.headers["X-Added"]) == ("1", "2")
