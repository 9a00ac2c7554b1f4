"""The application: what it answers the server, and what of it can be replaced."""

from __future__ import annotations

import gc
import weakref

import anyio
import anyio.lowlevel
import httpx
import pytest

from asyncflask import Blueprint, Flask, Response, abort, current_app, request, url_for
from asyncflask.app import Rule
from asyncflask.exceptions import NotFound
from asyncflask.routing import BaseConverter


@pytest.fixture
def app() -> Flask:
    return Flask("house", root_path=".")


async def ask(app, method, path, **kwargs):
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.request(method, path, **kwargs)


# -- the server's side


@pytest.mark.anyio
async def test_a_plain_httpx_client_can_call_the_app(app):
    """Nothing but an ASGI transport is needed."""

    @app.get("/<name>")
    async def hello(name):
        return f"Hello, {name}!"

    response = await ask(app, "GET", "/Ada")

    assert (response.status_code, response.text) == (200, "Hello, Ada!")


def test_asgi_app_can_be_wrapped_in_middleware(app):
    """Middleware is assigned to `asgi_app`; the app object itself stays what it was."""

    @app.get("/")
    def index():
        return request.scope["marked"]

    inner = app.asgi_app

    async def middleware(scope, receive, send):
        await inner({**scope, "marked": "yes"}, receive, send)

    app.asgi_app = middleware

    assert app.test_client().get("/").text == "yes"


def test_flasks_name_for_the_inner_app_works_too(app):
    """`app.wsgi_app = Middleware(app.wsgi_app)` is what Flask applications write."""
    seen = []
    inner = app.wsgi_app

    async def middleware(scope, receive, send):
        seen.append(scope["path"])
        await inner(scope, receive, send)

    app.wsgi_app = middleware
    app.test_client().get("/somewhere")

    assert seen == ["/somewhere"]
    assert app.asgi_app is middleware


@pytest.mark.parametrize("path", ["/myapplication/users/5", "/users/5"])
@pytest.mark.anyio
async def test_an_app_below_a_prefix_works_with_both_kinds_of_servers(app, path):
    """Whether a server leaves root_path in `path` or not: the rule fits, and URLs have it."""

    @app.get("/users/<int:number>")
    async def user(number):
        return f"{request.path} {request.root_path} {url_for('user', number=6)} {request.url}"

    transport = httpx.ASGITransport(app, root_path="/myapplication")
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        response = await client.get(path)

    assert response.text == (
        "/users/5 /myapplication /myapplication/users/6 http://localhost/myapplication/users/5"
    )


@pytest.mark.anyio
async def test_a_prefix_is_compared_up_to_its_boundary(app):
    """Below /api, neither /apiary nor /evil/api/x is taken for a path of the app's."""

    @app.get("/<path:rest>")
    async def show(rest):
        return rest

    transport = httpx.ASGITransport(app, root_path="/api")
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answers = [(await client.get(path)).text for path in ("/api/x", "/apiary", "/evil/api/x")]

    assert answers == ["x", "apiary", "evil/api/x"]


# -- set-up


def test_an_instance_path_must_be_absolute():
    """A relative one would depend on where the server was started."""
    with pytest.raises(ValueError, match="must be absolute"):
        Flask("house", instance_path="instance")


def test_static_host_and_host_matching_go_together():
    """One without the other would serve static files on no host, or on every one."""
    with pytest.raises(AssertionError, match="Pass both, or neither"):
        Flask("house", static_folder=".", static_host="static.example")


def test_set_up_after_the_first_request_is_refused(app):
    """The error names the method and says what to do."""
    app.test_client().get("/")

    with pytest.raises(AssertionError, match="setup method 'before_request' can no longer"):
        app.before_request(lambda: None)


def test_an_app_is_freed_with_its_last_reference():
    """No reference cycle goes through the app, neither before nor after a request."""
    app = Flask("short-lived")

    @app.get("/")
    def index():
        return url_for("index")

    @app.get("/async")
    async def index_async():
        return "async"

    with app.test_client() as client:
        assert client.get("/").text == "/"
        assert client.get("/async").text == "async"
    del client
    reference = weakref.ref(app)
    gc.collect()
    gc.disable()
    try:
        del app, index, index_async
        assert reference() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.anyio
