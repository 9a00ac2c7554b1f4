"""WebSockets from the handshake to the close code, by the async test client on every loop."""

from __future__ import annotations

import anyio
import pytest

from asyncflask import (
    Flask,
    Request,
    WebSocket,
    abort,
    current_app,
    g,
    has_request_context,
    has_websocket_context,
    render_template_string,
    request,
    session,
    url_for,
    websocket,
)
from asyncflask.testing import WebSocketDenied
from asyncflask.views import View

pytestmark = pytest.mark.anyio


@pytest.fixture
def app():
    app = Flask("sockets")
    app.secret_key = "secret"
    return app


@pytest.fixture
def connect(app):
    """`connect(path, ...)` opens a WebSocket of the app."""

    def connect(path="/ws", **options):
        return app.async_test_client().websocket_connect(path, **options)

    return connect


async def denial(connect, path="/ws", **options):
    """The response that denies a handshake."""
    with pytest.raises(WebSocketDenied) as denied:
        async with connect(path, **options):
            pass
    return denied.value.response


class TestMessages:
    async def test_async_view_iterates(self, app, connect):
        """The loop gives text and bytes, and sends them as they are."""

        @app.websocket("/ws/<int:room>")
        async def ws(room):
            async for message in websocket:
                await websocket.send(message)
                await websocket.send(f"{room}")

        async with connect("/ws/7") as connection:
            await connection.send("text")
            await connection.send(b"bytes")
            received = [await connection.receive() for _ in range(4)]

        assert received == ["text", "7", b"bytes", "7"]

    async def test_sync_view_iterates(self, app, connect):
        """The same names block in a sync view, and a plain `for` gives the messages."""

        @app.websocket("/ws/<int:room>")
        def ws(room):
            for message in websocket:
                websocket.send(message)
                websocket.send(f"{room}")

        async with connect("/ws/7") as connection:
            await connection.send("text")
            await connection.send(b"bytes")
            received = [await connection.receive() for _ in range(4)]

        assert received == ["text", "7", b"bytes", "7"]

    async def test_json_in_both_colours(self, app, connect):
        """`receive_json` and `send_json` use the app's provider."""

        @app.websocket("/async")
        async def ws():
            await websocket.send_json(got=await websocket.receive_json())

        @app.websocket("/sync")
        def ws_sync():
            websocket.send_json(websocket.receive_json(), 2)

        received = []
        for path in ("/async", "/sync"):
            async with connect(path) as connection:
                await connection.send_json({"a": [1]})
                received.append(await connection.receive_json())

        assert received == [{"got": {"a": [1]}}, [{"a": [1]}, 2]]

    async def test_plain_for_in_async_code_is_refused(self, app, connect):
        """It would block the event loop; the error names `async for`."""
        app.testing = True

        @app.websocket("/ws")
        async def ws():
            for _ in websocket:
                pass

        with pytest.raises(RuntimeError, match="async for"):
            async with connect():
                pass

    async def test_whole_view_has_one_context(self, app, connect):
        """`g`, `current_app` and the proxies are there between messages."""

        @app.websocket("/ws")
        async def ws():
            g.count = 0
            async for _ in websocket:
                g.count += 1
                await websocket.send(f"{current_app.name} {g.count}")

        async with connect() as connection:
            await connection.send("x")
            await connection.receive()
            await connection.send("x")
            received = await connection.receive()

        assert received == "sockets 2"


