"""What a request meets before an app's own routes: its middleware, then what is mounted in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..middleware.dispatcher import DispatcherMiddleware
from .wsgi import WSGIAdapter

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..setup.application import Application
    from ..setup.mounts import Mount
    from ..typing import ASGIApp, Receive, Scope, Send


def build_front(app: Application, own: ASGIApp, has_rule_for: Callable[[Scope], bool]) -> ASGIApp:
    """`own` with the app's mounts and middleware around it; the middleware is made here.

    Args:
        own: answers for the app's own rules.
        has_rule_for: whether one of them fits a scope.
    """
    mounted = {mount.prefix: MountedApp(mount, app) for mount in app._mounts}
    fallback = mounted.pop("", None)
    if fallback is not None:
        own = OwnOrFallback(own, fallback, has_rule_for)
    front: ASGIApp = DispatcherMiddleware(own, mounted) if mounted else own
    for middleware_class, args, kwargs in app._middleware:
        front = middleware_class(front, *args, **kwargs)
    return front


class MountedApp:
    """A mounted application, whose requests carry the state of its own lifespan."""

    def __init__(self, mount: Mount, host: Application) -> None:
        self.is_wsgi = mount.is_wsgi
        self._state = mount.state
        self._app: ASGIApp = WSGIAdapter(mount.app, host) if mount.is_wsgi else mount.app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._state:
            scope = {**scope, "state": {**scope.get("state", {}), **self._state}}
        await self._app(scope, receive, send)


class OwnOrFallback:
    """Hands what no rule of the app's own fits to the application mounted at "/"."""

    def __init__(
        self, own: ASGIApp, fallback: MountedApp, has_rule_for: Callable[[Scope], bool]
    ) -> None:
        self._own = own
        self._fallback = fallback
        self._has_rule_for = has_rule_for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_own(scope):
            await self._own(scope, receive, send)
        else:
            await self._fallback(scope, receive, send)

    def _is_own(self, scope: Scope) -> bool:
        if scope["type"] == "websocket":
            return self._fallback.is_wsgi or self._has_rule_for(scope)
        return scope["type"] != "http" or self._has_rule_for(scope)
