"""Async views without hooks, whose answers are written without a response being made."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from itsdangerous import TimestampSigner

from asyncflask import (
    Flask,
    Response,
    abort,
    after_this_request,
    g,
    jsonify,
    request,
    request_finished,
    send_file,
    session,
)
from asyncflask.exceptions import NotFound
from asyncflask.json.tag import TaggedJSONSerializer
from asyncflask.sessions import SecureCookieSessionInterface

pytestmark = pytest.mark.anyio


class Watched(Response):
    """A response of the app's own class; views of such an app never go straight."""


def view_app(view, **config):
    app = Flask("straight")
    app.secret_key = "k" * 32
    app.config.update(config)
    app.add_url_rule("/", view_func=view, methods=["GET", "POST"])
    return app


@pytest.mark.parametrize(
    "value",
    [
        "text",
        "tëxt",
        "",
        b"bytes",
        {"b": [1, 2.5, None], "a": "ä"},
        [1, "two"],
        {},
        ("created", 201),
        ("text", {"X-Own": "1"}),
    ],
)
async def test_the_answer_is_that_of_a_response(exchange, value):
    """Status, headers and body are the same where the app has a response class of its own."""

    async def view():
        return value

    app, ordinary = view_app(view), view_app(view)
    ordinary.response_class = Watched

    answer, expected = await exchange(app), await exchange(ordinary)

    assert (answer.status, answer.body) == (expected.status, expected.body)
    assert sorted(answer.headers.items()) == sorted(expected.headers.items())


async def test_an_async_generator_is_streamed(exchange):
    """It is no coroutine, which could be awaited."""

    async def view():
        yield "a"
        yield "b"

    answer = await exchange(view_app(view))

    assert answer.body == b"ab"


async def test_head_has_no_body(exchange):
    """The length is that of the body it does not send."""

    async def view():
        return "text"

    answer = await exchange(view_app(view), method="HEAD")

    assert answer.body == b""
    assert answer.headers["content-length"] == "4"


def ignore():
    pass


def touch():
    assert session is not None


def read():
    session.get("user")


def write():
    session["user"] = 2


def stay():
    session.permanent = True


def clear():
    session.clear()


SENT = [
    None,
    {"user": 1},
    {"user": 1, "_permanent": True},
    {"user": 1, "_permanent": True, "long": "x" * 500},
    {"text": '"_permanent"'},
]


@pytest.mark.parametrize("sent", SENT)
@pytest.mark.parametrize("use", [ignore, touch, read, write, stay, clear])
async def test_the_session_is_saved_as_with_a_response(exchange, monkeypatch, use, sent):
    """Its cookie and Vary are the same, whether it was read, written, cleared or refreshed."""
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: 1_700_000_000)
    monkeypatch.setattr(SecureCookieSessionInterface, "get_expiration_time", expire)

    async def view():
        use()
        return "text"

    app, ordinary = view_app(view), view_app(view)
    ordinary.response_class = Watched
    headers = {} if sent is None else {"Cookie": f"session={sign(app, sent)}"}

    answer = await exchange(app, headers=headers)
    expected = await exchange(ordinary, headers=headers)

    assert answer.messages[0] == expected.messages[0]


def sign(app, content):
    with app.app_context():
        return app.session_interface.get_signing_serializer(app).dumps(content)


def expire(self, app, session):
    return datetime(2030, 1, 1, tzinfo=UTC) if session.permanent else None


async def test_a_session_that_nobody_used_is_not_opened(exchange):
    """Unless it is permanent, and refreshed by each response."""

    async def view():
        return "text"

    app, opened = view_app(view), []

    class Watched(SecureCookieSessionInterface):
        def _read(self, *arguments):
            opened.append(True)
            return super()._read(*arguments)

    app.session_interface = Watched()
    for content in ({"user": 1}, {"_permanent": True}):
        await exchange(app, headers={"Cookie": f"session={sign(app, content)}"})
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    await exchange(app, headers={"Cookie": f"session={sign(app, content)}"})

    assert opened == [True]


async def test_a_session_of_another_format_is_refreshed(exchange):
    """What is in it is known when it was read."""

    class Reversed(TaggedJSONSerializer):
        def dumps(self, value):
            return super().dumps(value)[::-1]

        def loads(self, value):
            return super().loads(value[::-1])

    class Interface(SecureCookieSessionInterface):
        serializer = Reversed()

    async def view():
        return "text"

    app = view_app(view)
    app.session_interface = Interface()

    answer = await exchange(app, headers={"Cookie": f"session={sign(app, {'_permanent': True})}"})

    assert "set-cookie" in answer.headers


@pytest.mark.parametrize("cookie", ["", ".", "x", "a.b.c", "é", "=.=", "....", "A" * 1001])
async def test_a_forged_session_that_nobody_used_adds_nothing(exchange, cookie):
    """Nor is it an error."""

    async def view():
        return "text"

    answer = await exchange(view_app(view), headers={"Cookie": f"session={cookie}"})

    assert (answer.status, len(answer.messages[0]["headers"])) == (200, 2)


