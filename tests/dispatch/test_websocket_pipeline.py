"""The hooks, signals and sessions of WebSockets."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from asyncflask import (
    Blueprint,
    Flask,
    abort,
    copy_current_websocket_context,
    g,
    got_websocket_exception,
    session,
    url_for,
    websocket,
    websocket_finished,
    websocket_started,
    websocket_tearing_down,
)
from asyncflask.sessions import SecureCookieSession, SessionInterface
from asyncflask.testing import WebSocketDenied

pytestmark = pytest.mark.anyio


@pytest.fixture
def app():
    app = Flask("hooks")
    app.secret_key = "secret"
    return app


@pytest.fixture
def connect(app):
    def connect(path="/ws", **options):
        return app.async_test_client().websocket_connect(path, **options)

    return connect


async def visit(connect, path="/ws"):
    """Open a WebSocket and close it; its first message, or the response that denies it."""
    try:
        async with connect(path) as connection:
            return await connection.receive()
    except WebSocketDenied as denied:
        return denied.response


def record(log, name, value=None):
    """An async hook that leaves its name in the log."""

    async def hook(*args):
        log.append(name)
        return args[0] if args and value is None else value

    return hook


class TestOrder:
    async def test_all_hooks(self, app, connect):
        """Before functions go inward, after and teardown functions outward, as for requests."""
        log = []
        outer, inner = Blueprint("outer", "x"), Blueprint("inner", "x")
        for name, scope in (("app", app), ("outer", outer), ("inner", inner)):
            scope.before_websocket(record(log, f"before {name}"))
            scope.after_websocket(record(log, f"after {name}"))
            scope.teardown_websocket(record(log, f"teardown {name}"))
        app.teardown_appcontext(record(log, "teardown context"))

        @inner.websocket("/ws")
        async def ws():
            await websocket.send("hello")
            log.append("view")

        outer.register_blueprint(inner, url_prefix="/inner")
        app.register_blueprint(outer, url_prefix="/outer")

        await visit(connect, "/outer/inner/ws")

        assert log == [
            *("before app", "before outer", "before inner", "view"),
            *("after inner", "after outer", "after app"),
            *("teardown inner", "teardown outer", "teardown app", "teardown context"),
        ]

    async def test_hooks_of_the_app_from_a_blueprint(self, app, connect):
        """They run for WebSockets that are not the blueprint's."""
        log = []
        blueprint = Blueprint("blueprint", "x")
        blueprint.before_app_websocket(record(log, "before"))
        blueprint.after_app_websocket(record(log, "after"))
        blueprint.teardown_app_websocket(record(log, "teardown"))
        app.register_blueprint(blueprint)

        @app.websocket("/ws")
        async def ws():
            await websocket.send("hello")

        await visit(connect)

        assert log == ["before", "after", "teardown"]

    async def test_requests_and_websockets_have_hooks_of_their_own(self, app, connect):
        """Neither runs the other's."""
        log = []
        app.before_request(record(log, "request"))
        app.before_websocket(record(log, "websocket"))
        app.add_url_rule("/page", "page", lambda: "page")

        @app.websocket("/ws")
        async def ws():
            await websocket.send("hello")

        await app.async_test_client().get("/page")
        await visit(connect)

        assert log == ["request", "websocket"]

    async def test_sync_hooks_around_an_async_view(self, app, connect):
        """The view is on the event loop nevertheless, and the hooks in one thread each way."""
        log = []
        app.before_websocket(lambda: log.append(threading.current_thread().name))
        app.teardown_websocket(lambda exc: log.append(threading.current_thread().name))

        @app.websocket("/ws")
        async def ws():
            log.append(threading.current_thread().name)
            await websocket.send("hello")

        await visit(connect)

        assert log[1] == threading.current_thread().name
        assert log[0] != log[1] != log[2]

    async def test_all_sync_in_one_thread(self, app, connect):
        """A sync view shares its thread with the hooks around it."""
        log = []
        app.before_websocket(lambda: log.append(threading.get_ident()))
        app.teardown_websocket(lambda exc: log.append(threading.get_ident()))

        @app.websocket("/ws")
        def ws():
            log.append(threading.get_ident())
            websocket.send("hello")

        await visit(connect)

        assert len(log) == 3
        assert len(set(log)) == 1


