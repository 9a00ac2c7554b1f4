"""Middleware around an app: Starlette's classes, what is built on its base, and plain ASGI."""

from __future__ import annotations

import threading

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from asyncflask import Flask, g, request, session
from asyncflask.middleware.proxy_fix import ProxyFix

WAIT = 20  # seconds, for what happens at once unless something is wrong


class Marking:
    """Plain ASGI middleware that adds a header, and notes every scope."""

    def __init__(self, app, mark, *, seen=None):
        self.app, self.mark, self.seen = app, mark, [] if seen is None else seen

    async def __call__(self, scope, receive, send):
        async def send_marked(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-mark", self.mark.encode())]
            await send(message)

        self.seen.append((self.mark, scope["type"]))
        await self.app(scope, receive, send_marked)


class Timing(BaseHTTPMiddleware):
    """Middleware as Starlette's documentation writes it."""

    async def dispatch(self, request, call_next):
        request.state.user = "Ada"
        response = await call_next(request)
        response.headers["X-Path"] = request.url.path
        return response


@pytest.fixture
def app():
    app = Flask("host")
    app.secret_key = "a key"

    @app.get("/")
    def index():
        g.page = "index"
        session["visits"] = session.get("visits", 0) + 1
        return "index " * 200

    @app.get("/async")
    async def async_index():
        return f"async {session.get('visits')}"

    @app.post("/echo")
    def echo():
        return request.get_data()

    return app


class TestOrder:
    def test_the_last_added_is_outermost(self, app):
        """As in Starlette, the last one added meets a request first."""
        seen = []
        app.add_middleware(Marking, "inner", seen=seen)
        app.add_middleware(Marking, mark="outer", seen=seen)

        response = app.test_client().get("/")

        assert seen == [("outer", "http"), ("inner", "http")]
        assert response.headers.getlist("X-Mark") == ["inner", "outer"]

    def test_what_is_assigned_lies_outside(self, app):
        """`app.asgi_app = Wrap(app.asgi_app)` is around all that was and will be added."""
        seen = []
        app.add_middleware(Marking, "first", seen=seen)
        app.asgi_app = Marking(app.asgi_app, "assigned", seen=seen)
        app.wsgi_app = Marking(app.wsgi_app, "as wsgi_app", seen=seen)
        app.add_middleware(Marking, "last", seen=seen)

        app.test_client().get("/")

        assert [mark for mark, _ in seen] == ["as wsgi_app", "assigned", "last", "first"]

    def test_mounted_apps_are_inside(self, app):
        """Middleware is around what is mounted too."""
        app.mount("/star", Starlette())
        app.add_middleware(Marking, "all")

        response = app.test_client().get("/star/nothing")

        assert (response.status_code, response.headers["X-Mark"]) == (404, "all")

    def test_is_made_once(self, app):
        """The class is called with the first request, and once."""
        made = []

        class Counting(Marking):
            def __init__(self, app):
                made.append(self)
                super().__init__(app, "")

        app.add_middleware(Counting)
        client = app.test_client()

        assert made == []
        client.get("/")
        client.get("/")
        assert len(made) == 1

    def test_moves_the_root_path(self, app):
        """A prefix that a middleware finds is one for mounts too."""
        inner = Flask("inner")
        inner.add_url_rule("/", "here", lambda: request.root_path)
        app.mount("/inner", inner)
        app.add_middleware(ProxyFix, x_prefix=1)

        response = app.test_client().get("/inner/", headers={"X-Forwarded-Prefix": "/site"})

        assert response.text == "/site/inner"

    @pytest.mark.anyio
    async def test_websockets(self, app, exchange):
        """Middleware meets WebSockets, which a mounted app answers."""
        seen = []

        async def answering(scope, receive, send):
            await send({"type": "websocket.close", "code": 1000})

        app.mount("/chat", answering)
        app.add_middleware(Marking, "all", seen=seen)

        answer = await exchange(app, "/chat", type="websocket")

        assert seen == [("all", "websocket")]
        assert answer.messages == [{"type": "websocket.close", "code": 1000}]


class TestStarlettes:
    def test_cors(self, app):
        """Preflight requests are answered, and answers marked."""
        app.add_middleware(CORSMiddleware, allow_origins=["https://a.example"])
        client = app.test_client()
        asking = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}

        preflight = client.options("/", headers=asking)
        response = client.get("/", headers={"Origin": "https://a.example"})

        assert preflight.status_code == 200
        assert preflight.headers["Access-Control-Allow-Origin"] == "https://a.example"
        assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"

    def test_gzip(self, app):
        """A long answer is compressed, a session in it notwithstanding."""
        app.add_middleware(GZipMiddleware, minimum_size=100)
        client = app.test_client()

        response = client.get("/", headers={"Accept-Encoding": "gzip"})

        assert response.headers["Content-Encoding"] == "gzip"
        assert len(response.data) < 100
        assert client.get("/async").text == "async 1"

    def test_sessions(self, app):
        """Starlette's session is in the scope, and leaves ours alone."""
        app.add_middleware(SessionMiddleware, secret_key="another", session_cookie="other")

        @app.get("/other")
        def other():
            request.scope["session"]["name"] = "Ada"
            return ""

        @app.get("/both")
        async def both():
            return [request.scope["session"]["name"], session["visits"]]

        client = app.test_client()
        client.get("/")
        client.get("/other")

        assert client.get("/both").json == ["Ada", 1]

    def test_trusted_hosts(self, app):
        """Requests for other hosts end before the app."""
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["example.org"])
        client = app.test_client()

        good = client.get("/", headers={"Host": "example.org"})
        bad = client.get("/", headers={"Host": "evil.example"})

        assert (good.status_code, bad.status_code) == (200, 400)

    def test_https(self, app):
        """Plain requests are redirected."""
        app.add_middleware(HTTPSRedirectMiddleware)

        response = app.test_client().get("/async")

        assert response.location == "https://localhost/async"


