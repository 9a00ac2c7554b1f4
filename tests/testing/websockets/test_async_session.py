"""Websockets of the async client."""

from __future__ import annotations

import anyio
import httpx
import pytest

from asyncflask import g
from asyncflask.app import Flask
from asyncflask.testing import WebSocketClosed, WebSocketDenied
from asyncflask.testing.async_client import create_async_client

pytestmark = pytest.mark.anyio


@pytest.fixture
def connect():
    """Open a websocket to an app."""
    return lambda app, url="/", **kwargs: create_async_client(app).websocket_connect(url, **kwargs)


@pytest.mark.parametrize("message", ["tea", "", "Grüße\n", b"\x00\xff", b""])
async def test_messages_go_both_ways(connect, echo, message):
    """Text stays text, bytes stay bytes."""
    async with connect(echo) as ws:
        await ws.send(message)

        assert await ws.receive() == message


async def test_json(connect, echo):
    """Objects are sent as JSON text."""
    async with connect(echo) as ws:
        await ws.send_json({"teas": ["Sencha"]})

        assert await ws.receive_json() == {"teas": ["Sencha"]}


async def test_iterating_ends_with_the_websocket(connect, echo):
    """It gives each message until the app closes."""
    async with connect(echo) as ws:
        for message in ["tea", "cup", "bye"]:
            await ws.send(message)

        assert [message async for message in ws] == ["tea", "cup"]
        assert (ws.close_code, ws.close_reason) == (4000, "Bye.")


async def test_both_directions_at_a_time(connect, echo):
    """One task sends while another receives."""
    numbers = [str(number) for number in range(300)]
    received = []

    async with connect(echo) as ws, anyio.create_task_group() as tasks:

        async def receive():
            received.extend([await ws.receive() for _ in numbers])

        tasks.start_soon(receive)
        for number in numbers:
            await ws.send(number)

    assert received == numbers


async def test_the_handshake(connect, echo):
    """Address, headers and subprotocols are given as for requests of httpx."""
    async with connect(
        echo,
        "wss://shop.example/room",
        params={"old": 1},
        headers={"X-Place": "shop"},
        subprotocols=["chat"],
    ):
        pass

    (scope,) = echo.scopes
    assert (scope["type"], scope["scheme"], scope["path"]) == ("websocket", "wss", "/room")
    assert (scope["query_string"], scope["subprotocols"]) == (b"old=1", ["chat"])
    assert {
        (b"x-place", b"shop"),
        (b"host", b"shop.example"),
        (b"origin", b"https://shop.example"),
    } < set(scope["headers"])


async def test_what_the_app_accepted_with(connect, speaking, accept):
    """The subprotocol and the headers can be read."""
    app = speaking(accept(subprotocol="chat", headers=[(b"x-place", b"shop")]))

    async with connect(app, subprotocols=["chat"]) as ws:
        assert ws.accepted_subprotocol == "chat"
        assert ws.headers["X-Place"] == "shop"


async def test_cookies(echo, accept):
    """They are those of the client, in both directions."""

    async def app(scope, receive, send):
        echo.scopes.append(scope)
        await receive()
        await send(accept(headers=[(b"set-cookie", b"cup=blue")]))

    client = create_async_client(app, cookies={"tea": "Sencha"})
    async with client.websocket_connect("wss://localhost/"):
        pass

    async with client.websocket_connect("wss://localhost/"):
        pass

    assert (b"cookie", b"tea=Sencha") in echo.scopes[0]["headers"]
    assert (b"cookie", b"tea=Sencha; cup=blue") in echo.scopes[1]["headers"]


async def test_a_denied_handshake(connect, speaking):
    """The error has the response, which is one of httpx; its cookies are kept."""
    headers = [(b"content-type", b"application/json"), (b"set-cookie", b"tea=Sencha")]
    client = create_async_client(
        speaking(
            {"type": "websocket.http.response.start", "status": 401, "headers": headers},
            {"type": "websocket.http.response.body", "body": b'{"tea": 1}'},
        )
    )

    with pytest.raises(WebSocketDenied) as caught:
        async with client.websocket_connect("/"):
            pass

    assert isinstance(caught.value.response, httpx.Response)
    assert (caught.value.status_code, caught.value.response.json()) == (401, {"tea": 1})
    assert client.cookies["tea"] == "Sencha"


async def test_closing(connect, echo):
    """The app is told the code and the reason; nothing can be sent any more."""
    async with connect(echo) as ws:
        await ws.close(4001, "Enough.")

        with pytest.raises(WebSocketClosed, match="4001: Enough"):
            await ws.send("tea")

    assert [(message["code"], message["reason"]) for message in echo.disconnects] == [
        (4001, "Enough.")
    ]


async def test_waiting_for_a_message_that_does_not_come(connect, echo):
    """The error says how long was waited, and the websocket can be used on."""
    async with connect(echo) as ws:
        with pytest.raises(TimeoutError, match=r"no message for 0\.01 seconds"):
            await ws.receive(timeout=0.01)
        await ws.send("tea")

        assert await ws.receive(timeout=None) == "tea"


async def test_errors_of_the_app_are_raised(connect):
    """Where the test waits for the app."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        raise LookupError("no tea")

    with pytest.raises(LookupError, match="no tea"):
        async with connect(app) as ws:
            await ws.receive()


async def test_a_cancelled_test_ends_the_apps_task(connect):
    """The app is cancelled rather than waited for."""
    ended = []

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    with anyio.CancelScope() as scope:
        async with connect(app, timeout=None) as ws:
            scope.cancel()
            await ws.receive()

    assert scope.cancelled_caught
    assert ended == [True]


async def test_in_the_clients_block_the_app_has_its_state(echo):
    """Websockets find what the lifespan has put there, as requests do."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["tea"] = "Sencha"
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await echo(scope, receive, send)

    async with create_async_client(app) as client, client.websocket_connect("/"):
        pass

    assert [scope["state"] for scope in echo.scopes] == [{"tea": "Sencha"}]


async def test_the_apps_task_sees_the_tests_context(echo):
    """An app context that the test has pushed is there, as it is for requests."""
    flask_app = Flask("shop")
    seen = []

    async def app(scope, receive, send):
        seen.append(g.tea)
        await echo(scope, receive, send)

    flask_app.asgi_app = app
    async with flask_app.app_context():
        g.tea = "Sencha"
        async with flask_app.async_test_client().websocket_connect("/"):
            pass

    assert seen == ["Sencha"]
