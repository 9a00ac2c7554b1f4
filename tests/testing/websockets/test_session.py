"""Websockets of the sync client."""

from __future__ import annotations

import threading
from contextlib import suppress

import anyio
import pytest

from asyncflask import bridge
from asyncflask.testing import FlaskClient, TestResponse, WebSocketClosed, WebSocketDenied


@pytest.fixture
def connect():
    """Open a websocket to an app."""
    return lambda app, path="/", **kwargs: FlaskClient(app).websocket_connect(path, **kwargs)


# Messages


@pytest.mark.parametrize("message", ["tea", "", "Grüße\n", b"\x00\xff", b""])
def test_messages_go_both_ways(connect, echo, message):
    """Text stays text, bytes stay bytes."""
    with connect(echo) as ws:
        ws.send(message)

        assert ws.receive() == message


def test_json(connect, echo):
    """Objects are sent as JSON text."""
    with connect(echo) as ws:
        ws.send_json({"teas": ["Sencha"]})
        ws.send('["cup"]')

        assert ws.receive_json() == {"teas": ["Sencha"]}
        assert ws.receive_json() == ["cup"]


def test_iterating_ends_with_the_websocket(connect, echo):
    """It gives each message until the app closes."""
    with connect(echo) as ws:
        for message in ["tea", "cup", "bye"]:
            ws.send(message)

        assert list(ws) == ["tea", "cup"]


def test_many_messages_may_be_sent_before_one_is_received(connect, echo):
    """The app waits where it is ahead of the test; the test never does."""
    numbers = [str(number) for number in range(300)]
    with connect(echo) as ws:
        for number in numbers:
            ws.send(number)

        assert [ws.receive() for _ in numbers] == numbers


def test_what_is_neither_text_nor_bytes(connect, echo):
    """The error names the way for objects."""
    with connect(echo) as ws, pytest.raises(TypeError, match=r"not dict: .* send_json\(\)"):
        ws.send({"tea": 1})


def test_two_websockets_at_a_time(connect, echo):
    """Each has its own app's task."""
    with connect(echo) as first, connect(echo) as second:
        first.send("1")
        second.send("2")

        assert (second.receive(), first.receive()) == ("2", "1")


# The handshake


def test_address_and_headers(connect, echo):
    """They are given as for requests."""
    with connect(
        echo, "/room", query_string={"old": 1}, headers={"X-Place": "shop"}, subdomain="tea"
    ):
        pass

    (scope,) = echo.scopes
    assert (scope["path"], scope["query_string"]) == ("/room", b"old=1")
    assert (b"x-place", b"shop") in scope["headers"]
    assert (b"host", b"tea.localhost") in scope["headers"]


def test_a_whole_url(connect, echo):
    """Its scheme may be that of websockets."""
    with connect(echo, "wss://shop.example/room?old=1"):
        pass

    (scope,) = echo.scopes
    assert (scope["scheme"], scope["server"]) == ("wss", ("shop.example", 443))
    assert (scope["path"], scope["query_string"]) == ("/room", b"old=1")


def test_what_the_app_accepted_with(connect, speaking, accept):
    """The subprotocol and the headers can be read."""
    app = speaking(accept(subprotocol="chat", headers=[(b"x-place", b"shop")]))

    with connect(app, subprotocols=["chat"]) as ws:
        assert ws.accepted_subprotocol == "chat"
        assert ws.headers["X-Place"] == "shop"


def test_cookies(speaking, echo, accept):
    """Those of the handshake are kept and go with the next one."""
    client = FlaskClient(speaking(accept(headers=[(b"set-cookie", b"tea=Sencha")])))
    with client.websocket_connect():
        pass
    client.application = echo

    with client.websocket_connect():
        pass

    assert (b"cookie", b"tea=Sencha") in echo.scopes[0]["headers"]


def test_a_denied_handshake(connect, speaking):
    """The error has the response, as from an HTTP request."""
    app = speaking(
        {
            "type": "websocket.http.response.start",
            "status": 401,
            "headers": [(b"content-type", b"application/json")],
        },
        {"type": "websocket.http.response.body", "body": b'{"tea": 1}'},
    )

    with (
        pytest.raises(WebSocketDenied, match=r"with status 401: '.\"tea\": 1.'") as caught,
        connect(app),
    ):
        pass

    assert isinstance(caught.value.response, TestResponse)
    assert caught.value.status_code == caught.value.response.status_code == 401
    assert caught.value.response.json == {"tea": 1}
    assert caught.value.response.request.path == "/"


def test_cookies_of_a_denied_handshake(speaking):
    """They are kept too."""
    start = {"type": "websocket.http.response.start", "status": 401}
    client = FlaskClient(speaking(start | {"headers": [(b"set-cookie", b"tea=Sencha")]}))

    with pytest.raises(WebSocketDenied), client.websocket_connect():
        pass

    assert client.get_cookie("tea").value == "Sencha"


def test_an_app_that_just_closes(connect, speaking):
    """A websocket closed before it was accepted is a 403."""
    with pytest.raises(WebSocketDenied) as caught, connect(speaking({"type": "websocket.close"})):
        pass

    assert caught.value.status_code == 403


def test_an_app_that_does_not_answer(connect, speaking):
    """The error says what it should have sent."""
    with (
        pytest.raises(RuntimeError, match="without answering the websocket's handshake"),
        connect(speaking()),
    ):
        pass