class TestHandshake:
    async def test_subprotocol_and_headers(self, app, connect):
        """`accept` chooses one of the offered subprotocols and sends headers along."""

        @app.websocket("/ws")
        async def ws():
            chosen = websocket.requested_subprotocols[-1]
            await websocket.accept(subprotocol=chosen, headers={"X-A": "1"})

        async with connect(subprotocols=["a", "b"]) as connection:
            answer = connection.accepted_subprotocol, connection.headers["X-A"]

        assert answer == ("b", "1")

    async def test_subprotocol_that_nobody_asked_for(self, app, connect):
        """It is a mistake that names what was asked for."""
        app.testing = True

        @app.websocket("/ws")
        async def ws():
            await websocket.accept(subprotocol="x")

        with pytest.raises(ValueError, match="the client asked for 'a'"):
            async with connect(subprotocols=["a"]):
                pass

    async def test_line_break_in_a_header(self, app, connect):
        """It is a mistake, before anything is sent."""
        app.testing = True

        @app.websocket("/ws")
        async def ws():
            await websocket.accept(headers=[("X-A", "1\r\nX-B: 2")])

        with pytest.raises(ValueError):
            async with connect():
                pass

    async def test_session_is_saved_at_the_handshake(self, app, connect):
        """What was changed before comes with the answer, and with the next handshake."""
        client = app.async_test_client()

        @app.websocket("/ws")
        async def ws():
            session["count"] = session.get("count", 0) + 1
            await websocket.send(str(session["count"]))

        received = []
        for _ in range(2):
            async with client.websocket_connect("/ws") as connection:
                received.append(await connection.receive())

        assert received == ["1", "2"]

    async def test_session_changed_too_late(self, app, connect, caplog):
        """It is lost, which is logged once for each endpoint."""

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()
            session["count"] = 1

        for _ in range(2):
            async with connect():
                pass

        assert caplog.text.count("after its handshake, and is lost") == 1

    async def test_pipelines_stay_compiled(self, app, connect):
        """A WebSocket leaves what was compiled for the app's endpoints as it is."""

        @app.websocket("/ws")
        async def ws():
            await websocket.accept()

        async with connect():
            before = dict(app._compiled)
        async with connect():
            after = dict(app._compiled)

        assert before
        assert all(after[key] is before[key] for key in before)

    async def test_class_of_the_app(self, app, connect):
        """`websocket_class` is what the proxy shows."""

        class Own(WebSocket):
            def shout(self):
                return self.send(self.path.upper())

        app.websocket_class = Own

        @app.websocket("/ws")
        async def ws():
            await websocket.shout()

        async with connect() as connection:
            received = await connection.receive()

        assert received == "/WS"

    async def test_view_class(self, app, connect):
        """The view function of a `View` serves WebSockets too."""

        class Greeting(View):
            async def dispatch_request(self, name):
                await websocket.send(f"Hello, {name}")

        app.add_websocket("/ws/<name>", view_func=Greeting.as_view("greeting"))

        async with connect("/ws/Ada") as connection:
            received = await connection.receive()

        assert received == "Hello, Ada"


