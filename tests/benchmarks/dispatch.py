"""How long a request takes inside the app, as a ratio to bare ASGI and to Starlette.

    python tests/benchmarks/dispatch.py [--rounds 15] [--requests 2000] [--loop asyncio|uvloop]

No server and no socket: each app is called with the same ASGI scope. The apps take turns, round
by round, so that a machine whose speed drifts is equally unfair to all. Figures are medians of
the rounds in microseconds a request; the ratios are taken within each round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from typing import Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from asyncflask import Flask, request

Scope = dict[str, Any]


async def bare(scope: Scope, receive: Any, send: Any) -> None:
    """The least an ASGI app can do for these routes."""
    if scope["path"] == "/json":
        body, kind = json.dumps({"message": "hello"}).encode(), b"application/json"
    elif scope["method"] == "POST":
        body, kind = (await receive())["body"], b"application/json"
    else:
        body, kind = b"user " + scope["path"].rpartition("/")[2].encode(), b"text/plain"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def make_starlette() -> Starlette:
    async def user(request: Any) -> PlainTextResponse:
        return PlainTextResponse(f"user {request.path_params['id']}")

    def user_sync(request: Any) -> PlainTextResponse:
        return PlainTextResponse(f"user {request.path_params['id']}")

    async def message(request: Any) -> JSONResponse:
        return JSONResponse({"message": "hello"})

    async def echo(request: Any) -> JSONResponse:
        return JSONResponse(await request.json())

    fillers = [Route(f"/filler{number}", user) for number in range(50)]
    return Starlette(
        routes=[
            *fillers,
            Route("/u/{id:int}", user),
            Route("/sync/{id:int}", user_sync),
            Route("/json", message),
            Route("/echo", echo, methods=["POST"]),
        ]
    )


def make_asyncflask() -> Flask:
    app = Flask("benchmark")
    for number in range(50):
        app.add_url_rule(f"/filler{number}", f"filler{number}", lambda: "")

    @app.get("/u/<int:id>")
    async def user(id: int) -> str:
        return f"user {id}"

    @app.get("/sync/<int:id>")
    def user_sync(id: int) -> str:
        return f"user {id}"

    @app.get("/json")
    async def message() -> dict[str, str]:
        return {"message": "hello"}

    @app.post("/echo")
    async def echo() -> Any:
        return request.json

    return app


def make_scope(method: str, path: str, body: bytes) -> Scope:
    headers = [
        (b"host", b"localhost:8000"),
        (b"user-agent", b"benchmark"),
        (b"accept", b"*/*"),
    ]
    if body:
        headers += [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }


async def time_requests(app: Any, scope: Scope, body: bytes, count: int) -> float:
    """Microseconds a request."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    statuses: set[int] = set()

    async def send(message: dict[str, Any]) -> None:
        if "status" in message:
            statuses.add(message["status"])

    begin = time.perf_counter()
    for number in range(count):
        await app(dict(scope), receive, send)
        if number % 20 == 0:
            # A server goes round its loop too; cancelled timers are dropped then.
            await asyncio.sleep(0)
    spent = time.perf_counter() - begin
    if statuses != {200}:
        sys.exit(f"{scope['method']} {scope['path']} answered {sorted(statuses)}, not 200")
    return spent / count * 1e6


CASES = [
    ("async view, GET /u/5", "GET", "/u/5", b"", 1),
    ("sync view,  GET /sync/5", "GET", "/sync/5", b"", 8),
    ("async JSON, GET /json", "GET", "/json", b"", 1),
    ("async JSON, POST /echo", "POST", "/echo", b'{"name": "Ada", "id": 5}', 1),
]


async def main(rounds: int, requests: int) -> None:
    apps = {"bare ASGI": bare, "Starlette": make_starlette(), "asyncflask": make_asyncflask()}
    for title, method, path, body, slower in CASES:
        scope = make_scope(method, path, body)
        times: dict[str, list[float]] = {name: [] for name in apps}
        for turn in range(rounds + 1):
            for name, app in apps.items():
                spent = await time_requests(app, scope, body, requests // slower)
                if turn:  # the first round warms up
                    times[name].append(spent)
        medians = {name: statistics.median(spent) for name, spent in times.items()}
        ours = times["asyncflask"]
        to_bare = statistics.median(map(lambda a, b: a / b, ours, times["bare ASGI"]))
        to_starlette = statistics.median(map(lambda a, b: a / b, ours, times["Starlette"]))
        figures = "  ".join(f"{name} {spent:7.1f} us" for name, spent in medians.items())
        print(f"{title:26} {figures}   {to_bare:5.2f} x bare   {to_starlette:5.2f} x Starlette")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="uvloop")
    options = parser.parse_args()
    factory = None
    if options.loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main(options.rounds, options.requests))