async def test_a_request_leaves_nothing_to_the_collector(app, exchange, method):
    """No reference cycle is made on the request path, and no timer keeps the request."""
    requests = []

    @app.route("/", methods=["GET", "POST"])
    async def index():
        requests.append(weakref.ref(request._get_current_object()))
        return request.get_json(silent=True) or ""

    gc.collect()
    gc.disable()
    try:
        headers = {"content-type": "application/json", "content-length": "2"}
        body = {"type": "http.request", "body": b"{}"}
        await exchange(app, method=method, headers=headers, receive=_once(body))
        await anyio.lowlevel.checkpoint()
        assert requests[0]() is None
    finally:
        gc.enable()


def _once(message):
    async def receive():
        return message

    return receive


# -- registries and replaced methods


def test_registries_may_be_changed_after_the_first_request(app):
    """They are public and live: extensions insert into them at any time."""
    app.add_url_rule("/", "index", lambda: "first")
    client = app.test_client()
    client.get("/")

    app.after_request_funcs.setdefault(None, []).insert(0, _set_header("X-After", "1"))
    app.view_functions["index"] = lambda: "second"
    app.error_handler_spec[None][404][NotFound] = lambda exc: ("gone fishing", 404)
    response = client.get("/")

    assert (response.text, response.headers["X-After"]) == ("second", "1")
    assert client.get("/nowhere").text == "gone fishing"


def _set_header(name, value):
    def function(response):
        response.headers[name] = value
        return response

    return function


@pytest.mark.parametrize("color", ["sync", "async"])
def test_a_subclass_may_replace_steps_and_call_the_built_in_ones(color):
    """Overridden methods run in the step's place; super() gives the built-in step."""

    class Tracing(Flask):
        trace: list[str] = []

        if color == "sync":

            def dispatch_request(self):
                self.trace.append("dispatch")
                return super().dispatch_request()

            def process_response(self, response):
                self.trace.append("process")
                return super().process_response(response)
        else:

            async def dispatch_request(self):
                self.trace.append("dispatch")
                return await super().dispatch_request()

            async def process_response(self, response):
                self.trace.append("process")
                return await super().process_response(response)

        def make_response(self, rv):
            self.trace.append("make")
            return super().make_response(rv)

    app = Tracing("tracing")
    app.add_url_rule("/sync", "sync", lambda: "sync view")

    @app.get("/async")
    async def view():
        return "async view"

    texts = [app.test_client().get(path).text for path in ("/sync", "/async")]

    assert texts == ["sync view", "async view"]
    assert app.trace == ["dispatch", "make", "process"] * 2


