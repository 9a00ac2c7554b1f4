"""The yardstick: by hand, and only what each route needs."""

from __future__ import annotations

import hashlib
import hmac
import json as json_module
import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import anyio
from jinja2 import Environment, FileSystemLoader
from multipart import PushMultipartParser, parse_options_header

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

TEXT = b"text/plain; charset=utf-8"
HTML = b"text/html; charset=utf-8"
JSON = b"application/json"


async def answer(
    send: Any, kind: bytes, body: bytes, status: int = 200, more: tuple[Any, ...] = ()
) -> None:
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def read_body(receive: Any) -> bytes:
    message = await receive()
    if not message["more_body"]:
        return message["body"]
    chunks = [message["body"]]
    while message["more_body"]:
        message = await receive()
        chunks.append(message["body"])
    return b"".join(chunks)


def plaintext() -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, TEXT, HELLO.encode())

    return app


def json() -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, JSON, json_module.dumps(MESSAGE).encode())

    return app


def user() -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        id = int(scope["path"].rpartition("/")[2])
        q = dict(parse_qsl(scope["query_string"].decode()))["q"]
        await answer(send, JSON, json_module.dumps({"id": id, "q": q}).encode())

    return app


def sync() -> Any:
    def view() -> str:
        return HELLO

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = await anyio.to_thread.run_sync(view)
        await answer(send, TEXT, body.encode())

    return app


def form() -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        fields = dict(parse_qsl((await read_body(receive)).decode()))
        await answer(send, TEXT, ", ".join([fields[name] for name in FIELDS]).encode())

    return app


def multipart() -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        _, options = parse_options_header(dict(scope["headers"])[b"content-type"].decode())
        content = bytearray()
        with PushMultipartParser(options["boundary"]) as parser:
            has_more = True
            while has_more:
                message = await receive()
                has_more = message["more_body"]
                for event in parser.parse(message["body"]):
                    if isinstance(event, (bytes, bytearray)):
                        content += event
        await answer(send, TEXT, str(len(content)).encode())

    return app


def json_body() -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        document = json_module.loads(await read_body(receive))
        await answer(send, JSON, json_module.dumps(document).encode())

    return app


def template() -> Any:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    page = environment.get_template("rows.html")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, HTML, page.render(rows=ROWS).encode())

    return app


def session() -> Any:
    """A cookie of Flask's form: the data, when it was signed, and the signature."""
    key = hmac.digest(SECRET_KEY.encode(), b"cookie-session", hashlib.sha1)

    def sign(value: bytes) -> bytes:
        return urlsafe_b64encode(hmac.digest(key, value, hashlib.sha1)).rstrip(b"=")

    def load(cookie: bytes) -> Any:
        value, _, signature = cookie.rpartition(b".")
        if not hmac.compare_digest(sign(value), signature):
            return {}
        data, _, signed_at = value.rpartition(b".")
        age = time.time() - int.from_bytes(urlsafe_b64decode(signed_at + b"=="), "big")
        return json_module.loads(urlsafe_b64decode(data + b"==")) if age < 31 * 86400 else {}

    def dump(data: Any) -> bytes:
        encoded = urlsafe_b64encode(json_module.dumps(data).encode()).rstrip(b"=")
        signed_at = urlsafe_b64encode(int(time.time()).to_bytes(4, "big")).rstrip(b"=")
        value = encoded + b"." + signed_at
        return value + b"." + sign(value)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        cookie = dict(scope["headers"]).get(b"cookie", b"").partition(b"session=")[2]
        data = load(cookie) if cookie else {}
        data["visits"] = visits = data.get("visits", 0) + 1
        set_cookie = b"session=" + dump(data) + b"; HttpOnly; Path=/"
        more = ((b"set-cookie", set_cookie), (b"vary", b"Cookie"))
        await answer(send, TEXT, str(visits).encode(), more=more)

    return app


def hooks() -> Any:
    async def note() -> None:
        HOOKS.note()

    before, after = (note,) * 3, (note,) * 3

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for function in before:
            await function()
        body = HELLO.encode()
        for function in after:
            await function()
        await answer(send, TEXT, body)

    return app


def last_route() -> Any:
    sections = {f"section{number}" for number in range(ROUTES)}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        _, section, id = scope["path"].split("/")
        if section in sections:
            await answer(send, TEXT, f"item {int(id)}".encode())
        else:
            await answer(send, TEXT, b"Not Found", 404)

    return app


not_found = last_route


def static_small() -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        path = Path(STATIC, scope["path"].rpartition("/")[2])
        descriptor = os.open(path, os.O_RDONLY)
        try:
            content = os.read(descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)
        await answer(send, b"text/css" if path.suffix == ".css" else b"image/jpeg", content)

    return app


static_large = static_small


def generator() -> Any:
    async def chunks() -> Any:
        for _ in range(CHUNKS):
            yield CHUNK

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", TEXT)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for chunk in chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return app


def idle_stream() -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        await anyio.sleep_forever()

    return app


def websocket() -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})

    return app


def sync_crowd() -> Any:
    def view() -> str:
        time.sleep(SYNC_SLEEP)
        return HELLO

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = await anyio.to_thread.run_sync(view)
        await answer(send, TEXT, body.encode())

    return app


def async_crowd() -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await anyio.sleep(ASYNC_SLEEP)
        await answer(send, TEXT, HELLO.encode())

    return app
