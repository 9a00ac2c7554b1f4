"""The WebSocket by itself, made of nothing but a scope."""

from __future__ import annotations

import json
from inspect import isawaitable
from types import SimpleNamespace

import pytest

from asyncflask import Flask, WebSocket, bridge, websocket
from asyncflask.json.provider import DefaultJSONProvider
from asyncflask.routing import Rule
from asyncflask.testing import WebSocketClosed
from asyncflask.wrappers.websocket import InvalidMessage


def make(path="/ws", headers=(), **changes):
    scope = {
        "type": "websocket",
        "path": path,
        "root_path": "",
        "query_string": b"a=1&b=2",
        "headers": [(b"host", b"example.org"), *headers],
        "client": ("192.0.2.1", 5000),
    }
    return WebSocket(scope | changes)


class TestHandshake:
    @pytest.mark.parametrize("scheme", ["ws", "wss"])
    def test_url(self, scheme):
        """Its parts are a request's, with a scheme of its own."""
        socket = make("/app/ws", scheme=scheme, root_path="/app")

        assert socket.url == f"{scheme}://example.org/app/ws?a=1&b=2"
        assert (socket.path, socket.root_path, socket.host) == ("/ws", "/app", "example.org")
        assert (socket.args["b"], socket.is_secure) == ("2", scheme == "wss")

    def test_scheme_that_is_not_said(self):
        """SPEC: it is ws."""
        assert make().scheme == "ws"

    def test_headers(self):
        """They are read as a request's are."""
        socket = make(
            headers=[
                (b"origin", b"https://example.org"),
                (b"cookie", b"a=1; b=2"),
                (b"x-forwarded-for", b"198.51.100.1, 192.0.2.1"),
            ]
        )

        assert socket.origin == socket.headers["Origin"] == "https://example.org"
        assert dict(socket.cookies) == {"a": "1", "b": "2"}
        assert socket.remote_addr == "192.0.2.1"
        assert socket.access_route == ["198.51.100.1", "192.0.2.1"]

    def test_subprotocols(self):
        """Those of the scope, in a list of the caller's own."""
        offered = ["a", "b"]
        socket = make(subprotocols=offered)

        socket.requested_subprotocols.clear()

        assert socket.requested_subprotocols == ["a", "b"]
        assert make().requested_subprotocols == []

    def test_what_routing_has_found(self):
        """The endpoint and its blueprints come from the rule."""
        socket = make()
        socket.url_rule = Rule("/ws", endpoint="a.b.view", websocket=True)

        assert (socket.endpoint, socket.blueprint) == ("a.b.view", "a.b")
        assert socket.blueprints == ["a.b", "a"]
        assert (make().endpoint, make().blueprint, make().blueprints) == (None, None, [])

    def test_repr(self):
        """It shows the URL, or that there is none."""
        assert repr(make()) == "<WebSocket 'ws://example.org/ws?a=1&b=2'>"
        assert "invalid URL" in repr(WebSocket({"path": "/", "headers": [(b"host", b"a b")]}))

    def test_untrusted_host(self):
        """TRUSTED_HOSTS of its app counts, unless it has its own."""
        socket = make()
        socket._app = SimpleNamespace(config={"TRUSTED_HOSTS": ["example.com"]})

        with pytest.raises(Exception, match="not trusted"):
            _ = socket.host

        socket.trusted_hosts = ["example.org"]
        assert socket.host == "example.org"


class TestWithoutConnection:
    @pytest.mark.parametrize("method", ["accept", "receive", "receive_json", "close"])
    def test_messages_explain(self, method):
        """A scope alone can neither be sent to nor received from."""
        with pytest.raises(RuntimeError, match="made of its scope alone"):
            getattr(make(), method)()

    def test_other_attributes(self):
        """What is missing is missing as ever."""
        with pytest.raises(AttributeError, match="'WebSocket' object has no attribute 'nothing'"):
            _ = make().nothing
        assert not hasattr(make(), "form")


@pytest.fixture
def app():
    app = Flask("messages")
    app.testing = True
    return app


@pytest.fixture
def talk(app):
    """Run a view, sync or async, on some messages; what it sends."""

    def talk(view, *messages):
        app.add_websocket("/ws", "ws", view)
        with app.test_client().websocket_connect("/ws") as connection:
            for message in messages:
                connection.send(message)
            return list(connection)

    return talk


class TestJSON:
    @pytest.mark.parametrize(
        ("args", "kwargs", "text"),
        [
            ((1,), {}, "1"),
            ((1, 2), {}, "[1, 2]"),
            ((), {"a": 1}, '{"a": 1}'),
            (({"a": 1},), {}, '{"a": 1}'),
            ((), {}, "null"),
            ((None,), {}, "null"),
        ],
    )
    def test_sending(self, talk, args, kwargs, text):
        """It takes what jsonify takes."""
        assert talk(lambda: websocket.send_json(*args, **kwargs)) == [text]

    def test_values_and_keywords(self, talk):
        """They cannot be told apart in JSON."""
        with pytest.raises(TypeError, match="either values or keywords"):
            talk(lambda: websocket.send_json(1, a=2))

    def test_provider_of_the_app(self, app, talk):
        """It writes and reads."""

        class Provider(DefaultJSONProvider):
            def dumps(self, obj, **kwargs):
                return f"written {super().dumps(obj, **kwargs)}"

            def loads(self, s, **kwargs):
                return f"read {s}"

        app.json = Provider(app)

        assert talk(lambda: websocket.send_json(websocket.receive_json()), "x") == [
            'written "read x"'
        ]

    def test_module_of_the_class(self, app, talk):
        """`json_module` comes before the app's provider."""

        class Own(WebSocket):
            json_module = json

        app.websocket_class = Own

        assert talk(lambda: websocket.send_json({"b": 1, "a": 2})) == ['{"b": 1, "a": 2}']

    def test_bytes(self, talk):
        """A binary message may be JSON too."""
        assert talk(lambda: websocket.send_json(websocket.receive_json()), b"[1]") == ["[1]"]

    @pytest.mark.parametrize("message", ["{", b"\xff", "[" * 100_000, ""])
    def test_invalid(self, talk, message):
        """The error can be caught, and leaves the WebSocket open."""

        async def view():
            try:
                await websocket.receive_json()
            except InvalidMessage as error:
                await websocket.send(error.name)

        assert talk(view, message) == ["Bad Request"]

    def test_unhandled(self, app):
        """It closes with 1007, also where errors propagate."""
        app.add_websocket("/ws", "ws", lambda: websocket.receive_json())

        with app.test_client().websocket_connect("/ws") as connection:
            connection.send("{")
            with pytest.raises(WebSocketClosed) as closed:
                connection.receive()

        assert closed.value.code == 1007


class TestColours:
    def test_awaitables_in_async_code_only(self, talk):
        """A sync view gets results, an async one awaitables of them."""
        kinds = []

        def ask():
            received = websocket.receive()
            kinds.append(isawaitable(received))
            return received

        async def view():
            await ask()
            await bridge.run_in_worker(ask)

        talk(view, "x", "y")

        assert kinds == [True, False]

    def test_async_code_in_a_sync_view(self, app, talk):
        """What ensure_sync runs on the event loop awaits as async code does."""

        async def echo():
            await websocket.send(await websocket.receive())

        assert talk(lambda: app.ensure_sync(echo)(), "x") == ["x"]
