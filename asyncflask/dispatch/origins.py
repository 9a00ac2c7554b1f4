"""Whether a page of another site may open a WebSocket here. Knows no requests and no apps.

Browsers send cookies along with a handshake from any page, and let the page read the messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_allowed_origin(origin: str, host: str, allowed: str | Iterable[str] | None) -> bool:
    """Whether a handshake with this Origin header may go on.

    Args:
        host: what the handshake was sent to, with its port unless that is the scheme's own.
        allowed: origins such as "https://example.org", or "*" for all; None is the host's own.
    """
    if allowed is None:
        return _is_same_host(origin, host)
    if isinstance(allowed, str):
        allowed = (allowed,)
    asked = _normalise(origin)
    return any(entry == "*" or _normalise(entry) == asked for entry in allowed)


def _is_same_host(origin: str, host: str) -> bool:
    """Whether the page comes from the very host and port that it connects to.

    Where a proxy has taken off the encryption, only the page knows what the default port is.
    """
    try:
        page = urlsplit(origin)
        server = urlsplit(f"//{host}")
        default = _DEFAULT_PORTS[page.scheme]
        ports = page.port or default, server.port or default
    except (KeyError, ValueError):
        return False
    return page.hostname is not None and page.hostname == server.hostname and ports[0] == ports[1]


def _normalise(origin: str) -> str:
    try:
        parts = urlsplit(origin.rstrip("/"))
        port = parts.port
    except ValueError:
        return origin
    if parts.hostname is None:
        return origin
    if port == _DEFAULT_PORTS.get(parts.scheme):
        port = None
    netloc = parts.hostname if port is None else f"{parts.hostname}:{port}"
    return SplitResult(parts.scheme, netloc, parts.path, parts.query, "").geturl()