class TestRouting:
    async def test_one_path_for_both(self, app, connect):
        """A route for HTTP and a WebSocket share a path."""
        app.add_url_rule("/live", "page", lambda: "page")

        @app.websocket("/live")
        async def live():
            await websocket.send("live")

        page = await app.async_test_client().get("/live")
        async with connect("/live") as connection:
            received = await connection.receive()

        assert [page.text, received] == ["page", "live"]

    async def test_pipelines_are_compiled_once(self, app, connect):
        """The second handshake, and requests after it, find what the first has compiled."""
        app.websocket("/ws")(lambda: websocket.send("x"))

        async with connect() as connection:
            await connection.receive()
        compiled = dict(app._compiled)
        async with connect() as connection:
            await connection.receive()

        assert compiled
        assert app._compiled == compiled

    async def test_unknown_path(self, connect):
        """It is denied with 404."""
        assert (await denial(connect, "/nowhere")).status_code == 404

    async def test_path_of_the_other_protocol(self, app, connect):
        """It is a 400, both ways, as in Werkzeug's routing."""
        app.add_url_rule("/page", "page", lambda: "page")
        app.websocket("/ws")(lambda: None)

        statuses = [
            (await denial(connect, "/page")).status_code,
            (await app.async_test_client().get("/ws")).status_code,
        ]

        assert statuses == [400, 400]

    async def test_error_handlers_answer(self, app, connect):
        """The 404 of a handshake is the one of the app's handler."""
        app.register_error_handler(404, lambda error: ("lost", 404, {"X-A": "1"}))

        response = await denial(connect, "/nowhere")

        assert (response.text, response.headers["X-A"]) == ("lost", "1")

    async def test_untrusted_host(self, app, connect):
        """TRUSTED_HOSTS holds for handshakes."""
        app.config["TRUSTED_HOSTS"] = ["example.org"]
        app.websocket("/ws")(lambda: None)

        assert (await denial(connect)).status_code == 400

    async def test_missing_slash_is_a_redirect(self, app, connect):
        """The denial says where to connect to."""
        app.websocket("/ws/")(lambda: None)

        response = await denial(connect, "/ws")

        assert (response.status_code, response.headers["Location"]) == (308, "ws://localhost/ws/")

    async def test_urls_from_within(self, app, connect):
        """url_for gives paths of views, and whole addresses of WebSockets."""
        app.add_url_rule("/page", "page", lambda: "page")

        @app.websocket("/ws/<int:room>")
        async def ws(room):
            await websocket.send_json(
                [url_for("page"), url_for("page", _external=True), url_for("ws", room=8)]
            )

        async with connect("https://example.org/ws/7") as connection:
            urls = await connection.receive_json()

        assert urls == ["/page", "https://example.org/page", "wss://example.org/ws/8"]

    async def test_urls_from_elsewhere(self, app):
        """A request, and an app with SERVER_NAME, give the address too."""
        app.add_websocket("/ws", "ws", lambda: None)
        with app.test_request_context("/", base_url="https://shop.example"):
            inside = url_for("ws")
        app.config["SERVER_NAME"] = "example.org"
        with app.app_context():
            outside = url_for("ws")

        assert [inside, outside] == ["wss://shop.example/ws", "ws://example.org/ws"]

    async def test_subdomains(self, app, connect):
        """They are matched as those of requests are."""
        app.subdomain_matching = True
        app.config["SERVER_NAME"] = "example.org"

        @app.websocket("/ws", subdomain="<name>")
        async def ws(name):
            await websocket.send(f"{name} {url_for('ws', name='us')}")

        async with connect("http://eu.example.org/ws") as connection:
            received = await connection.receive()

        assert received == "eu ws://us.example.org/ws"

    async def test_hosts(self):
        """So are whole hosts."""
        app = Flask("hosts", host_matching=True, static_folder=None)

        @app.websocket("/ws", host="a.example")
        async def ws():
            await websocket.send("a")

        client = app.async_test_client()
        async with client.websocket_connect("http://a.example/ws") as connection:
            received = await connection.receive()
        with pytest.raises(WebSocketDenied) as denied:
            async with client.websocket_connect("http://b.example/ws"):
                pass

        assert (received, denied.value.status_code) == ("a", 404)

    async def test_defaults_and_converters(self, app, connect):
        """Two rules of one endpoint share its view."""

        @app.websocket("/ws/<int(min=1):page>")
        @app.websocket("/ws", defaults={"page": 0})
        async def ws(page):
            await websocket.send(str(page))

        received = []
        for path in ("/ws", "/ws/7"):
            async with connect(path) as connection:
                received.append(await connection.receive())

        assert received == ["0", "7"]

    async def test_methods_are_refused(self, app):
        """A handshake is always a GET request."""
        with pytest.raises(TypeError, match="methods"):
            app.websocket("/ws", methods=["POST"])(lambda: None)


