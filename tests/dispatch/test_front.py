"""Which application answers a request: one that is mounted, or the app's own routes."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute

from asyncflask import Blueprint, Flask, redirect, request, session, url_for

pytestmark = pytest.mark.anyio


def describing(name):
    """An ASGI application that tells its name and where it was asked."""

    async def app(scope, receive, send):
        text = f"{name} {scope['root_path']} {scope['path']}"
        await PlainTextResponse(text)(scope, receive, send)

    return app


@pytest.fixture
def app():
    """An app whose own routes are shadowed by what is mounted."""
    app = Flask("host", static_folder=None)

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    async def own(path):
        return f"own {request.root_path} {request.path}"

    return app


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "own  /"),
        ("/api", "api /api /api"),
        ("/api/", "api /api /api/"),
        ("/api/users", "api /api /api/users"),
        ("/apix", "own  /apix"),
        ("/API", "own  /API"),
        ("/other/api", "own  /other/api"),
        ("/api/v2", "v2 /api/v2 /api/v2"),
        ("/api/v2/users", "v2 /api/v2 /api/v2/users"),
        ("/api/v20", "api /api /api/v20"),
        ("/api/a b/ü", "api /api /api/a b/ü"),
    ],
)
async def test_the_longest_prefix_that_ends_at_a_slash(app, exchange, path, text):
    """A mount answers for all below it, before the app's own rules."""
    app.mount("/api", describing("api"))
    app.mount("/api/v2", describing("v2"))

    answer = await exchange(app, path)

    assert answer.body.decode() == text


async def test_order_does_not_matter(app, exchange):
    """The longer prefix comes first, whichever was mounted first."""
    app.mount("/api/v2", describing("v2"))
    app.mount("/api", describing("api"))

    answer = await exchange(app, "/api/v2/users")

    assert answer.body == b"v2 /api/v2 /api/v2/users"


async def test_root_paths_add_up(app, exchange):
    """A server's root path comes before the mount's."""
    app.mount("/api", describing("api"))

    answer = await exchange(app, "/site/api/users", root_path="/site")

    assert answer.body == b"api /site/api /site/api/users"


async def test_raw_path_is_handed_on(app, exchange):
    """The undecoded path stays what the client has sent."""
    seen = []

    async def inner(scope, receive, send):
        seen.append(scope["raw_path"])

    app.mount("/api", inner)

    await exchange(app, "/api/a/b", raw_path=b"/%61pi/a%2Fb")

    assert seen == [b"/%61pi/a%2Fb"]


async def test_asyncflask(exchange):
    """In a mounted asyncflask app path, URLs and redirects are right."""
    app, inner = Flask("host"), Flask("inner")
    app.mount("/inner", inner)

    @inner.get("/here/")
    def here():
        return [request.root_path, request.path, request.url, url_for("here")]

    @inner.get("/away")
    def away():
        return redirect(url_for("here"))

    page = await exchange(app, "/inner/here/", headers={"Host": "example.org"})
    slash = await exchange(app, "/inner/here", headers={"Host": "example.org"})
    away_answer = await exchange(app, "/inner/away")

    assert page.body == (b'["/inner","/here/","http://example.org/inner/here/","/inner/here/"]\n')
    assert slash.headers["location"] == "http://example.org/inner/here/"
    assert away_answer.headers["location"] == "/inner/here/"


@pytest.mark.parametrize("changes", [{}, {"method": "POST"}])
async def test_the_prefix_without_a_slash(exchange, changes):
    """As in Flask, a mounted app redirects to its "/": relative links would lead elsewhere."""
    app, inner = Flask("host"), Flask("inner")
    app.mount("/inner", inner)
    inner.add_url_rule("/", "index", lambda: "index", methods=["GET", "POST"])

    answer = await exchange(app, "/inner", query_string=b"a=1", **changes)

    assert answer.status == 308
    assert answer.headers["location"] == "http://localhost/inner/?a=1"


async def test_asyncflask_in_asyncflask_in_asyncflask(exchange):
    """Mounts nest."""
    outer, middle, inner = (Flask(name) for name in ("outer", "middle", "inner"))
    outer.mount("/a", middle)
    middle.mount("/b", inner)

    @inner.get("/c")
    async def page():
        return f"{request.root_path} {request.path} {url_for('page')}"

    answer = await exchange(outer, "/a/b/c")

    assert answer.body == b"/a/b /c /a/b/c"


