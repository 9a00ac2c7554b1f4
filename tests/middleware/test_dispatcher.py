"""Which application a path goes to, and what that one sees."""

import pytest
from starlette.routing import get_route_path
from werkzeug.middleware.dispatcher import DispatcherMiddleware as WerkzeugDispatcher
from werkzeug.test import create_environ, run_wsgi_app

from asyncflask.middleware.dispatcher import DispatcherMiddleware

pytestmark = pytest.mark.anyio


async def call(app, path, **parts):
    """Call an ASGI application; returns the scope that it was reached with."""
    scope = {"type": "http", "path": path, "root_path": "", **parts}
    return await app(scope, None, None)


def naming(name, reached):
    async def app(scope, receive, send):
        reached.append((name, scope))

    return app


async def dispatch(mounts, path, **parts):
    reached = []
    app = DispatcherMiddleware(
        naming("site", reached), {mount: naming(mount, reached) for mount in mounts}
    )
    await call(app, path, **parts)
    return reached[0]


def dispatch_in_werkzeug(mounts, path, root_path):
    seen = []

    def naming_wsgi(name):
        def app(environ, start_response):
            seen.append((name, environ["SCRIPT_NAME"], environ["PATH_INFO"]))
            start_response("200 OK", [])
            return [b""]

        return app

    app = WerkzeugDispatcher(naming_wsgi("site"), {mount: naming_wsgi(mount) for mount in mounts})
    run_wsgi_app(app, {**create_environ("/"), "PATH_INFO": path, "SCRIPT_NAME": root_path})
    return seen[0]


@pytest.mark.parametrize("root_path", ["", "/outer"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/",
        "/api/a",
        "/apiary",
        "/api/v2",
        "/api/v2/q",
        "/api/v2x",
        "/API",
        "/x",
        "/api//a",
        "//api",
        "/other/api",
    ],
)
async def test_as_werkzeug(path, root_path):
    """The application, its root path and its own path are what Werkzeug's middleware finds."""
    mounts = ["/api", "/api/v2"]

    name, scope = await dispatch(mounts, root_path + path, root_path=root_path)

    own_path = scope["path"].removeprefix(scope["root_path"])
    assert (name, scope["root_path"], own_path) == dispatch_in_werkzeug(mounts, path, root_path)


async def test_mount_for_the_rest():
    """A mount at the empty path takes what no other mount does."""
    name, _ = await dispatch(["", "/api"], "/other")

    assert name == ""


async def test_path_keeps_the_root_path():
    """The path a mounted application sees contains its root path, as ASGI wants it."""
    _, scope = await dispatch(["/api"], "/outer/api/users", root_path="/outer")

    assert scope["path"] == "/outer/api/users"
    assert scope["root_path"] == "/outer/api"
    assert get_route_path(scope) == "/users"


async def test_path_without_its_root_path():
    """A server that strips the root path from the path makes no difference."""
    _, scope = await dispatch(["/api"], "/api/a b", root_path="/outer", raw_path=b"/api/a%20b")

    assert scope["path"] == "/outer/api/a b"
    assert scope["raw_path"] == b"/outer/api/a%20b"


async def test_raw_path_stays():
    """The undecoded path is kept where the path does not change."""
    _, scope = await dispatch(["/api"], "/api/a/b", raw_path=b"/api/a%2Fb")

    assert scope["raw_path"] == b"/api/a%2Fb"


async def test_websocket():
    """WebSockets are dispatched as requests are."""
    name, scope = await dispatch(["/api"], "/api/chat", type="websocket")

    assert (name, scope["root_path"]) == ("/api", "/api")


async def test_lifespan():
    """The lifespan is the main application's."""
    reached = []
    app = DispatcherMiddleware(naming("site", reached), {"/api": naming("api", reached)})

    await app({"type": "lifespan"}, None, None)

    assert reached == [("site", {"type": "lifespan"})]


async def test_scope_of_the_server_is_left_alone():
    """The scope that the server made is not changed."""
    scope = {"type": "http", "path": "/api/users", "root_path": ""}
    app = DispatcherMiddleware(naming("site", []), {"/api": naming("api", [])})

    await app(scope, None, None)

    assert scope == {"type": "http", "path": "/api/users", "root_path": ""}


async def test_without_mounts():
    """Without mounts everything goes to the main application."""
    reached = []

    await call(DispatcherMiddleware(naming("site", reached)), "/api")

    assert reached[0][0] == "site"
