"""Bodies for tests: requests that announce them, and servers that give their messages."""

from __future__ import annotations

import json
from types import SimpleNamespace

import anyio

from asyncflask.dispatch import body as receiving
from asyncflask.wrappers.request import Request

DISCONNECT = {"type": "http.disconnect"}


class Server:
    """Gives messages one by one, and counts how often it was asked; then it keeps silent."""

    def __init__(self, *messages):
        self.messages = list(messages)
        self.asked = 0

    async def __call__(self):
        self.asked += 1
        if not self.messages:
            await anyio.sleep_forever()
        return self.messages.pop(0)


def chunks(body, size=65536):
    """The messages for a body in pieces."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages[-1]["more_body"] = False
    return messages


async def receive_body(request, server):
    """Receive the body of a request that came from this server."""
    request._receive = server
    await receiving.receive_body(request)


def attach_stream(request, server):
    """Attach the stream of a request that came from this server."""
    request._receive = server
    receiving.attach_stream(request)


def make_request(length=None, *, http_version="1.1", method="POST", headers=(), **config):
    """A request that announces `length` bytes (None: chunked; 0: says nothing)."""
    pairs = [(b"host", b"localhost")]
    if length is None:
        pairs.append((b"transfer-encoding", b"chunked"))
    elif length:
        pairs.append((b"content-length", str(length).encode()))
    pairs += [(name.encode(), value.encode()) for name, value in headers]
    request = Request(
        {
            "type": "http",
            "http_version": http_version,
            "method": method,
            "path": "/",
            "headers": pairs,
        }
    )
    request._app = SimpleNamespace(config=config, debug=False, json=json)
    return request