class TestValues:
    async def test_before_function_denies(self, app, connect):
        """What it returns is the response; the view does not run, the after functions do."""
        log = []
        app.before_websocket(lambda: ("full", 503))

        @app.after_websocket
        def after(response):
            response.headers["X-A"] = "1"
            return response

        @app.websocket("/ws")
        async def ws():
            log.append("view")

        response = await visit(connect)

        assert (response.status_code, response.text, response.headers["X-A"]) == (503, "full", "1")
        assert log == []

    async def test_after_function_gets_none_once_accepted(self, app, connect):
        """There is no response any more."""
        log = []
        app.after_websocket(log.append)

        @app.websocket("/ws")
        async def ws():
            await websocket.send("hello")

        await visit(connect)

        assert log == [None]

    async def test_after_function_that_loses_the_response(self, app, connect):
        """A denial needs one: the error says what to return."""
        app.testing = True
        app.after_websocket(lambda response: None)
        app.websocket("/ws")(lambda: "no")

        with pytest.raises(TypeError, match="Let it return what it was given"):
            await visit(connect)

    async def test_before_function_may_send(self, app, connect):
        """It accepts the handshake then."""

        @app.before_websocket
        async def greet():
            await websocket.send("hello from the hook")

        @app.websocket("/ws")
        async def ws():
            pass

        assert await visit(connect) == "hello from the hook"

    async def test_url_value_preprocessor(self, app, connect):
        """It takes values out of the URL before the hooks run, and url_defaults puts them back."""
        blueprint = Blueprint("shop", "x", url_prefix="/<lang>")
        blueprint.url_value_preprocessor(lambda endpoint, values: g.__setattr__(*values.popitem()))
        blueprint.url_defaults(lambda endpoint, values: values.setdefault("lang", g.lang))

        @blueprint.websocket("/ws")
        async def ws():
            await websocket.send(f"{g.lang} {url_for('.ws')} {websocket.blueprint}")

        app.register_blueprint(blueprint)

        assert await visit(connect, "/en/ws") == "en ws://localhost/en/ws shop"

    async def test_error_handler_of_a_blueprint(self, app, connect):
        """It comes before the app's."""
        blueprint = Blueprint("shop", "x")
        blueprint.register_error_handler(403, lambda error: ("the shop's", 403))
        app.register_error_handler(403, lambda error: ("the app's", 403))
        blueprint.websocket("/ws")(lambda: abort(403))
        app.register_blueprint(blueprint)

        assert (await visit(connect)).text == "the shop's"

    async def test_teardown_is_told_of_the_error(self, app, connect):
        """It gets what nobody handled."""
        told = []
        app.teardown_websocket(told.append)

        @app.websocket("/ws")
        async def ws():
            await websocket.send("x")
            raise KeyError("broken")

        await visit(connect)

        assert [type(error) for error in told] == [KeyError]

    async def test_failing_after_function(self, app, connect, caplog):
        """Its error is logged, and the context torn down."""
        told = []
        app.teardown_websocket(told.append)

        @app.after_websocket
        def after(response):
            raise KeyError("after")

        @app.websocket("/ws")
        async def ws():
            await websocket.send("x")

        await visit(connect)

        assert [type(error) for error in told] == [KeyError]
        assert "Exception on /ws [WEBSOCKET]" in caplog.text


