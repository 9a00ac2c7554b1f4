"""BlackSheep, by its documentation; it has no threads for plain functions: they block its loop."""

from __future__ import annotations

import os
from typing import Any

import anyio

# BlackSheep looks at it when its renderer is imported.
os.environ["APP_JINJA_EXTENSION"] = ".html"

from blacksheep import Application, Request, Response, StreamedContent, WebSocket, text
from blacksheep import json as json_response
from blacksheep.server.rendering.jinja2 import JinjaRenderer
from blacksheep.server.responses import view_async
from blacksheep.server.routing import Router
from blacksheep.server.websocket import WebSocketDisconnectError
from blacksheep.settings.html import html_settings
from jinja2 import FileSystemLoader

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
    SECRET_KEY,
    STATIC,
    TEMPLATES,
)


def make_empty_app() -> Application:
    return Application(router=Router())  # without one, all apps would share the same


def make_app(view: Any, path: str = "/", method: str = "GET") -> Application:
    app = make_empty_app()
    app.router.add(method, path, view)
    return app


async def hello() -> Response:
    return text(HELLO)


def plaintext() -> Any:
    return make_app(hello)


def json() -> Any:
    async def message() -> Response:
        return json_response(MESSAGE)

    return make_app(message)


def user() -> Any:
    async def show(id: int, q: str) -> Response:
        return json_response({"id": id, "q": q})

    return make_app(show, "/user/{id}")


def form() -> Any:
    async def show(request: Request) -> Response:
        fields: Any = await request.form()
        return text(", ".join([fields[name] for name in FIELDS]))

    return make_app(show, method="POST")


def multipart() -> Any:
    async def measure(request: Request) -> Response:
        (upload,) = await request.files("file")
        return text(str(len(upload.data)))

    return make_app(measure, method="POST")


def json_body() -> Any:
    async def echo(request: Request) -> Response:
        return json_response(await request.json())

    return make_app(echo, method="POST")


def template() -> Any:
    html_settings.use(JinjaRenderer(FileSystemLoader(TEMPLATES), enable_async=True))

    async def page() -> Response:
        return await view_async("rows", {"rows": ROWS})

    return make_app(page)


def session() -> Any:
    async def count(request: Request) -> Response:
        session = request.session
        session["visits"] = session.get("visits", 0) + 1
        return text(str(session["visits"]))

    app = make_app(count)
    app.use_sessions(SECRET_KEY)
    return app


def hooks() -> Any:
    async def middleware(request: Request, handler: Any) -> Response:
        HOOKS.note()
        response: Response = await handler(request)
        HOOKS.note()
        return response

    app = make_app(hello)
    app.middlewares.extend([middleware] * 3)
    return app


def last_route() -> Any:
    async def item(id: int) -> Response:
        return text(f"item {id}")

    app = make_empty_app()
    for number in range(ROUTES):
        app.router.add("GET", f"/section{number}/{{id}}", item)
    return app


not_found = last_route


def static_small() -> Any:
    app = make_empty_app()
    app.serve_files(STATIC, root_path="static")
    return app


static_large = static_small


def generator() -> Any:
    async def stream() -> Response:
        async def chunks() -> Any:
            for _ in range(CHUNKS):
                yield CHUNK

        return Response(200, content=StreamedContent(b"text/plain", chunks))

    return make_app(stream)


def websocket() -> Any:
    app = make_empty_app()

    @app.router.ws("/")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnectError:
            pass

    return app


def async_crowd() -> Any:
    async def hello() -> Response:
        await anyio.sleep(ASYNC_SLEEP)
        return text(HELLO)

    return make_app(hello)
