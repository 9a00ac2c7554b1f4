"""WSGI applications below a path: what they see, and what happens when the client leaves."""

from __future__ import annotations

import sys
import threading

import anyio
import flask
import pytest

from asyncflask import Flask, session

pytestmark = pytest.mark.anyio

WAIT = 20  # seconds, for what happens at once unless something is wrong

on_asyncio = pytest.mark.parametrize(
    "anyio_backend",
    [("asyncio", {"use_uvloop": False}), ("asyncio", {"use_uvloop": True})],
    ids=["asyncio", "uvloop"],
)


def mounting(wsgi_app, **config):
    app = Flask("host")
    app.config.update(config)
    app.mount("/old", wsgi_app)
    return app


def plain(body):
    """A WSGI application with this body."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return body(environ) if callable(body) else body

    return app


def body_of(*chunks, then=None):
    """A `receive` that gives a body in pieces, and then what `then` gives or the disconnect."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if then is None:
        messages[-1]["more_body"] = False

    async def receive():
        if messages:
            return messages.pop(0)
        return await (then or anyio.sleep_forever)()

    return receive


async def disconnect():
    return {"type": "http.disconnect"}


class Body:
    """A response body that notes when it is closed."""

    def __init__(self, chunks):
        self.closed = threading.Event()
        self._chunks = iter(chunks)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._chunks)

    def close(self):
        self.closed.set()


@on_asyncio
class TestEnviron:
    @pytest.mark.parametrize(
        ("path", "script_name", "path_info"),
        [
            ("/old", "/old", ""),
            ("/old/", "/old", "/"),
            ("/old/a b", "/old", "/a b"),
            ("/old/ü", "/old", "/ü"),
            ("/old/old/a", "/old", "/old/a"),
        ],
    )
    @pytest.mark.parametrize("root_path", ["", "/site", "/sité"])
    async def test_paths(self, exchange, monkeypatch, root_path, path, script_name, path_info):
        """SCRIPT_NAME is the mount, PATH_INFO the rest, whatever the environment says."""
        monkeypatch.setenv("SCRIPT_NAME", "/elsewhere")
        app = mounting(plain(lambda e: [f"{e['SCRIPT_NAME']} {e['PATH_INFO']}".encode("latin-1")]))

        answer = await exchange(app, root_path + path, root_path=root_path)

        assert answer.body.decode() == f"{root_path}{script_name} {path_info}"

    async def test_query(self, exchange):
        """The query is handed on as it is, even where its bytes are no ASCII."""
        app = mounting(plain(lambda environ: [environ["QUERY_STRING"].encode("latin-1")]))

        answer = await exchange(app, "/old", query_string=b"a=%20&b=\xff")

        assert answer.body == b"a=%20&b=\xff"

    async def test_cookies_in_several_fields(self, exchange):
        """The cookies of HTTP/2 are joined as cookies are."""
        old = flask.Flask("old")
        old.add_url_rule("/", "all", lambda: dict(flask.request.cookies))
        app = mounting(old)

        async def as_http_2(scope, receive, send):
            headers = [(b"cookie", b"a=1"), (b"cookie", b"b=2")]
            await app({**scope, "headers": headers}, receive, send)

        answer = await exchange(as_http_2, "/old/")

        assert answer.body == b'{"a":"1","b":"2"}\n'

    async def test_names_with_underscores(self, exchange):
        """A header that would pass for the one that a proxy has checked is left out."""
        app = mounting(plain(lambda environ: [environ["HTTP_X_FORWARDED_FOR"].encode()]))
        headers = {"X-Forwarded-For": "10.0.0.1", "X_Forwarded_For": "1.2.3.4"}

        answer = await exchange(app, "/old", headers=headers)

        assert answer.body == b"10.0.0.1"

    async def test_the_applications_scope(self, exchange):
        """The scope in the environ is the request's, and holds nothing of ours."""
        seen = []
        app = mounting(plain(lambda environ: seen.append(environ["asgi.scope"]) or [b""]))

        await exchange(app, "/old/a")

        assert seen[0]["path"] == "/old/a"
        assert not [key for key in seen[0] if key.startswith("asyncflask")]


