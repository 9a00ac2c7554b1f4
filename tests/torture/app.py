"""The app that is tortured: each kind of view in both colours, all of it counted."""

from __future__ import annotations

import asyncio
import builtins
import sys
import tempfile
import time
from contextvars import ContextVar
from typing import Any

import anyio
from blinker import Namespace

from asyncflask import (
    Blueprint,
    Flask,
    abort,
    flash,
    g,
    inline,
    render_template_string,
    request,
    send_file,
    session,
    stream_with_context,
    url_for,
    websocket,
)

from .census import Census

app = Flask("torture")
app.config.update(
    SECRET_KEY="a key of tests, for tests alone",
    MAX_CONTENT_LENGTH=64 * 1024 * 1024,
    BODY_TIMEOUT=5,
    STREAM_SHUTDOWN_TIMEOUT=1,
)
census = Census(app.asgi_app)
app.asgi_app = census

sync = Blueprint("sync", __name__, url_prefix="/sync")
asynchronous = Blueprint("async", __name__, url_prefix="/async")

ITEM = b"x" * 1024
SHORT = 0.05  # seconds that a view takes


# -- the end


@app.after_serving
async def shut_down() -> None:
    print("shutdown function", file=sys.stderr)


# -- hooks


@app.teardown_request
@inline
def tear_down_misses(exc: BaseException | None) -> None:
    if request.blueprint is None:
        census.note_teardown(request.scope["torture.number"])


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


@asynchronous.get("/health")
async def health() -> str:
    return "well"


@sync.get("/health")
def health_sync() -> str:
    return "well"


@sync.get("/view")
def view() -> str:
    time.sleep(request.args.get("seconds", SHORT, float))
    return "done"


@asynchronous.get("/view")
async def view_async() -> str:
    await anyio.sleep(request.args.get("seconds", SHORT, float))
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


@sync.post("/form")
def form() -> dict[str, Any]:
    return request.form.to_dict(flat=False)


@asynchronous.post("/form")
async def form_async() -> dict[str, Any]:
    return request.form.to_dict(flat=False)


@sync.get("/items/<int:number>")
def item(number: int) -> dict[str, Any]:
    return {"number": number, "url": url_for(".item", number=number + 1)}


@asynchronous.get("/items/<int:number>", endpoint="item")
async def item_async(number: int) -> dict[str, Any]:
    return {"number": number, "url": url_for(".item", number=number + 1)}


PAGE = "{% for number in range(20) %}<p>{{ number }}: {{ request.args.name }}</p>{% endfor %}"


@sync.get("/page")
def page() -> str:
    flash("seen")
    return render_template_string(PAGE)


@asynchronous.get("/page")
async def page_async() -> str:
    flash("seen")
    return render_template_string(PAGE)


@sync.post("/save")
def save() -> str:
    file = request.files["f"]
    with tempfile.TemporaryFile() as copy:
        file.save(copy)
        return str(copy.tell())


# -- sync code that calls async code that calls sync code


@sync.get("/nested/thread")
def nest_threads() -> str:
    async def outer() -> str:
        return await anyio.to_thread.run_sync(app.ensure_sync(inner))

    async def inner() -> str:
        await anyio.sleep(0.01)
        return "well"

    return app.ensure_sync(outer)()


@sync.get("/nested/app")
def ask_itself() -> str:
    """A view that asks another one of the same app, in need of the same threads."""

    async def ask() -> str:
        messages: list[Any] = []

        async def keep(message: Any) -> None:
            messages.append(message)

        scope = {**request.scope, "path": "/sync/health", "raw_path": b"/sync/health"}
        await app(scope, anyio.sleep_forever, keep)
        return messages[1]["body"].decode()

    return app.ensure_sync(ask)()


asked = Namespace().signal("asked")


@asked.connect_via(app)
def answer_signal(sender: Any) -> str:
    time.sleep(0.01)
    return app.ensure_sync(health)()


@sync.get("/nested/signal")
def send_signal() -> str:
    """An async function sends a signal that a sync one hears, which needs an async one."""

    async def send() -> str:
        [(_, answer)] = await asked.send_async(app, _sync_wrapper=in_thread)
        return answer

    def in_thread(receiver: Any) -> Any:
        return lambda *args: anyio.to_thread.run_sync(receiver, *args)

    return app.ensure_sync(send)()


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


@sync.get("/finite")
def finite() -> Any:
    def items() -> Any:
        with census.generator(None):
            for _ in range(20):
                yield ITEM

    return items()


@asynchronous.get("/finite")
async def finite_async() -> Any:
    async def items() -> Any:
        with census.generator(None):
            for _ in range(20):
                yield ITEM
                await anyio.lowlevel.checkpoint()

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


# -- errors, wherever users' functions run


class Handled(Exception):
    """Has an error handler, which fails."""