def test_an_extension_may_replace_handle_exception_on_the_instance(app):
    """Assigned even after the first request, as error-tracking extensions do."""
    app.add_url_rule("/", "index", lambda: 1 // 0)
    client = app.test_client()
    assert client.get("/").status_code == 500
    original = app.handle_exception
    caught = []

    def tracking(exc):
        caught.append(type(exc))
        return original(exc)

    app.handle_exception = tracking

    assert client.get("/").status_code == 500
    assert caught == [ZeroDivisionError]


@pytest.mark.parametrize("color", ["sync", "async"])
def test_request_methods_can_be_called_by_hand(app, color):
    """With a pushed context each runs its step, whether its functions are sync or async."""
    if color == "sync":
        app.before_request(lambda: "early")
        app.add_url_rule("/", "index", lambda: "view")
    else:

        async def early():
            return "early"

        async def view():
            return "view"

        app.before_request(early)
        app.add_url_rule("/", "index", view)

    with app.test_request_context("/"):
        early_value = app.preprocess_request()
        view_value = app.dispatch_request()
        response = app.full_dispatch_request()

    assert (early_value, view_value, response.text) == ("early", "view", "early")


@pytest.mark.anyio
async def test_request_methods_are_awaited_on_the_event_loop(app):
    """Where nothing can wait, each gives an awaitable of its result."""

    @app.get("/")
    async def index():
        return "view"

    async with app.test_request_context("/"):
        value = await app.dispatch_request()

    assert value == "view"


def test_an_unknown_scope_is_refused_with_its_name(app):
    """A server that speaks something else is told so."""

    async def call():
        await app({"type": "gopher"}, None, None)

    with pytest.raises(ValueError, match=r"not 'gopher'. Give such scopes to another"):
        app.ensure_sync(call)()


# -- rules of our own


def test_a_route_may_have_a_limit_of_its_own(app):
    """max_content_length on a route goes before the configuration; None lifts the limit."""
    app.config["MAX_CONTENT_LENGTH"] = 10
    app.add_url_rule("/default", "default", lambda: str(len(request.data)), methods=["POST"])
    app.add_url_rule(
        "/more", "more", lambda: str(len(request.data)), methods=["POST"], max_content_length=20
    )
    app.add_url_rule(
        "/any", "any", lambda: str(len(request.data)), methods=["POST"], max_content_length=None
    )
    client = app.test_client()

    statuses = [
        client.post(path, data=b"x" * 15).status_code for path in ("/default", "/more", "/any")
    ]

    assert statuses == [413, 200, 200]
    assert client.post("/more", data=b"x" * 21).status_code == 413


@pytest.mark.parametrize("color", ["sync", "async"])
def test_a_streaming_route_reads_the_body_itself(app, color):
    """stream_body=True leaves the body at the server; the parsed attributes explain that."""
    blueprint = Blueprint("uploads", __name__)
    if color == "sync":

        @blueprint.post("/upload", stream_body=True)
        def upload():
            with pytest.raises(RuntimeError, match="stream_body=True"):
                _ = request.form
            return str(len(request.stream.read()))
    else:

        @blueprint.post("/upload", stream_body=True)
        async def upload():
            size = 0
            async for chunk in request.stream:
                size += len(chunk)
            return str(size)

    app.register_blueprint(blueprint)

    assert app.test_client().post("/upload", data=b"x" * 3000).text == "3000"


def test_a_converters_own_error_is_a_500_like_any_other(app, caplog):
    """It is logged and torn down; an HTTP error that it raises is the answer."""
    ends = []
    app.teardown_request(ends.append)

    class Broken(BaseConverter):
        def to_python(self, value):
            if value == "gone":
                abort(410)
            raise RuntimeError("no database")

    app.url_map.converters["broken"] = Broken
    app.add_url_rule("/<broken:value>", "index", lambda value: value)
    client = app.test_client()

    assert [client.get(path).status_code for path in ("/gone", "/other")] == [410, 500]
    assert [type(exc) for exc in ends] == [type(None), RuntimeError]
    assert caplog.records[-1].exc_info[0] is RuntimeError


@pytest.mark.anyio
async def test_a_request_that_is_cancelled_before_its_body_came_is_torn_down(app):
    """Once, like every request; no hook has run."""
    ends = []
    app.teardown_request(lambda exc: ends.append(exc))
    app.add_url_rule("/", "index", lambda: "", methods=["POST"])
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/",
        "headers": [(b"content-length", b"5")],
    }

    async def receive():
        cancelling.cancel()
        await anyio.sleep_forever()

    with anyio.CancelScope() as cancelling:
        await app(scope, receive, None)

    assert len(ends) == 1
    assert isinstance(ends[0], BaseException)


# -- URLs


def test_urls_outside_a_request_need_a_server_name(app):
    """The error names the settings; with them, URLs are external."""
    app.add_url_rule("/users/<name>", "user", lambda name: name)
    with app.app_context(), pytest.raises(RuntimeError, match="'SERVER_NAME' configured"):
        url_for("user", name="ada")
    app.config.update(
        SERVER_NAME="example.org", APPLICATION_ROOT="/app", PREFERRED_URL_SCHEME="https"
    )

    with app.app_context():
        url = url_for("user", name="Ada L.", page=2, _anchor="top & more")

    assert url == "https://example.org/app/users/Ada%20L.?page=2#top%20&%20more"


def test_a_scheme_needs_an_external_url(app):
    """_scheme with _external=False contradicts itself."""
    app.add_url_rule("/", "index", lambda: "")

    with (
        app.test_request_context("/"),
        pytest.raises(ValueError, match=r"'_external' must be True.*_scheme='"),
    ):
        url_for("index", _scheme="https", _external=False)


# -- files