@on_asyncio
class TestRequestBody:
    @pytest.fixture
    def app(self):
        old = flask.Flask("old")

        @old.post("/size")
        def size():
            return str(len(flask.request.get_data()))

        return mounting(old)

    async def test_big_upload(self, app, exchange):
        """A body of 20 MB, beyond the host's own limit, comes whole."""
        chunks = [b"x" * 65536] * 320
        headers = {"Content-Length": str(320 * 65536)}

        answer = await exchange(
            app, "/old/size", method="POST", headers=headers, receive=body_of(*chunks)
        )

        assert answer.body == b"20971520"

    async def test_body_of_unknown_length(self, app, exchange):
        """A chunked body is read to its end."""
        headers = {"Transfer-Encoding": "chunked"}

        answer = await exchange(
            app, "/old/size", method="POST", headers=headers, receive=body_of(b"abc", b"de")
        )

        assert answer.body == b"5"

    @pytest.mark.parametrize(
        "headers", [{"Content-Length": "100"}, {"Transfer-Encoding": "chunked"}]
    )
    async def test_client_leaves_while_it_uploads(self, exchange, headers):
        """What has come so far is not taken for the whole body."""
        errors = []

        def reading(environ):
            try:
                environ["wsgi.input"].read()
            except OSError as exc:
                errors.append(exc)
                raise
            return [b"complete"]

        answer = await exchange(
            mounting(plain(reading)),
            "/old/size",
            method="POST",
            headers=headers,
            receive=body_of(b"abc", then=disconnect),
        )

        assert "has left" in str(errors[0])
        assert answer.messages == []

    async def test_client_stops_sending(self, exchange):
        """A thread waits for no client longer than BODY_TIMEOUT."""

        def reading(environ):
            with pytest.raises(ConnectionResetError, match="stopped sending"):
                environ["wsgi.input"].read()
            return [b"gave up"]

        answer = await exchange(
            mounting(plain(reading), BODY_TIMEOUT=0.01),
            "/old/size",
            method="POST",
            headers={"Content-Length": "100"},
            receive=body_of(b"abc", then=anyio.sleep_forever),
        )

        assert answer.body == b"gave up"


@on_asyncio
class TestResponseBody:
    async def test_is_streamed(self, exchange):
        """Each piece is sent before the next one is made."""
        was_sent = threading.Event()

        def pieces():
            yield b"first"
            assert was_sent.wait(WAIT)
            yield b"second"

        async def send(message):
            if message.get("body") == b"first":
                was_sent.set()

        answer = await exchange(mounting(plain(pieces())), "/old", send=send)

        assert answer.body == b"firstsecond"

    async def test_is_closed(self, exchange):
        """A body that was read to its end is closed."""
        body = Body([b"a", b"b"])

        answer = await exchange(mounting(plain(body)), "/old")

        assert (answer.body, body.closed.is_set()) == (b"ab", True)

    async def test_client_leaves(self, exchange):
        """A body without an end is closed once the client has gone, though send() says nothing."""
        body, has_begun = Body(iter(lambda: b"more", None)), anyio.Event()

        async def receive():
            await has_begun.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            has_begun.set()

        with anyio.fail_after(WAIT):
            await exchange(mounting(plain(body)), "/old", receive=receive, send=send)

        assert body.closed.is_set()

    async def test_client_leaves_behind_an_unread_body(self, exchange):
        """A body that nobody reads hides for no longer than BODY_TIMEOUT that the client left."""
        body = Body(iter(lambda: b"more", None))
        unread = body_of(b"x" * 1_000_000, b"y", then=disconnect)

        with anyio.fail_after(WAIT):
            await exchange(
                mounting(plain(body), BODY_TIMEOUT=0.01),
                "/old",
                method="POST",
                headers={"Content-Length": "2000000"},
                receive=unread,
            )

        assert body.closed.is_set()

    async def test_send_tells_of_the_disconnect(self, exchange):
        """An OSError of send() ends the body too, and is no error of the application's."""
        body = Body(iter(lambda: b"more", None))

        async def send(message):
            raise OSError("gone")

        with anyio.fail_after(WAIT):
            await exchange(mounting(plain(body)), "/old", send=send)

        assert body.closed.is_set()

    async def test_send_fails(self, exchange):
        """Another error of send() ends the body and reaches the server."""
        body = Body(iter(lambda: b"more", None))

        async def send(message):
            raise LookupError("too much data")

        with anyio.fail_after(WAIT), pytest.raises(LookupError, match="too much data"):
            await exchange(mounting(plain(body)), "/old", send=send)

        assert body.closed.is_set()

    async def test_server_stops(self, exchange):
        """A body without an end is cut STREAM_SHUTDOWN_TIMEOUT seconds after the server's stop."""
        body = Body(iter(lambda: b"more", None))
        app = mounting(plain(body), STREAM_SHUTDOWN_TIMEOUT=0)

        async def send(message):
            app.shutdown_event.set()

        with anyio.fail_after(WAIT):
            await exchange(app, "/old", send=send)

        assert body.closed.is_set()

    async def test_request_is_cancelled(self, exchange):
        """A cancelled request ends its body, also while send() waits for the client."""
        body = Body(iter(lambda: b"more", None))
        app = mounting(plain(body))

        with anyio.fail_after(WAIT):
            async with anyio.create_task_group() as tasks:

                async def send(message):
                    tasks.cancel_scope.cancel()
                    await anyio.sleep_forever()

                async def ask():
                    await exchange(app, "/old", send=send)

                tasks.start_soon(ask)

        assert body.closed.is_set()