def fail_at(place: str) -> None:
    if request.args.get("place") == place:
        fail(request.args["kind"], request.args["words"])


def fail(kind: str, words: str) -> None:
    """Raise an error whose traceback has these words."""
    if kind == "RecursionError":
        recurse(words)
    if kind == "CancelledError":
        raise asyncio.CancelledError(words)
    if kind == "ExceptionGroup":
        raise BaseExceptionGroup(words, [SystemExit(words)])
    raise getattr(builtins, kind)(words)


def recurse(words: str) -> None:
    try:
        recurse(words)
    except RecursionError as exc:
        raise RecursionError(words) from exc


@sync.before_request
def fail_before() -> None:
    fail_at("before")


@asynchronous.before_request
async def fail_before_async() -> None:
    fail_at("before")


@sync.after_request
def fail_after(response: Any) -> Any:
    fail_at("after")
    return response


@asynchronous.after_request
async def fail_after_async(response: Any) -> Any:
    fail_at("after")
    return response


@sync.teardown_request
def fail_at_teardown(exc: BaseException | None) -> None:
    fail_at("teardown")


@asynchronous.teardown_request
async def fail_at_teardown_async(exc: BaseException | None) -> None:
    fail_at("teardown")


@sync.errorhandler(Handled)
def fail_in_handler(exc: Handled) -> Any:
    fail_at("handler")


@asynchronous.errorhandler(Handled)
async def fail_in_handler_async(exc: Handled) -> Any:
    fail_at("handler")


@sync.get("/raise")
def raise_error() -> Any:
    def items() -> Any:
        with census.generator(None):
            fail_at("stream")
            yield ITEM

    fail_at("view")
    if request.args["place"] == "handler":
        raise Handled
    return stream_with_context(items()) if request.args["place"] == "stream" else "fine"


@asynchronous.get("/raise")
async def raise_error_async() -> Any:
    async def items() -> Any:
        with census.generator(None):
            fail_at("stream")
            yield ITEM

    fail_at("view")
    if request.args["place"] == "handler":
        raise Handled
    return items() if request.args["place"] == "stream" else "fine"


@sync.get("/break")
def break_off() -> Any:
    def items() -> Any:
        with census.generator(None):
            yield ITEM
            yield ITEM
            fail("ZeroDivisionError", words)

    words = request.args["words"]
    return items(), framing()


@asynchronous.get("/break")
async def break_off_async() -> Any:
    async def items() -> Any:
        with census.generator(None):
            yield ITEM
            await anyio.sleep(0.001)
            yield ITEM
            fail("ZeroDivisionError", words)

    words = request.args["words"]
    return items(), framing()


def framing() -> dict[str, str]:
    """The header of a response that announces more than it sends, or nothing."""
    return {"Content-Length": "10000"} if request.args["framing"] == "announced" else {}


# -- what a request sets

memory: ContextVar[str] = ContextVar("memory")


def set_everything() -> None:
    memory.set("set")
    g.value = "set"
    session["value"] = "set"


def seen() -> dict[str, str]:
    """What of it can be seen."""
    sights = {"variable": memory.get(None), "g": g.get("value"), "session": session.get("value")}
    return {name: value for name, value in sights.items() if value is not None}


def answer_in(way: str) -> Any:
    if way == "abort":
        abort(418)
    if way == "error":
        raise ZeroDivisionError
    if way == "file":
        return send_file(__file__)
    return "done"


@sync.get("/seen")
def see() -> dict[str, str]:
    return seen()


@asynchronous.get("/seen")
async def see_async() -> dict[str, str]:
    return seen()


@sync.get("/set/<way>")
def set_variables(way: str) -> Any:
    def items() -> Any:
        memory.set("set in the stream")
        yield b"done"

    set_everything()
    return (items(), LENGTH) if way == "stream" else answer_in(way)


@asynchronous.get("/set/<way>")
async def set_variables_async(way: str) -> Any:
    async def items() -> Any:
        memory.set("set in the stream")
        yield b"done"

    set_everything()
    return (items(), LENGTH) if way == "stream" else answer_in(way)


LENGTH = {"Content-Length": "4"}


@sync.post("/set/live", stream_body=True)
def set_variables_live() -> str:
    set_everything()
    return str(len(request.stream.read()))


@asynchronous.post("/set/live", stream_body=True)
async def set_variables_live_async() -> str:
    set_everything()
    return str(len(await request.stream.read()))


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


@sync.websocket("/fail")
def fail_in_websocket() -> None:
    websocket.receive()
    fail(websocket.args["kind"], websocket.args["words"])


@asynchronous.websocket("/fail")
async def fail_in_websocket_async() -> None:
    await websocket.receive()
    fail(websocket.args["kind"], websocket.args["words"])


app.register_blueprint(sync)
app.register_blueprint(asynchronous)
