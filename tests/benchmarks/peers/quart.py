"""Quart, by its documentation."""

from __future__ import annotations

import time
from typing import Any

import anyio
from quart import Quart, Response, render_template, request
from quart import session as current_session
from quart import websocket as current_websocket

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


def make_app(**options: Any) -> Quart:
    return Quart("benchmark", **options)


def plaintext() -> Any:
    app = make_app()

    @app.get("/")
    async def hello() -> str:
        return HELLO

    return app


def json() -> Any:
    app = make_app()

    @app.get("/")
    async def message() -> dict[str, str]:
        return MESSAGE

    return app


def user() -> Any:
    app = make_app()

    @app.get("/user/<int:id>")
    async def show(id: int) -> dict[str, Any]:
        return {"id": id, "q": request.args["q"]}

    return app


def sync() -> Any:
    app = make_app()

    @app.get("/")
    def hello() -> str:
        return HELLO

    return app


def form() -> Any:
    app = make_app()

    @app.post("/")
    async def show() -> str:
        fields = await request.form
        return ", ".join([fields[name] for name in FIELDS])

    return app


def multipart() -> Any:
    app = make_app()

    @app.post("/")
    async def measure() -> str:
        return str(len((await request.files)["file"].read()))

    return app


def json_body() -> Any:
    app = make_app()

    @app.post("/")
    async def echo() -> Any:
        return await request.json

    return app


def template() -> Any:
    app = make_app(template_folder=TEMPLATES)

    @app.get("/")
    async def page() -> str:
        return await render_template("rows.html", rows=ROWS)

    return app


def session() -> Any:
    app = make_app()
    app.secret_key = SECRET_KEY

    @app.get("/")
    async def count() -> str:
        current_session["visits"] = current_session.get("visits", 0) + 1
        return str(current_session["visits"])

    return app


def hooks() -> Any:
    app = make_app()

    async def before() -> None:
        HOOKS.note()

    async def after(response: Response) -> Response:
        HOOKS.note()
        return response

    for _ in range(3):
        app.before_request(before)
        app.after_request(after)

    @app.get("/")
    async def hello() -> str:
        return HELLO

    return app


def last_route() -> Any:
    app = make_app()

    async def item(id: int) -> str:
        return f"item {id}"

    for number in range(ROUTES):
        app.add_url_rule(f"/section{number}/<int:id>", f"section{number}", item)
    return app


not_found = last_route


def static_small() -> Any:
    return make_app(static_folder=STATIC, static_url_path="/static")


static_large = static_small


def generator() -> Any:
    app = make_app()

    @app.get("/")
    async def stream() -> Response:
        async def chunks() -> Any:
            for _ in range(CHUNKS):
                yield CHUNK

        return Response(chunks(), mimetype="text/plain")

    return app


def idle_stream() -> Any:
    app = make_app()

    @app.get("/")
    async def stream() -> Response:
        async def chunks() -> Any:
            yield CHUNK
            await anyio.sleep_forever()

        return Response(chunks(), mimetype="text/plain")

    return app


def websocket() -> Any:
    app = make_app()

    @app.websocket("/")
    async def echo() -> None:
        while True:
            await current_websocket.send(await current_websocket.receive())

    return app


def sync_crowd() -> Any:
    app = make_app()

    @app.get("/")
    def hello() -> str:
        time.sleep(SYNC_SLEEP)
        return HELLO

    return app


def async_crowd() -> Any:
    app = make_app()

    @app.get("/")
    async def hello() -> str:
        await anyio.sleep(ASYNC_SLEEP)
        return HELLO

    return app
