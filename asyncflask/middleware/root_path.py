"""The path of an ASGI scope above and below its root path, for middleware that moves the border."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

# RFC 3986's path characters that quote() would escape.
_PLAIN = "/!$&'()*+,;=:@"


def path_below_root(scope: Mapping[str, Any]) -> str:
    """The path as the application sees it, whether or not the server left the root path in it."""
    root_path: str = scope.get("root_path", "").rstrip("/")
    path: str = scope["path"]
    # The boundary counts: /apiary is not below /api.
    if path == root_path or path.startswith(f"{root_path}/"):
        return path[len(root_path) :]
    return path


def with_root_path(scope: Mapping[str, Any], root_path: str, below: str) -> dict[str, Any]:
    """Copy a scope, to have `root_path` and, below it, the path `below`."""
    # SPEC: ASGI HTTP 2.4: "path" includes the root path.
    path = root_path + below
    moved = {**scope, "root_path": root_path, "path": path}
    if path != scope["path"] and scope.get("raw_path") is not None:
        moved["raw_path"] = quote(path, safe=_PLAIN).encode()
    return moved
