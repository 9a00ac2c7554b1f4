"""The functions that an app runs at start-up and shutdown: order, contexts, failures."""

from __future__ import annotations

import logging
import threading
from contextlib import asynccontextmanager

import anyio
import pytest

from asyncflask import Blueprint, Flask, current_app, g, inline
from asyncflask.signals import got_serving_exception

pytestmark = pytest.mark.anyio


@pytest.fixture
def app():
    return Flask("life")


class Server:
    """Sends an app its lifespan messages and keeps its answers."""

    def __init__(self, while_serving=None):
        self.state = {}
        self.answers = []
        self._while_serving = while_serving
        self._messages = iter(("lifespan.startup", "lifespan.shutdown"))

    async def run(self, app, **scope):
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state, **scope}
        await app(
            {key: scope[key] for key in scope if scope[key] is not None}, self.receive, self.send
        )
        return [answer["type"].removeprefix("lifespan.") for answer in self.answers]

    async def receive(self):
        kind = next(self._messages)
        if kind == "lifespan.shutdown" and self._while_serving is not None:
            self._while_serving()
        return {"type": kind}

    async def send(self, message):
        self.answers.append(message)


COMPLETE = ["startup.complete", "shutdown.complete"]


async def serve(app):
    """Start an app up and shut it down; gives its answers."""
    return await Server().run(app)


def note_everything(app, order, name="app"):
    """Register one function of each kind, which note that they ran."""
    blueprint = isinstance(app, Blueprint)
    before = app.before_app_serving if blueprint else app.before_serving
    around = app.while_app_serving if blueprint else app.while_serving
    after = app.after_app_serving if blueprint else app.after_serving

    @before
    async def start():
        order.append(f"{name} before")

    @around
    async def live():
        order.append(f"{name} in")
        yield
        order.append(f"{name} out")

    @after
    async def stop():
        order.append(f"{name} after")


async def test_order_of_all_functions(app):
    """Before functions, then generators; generators backwards, then after functions, in order."""
    order = []
    note_everything(app, order, "first")
    note_everything(app, order, "second")

    answers = await serve(app)

    assert answers == COMPLETE
    assert order == [
        *["first before", "second before", "first in", "second in"],
        *["second out", "first out", "first after", "second after"],
    ]


async def test_lifespan_is_around_the_functions(app):
    """The lifespan's context manager is entered first and left last, and given the app."""
    order = []

    @asynccontextmanager
    async def lifespan(app):
        order.append(f"enter {app.name}")
        yield
        order.append(f"leave {app.name}")

    app = Flask("life", lifespan=lifespan)
    note_everything(app, order)

    await serve(app)

    assert order[0] == "enter life"
    assert order[-1] == "leave life"


async def test_functions_of_blueprints(app):
    """A blueprint's functions are the app's, once for each app, nested ones too."""
    order = []
    inner, outer = Blueprint("inner", __name__), Blueprint("outer", __name__)
    note_everything(inner, order)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.register_blueprint(outer, name="again")

    await serve(app)

    assert order == ["app before", "app in", "app out", "app after"]


async def test_sync_functions_run_in_a_worker(app):
    """Functions and generators with `def` may block; one marked inline stays on the loop."""
    threads = []

    @app.before_serving
    @app.after_serving
    def note():
        threads.append(threading.get_ident())

    @app.while_serving
    def live():
        note()
        yield
        note()

    await serve(app)

    assert len(threads) == 4
    assert threading.get_ident() not in threads


async def test_inline_functions_stay_on_the_loop(app):
    """A function or generator that is marked inline needs no worker."""
    threads = []

    @app.before_serving
    @inline
    def start():
        threads.append(threading.get_ident())

    @app.while_serving
    @inline
    def live():
        threads.append(threading.get_ident())
        yield
        threads.append(threading.get_ident())

    await serve(app)

    assert threads == [threading.get_ident()] * 3


async def test_functions_run_in_an_app_context(app):
    """current_app and g work; what a before function has put into g, the next one finds."""
    seen = []

    @app.before_serving
    def first():
        g.pool = "pool"

    @app.before_serving
    async def second():
        seen.append(g.pool)

    @app.while_serving
    async def live():
        seen.append(current_app.name)
        yield
        seen.append(current_app.name)

    @app.after_serving
    def stop():
        seen.append(current_app.name)

    await serve(app)

    assert seen == ["pool", "life", "life", "life"]


async def test_teardown_functions_run_at_once(app):
    """The contexts are torn down before anything is served."""
    torn_down = []

    @app.teardown_appcontext
    def tear_down(exc):
        torn_down.append(exc)

    @app.before_serving
    async def start():
        return

    server = Server(while_serving=lambda: torn_down.append("served"))
    await server.run(app)

    assert torn_down == [None, "served"]


