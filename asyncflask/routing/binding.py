"""What a request's scope or environ says to bind a map to: server, subdomain, scheme, path."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..wrappers.request_url import URLParts

if TYPE_CHECKING:
    from collections.abc import Mapping

_STANDARD_PORTS = {"http": ":80", "ws": ":80", "https": ":443", "wss": ":443"}

# No subdomain has such a name, so that nothing matches.
_INVALID_SUBDOMAIN = "<invalid>"


@dataclass(frozen=True, slots=True)
class Origin:
    """A request's address, in the terms of `Map.bind`."""

    server_name: str
    script_name: str
    subdomain: str | None
    url_scheme: str
    path_info: str
    default_method: str
    query_args: str


def read_scope(
    scope: Mapping[str, Any], server_name: str | None, subdomain: str | None, host_matching: bool
) -> Origin:
    """Read an ASGI scope.

    Args:
        server_name: the name of which the request's host is a subdomain; None for the host.
        subdomain: overrides what the host says.
    Raises:
        BadHost: the Host header is no host.
    """
    url = URLParts()
    url.scope = scope
    host = url.host.lower()
    server_name = host if server_name is None else _normalise(server_name, url.scheme)
    if subdomain is None and not host_matching:
        subdomain = _find_subdomain(host, server_name)
    return Origin(
        server_name=server_name,
        script_name=url.root_path or "/",
        subdomain=subdomain,
        url_scheme=url.scheme,
        path_info=url._path_to_match,
        default_method=scope.get("method", "GET"),
        query_args=url.query_string.decode("utf-8", "replace"),
    )


def _normalise(server_name: str, scheme: str) -> str:
    return server_name.lower().removesuffix(_STANDARD_PORTS.get(scheme, ""))


def _find_subdomain(host: str, server_name: str) -> str:
    if host == server_name:
        return ""
    if host.endswith(f".{server_name}"):
        labels = host.removesuffix(f".{server_name}").split(".")
        return ".".join(label for label in labels if label)
    # The server may just have been asked for by its address: a warning and a 404 will do.
    warnings.warn(
        f"Current server name {host!r} doesn't match configured server name {server_name!r}."
        " No rule matches such a request. Ask for a host below the configured one, or set"
        " SERVER_NAME to the name that clients use.",
        stacklevel=4,
    )
    return _INVALID_SUBDOMAIN


def to_scope(environ: Mapping[str, Any]) -> dict[str, Any]:
    """Say in an ASGI scope what a WSGI environ says of the request's address."""
    root_path = _decode(environ.get("SCRIPT_NAME", "")).rstrip("/")
    path = _decode(environ.get("PATH_INFO", "")).lstrip("/")
    host = environ.get("HTTP_HOST")
    port = environ.get("SERVER_PORT")
    return {
        "scheme": _scheme_of(environ),
        "headers": [] if host is None else [(b"host", host.encode("latin-1"))],
        "server": (environ.get("SERVER_NAME", ""), None if port is None else int(port)),
        "root_path": root_path,
        "path": f"{root_path}/{path}",
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "method": environ.get("REQUEST_METHOD", "GET"),
    }


def _scheme_of(environ: Mapping[str, Any]) -> str:
    scheme = str(environ.get("wsgi.url_scheme", "http"))
    connection = environ.get("HTTP_CONNECTION", "").lower().split(",")
    upgrades = any(token.strip() == "upgrade" for token in connection)
    if not upgrades or environ.get("HTTP_UPGRADE", "").lower() != "websocket":
        return scheme
    return "wss" if scheme == "https" else "ws"


def _decode(text: str) -> str:
    """Undo WSGI's disguise of bytes as Latin-1."""
    return text.encode("latin-1").decode("utf-8", "replace")
