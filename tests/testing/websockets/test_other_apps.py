"""Apps that were written for other frameworks, and tests run by another plugin."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.endpoints import WebSocketEndpoint
from starlette.exceptions import HTTPException
from starlette.routing import WebSocketRoute

from asyncflask.testing import FlaskClient, WebSocketClosed, WebSocketDenied
from asyncflask.testing.async_client import create_async_client


class Shop(WebSocketEndpoint):
    """Answers each order with one of its own; closes when the order is "close"."""

    encoding = "json"

    async def on_connect(self, websocket):
        if "denied" in websocket.query_params:
            raise HTTPException(402, "Pay first.")
        await websocket.accept(subprotocol="orders")

    async def on_receive(self, websocket, data):
        if data == "close":
            await websocket.close(4000)
        else:
            await websocket.send_json({"ordered": data})


@pytest.fixture
def shop():
    return Starlette(routes=[WebSocketRoute("/orders", Shop)])


def test_starlette_in_sync_tests(shop):
    """A class of Starlette's that receives, sends and closes."""
    with FlaskClient(shop).websocket_connect("/orders", subprotocols=["orders"]) as ws:
        ws.send_json("tea")
        answer = ws.receive_json()
        ws.send_json("close")
        with pytest.raises(WebSocketClosed) as caught:
            ws.receive()

    assert answer == {"ordered": "tea"}
    assert caught.value.code == 4000


@pytest.mark.anyio
async def test_starlette_in_async_tests(shop):
    """The same, awaited."""
    client = create_async_client(shop)
    async with client.websocket_connect("/orders", subprotocols=["orders"]) as ws:
        await ws.send_json("tea")

        assert await ws.receive_json() == {"ordered": "tea"}


@pytest.mark.parametrize(
    ("path", "status"), [("/orders?denied=1", 402), ("/nowhere", 403)], ids=["raised", "no route"]
)
def test_handshakes_that_starlette_denies(shop, path, status):
    """It sends a response, or closes where no route matches."""
    with pytest.raises(WebSocketDenied) as caught, FlaskClient(shop).websocket_connect(path):
        pass

    assert caught.value.status_code == status


@pytest.mark.asyncio
async def test_pytest_asyncio_runs_tests_with_websockets(shop):
    """The client asks for no plugin of its own."""
    async with (
        create_async_client(shop) as client,
        client.websocket_connect("/orders", subprotocols=["orders"]) as ws,
    ):
        await ws.send_json("tea")

        assert await ws.receive_json() == {"ordered": "tea"}
