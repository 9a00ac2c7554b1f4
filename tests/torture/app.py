"""The app that is tortured: each kind of view in both colours, all of it counted."""

from __future__ import annotations

import time
from typing import Any

import anyio

from asyncflask import Blueprint, Flask, request, websocket

from .census import Census

app = Flask("torture")
app.config.update(
    SECRET_KEY="a key of tests, for tests alone",
    MAX_CONTENT_LENGTH=64 * 1024 * 1024,
    BODY_TIMEOUT=5,
)
census = Census(app.asgi_app)
app.asgi_app = census

sync = Blueprint("sync", __name__, url_prefix="/sync")
asynchronous = Blueprint("async", __name__, url_prefix="/async")

ITEM = b"x" * 1024
SHORT = 0.05  # seconds that a view takes


# -- hooks


@sync.after_request
def answer_late(response: Any) -> Any:
    if request.endpoint == "sync.answer":
        time.sleep(SHORT)
    return response


@asynchronous.after_request
async def answer_late_async(response: Any) -> Any:
    if request.endpoint == "async.answer":
        await anyio.sleep(SHORT)
    return response


@sync.teardown_request
def tear_down(exc: BaseException | None) -> None:
    census.note_teardown(request.scope["torture.number"])


@asynchronous.teardown_request
async def tear_down_async(exc: BaseException | None) -> None:
    await anyio.lowlevel.checkpoint()
    census.note_teardown(request.scope["torture.number"])


@sync.teardown_websocket
def tear_down_websocket(exc: BaseException | None) -> None:
    census.note_teardown(websocket.scope["torture.number"])


@asynchronous.teardown_websocket
async def tear_down_websocket_async(exc: BaseException | None) -> None:
    await anyio.lowlevel.checkpoint()
    census.note_teardown(websocket.scope["torture.number"])


# -- views


@app.get("/health")
async def health() -> str:
    return "well"


@sync.get("/health")
def health_sync() -> str:
    return "well"


@sync.get("/view")
def view() -> str:
    time.sleep(SHORT)
    return "done"


@asynchronous.get("/view")
async def view_async() -> str:
    await anyio.sleep(SHORT)
    return "done"


@sync.get("/answer")
def answer() -> str:
    return "done"


@asynchronous.get("/answer")
async def answer_async() -> str:
    return "done"


@sync.post("/body")
def body() -> dict[str, int]:
    return {"size": len(request.get_data())}


@asynchronous.post("/body")
async def body_async() -> dict[str, int]:
    return {"size": len(request.get_data())}


@sync.post("/live", stream_body=True)
def live() -> dict[str, int]:
    return {"size": len(request.stream.read())}


@asynchronous.post("/live", stream_body=True)
async def live_async() -> dict[str, int]:
    return {"size": sum([len(chunk) async for chunk in request.stream])}


@sync.post("/upload")
def upload() -> dict[str, int]:
    return {"size": len(request.files["f"].read())}


@asynchronous.post("/upload")
async def upload_async() -> dict[str, int]:
    return {"size": len(request.files["f"].read())}


# -- streams


@sync.get("/stream")
def stream() -> Any:
    def items() -> Any:
        with census.generator(key):
            while True:
                yield ITEM
                time.sleep(pause)

    key, pause = request.args.get("key"), request.args.get("pause", 0.01, float)
    return items()


@asynchronous.get("/stream")
async def stream_async() -> Any:
    async def items() -> Any:
        with census.generator(key):
            try:
                while True:
                    yield ITEM
                    await anyio.sleep(pause)
            finally:
                # A database's connection would be given back here.
                await anyio.sleep(0.001)

    key, pause = request.args.get("key"), request.args.get("pause", 0.01, float)
    return items()


@sync.get("/torrent")
def torrent() -> Any:
    def items() -> Any:
        with census.generator(key):
            while True:
                yield ITEM

    key = request.args.get("key")
    return items()


@asynchronous.get("/torrent")
async def torrent_async() -> Any:
    async def items() -> Any:
        with census.generator(key):
            while True:
                yield ITEM

    key = request.args.get("key")
    return items()


# -- websockets


@sync.websocket("/echo")
def echo() -> None:
    while True:
        websocket.send(websocket.receive())


@asynchronous.websocket("/echo")
async def echo_async() -> None:
    while True:
        await websocket.send(await websocket.receive())


@asynchronous.websocket("/silent")
async def be_silent() -> None:
    await websocket.accept()
    # Not sleep_forever: asyncio keeps the timers of sleeps that were cancelled for a while.
    await anyio.Event().wait()


app.register_blueprint(sync)
app.register_blueprint(asynchronous)
