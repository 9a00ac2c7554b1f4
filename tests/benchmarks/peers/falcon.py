"""Falcon on ASGI, by its documentation; it has neither sessions nor templates of its own."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import anyio
import falcon
from falcon.asgi import App, Request, Response, WebSocket
from jinja2 import Environment, FileSystemLoader

from work import (
    ASYNC_SLEEP,
    CHUNK,
    CHUNKS,
    FIELDS,
    HELLO,
    HOOKS,
    MESSAGE,
    ROUTES,
    ROWS,
    STATIC,
    SYNC_SLEEP,
    TEMPLATES,
)


class Resource:
    """A resource whose GET and POST are one function."""

    def __init__(self, view: Any) -> None:
        self.on_get = self.on_post = view


def make_app(view: Any, path: str = "/", **options: Any) -> App:
    app = App(**options)
    app.add_route(path, Resource(view))
    return app


async def hello(request: Request, response: Response) -> None:
    response.content_type = falcon.MEDIA_TEXT
    response.text = HELLO


def plaintext() -> Any:
    return make_app(hello)


def json() -> Any:
    async def message(request: Request, response: Response) -> None:
        response.media = MESSAGE

    return make_app(message)


def user() -> Any:
    async def show(request: Request, response: Response, id: int) -> None:
        response.media = {"id": id, "q": request.get_param("q")}

    return make_app(show, "/user/{id:int}")


def _fill(response: Response) -> None:
    response.content_type = falcon.MEDIA_TEXT
    response.text = HELLO


def sync() -> Any:
    async def hello(request: Request, response: Response) -> None:
        await falcon.sync_to_async(_fill, response)

    return make_app(hello)


def form() -> Any:
    async def show(request: Request, response: Response) -> None:
        fields = await request.get_media()
        response.content_type = falcon.MEDIA_TEXT
        response.text = ", ".join([fields[name] for name in FIELDS])

    return make_app(show)


def multipart() -> Any:
    async def measure(request: Request, response: Response) -> None:
        async for part in await request.get_media():
            response.content_type = falcon.MEDIA_TEXT
            response.text = str(len(await part.stream.read()))

    return make_app(measure)


def json_body() -> Any:
    async def echo(request: Request, response: Response) -> None:
        response.media = await request.get_media()

    return make_app(echo)


def template() -> Any:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)

    async def page(request: Request, response: Response) -> None:
        response.content_type = falcon.MEDIA_HTML
        response.text = environment.get_template("rows.html").render(rows=ROWS)

    return make_app(page)


class Hooks:
    """Something before, and something after."""

    async def process_request(self, request: Request, response: Response) -> None:
        HOOKS.note()

    async def process_response(self, *args: Any) -> None:
        HOOKS.note()


def hooks() -> Any:
    return make_app(hello, middleware=[Hooks(), Hooks(), Hooks()])


def last_route() -> Any:
    async def item(request: Request, response: Response, id: int) -> None:
        response.content_type = falcon.MEDIA_TEXT
        response.text = f"item {id}"

    app = App()
    for number in range(ROUTES):
        app.add_route(f"/section{number}/{{id:int}}", Resource(item))
    return app


not_found = last_route


def static_small() -> Any:
    app = App()
    app.add_static_route("/static", STATIC)
    return app


static_large = static_small


def generator() -> Any:
    async def stream(request: Request, response: Response) -> None:
        async def chunks() -> Any:
            for _ in range(CHUNKS):
                yield CHUNK

        response.content_type = falcon.MEDIA_TEXT
        response.stream = chunks()

    return make_app(stream)


class Echo:
    """Sends back what it receives."""

    async def on_websocket(self, request: Request, websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except falcon.WebSocketDisconnected:
            pass


def websocket() -> Any:
    app = App()
    app.add_route("/", Echo())
    return app


def sync_crowd() -> Any:
    async def hello(request: Request, response: Response) -> None:
        await falcon.sync_to_async(partial(time.sleep, SYNC_SLEEP))
        _fill(response)

    return make_app(hello)


def async_crowd() -> Any:
    async def hello(request: Request, response: Response) -> None:
        await anyio.sleep(ASYNC_SLEEP)
        _fill(response)

    return make_app(hello)