async def test_starlette(exchange):
    """A Starlette app finds its routes, builds its URLs and adds its slashes under the prefix."""

    async def page(request):
        return JSONResponse([request.scope["root_path"], str(request.url_for("page"))])

    app = Flask("host")
    app.mount("/star", Starlette(routes=[Route("/page/", page, name="page")]))

    answer = await exchange(app, "/star/page/", headers={"Host": "example.org"})
    slash = await exchange(app, "/star/page", headers={"Host": "example.org"})

    assert answer.body == b'["/star","http://example.org/star/page/"]'
    assert slash.headers["location"] == "http://example.org/star/page/"


async def test_fastapi(exchange):
    """A FastAPI app does too, and its documentation leads to its own description."""
    app, api = Flask("host"), FastAPI()
    app.mount("/api", api)

    @api.get("/items/{item}")
    async def item(item: int, request: Request):
        return [item, str(request.url_for("item", item=item + 1))]

    @api.get("/latest")
    async def latest(request: Request):
        return RedirectResponse(request.url_for("item", item=9))

    page = await exchange(app, "/api/items/7", headers={"Host": "example.org"})
    away = await exchange(app, "/api/latest", headers={"Host": "example.org"})
    docs = await exchange(app, "/api/docs")

    assert page.body == b'[7,"http://example.org/api/items/8"]'
    assert away.headers["location"] == "http://example.org/api/items/9"
    assert b"'/api/openapi.json'" in docs.body


async def test_a_mounted_apps_404_is_its_own(app, exchange):
    """What a mounted app does not know, the app's own rules are not asked for."""
    app.mount("/star", Starlette())

    answer = await exchange(app, "/star/nothing")

    assert (answer.status, answer.body) == (404, b"Not Found")


async def test_hooks_do_not_run(exchange):
    """A mounted app is as it is: no hook, error handler or teardown function of the host's runs."""
    app, ran = Flask("host"), []
    app.before_request(lambda: ran.append("before"))
    app.after_request(lambda response: ran.append("after") or response)
    app.teardown_request(lambda error: ran.append("teardown"))
    app.register_error_handler(404, lambda error: "host's page")
    app.mount("/star", Starlette())

    answer = await exchange(app, "/star/nothing")

    assert answer.body == b"Not Found"
    assert ran == []


async def test_sessions_are_shared(exchange):
    """Two asyncflask apps with one secret key see one session."""
    app, inner = Flask("host"), Flask("inner")
    app.secret_key = inner.secret_key = "a key"
    app.mount("/inner", inner)

    @app.get("/login")
    def login():
        session["name"] = "Ada"
        return ""

    @inner.get("/name")
    async def name():
        return session["name"]

    cookie = (await exchange(app, "/login")).headers["set-cookie"].partition(";")[0]

    assert (await exchange(app, "/inner/name", headers={"Cookie": cookie})).body == b"Ada"


async def test_errors_are_left_to_the_server(exchange):
    """An error of a mounted app reaches the server as it is, before and after the start."""
    app, error, sent = Flask("host"), ZeroDivisionError("mine"), []

    async def failing(scope, receive, send):
        if scope["path"] == "/failing/late":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    async def send(message):
        sent.append(message["type"])

    app.mount("/failing", failing)

    for path in ("/failing/early", "/failing/late"):
        with pytest.raises(ZeroDivisionError) as raised:
            await exchange(app, path, send=send)
        assert raised.value is error
    assert sent == ["http.response.start"]


async def test_websocket():
    """A mounted app answers its WebSockets."""

    async def echo(websocket):
        await websocket.accept()
        text = await websocket.receive_text()
        await websocket.send_text(f"{websocket.scope['root_path']} {text}")
        await websocket.close()

    app = Flask("host")
    app.mount("/star", Starlette(routes=[WebSocketRoute("/echo", echo)]))
    incoming = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}]
    sent = []

    async def receive():
        return incoming.pop(0)

    async def send(message):
        sent.append(message)

    scope = {"type": "websocket", "path": "/star/echo", "root_path": "", "headers": []}
    await app({**scope, "scheme": "ws", "query_string": b""}, receive, send)

    assert sent[1] == {"type": "websocket.send", "text": "/star hello"}


