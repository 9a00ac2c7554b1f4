"""The scope of a request as a read-only mapping in the shape of WSGI's environ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

# Where a test client or a middleware may put environ keys of its own into the scope.
EXTRA_KEYS = "asyncflask.environ"

# Headers that WSGI names without HTTP_.
_PLAIN_HEADERS = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


class Environ(Mapping[str, Any]):
    """What extensions written for WSGI look up: REQUEST_METHOD, PATH_INFO, HTTP_* and kin.

    Everything is computed on first use. `asgi.scope` is the scope itself; `wsgi.input` is the
    request's stream.

    Args:
        open_stream: gives the request's stream, when it is asked for.
    """

    def __init__(self, scope: Mapping[str, Any], open_stream: Callable[[], Any]) -> None:
        self._scope = scope
        self._open_stream = open_stream
        self._known: dict[str, Any] | None = None

    def __getitem__(self, key: str) -> Any:
        value = self._values()[key]
        return self._open_stream() if key == "wsgi.input" and value is None else value

    def __contains__(self, key: object) -> bool:
        return key in self._values()

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._values()!r}>"

    def _values(self) -> dict[str, Any]:
        if self._known is None:
            self._known = _to_environ(self._scope)
        return self._known


def _to_environ(scope: Mapping[str, Any]) -> dict[str, Any]:
    root_path = scope.get("root_path", "").rstrip("/")
    path = scope["path"]
    if root_path and (path == root_path or path.startswith(f"{root_path}/")):
        path = path[len(root_path) :]
    server_name, server_port = scope.get("server") or ("", None)
    environ = {
        "REQUEST_METHOD": scope.get("method", "GET"),
        "SCRIPT_NAME": _tunnel(root_path),
        "PATH_INFO": _tunnel(path),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "RAW_URI": _raw_uri(scope),
        "REQUEST_URI": _raw_uri(scope),
        "SERVER_NAME": server_name,
        "SERVER_PORT": "" if server_port is None else str(server_port),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": None,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "asgi.scope": scope,
    }
    if client := scope.get("client"):
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client[0], str(client[1])
    _add_headers(environ, scope["headers"])
    environ.update(scope.get(EXTRA_KEYS, ()))
    return environ


def _add_headers(environ: dict[str, Any], headers: list[tuple[bytes, bytes]]) -> None:
    for name, value in headers:
        # An underscore could pass itself off as another header's hyphen.
        if b"_" in name:
            continue
        key = _PLAIN_HEADERS.get(name) or f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
        text = value.decode("latin-1")
        if key in environ:
            separator = "; " if key == "HTTP_COOKIE" else ","
            text = f"{environ[key]}{separator}{text}"
        environ[key] = text


def _tunnel(text: str) -> str:
    """Put UTF-8 into a str of Latin-1, as PEP 3333 has it."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _raw_uri(scope: Mapping[str, Any]) -> str:
    raw_path = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
    query = scope.get("query_string", b"")
    uri: bytes = raw_path + b"?" + query if query else raw_path
    return uri.decode("latin-1")
