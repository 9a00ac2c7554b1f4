"""The synchronous client: Flask's API over an ASGI app."""

from __future__ import annotations

import asyncio
import threading

import anyio
import pytest

from asyncflask import (
    Flask,
    Response,
    abort,
    g,
    has_request_context,
    redirect,
    request,
    session,
    stream_with_context,
)
from asyncflask.middleware.dispatcher import DispatcherMiddleware
from asyncflask.testing import Client, ClientRedirectError, EnvironBuilder


@pytest.fixture
def app() -> Flask:
    app = Flask("client")
    app.secret_key = "key"
    app.testing = True
    return app


def test_sync_code_runs_in_the_tests_own_thread(app):
    """pdb, thread-bound objects and patches that look at the thread behave."""
    threads = []

    @app.get("/sync")
    def sync_view():
        threads.append(threading.get_ident())
        return ""

    @app.get("/async")
    async def async_view():
        threads.append(threading.get_ident())
        return ""

    client = app.test_client()
    client.get("/sync")
    client.get("/async")

    assert threads[0] == threading.get_ident() != threads[1]


def test_a_sync_view_may_run_an_event_loop_of_its_own(app):
    """asyncio.run works in a view, since no loop runs in its thread."""
    app.add_url_rule("/", "index", lambda: asyncio.run(_give("own loop")))

    assert app.test_client().get("/").text == "own loop"


async def _give(value):
    return value


def test_async_views_of_one_client_share_a_loop(app):
    """What one request leaves on the loop, the next one finds there."""
    events = []

    @app.get("/")
    async def index():
        if not events:
            events.append(asyncio.Event())
        else:
            events[0].set()
        return str(events[0].is_set())

    client = app.test_client()

    assert [client.get("/").text, client.get("/").text] == ["False", "True"]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "trace"])
