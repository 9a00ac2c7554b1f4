"""What the test clients make of an application's messages, however terse they are."""

from __future__ import annotations

import pytest

from asyncflask import Flask

START = {"type": "http.response.start", "status": 200}


def app_that_sends(*messages):
    """A Flask app wrapped in middleware that answers by itself."""
    app = Flask(__name__)

    async def answer(scope, receive, send):
        if scope["type"] != "http":
            return
        for message in messages:
            await send(message)

    app.asgi_app = answer
    return app


TERSE = [
    ([START, {"type": "http.response.body"}], b""),
    ([START, {"type": "http.response.body", "body": b"a"}], b"a"),
    (
        [
            START,
            {"type": "http.response.body", "more_body": True},
            {"type": "http.response.body", "body": b"a", "more_body": True},
            {"type": "http.response.body"},
        ],
        b"a",
    ),
]
IDS = ["no body", "no more_body", "pieces"]

CUT_OFF = [[START], [START, {"type": "http.response.body", "body": b"a", "more_body": True}]]


@pytest.mark.parametrize(("messages", "body"), TERSE, ids=IDS)
def test_a_response_is_complete_with_its_last_message(messages, body):
    """Which need not say so; a message without `body` is an empty one."""
    client = app_that_sends(*messages).test_client()

    response = client.get("/")

    assert (response.status_code, response.data) == (200, body)


@pytest.mark.anyio
@pytest.mark.parametrize(("messages", "body"), TERSE, ids=IDS)
async def test_an_async_response_is_complete_with_its_last_message(messages, body):
    """The async client is no stricter."""
    client = app_that_sends(*messages).async_test_client()

    response = await client.get("/")

    assert (response.status_code, response.content) == (200, body)


@pytest.mark.parametrize("messages", CUT_OFF, ids=["head alone", "never ended"])
def test_a_response_that_is_cut_off_is_an_error(messages):
    """A server would close the connection, and no client take it for the whole."""
    client = app_that_sends(*messages).test_client()

    with pytest.raises(RuntimeError, match="returned before its response was complete"):
        client.get("/").get_data()


@pytest.mark.anyio
@pytest.mark.parametrize("messages", CUT_OFF, ids=["head alone", "never ended"])
async def test_an_async_response_that_is_cut_off_is_an_error(messages):
    """As for the sync client."""
    client = app_that_sends(*messages).async_test_client()

    with pytest.raises(RuntimeError, match="returned before its response was complete"):
        await client.get("/")


def test_an_app_that_sends_nothing_is_an_error():
    """The client says what was missing."""
    client = app_that_sends().test_client()

    with pytest.raises(
        RuntimeError, match=r"returned without sending a response.*middleware around app\.asgi_app"
    ):
        client.get("/")
