"""The handshake of a websocket, made from the HTTP request that asks for it."""

from __future__ import annotations

from base64 import b64encode
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss"}


def to_http_url(url: str) -> str:
    """A URL of a websocket as the one of its handshake; others as they are."""
    scheme, separator, rest = url.partition("://")
    return f"{_to_http(scheme)}{separator}{rest}" if separator else url


def in_http_terms(**arguments: Any) -> dict[str, Any]:
    """The arguments for an `EnvironBuilder` of the handshake; ws and wss become http and https."""
    for name in ("path", "base_url"):
        if arguments.get(name) is not None:
            arguments[name] = to_http_url(arguments[name])
    if arguments.get("url_scheme") is not None:
        arguments["url_scheme"] = _to_http(arguments["url_scheme"])
    return arguments


def _to_http(scheme: str) -> str:
    return {"ws": "http", "wss": "https"}.get(scheme.lower(), scheme)


def to_websocket_scope(
    scope: Mapping[str, Any], subprotocols: Sequence[str] | None = None
) -> dict[str, Any]:
    """The scope of a websocket whose handshake is the request of an HTTP scope.

    Args:
        subprotocols: that the client speaks, best first.
    Raises:
        TypeError: `subprotocols` is one text.
    """
    if isinstance(subprotocols, str):
        raise TypeError(
            f"subprotocols is one text, {subprotocols!r}, but must be a list of them."
            f" Pass subprotocols=[{subprotocols!r}]."
        )
    names = list(subprotocols or ())
    return {
        **{key: value for key, value in scope.items() if key != "method"},
        "type": "websocket",
        "scheme": _WEBSOCKET_SCHEMES.get(scope["scheme"], scope["scheme"]),
        "headers": _handshake_headers(scope, names),
        "subprotocols": names,
        "extensions": {**scope.get("extensions", {}), "websocket.http.response": {}},
    }


def _handshake_headers(scope: Mapping[str, Any], subprotocols: list[str]) -> list[Any]:
    """SPEC: RFC 6455 section 4.1; browsers send the Origin of the page, here the host's own."""
    sent = dict(scope["headers"])
    required = {
        b"connection": b"Upgrade",
        b"upgrade": b"websocket",
        b"sec-websocket-version": b"13",
        b"sec-websocket-key": b64encode(token_bytes(16)),
    }
    if subprotocols:
        required[b"sec-websocket-protocol"] = ", ".join(subprotocols).encode("latin-1")
    if b"origin" not in sent and b"host" in sent:
        required[b"origin"] = scope["scheme"].encode() + b"://" + sent[b"host"]
    kept = [pair for pair in scope["headers"] if pair[0] not in required]
    return kept + list(required.items())
