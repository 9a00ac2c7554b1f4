"""An app that is itself mounted in somebody else's: Starlette, FastAPI, hypercorn's dispatcher."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from hypercorn.middleware.dispatcher import AsyncioDispatcherMiddleware, TrioDispatcherMiddleware
from starlette.applications import Starlette
from starlette.routing import Mount

from asyncflask import Flask, redirect, request, url_for

pytestmark = pytest.mark.anyio

HEADERS = {"Host": "example.org"}


def in_fastapi(app):
    host = FastAPI()
    host.mount("/x", app)
    return host


HOSTS = {
    "starlette": lambda app: Starlette(routes=[Mount("/x", app)]),
    "nested": lambda app: Starlette(routes=[Mount("/x", Starlette(routes=[Mount("/", app)]))]),
    "fastapi": in_fastapi,
    "hypercorn": lambda app: AsyncioDispatcherMiddleware({"/x": app}),
}


@pytest.fixture
def app():
    app = Flask("app")
    app.add_url_rule("/", "index", lambda: "index")

    @app.get("/here/")
    def here():
        paths = f"{request.root_path} {request.path} {request.url}"
        return [paths, url_for("here"), url_for("here", _external=True)]

    @app.get("/away")
    async def away():
        return redirect(url_for("here"))

    return app


@pytest.fixture(params=HOSTS.values(), ids=HOSTS)
def host(request, app):
    return request.param(app)


async def test_paths_and_urls(host, exchange):
    """The root path is where the app is mounted, and URLs begin with it."""
    answer = await exchange(host, "/x/here/", headers=HEADERS)

    url = "http://example.org/x/here/"
    assert answer.body.decode() == f'["/x /here/ {url}","/x/here/","{url}"]\n'


async def test_slash(host, exchange):
    """The redirect to the path with a slash stays below the mount."""
    answer = await exchange(host, "/x/here", headers=HEADERS)

    assert answer.headers["location"] == "http://example.org/x/here/"


async def test_redirect(host, exchange):
    """So does a view's own redirect."""
    answer = await exchange(host, "/x/away", headers=HEADERS)

    assert answer.headers["location"] == "/x/here/"


async def test_prefix_without_a_slash(host, exchange):
    """The bare prefix leads to the app's own "/", whoever does it."""
    answer = await exchange(host, "/x", headers=HEADERS)

    assert answer.headers["location"] == "http://example.org/x/"


async def test_lifespan_in_hypercorn(anyio_backend_name):
    """Hypercorn's dispatcher starts and stops each of its apps."""
    order, sent = [], []
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    app = Flask("app")

    @app.while_serving
    async def live():
        order.append("start")
        yield
        order.append("stop")

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message["type"])

    kinds = {"asyncio": AsyncioDispatcherMiddleware, "trio": TrioDispatcherMiddleware}
    await kinds[anyio_backend_name]({"/x": app})({"type": "lifespan", "state": {}}, receive, send)

    assert order == ["start", "stop"]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