async def test_generator_may_hold_a_task_group(app):
    """What a generator opens before its yield it may close after it: both run in one task."""
    seen = []

    @app.while_serving
    async def live():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep_forever)
            yield
            tasks.cancel_scope.cancel()
        seen.append("closed")

    @app.while_serving
    async def live_inside():
        with anyio.CancelScope():
            yield

    answers = await serve(app)

    assert answers == COMPLETE
    assert seen == ["closed"]


# -- state


async def test_state_of_the_lifespan_is_the_servers(app):
    """What the lifespan yields goes into the state that the server gives to each request."""

    @asynccontextmanager
    async def lifespan(app):
        yield {"pool": "pool"}

    server = Server()
    await server.run(Flask("life", lifespan=lifespan))

    assert server.state == {"pool": "pool"}


async def test_state_without_a_server_that_hands_it_on(app, caplog):
    """A server that knows no state is an error that says where else to keep it."""

    @asynccontextmanager
    async def lifespan(app):
        yield {"pool": "pool"}

    server = Server()
    answers = await server.run(Flask("life", lifespan=lifespan), state=None)

    assert answers == ["startup.failed"]
    assert "Keep it in app.state instead" in server.answers[0]["message"]


async def test_app_has_a_namespace(app):
    """`app.state` takes attributes."""

    @app.before_serving
    async def start():
        app.state.pool = "pool"

    await serve(app)

    assert app.state.pool == "pool"


# -- failures


async def test_failed_start_up(app, caplog):
    """The server is told the reason, the log has the traceback once, later functions do not run."""
    order = []

    @app.before_serving
    async def fail():
        raise LookupError("no database")

    note_everything(app, order)
    server = Server()
    answers = await server.run(app)

    assert answers == ["startup.failed"]
    assert server.answers[0]["message"] == "LookupError: no database"
    assert [record.exc_info[0] for record in caplog.records] == [LookupError]
    assert order == []


async def test_failed_start_up_ends_what_had_started(app, caplog):
    """Generators and the lifespan are ended backwards; after functions do not run."""
    order = []

    @asynccontextmanager
    async def lifespan(app):
        order.append("enter")
        yield
        order.append("leave")

    app = Flask("life", lifespan=lifespan)
    note_everything(app, order)

    @app.while_serving
    async def fail():
        raise LookupError("no database")
        yield

    answers = await serve(app)

    assert answers == ["startup.failed"]
    assert order == ["enter", "app before", "app in", "app out", "leave"]


@pytest.mark.parametrize("kind", ["async", "sync"])
async def test_failed_shutdown(app, caplog, kind):
    """All other functions still run; the server is told of the first error, the log of all."""
    order = []
    note_everything(app, order)

    if kind == "async":

        @app.while_serving
        async def live():
            yield
            raise LookupError("no database")

        @app.after_serving
        async def fail():
            raise ValueError("no cache")

    else:

        @app.while_serving
        def live():
            yield
            raise LookupError("no database")

        @app.after_serving
        def fail():
            raise ValueError("no cache")

    note_everything(app, order, "late")
    server = Server()
    answers = await server.run(app)

    assert answers == ["startup.complete", "shutdown.failed"]
    assert server.answers[1]["message"] == "LookupError: no database"
    assert order[4:] == ["late out", "app out", "app after", "late after"]
    assert [record.exc_info[0] for record in caplog.records] == [LookupError, ValueError]


async def test_failures_are_signalled(app, caplog):
    """got_serving_exception is sent in an app context, to sync and async receivers."""
    seen = []

    def receive(sender, exception):
        seen.append((sender, current_app.name, exception))

    async def receive_async(sender, exception):
        seen.append((sender, current_app.name, exception))

    error = LookupError("no database")

    @app.before_serving
    async def fail():
        raise error

    with (
        got_serving_exception.connected_to(receive, app),
        got_serving_exception.connected_to(receive_async, app),
    ):
        await serve(app)

    assert seen == [(app, "life", error)] * 2


async def test_receiver_that_fails_hides_nothing(app, caplog):
    """The app's failure is told all the same, and the receiver's is logged."""

    def receive(sender, exception):
        raise ValueError("in the receiver")

    @app.before_serving
    async def fail():
        raise LookupError("no database")

    with got_serving_exception.connected_to(receive, app):
        answers = await serve(app)

    assert answers == ["startup.failed"]
    assert [record.exc_info[0] for record in caplog.records] == [LookupError, ValueError]


@pytest.mark.parametrize(
    ("function", "hint"),
    [(lambda: None, "Use before_serving"), (lambda: [1], "are generators with one `yield`")],
)
async def test_while_function_that_is_no_generator(app, caplog, function, hint):
    """The error says what was given and what to do."""
    app.while_serving(function)

    await serve(app)

    assert hint in str(caplog.records[0].exc_info[1])