def test_each_method_has_a_shortcut(app, method):
    """The view sees the method."""

    @app.route("/", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
    def index():
        return request.method

    assert getattr(app.test_client(), method)("/").text == method.upper()


def test_open_takes_a_builder_and_a_request(app):
    """A request can be prepared, sent, and sent again."""

    @app.post("/echo")
    def echo():
        return request.form["a"] + request.headers["X-A"]

    builder = EnvironBuilder(
        app, "/echo", method="POST", data={"a": "form"}, headers={"X-A": "header"}
    )
    client = app.test_client()

    first = client.open(builder)
    second = client.open(builder.get_request())

    assert (first.text, second.text) == ("formheader", "formheader")


def test_json_goes_both_ways(app):
    """json= sets the content type; a JSON response has .json."""

    @app.post("/")
    async def index():
        return {"got": request.json}

    assert app.test_client().post("/", json={"a": [1, None]}).json == {"got": {"a": [1, None]}}


def test_errors_of_the_app_are_raised_in_the_test(app):
    """With TESTING set, whatever the view raised; BaseExceptions always."""
    app.add_url_rule("/value", "value", lambda: _raise(ValueError("broken")))
    app.add_url_rule("/exit", "exit", lambda: _raise(SystemExit(3)))
    app.add_url_rule("/keyboard", "keyboard", lambda: _raise(KeyboardInterrupt()))
    client = app.test_client()

    with pytest.raises(ValueError, match="broken"):
        client.get("/value")
    app.testing = False
    assert client.get("/value").status_code == 500
    with pytest.raises(SystemExit):
        client.get("/exit")
    with pytest.raises(KeyboardInterrupt):
        client.get("/keyboard")


def _raise(error):
    raise error


# -- redirects


def test_redirects_are_followed_with_their_history(app):
    """301 to 303 become a GET, 307 and 308 keep method and body."""
    app.add_url_rule("/old", "old", lambda: redirect("/new", 303), methods=["POST"])
    app.add_url_rule("/kept", "kept", lambda: redirect("/new", 307), methods=["POST"])

    @app.route("/new", methods=["GET", "POST"])
    def new():
        return f"{request.method} {request.form.get('a')}"

    client = app.test_client()

    changed = client.post("/old", data={"a": "1"}, follow_redirects=True)
    kept = client.post("/kept", data={"a": "1"}, follow_redirects=True)

    assert changed.text == "GET None"
    assert kept.text == "POST 1"
    assert [(r.status_code, r.request.path) for r in changed.history] == [(303, "/old")]
    assert changed.request.path == "/new"


def test_a_loop_of_redirects_is_an_error(app):
    """It names where the loop goes."""
    app.add_url_rule("/a", "a", lambda: redirect("/b"))
    app.add_url_rule("/b", "b", lambda: redirect("/a"))

    with pytest.raises(ClientRedirectError, match="http://localhost/"):
        app.test_client().get("/a", follow_redirects=True)


def test_a_redirect_to_another_host_is_an_error(app):
    """The client speaks to one app only."""
    app.add_url_rule("/", "index", lambda: redirect("http://example.org/"))

    with pytest.raises(RuntimeError, match="external redirects is not supported"):
        app.test_client().get("/", follow_redirects=True)


# -- cookies and session


def test_cookies_are_kept_between_requests(app):
    """Per client, with the API to look at them; a client may do without."""

    @app.get("/")
    def index():
        response = Response(request.cookies.get("seen", "never"))
        response.set_cookie("seen", "before", path="/")
        return response

    client, other = app.test_client(), app.test_client(use_cookies=False)

    texts = [client.get("/").text, client.get("/").text, other.get("/").text, other.get("/").text]

    assert texts == ["never", "before", "never", "never"]
    assert client.get_cookie("seen").value == "before"
    client.delete_cookie("seen")
    assert client.get("/").text == "never"
    client.set_cookie("seen", "by hand")
    assert client.get("/").text == "by hand"
    with pytest.raises(TypeError, match="use_cookies=True"):
        other.get_cookie("seen")


def test_a_session_transaction_reads_and_writes_the_session(app):
    """It is saved at the block's end and does not disturb the bound request."""

    @app.get("/")
    def index():
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    with app.test_client() as client:
        with client.session_transaction() as opened:
            opened["count"] = 41
        assert client.get("/").text == "42"
        with client.session_transaction() as opened:
            assert opened["count"] == 42
        assert request.path == "/"


def test_a_session_transaction_needs_cookies_and_a_session(app):
    """Both errors say what is missing."""
    with (
        pytest.raises(TypeError, match="Cookies are disabled"),
        app.test_client(use_cookies=False).session_transaction(),
    ):
        pass
    app.secret_key = None
    with (
        pytest.raises(RuntimeError, match=r"did not open a session: .*secret_key is not set"),
        app.test_client().session_transaction(),
    ):
        pass


# -- contexts


def test_a_with_block_keeps_the_last_requests_context(app):
    """The next request replaces it, leaving the block drops it; teardown ran once each."""
    ends = []
    app.teardown_request(lambda exc: ends.append(request.path))

    @app.get("/<name>")
    def index(name):
        g.name = name
        session["name"] = name
        return ""

    with app.test_client() as client:
        client.get("/first")
        assert (g.name, session["name"], request.path) == ("first", "first", "/first")
        client.get("/second")
        assert (g.name, request.path) == ("second", "/second")

    assert not has_request_context()
    assert ends == ["/first", "/second"]


def test_with_blocks_do_not_nest(app):
    """The second `with` of one client is a mistake."""
    with (
        app.test_client() as client,
        pytest.raises(RuntimeError, match=r"Cannot nest.*another client"),
        client,
    ):
        pass


def test_followed_redirects_leave_the_last_requests_context(app):
    """The session is the last request's."""
    app.add_url_rule("/a", "a", lambda: session.update(at="a") or redirect("/b"))
    app.add_url_rule("/b", "b", lambda: session.update(at="b") or "")

    with app.test_client() as client:
        client.get("/a", follow_redirects=True)
        assert (request.path, session["at"]) == ("/b", "b")


# -- streams


@pytest.mark.parametrize("color", ["sync", "async"])
def test_a_stream_is_read_as_it_is_made(app, color):
    """The app goes on when the test reads, and ends when the response is closed."""
    made, ended = [], []

    @app.get("/")
    def index():
        def rows():
            try:
                for number in range(1000):
                    made.append(number)
                    yield f"{number};"
            finally:
                ended.append(request.path)

        async def async_rows():
            try:
                for number in range(1000):
                    made.append(number)
                    await anyio.sleep(0)
                    yield f"{number};"
            finally:
                ended.append(request.path)

        return rows() if color == "sync" else async_rows()

    response = app.test_client().get("/")
    chunks = response.iter_encoded()

    assert [next(chunks), next(chunks)] == [b"0;", b"1;"]
    response.close()
    assert ended == ["/"]
    assert len(made) < 1000 or color == "async"


def test_a_buffered_stream_is_read_at_once(app):
    """buffered=True waits for the end."""
    ended = []

    @app.get("/")
    def index():
        @stream_with_context
        def rows():
            yield "a"
            yield "b"
            ended.append(request.path)

        return rows()

    response = app.test_client().get("/", buffered=True)

    assert ended == ["/"]
    assert response.text == "ab"


def test_an_error_in_a_stream_is_raised_where_it_is_read(app):
    """Chunks before the error arrive."""

    @app.get("/")
    def index():
        def rows():
            yield "first"
            raise ValueError("broken row")

        return rows()

    response = app.test_client().get("/")
    chunks = response.iter_encoded()

    assert next(chunks) == b"first"
    with pytest.raises(ValueError, match="broken row"):
        next(chunks)


def test_a_host_header_of_garbage_is_the_apps_to_refuse(app):
    """The client sends what it was told to send."""
    assert app.test_client().get("/", headers={"Host": "a b"}).status_code == 400


def test_an_aborted_request_is_a_response(app):
    """HTTP errors are answers, not exceptions of the test."""
    app.add_url_rule("/", "index", lambda: abort(418))

    response = app.test_client().get("/")

    assert (response.status_code, response.status) == (418, "418 I'M A TEAPOT")


def test_the_client_has_werkzeugs_name_too():
    """For what was imported from `werkzeug.test`."""
    client = Client(Flask("named"))

    response = client.get("/")

    assert response.status_code == 404


def test_a_body_counts_as_streamed_unless_it_is_buffered(app):
    """It is read once or kept whole, as Flask's client has it, however short it is."""
    app.add_url_rule("/short", "short", lambda: "short")
    client = app.test_client()

    streamed, whole = client.get("/short"), client.get("/short", buffered=True)

    assert (streamed.is_streamed, whole.is_streamed) == (True, False)
    assert (streamed.text, streamed.text, whole.text) == ("short", "short", "short")


def test_a_complete_body_can_be_read_after_the_response_was_closed(app):
    """Tests close a response first and look at it then."""
    app.add_url_rule("/", "index", lambda: "index")
    response = app.test_client().get("/")

    response.close()

    assert response.text == "index"


def test_the_app_may_be_any_asgi_app(app):
    """One that middleware wraps has neither a configuration nor a JSON provider."""

    @app.post("/double")
    def double():
        return {"result": request.json["number"] * 2, "root": request.root_path}

    client = Client(DispatcherMiddleware(Flask("other"), {"/below": app}))

    response = client.post("/below/double", json={"number": 2})

    assert response.json == {"result": 4, "root": "/below"}