@on_asyncio
class TestErrors:
    async def test_before_the_first_piece(self, exchange):
        """Nothing was sent, so that the server can answer with 500."""
        sent = []

        def failing():
            raise ZeroDivisionError("mine")
            yield

        async def send(message):
            sent.append(message)

        with pytest.raises(ZeroDivisionError, match="mine"):
            await exchange(mounting(plain(failing())), "/old", send=send)

        assert sent == []

    async def test_in_the_body(self, exchange):
        """An error after the start is the server's to deal with."""
        sent = []

        def failing():
            yield b"first"
            raise ZeroDivisionError("mine")

        async def send(message):
            sent.append(message["type"])

        with pytest.raises(ZeroDivisionError, match="mine"):
            await exchange(mounting(plain(failing())), "/old", send=send)

        assert sent == ["http.response.start", "http.response.body"]

    async def test_flasks_own_page(self, exchange, caplog):
        """Flask answers its errors itself, and logs them."""
        old = flask.Flask("old")
        old.add_url_rule("/", "fail", lambda: 1 / 0)

        answer = await exchange(mounting(old), "/old/")

        assert answer.status == 500
        assert "ZeroDivisionError" in caplog.text

    async def test_log(self, exchange):
        """What an application logs to its server goes to stderr."""
        app = mounting(plain(lambda environ: [str(environ["wsgi.errors"] is sys.stderr).encode()]))

        assert (await exchange(app, "/old")).body == b"True"


@on_asyncio
async def test_threads(exchange):
    """THREADPOOL_SIZE requests run at once, and the others wait for them."""
    running, together = threading.Semaphore(2), threading.Barrier(2, timeout=WAIT)

    def at_once(environ):
        assert running.acquire(blocking=False)
        together.wait()
        running.release()
        return [b"two at once"]

    app, bodies = mounting(plain(at_once), THREADPOOL_SIZE=2), []

    async def ask():
        bodies.append((await exchange(app, "/old")).body)

    async with anyio.create_task_group() as tasks:
        for _ in range(6):
            tasks.start_soon(ask)

    assert bodies == [b"two at once"] * 6


@on_asyncio
async def test_flask_and_asyncflask_share_sessions(exchange):
    """With one secret key, each of them reads and changes what the other wrote."""
    old = flask.Flask("old")
    app = mounting(old, SECRET_KEY="a key")
    old.secret_key = "a key"

    @old.get("/login")
    def login():
        flask.session["name"] = "Ada"
        return ""

    @app.get("/rename")
    async def rename():
        session["name"] += " Lovelace"
        return ""

    @old.get("/name")
    def name():
        return flask.session["name"]

    cookie = None
    for path in ("/old/login", "/rename", "/old/name"):
        answer = await exchange(app, path, headers={"Cookie": cookie} if cookie else {})
        cookie = answer.headers.get("set-cookie", "").partition(";")[0]

    assert answer.body == b"Ada Lovelace"


@on_asyncio
async def test_urls(exchange):
    """Flask builds its URLs and redirects below the path."""
    old = flask.Flask("old")

    @old.get("/here/")
    def here():
        return [flask.request.url, flask.url_for("here"), flask.url_for("here", _external=True)]

    headers = {"Host": "example.org"}
    answer = await exchange(mounting(old), "/old/here/", headers=headers)
    slash = await exchange(mounting(old), "/old/here", headers=headers)

    url = "http://example.org/old/here/"
    assert answer.body.decode() == f'["{url}","/old/here/","{url}"]\n'
    assert slash.headers["location"] == url


@on_asyncio
async def test_websockets_are_refused(exchange):
    """WSGI knows none."""

    async def receive():
        return {"type": "websocket.connect"}

    answer = await exchange(mounting(plain([])), "/old", type="websocket", receive=receive)

    assert [message["type"] for message in answer.messages] == ["websocket.close"]


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_trio(exchange):
    """What runs WSGI applications knows no trio, and the error says what to do."""
    with pytest.raises(RuntimeError, match="Serve it on asyncio or uvloop"):
        await exchange(mounting(plain([])), "/old")
