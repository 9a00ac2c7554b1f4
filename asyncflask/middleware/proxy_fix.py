"""What a reverse proxy tells of the client, put where applications look for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .root_path import path_below_root, with_root_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    Headers = Iterable[tuple[bytes, bytes]]

# What a proxy calls the scheme, and what ASGI calls it for a WebSocket and for a request.
_WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss"}
_HTTP_SCHEMES = {"ws": "http", "wss": "https"}


class ProxyFix:
    """Corrects a request's scope by the X-Forwarded headers of the proxies before the server.

    Anyone can send these headers. So each is believed only as far from its end as there are
    proxies that are known to set it: count them, and count none that does not.

        app = ProxyFix(app, x_for=1, x_proto=1, x_host=1)

    The values from before are kept in the scope's `asyncflask.proxy_fix.orig`.

    Args:
        x_for: how many proxies set X-Forwarded-For, the client's address.
        x_proto: how many set X-Forwarded-Proto, the scheme.
        x_host: how many set X-Forwarded-Host, the Host header.
        x_port: how many set X-Forwarded-Port, the port in the Host header.
        x_prefix: how many set X-Forwarded-Prefix, the path that the application is at.
    """

    def __init__(
        self,
        app: ASGIApp,
        x_for: int = 1,
        x_proto: int = 1,
        x_host: int = 0,
        x_port: int = 0,
        x_prefix: int = 0,
    ) -> None:
        self.app = app
        self.x_for = x_for
        self.x_proto = x_proto
        self.x_host = x_host
        self.x_port = x_port
        self.x_prefix = x_prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            scope = self.fix_scope(scope)
        await self.app(scope, receive, send)

    def fix_scope(self, scope: Scope) -> dict[str, Any]:
        """Copy a scope, with what the trusted proxies say."""
        headers: Headers = scope["headers"]
        fixed = {**scope, "asyncflask.proxy_fix.orig": _originals(scope)}
        if client := _trusted_value(headers, b"x-forwarded-for", self.x_for):
            # The header tells no port, and the proxy's own would be a lie.
            fixed["client"] = (client, 0)
        if scheme := _trusted_value(headers, b"x-forwarded-proto", self.x_proto):
            fixed["scheme"] = _asgi_scheme(scheme.lower(), scope["type"])
        if host := _trusted_value(headers, b"x-forwarded-host", self.x_host):
            _set_host(fixed, host)
        if port := _trusted_value(headers, b"x-forwarded-port", self.x_port):
            _set_port(fixed, port)
        if prefix := _trusted_value(headers, b"x-forwarded-prefix", self.x_prefix):
            root_path = f"/{prefix.strip('/')}".rstrip("/")
            fixed = with_root_path(fixed, root_path, path_below_root(scope))
        return fixed


def _originals(scope: Scope) -> dict[str, Any]:
    originals = {name: scope.get(name) for name in ("client", "scheme", "server", "root_path")}
    return {**originals, "host": _host_header(scope)}


def _trusted_value(headers: Headers, name: bytes, trusted: int) -> str | None:
    """The value that the outermost of the trusted proxies has put into a header.

    Args:
        trusted: how many values, counted from the end, come from trusted proxies.
    Returns:
        None if no proxy is trusted, or if there are fewer values than trusted proxies.
    """
    if trusted < 1:
        return None
    text = b",".join(value for header, value in headers if header == name).decode("latin-1")
    # Quotes have no meaning here: one that a client sends must not swallow a proxy's comma.
    values = [value.strip() for value in text.split(",") if value.strip()]
    return values[-trusted] if len(values) >= trusted else None


def _asgi_scheme(scheme: str, scope_type: str) -> str:
    names = _WEBSOCKET_SCHEMES if scope_type == "websocket" else _HTTP_SCHEMES
    return names.get(scheme, scheme)


def _host_header(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"host":
            return str(value.decode("latin-1"))
    return None


def _set_host(scope: dict[str, Any], host: str) -> None:
    others = [header for header in scope["headers"] if header[0] != b"host"]
    scope["headers"] = [(b"host", host.encode("latin-1")), *others]
    name, port = _split_port(host)
    _, old_port = scope.get("server") or ("", None)
    scope["server"] = (name.strip("[]"), int(port) if port.isdecimal() else old_port)


def _set_port(scope: dict[str, Any], port: str) -> None:
    host = _host_header(scope)
    if host is not None:
        _set_host(scope, f"{_split_port(host)[0]}:{port}")
    elif scope.get("server") and port.isdecimal():
        scope["server"] = (scope["server"][0], int(port))


def _split_port(host: str) -> tuple[str, str]:
    """Split a Host header at the colon before its port; those in `[::1]` are not it."""
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and "]" not in port else (host, "")