def test_static_files_are_served_with_their_conditions(tmp_path):
    """The automatic route answers GET, HEAD, ranges and If-None-Match, and nothing outside."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.txt").write_text("abcdef")
    (tmp_path / "secret.txt").write_text("secret")
    app = Flask("files", root_path=str(tmp_path))
    client = app.test_client()

    whole = client.get("/static/a.txt")
    part = client.get("/static/a.txt", headers={"Range": "bytes=1-3"})
    same = client.get("/static/a.txt", headers={"If-None-Match": whole.headers["ETag"]})
    head = client.head("/static/a.txt")
    outside = [
        client.get(path).status_code
        for path in (
            "/static/../secret.txt",
            "/static/%2e%2e/secret.txt",
            "/static/..%2fsecret.txt",
        )
    ]

    assert whole.text == "abcdef"
    assert (part.status_code, part.text) == (206, "bcd")
    assert (same.status_code, same.data) == (304, b"")
    assert (head.data, head.headers["Content-Length"]) == (b"", "6")
    assert outside == [404, 404, 404]


def test_resources_are_opened_below_the_root_and_the_instance_folder(tmp_path):
    """open_resource reads what came with the code, open_instance_resource what was added."""
    (tmp_path / "schema.sql").write_text("create table t")
    (tmp_path / "instance").mkdir()
    app = Flask("files", root_path=str(tmp_path), instance_path=str(tmp_path / "instance"))

    with app.open_resource("schema.sql", "r") as schema:
        text = schema.read()
    with app.open_instance_resource("note.txt", "w") as note:
        note.write("ü")

    assert text == "create table t"
    assert (tmp_path / "instance" / "note.txt").read_text(encoding="utf-8") == "ü"


# -- errors


def test_an_unhandled_error_is_logged_with_its_traceback(app, caplog):
    """The log has Flask's line and the traceback; the client sees neither."""
    app.add_url_rule("/fail", "fail", lambda: 1 // 0)

    response = app.test_client().get("/fail")

    assert response.status_code == 500
    assert "ZeroDivisionError" not in response.text
    (record,) = caplog.records
    assert record.getMessage() == "Exception on /fail [GET]"
    assert record.exc_info[0] is ZeroDivisionError


def test_the_shell_gets_the_app_and_what_processors_add(app):
    """make_shell_context has app, g and the processors' names."""
    app.shell_context_processor(lambda: {"answer": 42})

    with app.app_context():
        names = app.make_shell_context()
        assert names["app"] is current_app._get_current_object()

    assert names["answer"] == 42


def test_the_response_class_may_be_replaced(app):
    """Every response is of the app's class, also those made of a string."""

    class XMLResponse(Response):
        default_mimetype = "application/xml"

    app.response_class = XMLResponse
    app.add_url_rule("/", "index", lambda: "<a/>")

    assert app.test_client().get("/").mimetype == "application/xml"


def test_rule_can_be_taken_from_the_apps_module():
    """Flask's `flask.app` has it, by chance, and extensions' tests take it from there."""
    assert Rule is Flask.url_rule_class


# -- limits that change on the way


@pytest.mark.parametrize("color", ["sync", "async"])
def test_a_hook_may_raise_the_limit_of_a_body(app, color):
    """The body is still at the server then, and is received before the view."""
    app.config["MAX_CONTENT_LENGTH"] = 10

    def raise_limit():
        if request.path == "/large":
            request.max_content_length = 100

    async def raise_limit_async():
        raise_limit()

    async def size_async():
        return str(len(request.data))

    app.before_request(raise_limit if color == "sync" else raise_limit_async)
    view = size_async if color == "async" else (lambda: str(len(request.data)))
    app.add_url_rule("/small", "small", view, methods=["POST"])
    app.add_url_rule("/large", "large", view, methods=["POST"])
    client = app.test_client()

    small, large = client.post("/small", data=b"x" * 50), client.post("/large", data=b"x" * 50)

    assert small.status_code == 413
    assert (large.status_code, large.text) == (200, "50")
    assert client.post("/large", data=b"x" * 101).status_code == 413


def test_a_sync_view_may_raise_the_limit_of_a_body(app):
    """It waits for the body at first access."""
    app.config["MAX_CONTENT_LENGTH"] = 10

    @app.post("/")
    def index():
        request.max_content_length = None
        return request.form["a"]

    response = app.test_client().post("/", data={"a": "x" * 50})

    assert (response.status_code, response.text) == (200, "x" * 50)
