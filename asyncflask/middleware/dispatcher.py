"""Several ASGI applications as one, each at a path of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .root_path import path_below_root, with_root_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send


class DispatcherMiddleware:
    """Hands each request and WebSocket to the application that is mounted nearest to its path.

    A mounted application sees the path below its mount, with the mount in the root path, so that
    the URLs it builds are right. `/api` covers `/api` and `/api/users`, not `/apiary`.

        app = DispatcherMiddleware(site, {"/api": api, "/admin": admin})

    Args:
        app: answers for all other paths, and has the lifespan: startup and shutdown are its own.
        mounts: paths, with a slash at the start and none at the end, to applications.
    """

    def __init__(self, app: ASGIApp, mounts: Mapping[str, ASGIApp] | None = None) -> None:
        self.app = app
        self.mounts = {} if mounts is None else mounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        path = path_below_root(scope)
        mount = self._find_mount(path)
        if mount is None:
            await self.app(scope, receive, send)
            return
        root_path = scope.get("root_path", "").rstrip("/") + mount
        inner = with_root_path(scope, root_path, path[len(mount) :])
        await self.mounts[mount](inner, receive, send)

    def _find_mount(self, path: str) -> str | None:
        """The longest mount that the path, or a part of it up to a slash, is equal to."""
        while path not in self.mounts:
            if not path:
                return None
            path = path.rpartition("/")[0]
        return path