async def test_cookie_joins_the_vary_of_a_file(exchange, tmp_path):
    """One header names everything."""
    (tmp_path / "a.txt").write_text("text")

    async def view():
        session["user"] = 1
        response = send_file(tmp_path / "a.txt")
        response.headers["Vary"] = "Accept"
        return response

    answer = await exchange(view_app(view))

    sent = [value for name, value in answer.messages[0]["headers"] if name == b"vary"]
    assert sent == [b"Accept, Cookie"]
    assert answer.headers["set-cookie"].startswith("session=")


async def test_a_session_that_cannot_be_saved_is_a_500(exchange):
    """The error is the one of the ordinary way, and no handler of the view's errors gets it."""

    async def view():
        session["lock"] = object()
        return "text"

    app = view_app(view)
    app.register_error_handler(TypeError, lambda error: "handled")

    answer = await exchange(app)

    assert answer.status == 500


async def test_without_a_key_reading_the_session_is_no_error(exchange):
    """There is nothing to save."""

    async def view():
        return str(session.get("user"))

    answer = await exchange(view_app(view, SECRET_KEY=None))

    assert answer.body == b"None"
    assert "set-cookie" not in answer.headers


async def test_functions_after_this_request_run(exchange):
    """They get the response and may change it."""

    async def view():
        @after_this_request
        def mark(response):
            response.headers["X-Marked"] = "1"
            return response

        return "text"

    answer = await exchange(view_app(view))

    assert answer.headers["x-marked"] == "1"


async def test_an_error_takes_the_ordinary_way(exchange):
    """Its handler answers."""

    async def view():
        abort(404)

    app = view_app(view)

    @app.errorhandler(NotFound)
    def explain(error):
        return f"nothing at {request.path}", 404

    answer = await exchange(app)

    assert (answer.status, answer.body) == (404, b"nothing at /")


@pytest.mark.parametrize("value", [{"a": object()}, {"a": float("nan")}, 5, None])
async def test_a_value_that_cannot_be_written_is_an_error(exchange, value):
    """Nothing was sent before, so that it is an ordinary 500."""

    async def view():
        return value

    answer = await exchange(view_app(view, PROPAGATE_EXCEPTIONS=False))

    assert answer.status == 500
    assert b"Internal Server Error" in answer.body


async def test_a_value_that_contains_itself_is_explained(exchange):
    """As json.dumps does, instead of a recursion."""
    value = {}
    value["itself"] = value

    async def view():
        return value

    with pytest.raises(ValueError, match="Circular reference"):
        await exchange(view_app(view, PROPAGATE_EXCEPTIONS=True))


async def test_signals_are_sent_where_somebody_listens(exchange):
    """From the request on that comes after the receiver."""
    seen = []

    async def view():
        return "text"

    app = view_app(view)
    await exchange(app)

    def note(sender, response):
        seen.append(response.get_data())

    with request_finished.connected_to(note, app):
        await exchange(app)

    assert seen == [b"text"]


async def test_hooks_end_the_straight_way(exchange):
    """A registry that changes compiles the endpoint anew."""

    async def view():
        return "text"

    app = view_app(view)
    await exchange(app)
    app.after_request_funcs.setdefault(None, []).append(lambda response: Response("changed"))

    answer = await exchange(app)

    assert answer.body == b"changed"


async def test_a_wrapped_app_is_called_through_its_wrapper(exchange):
    """Also where it was wrapped after its first request."""

    async def view():
        return "text"

    app = view_app(view)
    await exchange(app)
    inner, called = app.asgi_app, []

    async def wrapper(scope, receive, send):
        called.append(scope["path"])
        await inner(scope, receive, send)

    app.asgi_app = wrapper
    await exchange(app)

    assert called == ["/"]


async def test_the_settings_of_the_json_provider_hold(exchange):
    """They may change at any time."""

    async def view():
        return {"b": 1, "a": "ä"}

    app = view_app(view)
    first = await exchange(app)
    app.json.sort_keys = app.json.ensure_ascii = app.json.compact = False
    second = await exchange(app)

    assert first.body == b'{"a":"\\u00e4","b":1}\n'
    assert second.body == '{\n  "b": 1,\n  "a": "ä"\n}\n'.encode()


async def test_a_body_is_there_and_closed_afterwards(exchange):
    """A form's temporary files go with the request."""
    uploads = []

    async def view():
        uploads.append(request.files["file"])
        g.name = uploads[0].filename
        return jsonify(name=g.name).get_json()

    head = b'Content-Disposition: form-data; name="file"; filename="a.txt"'
    body = b"\r\n".join([b"--b", head, b"", b"abc", b"--b--", b""])

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    answer = await exchange(
        view_app(view),
        method="POST",
        headers={
            "content-type": "multipart/form-data; boundary=b",
            "content-length": str(len(body)),
        },
        receive=receive,
    )

    assert answer.body == b'{"name":"a.txt"}\n'
    assert uploads[0].stream.closed