# The end


def test_the_app_closes(connect, echo):
    """Nothing can be received or sent any more; the code and the reason are there."""
    with connect(echo) as ws:
        ws.send("bye")

        with pytest.raises(WebSocketClosed, match=r"code 4000: Bye\.") as caught:
            ws.receive()
        with pytest.raises(WebSocketClosed):
            ws.send("tea")

        assert (caught.value.code, caught.value.reason) == (4000, "Bye.")
        assert (ws.close_code, ws.close_reason) == (4000, "Bye.")


def test_the_app_returns(connect, speaking, accept):
    """What it has sent is received, and then the normal end."""
    with connect(speaking(accept(), {"type": "websocket.send", "text": "tea"})) as ws:
        assert ws.receive() == "tea"
        with pytest.raises(WebSocketClosed, match=r"code 1000$"):
            ws.receive()


def test_the_test_closes(connect, echo):
    """The app is told the code and the reason, and neither side has more to say."""
    with connect(echo) as ws:
        ws.close(4001, "Enough.")

        with pytest.raises(WebSocketClosed, match="4001: Enough"):
            ws.receive()
        with pytest.raises(WebSocketClosed):
            ws.send("tea")

    assert echo.disconnects == [{"type": "websocket.disconnect", "code": 4001, "reason": "Enough."}]


def test_leaving_the_block(connect, echo):
    """It disconnects with 1000 and waits for the app's end."""
    with connect(echo) as ws:
        assert ws.close_code is None

    assert [message["code"] for message in echo.disconnects] == [1000]
    assert ws.close_code == 1000


def test_what_was_sent_last_arrives(connect, echo):
    """The app has it before the disconnect."""
    received = []

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            received.append(message["text"])

    with connect(app) as ws:
        ws.send("tea")
        ws.send("cup")

    assert received == ["tea", "cup"]


def test_an_app_that_is_ahead_learns_that_the_test_has_left(connect):
    """It waits at most for a reader; that nobody reads is no error of the test's."""
    outcomes = []

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        try:
            while True:
                await send({"type": "websocket.send", "text": "tea"})
        except OSError:
            outcomes.append("disconnected")
            raise

    with connect(app) as ws:
        assert ws.receive() == "tea"

    assert outcomes == ["disconnected"]


# Errors of the app


def test_an_error_while_the_test_waits(connect):
    """It is raised where the test waits, once."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        raise LookupError("no tea")

    with connect(app) as ws, pytest.raises(LookupError, match="no tea"):
        ws.receive()

    assert ws.close_code == 1006


def test_an_error_before_the_answer(connect):
    """It is raised in place of the handshake."""

    async def app(scope, receive, send):
        raise LookupError("no tea")

    with pytest.raises(LookupError, match="no tea"), connect(app):
        pass


def test_an_error_after_the_disconnect(connect):
    """It is raised when the block is left."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        raise LookupError("no tea")

    with pytest.raises(LookupError, match="no tea"), connect(app):
        pass


def test_an_error_of_the_test_comes_first(connect):
    """The app's is noted in it."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        raise LookupError("no tea")

    with pytest.raises(ZeroDivisionError) as caught, connect(app):
        _ = 1 / 0

    assert caught.value.__notes__ == ["The application has raised LookupError('no tea')."]


def test_an_error_of_an_app_that_has_closed(connect):
    """It takes the place of the test's, which only says that the websocket is closed."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1011})
        await receive()
        raise LookupError("no tea")

    with pytest.raises(LookupError, match="no tea"), connect(app) as ws:
        ws.receive()


def test_a_mistake_of_an_app_that_hides_its_errors(connect):
    """The test is told all the same."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        with suppress(Exception):
            await send({"type": "websocket.sned", "text": "tea"})

    with pytest.raises(RuntimeError, match=r"unknown type 'websocket\.sned'"), connect(app) as ws:
        ws.receive()


# Time


def test_waiting_for_a_message_that_does_not_come(connect, echo):
    """The error says how long was waited, and the websocket can be used on."""
    with connect(echo) as ws:
        with pytest.raises(TimeoutError, match=r"no message for 0\.01 seconds"):
            ws.receive(timeout=0.01)
        ws.send("tea")

        assert ws.receive(timeout=None) == "tea"


def test_an_app_that_waits_before_it_accepts(connect):
    """It is cancelled, and the error says what to do."""

    async def app(scope, receive, send):
        await receive()
        await receive()

    with (
        pytest.raises(TimeoutError, match=r"not answered .* for 0\.01 seconds"),
        connect(app, timeout=0.01),
    ):
        pass


# Threads


def test_sync_code_of_the_app_runs_in_a_worker(connect):
    """The test's thread goes on with the test, so that it cannot be lent."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        name = await bridge.run_in_worker(threading.get_ident)
        await send({"type": "websocket.send", "text": str(name)})

    with connect(app) as ws:
        assert ws.receive() != str(threading.get_ident())


def test_an_interrupted_test_cancels_the_app(connect):
    """Ctrl-C does not wait for it."""
    ended = []

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    with pytest.raises(KeyboardInterrupt), connect(app, timeout=None):
        raise KeyboardInterrupt

    assert ended == [True]
