"""Scopes and environs as servers make them: anew for each request."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from line import Ask

SERVER, CLIENT = ("127.0.0.1", 8000), ("127.0.0.1", 50000)
TEN_HEADERS = (
    (b"host", b"localhost:8000"),
    (b"connection", b"keep-alive"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"en-GB,en;q=0.5"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"referer", b"http://localhost:8000/"),
    (b"dnt", b"1"),
    (b"cache-control", b"max-age=0"),
    (b"priority", b"u=0, i"),
)


def scope_of(ask: Ask) -> dict[str, Any]:
    """A scope of uvicorn's shape, for `copy_scope`."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": SERVER,
        "client": CLIENT,
        "scheme": "http",
        "root_path": "",
        "headers": [*TEN_HEADERS, *ask.headers],
        "state": {},
        "method": ask.method,
        "path": ask.path,
        "raw_path": ask.path.encode(),
        "query_string": ask.query,
    }


def websocket_scope_of(ask: Ask) -> dict[str, Any]:
    """A scope of uvicorn's shape for a WebSocket handshake, for `copy_scope`."""
    scope = scope_of(ask) | {"type": "websocket", "scheme": "ws", "subprotocols": []}
    del scope["method"]
    return scope | {"extensions": {"websocket.http.response": {}}}


def copy_scope(scope: dict[str, Any]) -> dict[str, Any]:
    """One request's own scope: what an application may change is not shared."""
    return {**scope, "headers": scope["headers"].copy(), "state": {}}


def make_environ(ask: Ask) -> dict[str, Any]:
    """A WSGI environ, as PEP 3333 has it."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": ask.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": ask.path,
        "QUERY_STRING": ask.query.decode(),
        "SERVER_NAME": SERVER[0],
        "SERVER_PORT": str(SERVER[1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": CLIENT[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(ask.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in (*TEN_HEADERS, *ask.headers):
        environ[f"HTTP_{name.decode().upper().replace('-', '_')}"] = value.decode()
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if f"HTTP_{name}" in environ:
            environ[name] = environ.pop(f"HTTP_{name}")
    return environ
