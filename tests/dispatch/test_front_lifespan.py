"""Mounted applications and middleware in the lifespan of the app."""

from __future__ import annotations

from contextlib import asynccontextmanager

import flask
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from asyncflask import Flask, request

pytestmark = pytest.mark.anyio


def starlette(name, order):
    """A Starlette app with a lifespan that notes its parts and yields its name as state."""

    @asynccontextmanager
    async def lifespan(app):
        order.append(f"{name} starts")
        yield {"name": name}
        order.append(f"{name} stops")

    async def state(request):
        return JSONResponse(request.scope["state"])

    return Starlette(routes=[Route("/state", state)], lifespan=lifespan)


@pytest.fixture
def app():
    @asynccontextmanager
    async def lifespan(app):
        yield {"host": "host"}

    app = Flask("host", lifespan=lifespan)

    @app.get("/state")
    def state():
        return request.scope["state"]

    return app


async def test_state_of_a_mounted_app(app):
    """What a mounted app's lifespan yields is in its own requests, beside the host's; no more."""
    app.mount("/a", starlette("a", []))
    app.mount("/b", starlette("b", []))

    async with app.async_test_client() as client:
        states = [(await client.get(path)).json() for path in ("/state", "/a/state", "/b/state")]

    assert states == [
        {"host": "host"},
        {"host": "host", "name": "a"},
        {"host": "host", "name": "b"},
    ]


async def test_an_app_that_is_mounted_twice(app):
    """It starts and stops once, and both paths have its state."""
    order = []
    twice = starlette("twice", order)
    app.mount("/a", twice)
    app.mount("/b", twice)

    async with app.async_test_client() as client:
        names = [(await client.get(path)).json()["name"] for path in ("/a/state", "/b/state")]

    assert names == ["twice", "twice"]
    assert order == ["twice starts", "twice stops"]


async def test_nested(app):
    """A mounted app's own mounts start with it."""
    order, inner = [], Flask("inner")
    app.mount("/inner", inner)
    inner.mount("/deep", starlette("deep", order))

    async with app.async_test_client() as client:
        state = (await client.get("/inner/deep/state")).json()

    assert state == {"host": "host", "name": "deep"}
    assert order == ["deep starts", "deep stops"]


async def test_fallback(app):
    """The fallback starts too."""
    order = []
    app.mount("/", starlette("old", order))

    async with app.async_test_client():
        assert order == ["old starts"]


async def test_wsgi_applications_have_no_lifespan(app):
    """A Flask app is not asked to start."""
    app.mount("/old", flask.Flask("old"))

    async with app.async_test_client() as client:
        assert (await client.get("/state")).json() == {"host": "host"}


async def test_middleware_sees_the_lifespan(app):
    """Middleware is around the lifespan as it is around requests, and made once for both."""
    seen = []

    class Noting:
        def __init__(self, app):
            seen.append("made")
            self.app = app

        async def __call__(self, scope, receive, send):
            seen.append(scope["type"])
            await self.app(scope, receive, send)

    app.add_middleware(Noting)

    async with app.async_test_client() as client:
        await client.get("/state")

    assert seen == ["made", "lifespan", "http"]


@pytest.mark.parametrize("has_front", [True, False])
async def test_set_up_ends_with_the_start(app, has_front):
    """What would not be started, or would not see the lifespan, is refused."""
    if has_front:
        app.mount("/a", starlette("a", []))

    async with app.async_test_client():
        with pytest.raises(
            AssertionError, match=r"'mount' can no longer .* has started it already"
        ):
            app.mount("/b", starlette("b", []))
        with pytest.raises(AssertionError, match="'add_middleware' can no longer"):
            app.add_middleware(object)
