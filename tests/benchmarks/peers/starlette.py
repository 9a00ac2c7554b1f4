"""Starlette, by its documentation; hooks are ASGI middleware, its fastest way."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.websockets import WebSocket, WebSocketDisconnect

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
    SYNC_SLEEP,
    TEMPLATES,
)


def make_app(view: Any, path: str = "/", method: str = "GET", **options: Any) -> Starlette:
    return Starlette(routes=[Route(path, view, methods=[method])], **options)


async def hello(request: Request) -> Response:
    return PlainTextResponse(HELLO)


def plaintext() -> Any:
    return make_app(hello)


def json() -> Any:
    async def message(request: Request) -> Response:
        return JSONResponse(MESSAGE)

    return make_app(message)


def user() -> Any:
    async def show(request: Request) -> Response:
        return JSONResponse({"id": request.path_params["id"], "q": request.query_params["q"]})

    return make_app(show, "/user/{id:int}")


def sync() -> Any:
    def hello(request: Request) -> Response:
        return PlainTextResponse(HELLO)

    return make_app(hello)


def form() -> Any:
    async def show(request: Request) -> Response:
        async with request.form() as fields:
            return PlainTextResponse(", ".join([str(fields[name]) for name in FIELDS]))

    return make_app(show, method="POST")


def multipart() -> Any:
    async def measure(request: Request) -> Response:
        async with request.form() as fields:
            upload: Any = fields["file"]
            return PlainTextResponse(str(len(await upload.read())))

    return make_app(measure, method="POST")


def json_body() -> Any:
    async def echo(request: Request) -> Response:
        return JSONResponse(await request.json())

    return make_app(echo, method="POST")


def template() -> Any:
    templates = Jinja2Templates(TEMPLATES)

    async def page(request: Request) -> Response:
        return templates.TemplateResponse(request, "rows.html", {"rows": ROWS})

    return make_app(page)


def session() -> Any:
    async def count(request: Request) -> Response:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return PlainTextResponse(str(request.session["visits"]))

    return make_app(count, middleware=[Middleware(SessionMiddleware, secret_key=SECRET_KEY)])


class HookMiddleware:
    """Something before, and something after."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_after(message: Any) -> None:
            if message["type"] == "http.response.start":
                HOOKS.note()
            await send(message)

        HOOKS.note()
        await self.app(scope, receive, send_after)


def hooks() -> Any:
    return make_app(hello, middleware=[Middleware(HookMiddleware)] * 3)


def last_route() -> Any:
    async def item(request: Request) -> Response:
        return PlainTextResponse(f"item {request.path_params['id']}")

    return Starlette(
        routes=[Route(f"/section{number}/{{id:int}}", item) for number in range(ROUTES)]
    )


not_found = last_route


def static_small() -> Any:
    return Starlette(routes=[Mount("/static", StaticFiles(directory=STATIC))])


static_large = static_small


def generator() -> Any:
    async def stream(request: Request) -> Response:
        async def chunks() -> Any:
            for _ in range(CHUNKS):
                yield CHUNK

        return StreamingResponse(chunks(), media_type="text/plain")

    return make_app(stream)


def idle_stream() -> Any:
    async def stream(request: Request) -> Response:
        async def chunks() -> Any:
            yield CHUNK
            await anyio.sleep_forever()

        return StreamingResponse(chunks(), media_type="text/plain")

    return make_app(stream)


def websocket() -> Any:
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnect:
            pass

    return Starlette(routes=[WebSocketRoute("/", echo)])


def sync_crowd() -> Any:
    def hello(request: Request) -> Response:
        time.sleep(SYNC_SLEEP)
        return PlainTextResponse(HELLO)

    return make_app(hello)


def async_crowd() -> Any:
    async def hello(request: Request) -> Response:
        await anyio.sleep(ASYNC_SLEEP)
        return PlainTextResponse(HELLO)

    return make_app(hello)


if find_spec("python_multipart") is None:
    # Starlette reads forms only where it is installed, which requirements.txt sees to.
    del form, multipart