def test_lifespan_without_its_decorator():
    """A bare generator function is refused when the app is made."""

    async def lifespan(app):
        yield

    with pytest.raises(TypeError, match=r"Decorate it with contextlib\.asynccontextmanager"):
        Flask("life", lifespan=lifespan)


async def test_lifespan_that_is_no_context_manager(caplog):
    """What the lifespan gives is checked at start-up."""
    await serve(Flask("life", lifespan=lambda app: None))

    assert "is no async context manager" in str(caplog.records[0].exc_info[1])


async def test_lifespan_with_a_task_group_that_fails(caplog):
    """A task of the lifespan's that fails while the app is served shuts the app down."""
    order = []

    async def fail():
        raise LookupError("lost the database")

    @asynccontextmanager
    async def lifespan(app):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fail)
            yield

    class PatientServer(Server):
        async def receive(self):
            message = await super().receive()
            if message["type"] == "lifespan.shutdown":
                await anyio.sleep_forever()
            return message

    app = Flask("life", lifespan=lifespan)
    note_everything(app, order)
    answers = await PatientServer().run(app)

    assert answers == ["startup.complete", "shutdown.failed"]
    assert caplog.records[0].exc_info[1].exceptions[0].args == ("lost the database",)


# -- registering too late


@pytest.mark.parametrize("method", ["before_serving", "while_serving", "after_serving"])
async def test_functions_cannot_be_registered_after_start_up(app, method):
    """They would never run at start-up, or would be a surprise at shutdown."""
    await serve(app)

    with pytest.raises(AssertionError, match=f"{method!r} can no longer be called"):
        getattr(app, method)(lambda: None)


@pytest.mark.parametrize("method", ["before_app_serving", "while_app_serving", "after_app_serving"])
async def test_blueprints_with_functions_cannot_be_registered_after_start_up(app, method):
    """The registration of the blueprint is what comes too late."""
    blueprint = Blueprint("shop", __name__)
    getattr(blueprint, method)(lambda: None)
    await serve(app)

    with pytest.raises(AssertionError, match="can no longer be called"):
        app.register_blueprint(blueprint)


# -- several runs


async def test_app_can_be_served_again(app):
    """Each run has a start-up and a shutdown of its own."""
    order = []
    note_everything(app, order)

    await serve(app)
    await serve(app)

    assert order == ["app before", "app in", "app out", "app after"] * 2


def test_app_can_be_served_on_several_loops(app):
    """Neither functions nor the shutdown event are tied to an event loop."""
    order = []
    note_everything(app, order)
    seen = []

    async def serve_and_wait():
        await serve(app)
        seen.append(await app.shutdown_event.wait())

    anyio.run(serve_and_wait)
    anyio.run(serve_and_wait, backend="trio")

    assert len(order) == 8
    assert seen == [True, True]


async def test_shutdown_event_is_fresh_while_served(app):
    """A start-up clears it and shutdown sets it before any function runs."""
    seen = []

    @app.before_serving
    async def start():
        seen.append(app.shutdown_event.is_set())

    @app.while_serving
    async def live():
        yield
        seen.append(app.shutdown_event.is_set())

    await serve(app)
    await serve(app)

    assert seen == [False, True, False, True]


async def test_cancelled_server_ends_what_had_started(app):
    """A server that cancels the lifespan has the generators ended with the cancellation."""
    order = []

    @app.while_serving
    async def live():
        try:
            yield
        finally:
            order.append("out")

    with anyio.CancelScope() as scope:
        await Server(while_serving=scope.cancel).run(app)
    if scope.cancelled_caught:
        order.append("cancelled")

    assert order[0] == "out"


# -- mounted applications


async def test_mounted_apps_start_after_and_stop_before(app):
    """A mounted app is served within the functions of the one that it is mounted in."""
    order = []
    inner = Flask("inner")
    note_everything(app, order)
    note_everything(inner, order, "inner")
    app.mount("/inner", inner)

    answers = await serve(app)

    assert answers == COMPLETE
    assert order[:4] == ["app before", "app in", "inner before", "inner in"]
    assert order[4:] == ["inner out", "inner after", "app out", "app after"]


async def test_mounted_app_that_fails_to_start(app, caplog):
    """Its reason is the reason of the whole, and what had started is ended."""
    order = []
    inner = Flask("inner")

    @inner.before_serving
    async def fail():
        raise LookupError("no database")

    note_everything(app, order)
    app.mount("/inner", inner)
    server = Server()
    answers = await server.run(app)

    assert answers == ["startup.failed"]
    assert "LookupError: no database" in server.answers[0]["message"]
    assert order == ["app before", "app in", "app out"]


async def test_logger_of_the_app_is_used(app, caplog):
    """Failures go to the app's own logger, as errors."""

    @app.before_serving
    async def fail():
        raise LookupError("no database")

    await serve(app)

    assert [(record.name, record.levelno) for record in caplog.records] == [("life", logging.ERROR)]