class TestOrigins:
    @pytest.mark.parametrize(
        ("origin", "is_welcome"),
        [
            ("http://localhost", True),
            ("https://localhost", True),
            ("http://localhost:8000", False),
            ("http://example.org", False),
            ("null", False),
        ],
    )
    async def test_by_default(self, app, connect, origin, is_welcome):
        """Pages of the same host and port may connect."""

        @app.websocket("/ws")
        async def ws():
            await websocket.send("hello")

        try:
            async with connect(headers={"Origin": origin}):
                was_welcome = True
        except WebSocketDenied as denied:
            was_welcome = denied.status_code != 403

        assert was_welcome == is_welcome

    async def test_hooks_do_not_run(self, app, connect):
        """A page that may not connect learns nothing and changes nothing."""
        log = []
        app.before_websocket(record(log, "before"))
        app.websocket("/ws")(lambda: log.append("view"))

        with pytest.raises(WebSocketDenied) as denied:
            async with connect(headers={"Origin": "https://evil.example"}):
                pass

        assert (denied.value.status_code, log) == (403, [])

    @pytest.mark.parametrize("allowed", ["*", ["https://Shop.example/"], "https://shop.example"])
    async def test_of_the_app(self, app, connect, allowed):
        """WEBSOCKET_ALLOWED_ORIGINS names further ones."""
        app.config["WEBSOCKET_ALLOWED_ORIGINS"] = allowed

        @app.websocket("/ws")
        async def ws():
            await websocket.send("hello")

        async with connect(headers={"Origin": "https://shop.example:443"}) as connection:
            assert await connection.receive() == "hello"

    async def test_of_one_websocket(self, app, connect):
        """`origins` comes before the app's setting; None is the host itself."""
        app.config["WEBSOCKET_ALLOWED_ORIGINS"] = "*"
        app.websocket("/own", origins=None)(lambda: ("own", 418))
        app.add_websocket("/a", "a", lambda: ("a", 418), origins=["https://a.example"])
        statuses = {}
        for path in ("/own", "/a"):
            for origin in ("https://a.example", "http://localhost"):
                with pytest.raises(WebSocketDenied) as denied:
                    async with connect(path, headers={"Origin": origin}):
                        pass
                statuses[path, origin] = denied.value.status_code

        assert list(statuses.values()) == [403, 418, 418, 403]


class TestSignals:
    async def test_of_a_websocket(self, app, connect):
        """Started, finished and tearing down are sent once each."""
        log = []
        receivers = {
            websocket_started: lambda app, **values: log.append(("started", values)),
            websocket_finished: lambda app, **values: log.append(("finished", values)),
            websocket_tearing_down: lambda app, **values: log.append(("tearing down", values)),
        }

        @app.websocket("/ws")
        async def ws():
            await websocket.send("hello")

        with ExitStack() as stack:
            for signal, receiver in receivers.items():
                stack.enter_context(signal.connected_to(receiver, app))
            await visit(connect)

        assert log == [
            ("started", {}),
            ("finished", {"response": None}),
            ("tearing down", {"exc": None}),
        ]

    async def test_of_an_error(self, app, connect):
        """An unhandled error is announced."""
        log = []

        @app.websocket("/ws")
        async def ws():
            raise KeyError("broken")

        def receive(app, exception):
            log.append(type(exception))

        with got_websocket_exception.connected_to(receive, app):
            await visit(connect)

        assert log == [KeyError]


class StoredSessions(SessionInterface):
    """Sessions in memory, by a cookie; opened and saved in sync or in async code."""

    def __init__(self):
        self.stored = {}

    def open_session(self, app, request):
        known = request.cookies.get("sid", "")
        return SecureCookieSession(self.stored.get(known, {}))

    def save_session(self, app, session, response):
        self.stored["1"] = dict(session)
        response.set_cookie("sid", "1")


class AsyncStoredSessions(StoredSessions):
    async def open_session(self, app, request):
        return super().open_session(app, request)

    async def save_session(self, app, session, response):
        super().save_session(app, session, response)


