"""WebSockets over a real server, by the client of the `websockets` package and by raw sockets."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager

import anyio
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as open_websocket

from asyncflask import Flask, WebSocketDisconnected, abort, session, websocket

HANDSHAKE = (
    "GET {} HTTP/1.1",
    "Host: localhost",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)


class Counter:
    """Counts, and lets a test wait for a number."""

    def __init__(self):
        self.count = 0
        self._has_changed = threading.Condition()

    def add(self, *_):
        with self._has_changed:
            self.count += 1
            self._has_changed.notify_all()

    def wait(self, count):
        with self._has_changed:
            assert self._has_changed.wait_for(lambda: self.count >= count, 20), self.count


def make_app():
    app = Flask("server")
    app.secret_key = "secret"
    app.opened, app.torn_down = Counter(), Counter()
    app.before_websocket(app.opened.add)
    app.teardown_websocket(app.torn_down.add)
    app.register_error_handler(404, lambda error: ({"error": "not here"}, 404, {"X-A": "1"}))
    add_talking(app)
    add_ending(app)
    return app


def add_talking(app):
    @app.websocket("/echo")
    async def echo():
        async for message in websocket:
            await websocket.send(message)

    @app.websocket("/sync-echo")
    def sync_echo():
        for message in websocket:
            websocket.send(message)

    @app.websocket("/json")
    async def echo_json():
        while True:
            await websocket.send_json(got=await websocket.receive_json())

    @app.websocket("/count")
    async def count():
        session["count"] = session.get("count", 0) + 1
        await websocket.accept(headers={"X-A": "1", "Set-Cookie": "a=b"})
        await websocket.send(str(session["count"]))

    @app.websocket("/chat")
    async def chat():
        await websocket.accept(subprotocol="chat.2")
        await websocket.receive()


def add_ending(app):
    @app.websocket("/sleep")
    async def sleep():
        await websocket.accept()
        await anyio.sleep_forever()

    @app.websocket("/flood")
    async def flood():
        while True:
            await websocket.send("x" * 100_000)

    @app.websocket("/private")
    async def private():
        abort(401, "Log in first.")

    @app.websocket("/late/<int:status>")
    async def late(status):
        await websocket.accept()
        abort(status)

    @app.websocket("/broken")
    async def broken():
        await websocket.accept()
        raise KeyError("a secret")


@pytest.fixture
def app():
    return make_app()


@pytest.fixture
def server(app, serve):
    return serve(app)


@pytest.fixture
def connect(server):
    """`connect(path, ...)` opens a WebSocket; the options are the package's."""

    def connect(path, **options):
        host, port = server.address
        return open_websocket(f"ws://{host}:{port}{path}", proxy=None, **options)

    return connect


@pytest.fixture
def raw(server):
    """`raw(path)` makes the handshake on a bare socket, for frames of every kind."""

    @contextmanager
    def raw(path):
        with server.connect() as connection:
            connection.send(*(line.format(path) for line in HANDSHAKE))
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.socket.recv(1)
            assert b" 101 " in head.partition(b"\r\n")[0]
            yield connection

    return raw


def frame(opcode, data=b"", mask=b"\0\0\0\0", first=0x80):
    """A short frame of a client's."""
    return bytes([first | opcode, 0x80 | len(data)]) + mask + data


class TestMessages:
    @pytest.mark.parametrize("path", ["/echo", "/sync-echo"])
    def test_text_and_bytes(self, connect, path):
        """They come back as they were, long and empty ones too."""
        messages = ["text", b"bytes", "", b"", "€" * 100_000]

        with connect(path) as connection:
            received = []
            for message in messages:
                connection.send(message)
                received.append(connection.recv(20))

        assert received == messages

    def test_json(self, connect):
        """Values are sent as text."""
        with connect("/json") as connection:
            connection.send('{"a": [1, null]}')
            received = json.loads(connection.recv(20))

        assert received == {"got": {"a": [1, None]}}

    def test_many_at_once(self, connect):
        """Messages that were sent ahead are all answered, in their order."""
        with connect("/echo") as connection:
            for number in range(500):
                connection.send(str(number))
            received = [connection.recv(20) for _ in range(500)]

        assert received == [str(number) for number in range(500)]


class TestHandshake:
    def test_session_and_headers(self, connect):
        """The cookie of the session comes with the handshake, beside the view's own headers."""
        with connect("/count") as connection:
            first = connection.recv(20)
            cookies = connection.response.headers.get_all("Set-Cookie")
            header = connection.response.headers["X-A"]
        cookie = next(each for each in cookies if each.startswith("session=")).partition(";")[0]
        with connect("/count", additional_headers={"Cookie": cookie}) as connection:
            second = connection.recv(20)

        assert [first, second, header, "a=b" in cookies] == ["1", "2", "1", True]

    def test_subprotocol(self, connect):
        """The chosen one is told."""
        with connect("/chat", subprotocols=["chat.1", "chat.2"]) as connection:
            assert connection.subprotocol == "chat.2"

    @pytest.mark.parametrize(
        ("path", "status", "body"),
        [("/private", 401, "Log in first."), ("/nowhere", 404, "not here")],
    )
    def test_denial(self, connect, path, status, body):
        """The client gets the response with its body."""
        with pytest.raises(InvalidStatus) as denied:
            connect(path)

        response = denied.value.response
        assert response.status_code == status
        assert body in response.body.decode()

    def test_page_of_another_site(self, connect):
        """It is denied."""
        with pytest.raises(InvalidStatus) as denied:
            connect("/echo", origin="https://evil.example")

        assert denied.value.response.status_code == 403

    def test_page_of_the_same_site(self, connect, server):
        """It may connect."""
        host, port = server.address

        with connect("/echo", origin=f"http://{host}:{port}") as connection:
            connection.send("x")
            assert connection.recv(20) == "x"

    def test_plain_request(self, server):
        """A request to a WebSocket's URL is a 400."""
        answer = server.ask("GET /echo HTTP/1.1", "Host: localhost")

        assert answer.status == 400


