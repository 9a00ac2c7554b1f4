"""FastAPI, by its documentation; hooks are ASGI middleware, its fastest way."""

from __future__ import annotations

import time
from typing import Annotated, Any

import anyio
from fastapi import FastAPI, Form, Request, UploadFile, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.middleware.sessions import SessionMiddleware

from peers.starlette import HookMiddleware
from work import (
    ASYNC_SLEEP,
    CHUNK,
    CHUNKS,
    HELLO,
    MESSAGE,
    ROUTES,
    ROWS,
    SECRET_KEY,
    STATIC,
    SYNC_SLEEP,
    TEMPLATES,
)


def plaintext() -> Any:
    app = FastAPI()

    @app.get("/", response_class=PlainTextResponse)
    async def hello() -> str:
        return HELLO

    return app


def json() -> Any:
    app = FastAPI()

    @app.get("/")
    async def message() -> dict[str, str]:
        return MESSAGE

    return app


def user() -> Any:
    app = FastAPI()

    @app.get("/user/{id}")
    async def show(id: int, q: str) -> dict[str, Any]:
        return {"id": id, "q": q}

    return app


def sync() -> Any:
    app = FastAPI()

    @app.get("/", response_class=PlainTextResponse)
    def hello() -> str:
        return HELLO

    return app


def form() -> Any:
    app = FastAPI()
    Field = Annotated[str, Form()]

    async def show(first: Field, last: Field, city: Field, language: Field, comment: Field) -> str:
        return f"{first}, {last}, {city}, {language}, {comment}"

    show.__annotations__ = dict.fromkeys(show.__code__.co_varnames[:5], Field)
    app.post("/", response_class=PlainTextResponse)(show)
    return app


def multipart() -> Any:
    app = FastAPI()

    @app.post("/", response_class=PlainTextResponse)
    async def measure(file: UploadFile) -> str:
        return str(len(await file.read()))

    return app


def json_body() -> Any:
    app = FastAPI()

    @app.post("/")
    async def echo(document: dict[str, Any]) -> dict[str, Any]:
        return document

    return app


def template() -> Any:
    app = FastAPI()
    templates = Jinja2Templates(TEMPLATES)

    @app.get("/", response_class=HTMLResponse)
    async def page(request: Request) -> Any:
        return templates.TemplateResponse(request, "rows.html", {"rows": ROWS})

    return app


def session() -> Any:
    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key=SECRET_KEY)

    @app.get("/", response_class=PlainTextResponse)
    async def count(request: Request) -> str:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return str(request.session["visits"])

    return app


def hooks() -> Any:
    app = plaintext()
    for _ in range(3):
        app.add_middleware(HookMiddleware)
    return app


def last_route() -> Any:
    app = FastAPI()

    async def item(id: int) -> str:
        return f"item {id}"

    for number in range(ROUTES):
        app.get(f"/section{number}/{{id}}", response_class=PlainTextResponse)(item)
    return app


not_found = last_route


def static_small() -> Any:
    app = FastAPI()
    app.mount("/static", StaticFiles(directory=STATIC))
    return app


static_large = static_small


def generator() -> Any:
    app = FastAPI()

    @app.get("/")
    async def stream() -> StreamingResponse:
        async def chunks() -> Any:
            for _ in range(CHUNKS):
                yield CHUNK

        return StreamingResponse(chunks(), media_type="text/plain")

    return app


def websocket() -> Any:
    app = FastAPI()

    @app.websocket("/")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnect:
            pass

    return app


def sync_crowd() -> Any:
    app = FastAPI()

    @app.get("/", response_class=PlainTextResponse)
    def hello() -> str:
        time.sleep(SYNC_SLEEP)
        return HELLO

    return app


def async_crowd() -> Any:
    app = FastAPI()

    @app.get("/", response_class=PlainTextResponse)
    async def hello() -> str:
        await anyio.sleep(ASYNC_SLEEP)
        return HELLO

    return app
