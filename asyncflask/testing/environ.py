"""A request in the terms of WSGI, as tests written for Flask have it, put into an ASGI scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..wrappers.environ import EXTRA_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What a scope has in other places, so that a default for it is never needed.
_ALWAYS_SET = frozenset(
    {
        "HTTP_HOST",
        "PATH_INFO",
        "QUERY_STRING",
        "REQUEST_METHOD",
        "SCRIPT_NAME",
        "SERVER_NAME",
        "SERVER_PORT",
        "SERVER_PROTOCOL",
        "wsgi.url_scheme",
    }
)


def add_defaults(scope: dict[str, Any], environ: Mapping[str, Any]) -> None:
    """Put in what the scope does not say itself: addresses, headers and keys of any other name."""
    present = {name for name, _ in scope["headers"]}
    for key, value in environ.items():
        if key not in _ALWAYS_SET and _header_name(key) not in present:
            _put(scope, key, value)


def override(scope: dict[str, Any], environ: Mapping[str, Any]) -> None:
    """Put in everything, in place of what the scope says."""
    for key, value in environ.items():
        _put(scope, key, value)


def _put(scope: dict[str, Any], key: str, value: Any) -> None:
    name = _header_name(key)
    if name is not None:
        others = [pair for pair in scope["headers"] if pair[0] != name]
        scope["headers"] = [*others, (name, str(value).encode("latin-1"))]
    elif key in _SETTERS:
        _SETTERS[key](scope, value)
    else:
        scope.setdefault(EXTRA_KEYS, {})[key] = value


def _header_name(key: str) -> bytes | None:
    if key in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
        return key.lower().replace("_", "-").encode()
    if not key.startswith("HTTP_"):
        return None
    return key[5:].lower().replace("_", "-").encode("latin-1")


def _decode(text: str) -> str:
    """Undo WSGI's disguise of UTF-8 as Latin-1; text that is none stays."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _below_root(scope: dict[str, Any]) -> str:
    path: str = scope["path"]
    return path[len(scope["root_path"]) :]


def _set_method(scope: dict[str, Any], value: str) -> None:
    scope["method"] = value


def _set_scheme(scope: dict[str, Any], value: str) -> None:
    scope["scheme"] = value


def _set_query(scope: dict[str, Any], value: str) -> None:
    scope["query_string"] = value.encode("latin-1")


def _set_protocol(scope: dict[str, Any], value: str) -> None:
    scope["http_version"] = value.removeprefix("HTTP/")


def _set_root_path(scope: dict[str, Any], value: str) -> None:
    root_path = _decode(value).rstrip("/")
    scope["path"] = root_path + _below_root(scope)
    scope["root_path"] = root_path


def _set_path(scope: dict[str, Any], value: str) -> None:
    scope["path"] = f"{scope['root_path']}/{_decode(value).removeprefix('/')}"


def _set_client(scope: dict[str, Any], value: str) -> None:
    scope["client"] = (value, scope["client"][1])


def _set_client_port(scope: dict[str, Any], value: str | int) -> None:
    scope["client"] = (scope["client"][0], int(value))


def _set_server_name(scope: dict[str, Any], value: str) -> None:
    scope["server"] = (value, scope["server"][1])


def _set_server_port(scope: dict[str, Any], value: str | int) -> None:
    scope["server"] = (scope["server"][0], int(value))


_SETTERS: dict[str, Callable[[dict[str, Any], Any], None]] = {
    "PATH_INFO": _set_path,
    "QUERY_STRING": _set_query,
    "REMOTE_ADDR": _set_client,
    "REMOTE_PORT": _set_client_port,
    "REQUEST_METHOD": _set_method,
    "SCRIPT_NAME": _set_root_path,
    "SERVER_NAME": _set_server_name,
    "SERVER_PORT": _set_server_port,
    "SERVER_PROTOCOL": _set_protocol,
    "wsgi.url_scheme": _set_scheme,
}