class TestClosing:
    @pytest.mark.parametrize(
        ("path", "code", "reason"),
        [
            ("/late/403", 3003, "Forbidden"),
            ("/late/503", 1013, "Service Unavailable"),
            ("/broken", 1011, "Internal Server Error"),
            ("/count", 1000, ""),
        ],
    )
    def test_codes(self, connect, path, code, reason):
        """The close frame has the code and the reason of the end."""
        with connect(path) as connection, pytest.raises(ConnectionClosed) as closed:
            while True:
                connection.recv(20)

        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, reason)

    def test_invalid_json(self, connect):
        """It is the client's mistake, with the code for it."""
        with connect("/json") as connection:
            connection.send("{")
            with pytest.raises(ConnectionClosed) as closed:
                connection.recv(20)

        assert closed.value.rcvd.code == 1007

    @pytest.mark.parametrize("path", ["/echo", "/sync-echo"])
    def test_huge_message(self, app, connect, path):
        """A message over the app's limit closes with 1009."""
        app.config["WEBSOCKET_MAX_MESSAGE_SIZE"] = 1000

        with connect(path) as connection:
            connection.send("x" * 1001)
            with pytest.raises(ConnectionClosed) as closed:
                connection.recv(20)

        assert closed.value.rcvd.code == 1009

    def test_message_over_the_servers_limit(self, app, serve):
        """The server closes the connection by itself; the view ends."""
        server = serve(app, ws_max_size=1000)
        host, port = server.address

        with open_websocket(f"ws://{host}:{port}/echo", proxy=None) as connection:
            connection.send("x" * 1001)
            with pytest.raises(ConnectionClosed) as closed:
                connection.recv(20)
        app.torn_down.wait(1)

        assert closed.value.rcvd.code == 1009


class TestGoing:
    @pytest.mark.parametrize("path", ["/echo", "/sync-echo", "/sleep", "/flood"])
    @pytest.mark.parametrize("is_abrupt", [False, True])
    def test_whatever_the_view_does(self, app, raw, path, is_abrupt):
        """The view ends and its context is torn down, for a close frame and for a cut cable."""
        with raw(path) as connection:
            if is_abrupt:
                connection.close()
            else:
                connection.send(body=frame(8, b"\x03\xe8"))
                connection.read_all()

        app.torn_down.wait(1)

    @pytest.mark.parametrize("path", ["/echo", "/sleep"])
    def test_two_hundred_abrupt_ends(self, app, raw, path):
        """Each context is torn down once."""
        for _ in range(200):
            with raw(path) as connection:
                connection.close()
        app.torn_down.wait(200)

        with raw("/echo") as connection:
            connection.send(body=frame(1, b"hello"))
            answer = connection.socket.recv(100)
        app.torn_down.wait(201)

        assert answer.endswith(b"hello")
        assert (app.opened.count, app.torn_down.count) == (201, 201)

    @pytest.mark.parametrize(
        "garbage",
        [
            frame(3, b"reserved opcode"),
            frame(1, b"reserved bit", first=0xF0),
            frame(1, b"\xff\xfe"),
            bytes([0x81, 5]) + b"hello",
            frame(0, b"nothing to continue"),
            frame(8, b"\x03"),
            b"GET / HTTP/1.1\r\n\r\n",
        ],
        ids=["opcode", "bit", "utf-8", "unmasked", "continuation", "close", "http"],
    )
    @pytest.mark.parametrize("path", ["/echo", "/sleep"])
    def test_garbage(self, app, raw, caplog, path, garbage):
        """The server ends the connection; the view ends as for a client that has gone."""
        with raw(path) as connection:
            connection.send(body=garbage)
            connection.read_all()

        app.torn_down.wait(1)
        assert not [record for record in caplog.records if record.name == "server"]

    def test_server_that_stops(self, app, serve):
        """Views are told that the server goes, or cancelled; each context is torn down."""
        server = serve(app)
        host, port = server.address
        codes = []

        @app.websocket("/told")
        async def told():
            await websocket.accept()
            try:
                await websocket.receive()
            except WebSocketDisconnected as gone:
                codes.append(gone.code)

        with (
            open_websocket(f"ws://{host}:{port}/told", proxy=None),
            open_websocket(f"ws://{host}:{port}/sleep", proxy=None),
            open_websocket(f"ws://{host}:{port}/sync-echo", proxy=None),
        ):
            server.stop()

        app.torn_down.wait(3)
        assert codes == [1012]
        assert app.torn_down.count == 3