class TestFallback:
    """An application mounted at "/"."""

    @pytest.fixture(params=["/", ""])
    def app(self, request):
        app = Flask("host", static_folder=None)
        app.mount(request.param, describing("old"))

        @app.get("/new/<int:number>/")
        async def new(number):
            return f"new {number}"

        return app

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("/new/7/", "new 7"),
            ("/", "old  /"),
            ("/new/x/", "old  /new/x/"),
            ("/a/b", "old  /a/b"),
        ],
    )
    async def test_what_no_rule_fits(self, app, exchange, path, text):
        """The fallback answers what no rule of the app's fits."""
        assert (await exchange(app, path)).body.decode() == text

    async def test_other_methods(self, app, exchange):
        """A rule for GET leaves POST to the fallback, so that routes can move one by one."""
        answer = await exchange(app, "/new/7/", method="POST")

        assert answer.body == b"old  /new/7/"

    async def test_redirects_are_the_apps(self, app, exchange):
        """A path that only lacks its slash is one of the app's own."""
        answer = await exchange(app, "/new/7")

        assert answer.status == 308

    async def test_root_path_of_the_server(self, app, exchange):
        """The root path is the server's, for both."""
        own = await exchange(app, "/site/new/7/", root_path="/site")
        other = await exchange(app, "/site/x", root_path="/site")

        assert (own.body, other.body) == (b"new 7", b"old /site /site/x")

    async def test_other_mounts_come_first(self, app, exchange):
        """The fallback is the shortest prefix of all."""
        app.mount("/new", describing("api"))

        answer = await exchange(app, "/new/7/")

        assert answer.body == b"api /new /new/7/"

    async def test_a_refused_host_is_the_apps(self, app, exchange):
        """A request with a Host that is not trusted goes nowhere else."""
        app.config["TRUSTED_HOSTS"] = ["example.org"]

        answer = await exchange(app, "/x", headers={"Host": "evil.example"})

        assert answer.status == 400

    async def test_websocket(self, app, exchange):
        """The fallback answers the WebSockets that the app does not."""
        seen = []

        async def old(scope, receive, send):
            seen.append(scope["type"])

        host = Flask("host")
        host.mount("/", old)

        await exchange(host, "/chat", type="websocket", scheme="ws")

        assert seen == ["websocket"]


class TestBlueprint:
    async def test_url_prefix(self, app, exchange):
        """A blueprint's mount is below the blueprint."""
        shop = Blueprint("shop", __name__, url_prefix="/shop")
        shop.mount("/api", describing("api"))
        app.register_blueprint(shop)

        answer = await exchange(app, "/shop/api/x")

        assert answer.body == b"api /shop/api /shop/api/x"

    async def test_every_registration(self, app, exchange):
        """A blueprint's mount is wherever, and however often, the blueprint is."""
        shop, api = Blueprint("shop", __name__), Blueprint("api", __name__, url_prefix="/api")
        api.mount("/", describing("api"))
        shop.register_blueprint(api)
        app.register_blueprint(shop, url_prefix="/de")
        app.register_blueprint(shop, url_prefix="/en", name="english")

        bodies = [(await exchange(app, path)).body for path in ("/de/api/x", "/en/api", "/api")]

        assert bodies == [b"api /de/api /de/api/x", b"api /en/api /en/api", b"own  /api"]

    async def test_without_a_prefix(self, app, exchange):
        """Without a prefix of its own a blueprint mounts as the app does."""
        shop = Blueprint("shop", __name__)
        shop.mount("/api", describing("api"))
        app.register_blueprint(shop)

        assert (await exchange(app, "/api")).body == b"api /api /api"

    async def test_after_registration(self, app):
        """It is one of the set-up methods."""
        shop = Blueprint("shop", __name__)
        app.register_blueprint(shop)

        with pytest.raises(AssertionError, match="'mount' can no longer be called"):
            shop.mount("/api", describing("api"))

    async def test_subdomain(self, app):
        """A mount knows no hosts, and says so."""
        shop = Blueprint("shop", __name__, subdomain="shop")
        shop.mount("/api", describing("api"))

        with pytest.raises(ValueError, match="subdomain 'shop'"):
            app.register_blueprint(shop)
