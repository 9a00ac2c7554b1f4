"""What an app's own mistakes do to a response: no half ones, no tracebacks, no split headers."""

from __future__ import annotations

import sys

import pytest

from asyncflask import (
    Flask,
    Response,
    abort,
    inline,
    jsonify,
    redirect,
    send_file,
)

HOST = "Host: localhost"
NEXT = ("GET /next HTTP/1.1", HOST)


def respond_with(change):
    response = Response("text")
    change(response)
    return response


VIEWS = {
    "snowman": lambda: ("text", {"X-Name": "☃"}),
    "control": lambda: ("text", {"X-Name": "a\x01b"}),
    "name": lambda: ("text", {"X Name": "a"}),
    "newline": lambda: ("text", {"X-Name": "a\r\nSet-Cookie: b=c"}),
    "newline-name": lambda: ("text", {"X-Name\r\nSet-Cookie: b": "c"}),
    "newline-cookie": lambda: respond_with(lambda r: r.set_cookie("a\r\nX: y", "b")),
    "newline-path": lambda: respond_with(lambda r: r.set_cookie("a", "b", domain="x\r\nX: y")),
    "newline-redirect": lambda: redirect("/a\r\nSet-Cookie: b=c"),
    "newline-type": lambda: Response("text", mimetype="text/plain\r\nX: y"),
    "status": lambda: ("text", 999),
    "status-100": lambda: ("text", 100),
    "none": lambda: None,
    "number": lambda: 5,
    "items": lambda: Response([1, 2]),
    "no-json": lambda: jsonify(object()),
    "division": lambda: 1 / 0,
    "stop": lambda: next(iter(())),
    "exit": lambda: sys.exit("bye"),
    "recursion": lambda: VIEWS["recursion"](),
    "missing": lambda: send_file("/nowhere/at/all"),
    "group": lambda: raise_group(),
}


def raise_group():
    raise ExceptionGroup("several", [ValueError("secret-of-the-app"), KeyError("b")])


@pytest.fixture(scope="module")
def app():
    app = Flask("mistakes")
    for name, view in VIEWS.items():
        app.add_url_rule(f"/sync/{name}", f"sync-{name}", lambda view=view: view())
        app.add_url_rule(f"/loop/{name}", f"loop-{name}", inline(lambda view=view: view()))

    @app.get("/next")
    def answer_next():
        return "next"

    return app


@pytest.fixture(scope="module")
def server(serve, app):
    return serve(app)


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("where", ["sync", "loop"])
def test_a_mistake_is_a_500_and_a_line_in_the_log(server, caplog, where, name):
    """A whole response, without the traceback; the server goes on."""
    with server.connect() as connection:
        first = connection.ask(f"GET /{where}/{name} HTTP/1.1", HOST)
    second = server.ask(*NEXT)

    assert first.status == 500
    assert "Set-Cookie" not in first.headers
    assert "X" not in first.headers
    assert "Traceback" not in first.text
    assert "File " not in first.text
    assert "secret-of-the-app" not in first.text
    assert second.text == "next"
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]


@pytest.mark.parametrize("name", sorted(set(VIEWS) - {"exit"}))
def test_the_connection_survives_a_mistake(server, name):
    """It is the app's own response, and no half one."""
    with server.connect() as connection:
        first = connection.ask(f"GET /sync/{name} HTTP/1.1", HOST)
        second = connection.ask(*NEXT)

    assert "Internal Server Error</h1>" in first.text
    assert second.text == "next"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("status", [200, 204, 205, 206, 304, 404])
@pytest.mark.parametrize("kind", ["text", "list", "stream", "async", "file"])
def test_a_body_where_none_belongs_is_not_sent(serve_any, method, status, kind):
    """HEAD, 204 and 304 have none; the next response on the connection is understood."""
    with serve_any.connect() as connection:
        first = connection.ask(f"{method} /{kind}/{status} HTTP/1.1", HOST, "Content-Length: 0")
        second = connection.ask(*NEXT)

    has_body = method != "HEAD" and status not in {204, 304}
    assert first.status == status
    assert first.body == (b"text" if has_body else b"")
    assert second.text == "next"


@pytest.fixture(scope="module")
def serve_any(serve, tmp_path_factory):
    """A server of every kind of body with every status."""
    path = tmp_path_factory.mktemp("files") / "file.txt"
    path.write_text("text")
    app = Flask("bodies")

    async def pieces():
        yield "te"
        yield "xt"

    bodies = {
        "text": lambda: "text",
        "list": lambda: Response(["te", b"xt"]),
        "stream": lambda: iter(["te", "xt"]),
        "async": pieces,
        "file": lambda: send_file(path),
    }

    @app.route("/<kind>/<int:status>", methods=["GET", "POST"])
    def view(kind, status):
        return bodies[kind](), status

    @app.get("/next")
    def answer_next():
        return "next"

    return serve(app)


KINDS = ["preprocessor", "before", "after", "handler", "handler of 500", "teardown", "app teardown"]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_hook_that_fails_is_a_500(serve, caplog, kind, is_async):
    """Whichever it is, also where it handles another error; every teardown function runs, once."""
    app = Flask("hooks")
    ended = []

    def fail(*args):
        raise LookupError("secret-of-the-app")

    async def fail_async(*args):
        raise LookupError("secret-of-the-app")

    app.add_url_rule("/", view_func=lambda: abort(418))
    app.teardown_request(lambda exc: ended.append("request"))
    app.teardown_appcontext(lambda exc: ended.append("app"))
    register(app, kind, fail_async if is_async else fail)

    answer = serve(app).ask("GET / HTTP/1.1", HOST)

    assert answer.status == 500
    assert "secret-of-the-app" not in answer.text
    assert "Traceback" not in answer.text
    assert sorted(ended) == ["app", "request"]
    assert any(record.exc_info for record in caplog.records)


def register(app, kind, function):
    """Register a function as a hook of one kind."""
    if kind == "handler":
        app.register_error_handler(418, function)
    elif kind == "handler of 500":
        app.before_request(lambda: 1 / 0)
        app.register_error_handler(500, function)
    else:
        decorators = {
            "preprocessor": app.url_value_preprocessor,
            "before": app.before_request,
            "after": app.after_request,
            "teardown": app.teardown_request,
            "app teardown": app.teardown_appcontext,
        }
        decorators[kind](function)


class Stop(BaseException):
    """As KeyboardInterrupt, without meaning anything to the test runner."""


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, Stop])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_what_is_no_exception_passes_through_the_client(error, is_async):
    """To the test itself; teardown runs once, and the client goes on."""
    app = Flask("base")
    ended = []

    def stop():
        raise error

    async def stop_async():
        raise error

    app.add_url_rule("/", view_func=stop_async if is_async else stop)
    app.add_url_rule("/next", view_func=lambda: "next")
    app.teardown_request(lambda exc: ended.append(type(exc)))
    client = app.test_client()

    with pytest.raises(error):
        client.get("/")

    assert ended == [error]
    assert client.get("/next").text == "next"