class TestBaseHTTPMiddleware:
    """Starlette's base class runs the app in a task of its own and hands on what it sends."""

    @pytest.fixture
    def app(self, app):
        app.add_middleware(Timing)
        return app

    def test_views(self, app):
        """Sync and async views, bodies and sessions are as without it."""
        client = app.test_client()

        answers = [client.get("/"), client.post("/echo", data=b"x" * 100_000), client.get("/async")]

        assert [answer.headers["X-Path"] for answer in answers] == ["/", "/echo", "/async"]
        assert [len(answer.data) for answer in answers] == [1200, 100_000, 7]

    def test_what_it_keeps_for_views(self, app):
        """What it puts into the request's state is in the scope."""
        app.add_url_rule("/user", "user", lambda: request.scope["state"]["user"])

        assert app.test_client().get("/user").text == "Ada"

    def test_sync_views_run_in_the_tests_thread(self, app):
        """The test's own thread is the worker still."""
        threads = []
        app.add_url_rule("/thread", "thread", lambda: threads.append(threading.get_ident()) or "")

        app.test_client().get("/thread")

        assert threads == [threading.get_ident()]

    def test_the_kept_context(self, app):
        """After the request its context can be read in a `with client:` block."""
        with app.test_client() as client:
            client.get("/")

            assert (g.page, request.path, session["visits"]) == ("index", "/", 1)

    @pytest.mark.anyio
    async def test_the_async_clients_kept_context(self, app):
        """And in an `async with` block."""
        async with app.async_test_client() as client:
            await client.get("/")

            assert (g.page, request.path, session["visits"]) == ("index", "/", 1)

    def test_teardown(self, app):
        """Teardown functions run once, with the error where there is one."""
        ended = []
        app.teardown_request(lambda error: ended.append(type(error)))
        app.add_url_rule("/fail", "fail", lambda: 1 / 0)
        client = app.test_client()

        client.get("/")
        failed = client.get("/fail")

        assert failed.status_code == 500
        assert ended == [type(None), ZeroDivisionError]

    def test_errors_propagate(self, app):
        """In tests an error reaches the caller as it is."""
        app.testing = True
        app.add_url_rule("/fail", "fail", lambda: 1 / 0)

        with pytest.raises(ZeroDivisionError):
            app.test_client().get("/fail")

    @pytest.mark.parametrize("is_async", [True, False])
    def test_streams(self, app, is_async):
        """A stream comes piece by piece, with its context to the end."""
        order = []
        app.teardown_request(lambda error: order.append("teardown"))

        def pieces():
            for number in range(3):
                yield f"{request.path} {number} "
            order.append("end")

        async def async_pieces():
            for piece in pieces():
                yield piece

        app.add_url_rule("/stream", "stream", async_pieces if is_async else pieces)

        response = app.test_client().get("/stream")

        assert response.text == "/stream 0 /stream 1 /stream 2 "
        assert order == ["end", "teardown"]

    @pytest.mark.anyio
    async def test_a_client_that_leaves_a_stream(self, app):
        """The stream is closed, and teardown functions run, when the client goes."""
        ended, order = anyio.Event(), []
        app.teardown_request(lambda error: order.append("teardown"))

        @app.get("/endless")
        async def endless():
            async def pieces():
                try:
                    while True:
                        yield b"more"
                        await anyio.lowlevel.checkpoint()
                finally:
                    order.append("closed")
                    ended.set()

            return pieces()

        with anyio.fail_after(WAIT):
            async with app.async_test_client() as client:
                async with client.stream("GET", "/endless"):
                    pass
                await ended.wait()

        assert order == ["closed", "teardown"]

    @pytest.mark.anyio
    async def test_a_streamed_body(self, app):
        """A body that the view reads as it comes passes through."""

        @app.post("/upload", stream_body=True)
        async def upload():
            return str([len(chunk) async for chunk in request.stream])

        async def pieces():
            for size in (1, 10, 100):
                yield b"x" * size

        async with app.async_test_client() as client:
            response = await client.post("/upload", content=pieces())

        assert response.text == "[1, 10, 100]"


@pytest.mark.parametrize("path", ["/", "/async"])
def test_on_a_server(serve, app, path):
    """A whole pile of them works on real servers."""
    app.mount("/star", Starlette())
    app.add_middleware(GZipMiddleware)
    app.add_middleware(Timing)
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["example.org"])

    answer = serve(app, lifespan="on").ask(
        f"GET {path} HTTP/1.1", "Host: example.org", "Origin: https://a.example"
    )

    assert answer.status == 200
    assert answer.headers["X-Path"] == path
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("front", ["middleware", "none"])
def test_a_client_that_leaves_an_endless_stream(serve, front):
    """On real servers the stream of a client that has gone is closed."""
    app, closed = Flask("host"), threading.Event()
    if front == "middleware":
        app.add_middleware(Timing)
        app.add_middleware(GZipMiddleware)

    @app.get("/endless")
    def endless():
        def pieces():
            try:
                while True:
                    yield b"x" * 1000
            finally:
                closed.set()

        return pieces()

    with serve(app).connect() as connection:
        connection.send("GET /endless HTTP/1.1", "Host: example.org")
        connection.socket.recv(1000)
        connection.close()

    assert closed.wait(WAIT)
