"""What a request sets in context variables, and the next one on its connection, on real servers."""

from __future__ import annotations

from contextvars import ContextVar

import anyio
import pytest

from asyncflask import Flask, g, request, session

LOOK = ("GET /look HTTP/1.1", "Host: localhost")
BIG = b"x" * 300_000  # more than a server takes before it pauses reading
mine = ContextVar("mine", default="nothing")
of_middleware = ContextVar("of_middleware", default="nothing")


def set_all():
    mine.set("set")
    g.value = session["value"] = "set"


def look():
    return {"mine": mine.get(), "g": g.get("value"), "session": session.get("value")}


def add_views(app):
    @app.get("/look")
    async def look_async():
        return look()

    @app.get("/sync")
    def set_sync():
        set_all()
        return "done"

    @app.get("/async")
    async def set_async():
        set_all()
        return "done"

    @app.get("/stream")
    async def stream():
        async def items():
            yield "done"
            await anyio.lowlevel.checkpoint()

        set_all()
        return items(), {"Content-Length": "4"}

    @app.post("/body", stream_body=True)
    async def read_body():
        set_all()
        return str(len(await request.stream.read()))


@pytest.fixture
def app():
    app = Flask("variables")
    app.secret_key = "a key for tests, and for them alone"
    add_views(app)
    return app


def pipeline(connection, *requests):
    """Send all requests at once; gives their answers' texts."""
    raw = ["\r\n".join([*lines, "", ""]).encode() + body for lines, body in requests]
    connection.send(body=b"".join(raw))
    return [connection.read() for _ in requests]


SETTING = pytest.mark.parametrize("path", ["/sync", "/async", "/stream"])


@SETTING
def test_a_pipelined_request_has_none_of_the_one_before(serve, app, path):
    """Though uvicorn begins it within the `send` of the first one."""
    server = serve(app)
    requests = [((f"GET {path} HTTP/1.1", "Host: localhost"), b""), (LOOK, b"")] * 3

    with server.connect() as connection:
        answers = pipeline(connection, *requests)

    assert [each.status for each in answers] == [200] * 6
    assert answers[1].text == answers[5].text == '{"g":null,"mine":"nothing","session":null}\n'


@SETTING
def test_a_kept_connection_has_none_of_the_request_before(serve, app, path):
    """Whatever the answer was."""
    server = serve(app)

    with server.connect() as connection:
        connection.ask(f"GET {path} HTTP/1.1", "Host: localhost")
        answer = connection.ask(*LOOK)

    assert answer.text == '{"g":null,"mine":"nothing","session":null}\n'


def test_a_connection_that_was_paused_has_none_of_the_request_before(serve, app):
    """asyncio keeps the variables of whoever lets the connection be read on."""
    server = serve(app)

    with server.connect() as connection:
        connection.ask("POST /body HTTP/1.1", *LOOK[1:], f"Content-Length: {len(BIG)}", body=BIG)
        answer = connection.ask(*LOOK)

    assert answer.text == '{"g":null,"mine":"nothing","session":null}\n'


class Numbering:
    """Middleware that sets a variable for each request."""

    def __init__(self, app):
        self.app = app
        self.number = 0

    async def __call__(self, scope, receive, send):
        self.number += 1
        of_middleware.set(str(self.number))
        await self.app(scope, receive, send)


def test_a_pipelined_request_has_what_its_own_middleware_set(serve, app):
    """Going back to before the first request does not go back behind that."""
    app.add_middleware(Numbering)
    app.add_url_rule("/number", view_func=of_middleware.get)
    server = serve(app)
    number = (("GET /number HTTP/1.1", "Host: localhost"), b"")

    with server.connect() as connection:
        answers = pipeline(connection, number, (LOOK, b""), number)

    assert [answers[0].text, answers[2].text] == ["1", "3"]


@pytest.mark.anyio
async def test_a_request_within_a_view_has_the_views(app, exchange):
    """It is a part of the one that makes it, and not after it."""

    @app.get("/ask")
    async def ask():
        mine.set("the view's")
        return (await exchange(app, "/look")).body

    answer = await exchange(app, "/ask")

    assert b"the view's" in answer.body