class TestDenial:
    async def test_abort(self, app, connect):
        """The error's page is the response."""

        @app.websocket("/ws")
        async def ws():
            abort(403, "Not you.")

        response = await denial(connect)

        assert response.status_code == 403
        assert "Not you." in response.text

    async def test_value_of_the_view(self, app, connect):
        """What a view returns before accepting is a response."""
        app.websocket("/ws")(lambda: ({"error": "full"}, 503, {"Retry-After": "5"}))

        response = await denial(connect)

        assert (response.status_code, response.json()) == (503, {"error": "full"})
        assert response.headers["Retry-After"] == "5"

    async def test_streamed_value(self, app, connect):
        """The response may be a stream, whose context lives as long as it does."""
        ended = []
        app.teardown_websocket(lambda exc: ended.append("teardown"))

        @app.websocket("/ws")
        async def ws():
            async def parts():
                yield "a"
                yield websocket.path
                ended.append("stream")

            return parts(), 503

        response = await denial(connect)

        assert (response.text, ended) == ("a/ws", ["stream", "teardown"])

    async def test_view_that_does_nothing(self, app, connect):
        """It has not accepted, so it denies."""
        app.websocket("/ws")(lambda: None)

        assert (await denial(connect)).status_code == 403

    async def test_close_before_accepting(self, app, connect):
        """It denies as well."""

        @app.websocket("/ws")
        async def ws():
            await websocket.close()

        assert (await denial(connect)).status_code == 403

    async def test_unhandled_error(self, app, connect, caplog):
        """It is a 500, logged with its path."""

        @app.websocket("/ws")
        async def ws():
            raise KeyError("broken")

        response = await denial(connect)

        assert response.status_code == 500
        assert "Exception on /ws [WEBSOCKET]" in caplog.text

    async def test_server_without_denial_responses(self, app):
        """The handshake is closed, which the server answers with 403."""
        app.websocket("/ws")(lambda: "no")
        sent = []
        to_receive = [{"type": "websocket.connect"}]

        async def receive():
            return to_receive.pop() if to_receive else await anyio.sleep_forever()

        async def send(message):
            sent.append(message["type"])

        scope = {"type": "websocket", "path": "/ws", "headers": [], "query_string": b""}
        await app(scope, receive, send)

        assert sent == ["websocket.close"]

    async def test_session_of_a_denial(self, app, connect):
        """It is saved with the response."""

        @app.websocket("/ws")
        async def ws():
            session["a"] = 1
            return "no", 403

        response = await denial(connect)

        assert "session=" in response.headers["Set-Cookie"]


class TestProxies:
    async def test_request_in_a_websocket(self, app, connect):
        """The error says to use `websocket`; `session` and templates work."""

        @app.websocket("/ws")
        async def ws():
            with pytest.raises(RuntimeError, match="Use `websocket` in place of"):
                _ = request.path
            page = render_template_string("{{ websocket.path }} {{ session['a'] }}", session={})
            await websocket.send(page)
            await websocket.send_json([has_request_context(), has_websocket_context()])

        async with connect() as connection:
            received = [await connection.receive(), await connection.receive_json()]

        assert received == ["/ws ", [False, True]]

    async def test_websocket_in_a_request(self, app):
        """The error says to use `request`."""
        with app.test_request_context("/"):
            with pytest.raises(RuntimeError, match="Use `request` in place of"):
                _ = websocket.path
            contexts = has_request_context(), has_websocket_context()

        assert contexts == (True, False)

    async def test_context_of_an_app_within(self, app, connect):
        """The WebSocket stays visible in it."""

        @app.websocket("/ws")
        async def ws():
            async with app.app_context():
                await websocket.send(f"{websocket.path} {has_websocket_context()}")

        async with connect() as connection:
            received = await connection.receive()

        assert received == "/ws True"

    async def test_websocket_outside(self, app):
        """The error names where there is one."""
        with app.app_context(), pytest.raises(RuntimeError, match=r"@app\.websocket"):
            _ = websocket.path

    async def test_request_and_websocket_are_apart(self):
        """Neither is the other."""
        assert not issubclass(WebSocket, Request)