@pytest.mark.parametrize("interface", [StoredSessions, AsyncStoredSessions])
class TestStoredSessions:
    async def test_saved_at_the_handshake_and_at_the_end(self, app, interface, caplog):
        """The cookie goes with the handshake; what is changed later is stored nevertheless."""
        app.session_interface = interface()
        client = app.async_test_client()

        @app.websocket("/ws")
        async def ws():
            session["early"] = True
            await websocket.send_json(dict(session))
            session["late"] = True

        received = []
        for _ in range(2):
            async with client.websocket_connect("/ws") as connection:
                received.append(await connection.receive_json())

        assert received == [{"early": True}, {"early": True, "late": True}]
        assert not caplog.records

    async def test_not_saved_again_without_need(self, app, interface):
        """What requests have stored in the meantime is not overwritten."""
        app.session_interface = interface()

        @app.websocket("/ws")
        async def ws():
            session["early"] = True
            await websocket.receive()

        async with app.async_test_client().websocket_connect("/ws") as connection:
            app.session_interface.stored["1"] = {"meanwhile": True}
            await connection.send("x")

        assert app.session_interface.stored == {"1": {"meanwhile": True}}

    async def test_change_inside_a_value(self, app, interface):
        """It counts where the view says so."""
        app.session_interface = interface()

        @app.websocket("/ws")
        async def ws():
            session["list"] = []
            await websocket.accept()
            session["list"].append(1)
            session.modified = True

        async with app.async_test_client().websocket_connect("/ws"):
            pass

        assert app.session_interface.stored == {"1": {"list": [1]}}

    async def test_in_a_sync_view(self, app, interface):
        """The same, from the view's thread."""
        app.session_interface = interface()
        client = app.async_test_client()

        @app.websocket("/ws")
        def ws():
            session["count"] = session.get("count", 0) + 1
            websocket.send_json(session["count"])

        received = []
        for _ in range(2):
            async with client.websocket_connect("/ws") as connection:
                received.append(await connection.receive_json())

        assert received == [1, 2]


class TestOtherTasksAndThreads:
    async def test_from_another_view(self, app, connect):
        """A WebSocket that is kept can be sent to from a request, sync or async."""
        kept = []

        @app.websocket("/ws")
        async def ws():
            kept.append(websocket._get_current_object())
            async for _ in websocket:
                pass

        @app.post("/async")
        async def publish():
            await kept[0].send("from async code")
            return ""

        @app.post("/sync")
        def publish_sync():
            kept[0].send("from a thread")
            return ""

        client = app.async_test_client()
        async with connect() as connection:
            await client.post("/async")
            await client.post("/sync")
            received = [await connection.receive(), await connection.receive()]

        assert received == ["from async code", "from a thread"]

    async def test_from_a_thread_of_the_users(self, app, connect):
        """A thread that knows no event loop finds the WebSocket's."""

        @app.websocket("/ws")
        def ws():
            socket = websocket._get_current_object()
            thread = threading.Thread(target=socket.send, args=("from a thread",))
            thread.start()
            thread.join()

        assert await visit(connect) == "from a thread"

    async def test_copied_context(self, app, connect):
        """`copy_current_websocket_context` lets a thread use the proxies."""

        @app.websocket("/ws/<name>")
        def ws(name):
            @copy_current_websocket_context
            def work():
                websocket.send(f"{websocket.path} {websocket.view_args['name']}")

            thread = threading.Thread(target=work)
            thread.start()
            thread.join()

        assert await visit(connect, "/ws/a") == "/ws/a a"

    async def test_open_sync_websockets_leave_requests_their_threads(self, app, connect):
        """With as many sync WebSockets open as there are threads, sync views still run."""
        app.config["THREADPOOL_SIZE"] = 1
        app.add_url_rule("/page", "page", lambda: "page")

        @app.websocket("/ws")
        def ws():
            for message in websocket:
                websocket.send(message)

        async with connect() as connection:
            await connection.send("x")
            await connection.receive()
            page = await app.async_test_client().get("/page")

        assert page.text == "page"
