"""Flask on WSGI, by its documentation: its views are plain functions."""

from __future__ import annotations

import time
from typing import Any

from flask import Flask, Response, render_template, request
from flask import session as current_session

from work import (
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

IS_WSGI = True


def make_app(**options: Any) -> Flask:
    return Flask("benchmark", **options)


def plaintext() -> Any:
    app = make_app()

    @app.get("/")
    def hello() -> str:
        return HELLO

    return app


def json() -> Any:
    app = make_app()

    @app.get("/")
    def message() -> dict[str, str]:
        return MESSAGE

    return app


def user() -> Any:
    app = make_app()

    @app.get("/user/<int:id>")
    def show(id: int) -> dict[str, Any]:
        return {"id": id, "q": request.args["q"]}

    return app


sync = plaintext


def form() -> Any:
    app = make_app()

    @app.post("/")
    def show() -> str:
        return ", ".join([request.form[name] for name in FIELDS])

    return app


def multipart() -> Any:
    app = make_app()

    @app.post("/")
    def measure() -> str:
        return str(len(request.files["file"].read()))

    return app


def json_body() -> Any:
    app = make_app()

    @app.post("/")
    def echo() -> Any:
        return request.json

    return app


def template() -> Any:
    app = make_app(template_folder=TEMPLATES)

    @app.get("/")
    def page() -> str:
        return render_template("rows.html", rows=ROWS)

    return app


def session() -> Any:
    app = make_app()
    app.secret_key = SECRET_KEY

    @app.get("/")
    def count() -> str:
        current_session["visits"] = current_session.get("visits", 0) + 1
        return str(current_session["visits"])

    return app


def hooks() -> Any:
    app = make_app()

    def before() -> None:
        HOOKS.note()

    def after(response: Response) -> Response:
        HOOKS.note()
        return response

    for _ in range(3):
        app.before_request(before)
        app.after_request(after)

    @app.get("/")
    def hello() -> str:
        return HELLO

    return app


def last_route() -> Any:
    app = make_app()

    def item(id: int) -> str:
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
    def stream() -> Response:
        def chunks() -> Any:
            for _ in range(CHUNKS):
                yield CHUNK

        return Response(chunks(), mimetype="text/plain")

    return app


def sync_crowd() -> Any:
    app = make_app()

    @app.get("/")
    def hello() -> str:
        time.sleep(SYNC_SLEEP)
        return HELLO

    return app
