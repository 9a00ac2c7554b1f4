"""Requests that take too long, or whose client leaves, as an ASGI server sees them."""

from __future__ import annotations

import threading
from contextvars import ContextVar

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest

from asyncflask import Flask, Response, after_this_request, g, request, session
from asyncflask.exceptions import ServiceUnavailable
from asyncflask.views import MethodView, View

pytestmark = pytest.mark.anyio

SOON = 0.1  # seconds of a limit that is to be exceeded
LONG = 60  # and of one that is not


NO_ERROR = ("teardown", type(None))


# Async code


async def test_an_async_view_is_cancelled(noted, exchange):
    """503 in its place, through handlers and after functions, and one teardown."""
    app, order = noted.app, noted.order

    @app.get("/", timeout=SOON)
    async def wait():
        try:
            await anyio.sleep_forever()
        finally:
            order.append("cancelled")

    @app.errorhandler(503)
    async def handle(error):
        await anyio.lowlevel.checkpoint()
        return "too slow", 503

    answer = await exchange(app)

    assert (answer.status, answer.body) == (503, b"too slow")
    assert order == ["cancelled", "after", NO_ERROR]


async def test_without_a_handler_the_answer_is_the_error_itself(noted, exchange):
    """A plain 503."""

    @noted.app.get("/", timeout=SOON)
    async def wait():
        await anyio.sleep_forever()

    answer = await exchange(noted.app)

    assert answer.status == 503
    assert b"Service Unavailable" in answer.body


async def test_hooks_count_too(noted, exchange):
    """A before function that hangs is cancelled, and the view is not called."""

    @noted.app.before_request
    async def wait():
        await anyio.sleep_forever()

    @noted.app.get("/", timeout=SOON)
    async def view():
        raise AssertionError

    answer = await exchange(noted.app)

    assert answer.status == 503
    assert noted.order == ["after", NO_ERROR]


async def test_an_after_function_that_always_hangs(exchange):
    """The handlers have as much time again; then the plain error is sent without them."""
    app = Flask("hanging")
    torn_down = []
    app.teardown_request(torn_down.append)

    @app.get("/", timeout=SOON)
    async def view():
        return ""

    @app.after_request
    async def wait(response):
        await anyio.sleep_forever()

    answer = await exchange(app)

    assert answer.status == 503
    assert len(torn_down) == 1


async def test_sync_handlers_after_an_async_view(noted, exchange):
    """They run in a worker, with the request and g of the view."""

    @noted.app.get("/", timeout=SOON)
    async def wait():
        g.seen = "by the view"
        await anyio.sleep_forever()

    @noted.app.errorhandler(ServiceUnavailable)
    def handle(error):
        return f"{g.seen} {request.path} {threading.current_thread() is main}", 503

    main = threading.current_thread()

    answer = await exchange(noted.app)

    assert answer.body == b"by the view / False"
    assert noted.order == ["after", NO_ERROR]


async def test_a_view_that_is_quick_enough(noted, exchange):
    """Nothing is different, for both kinds of functions."""

    @noted.app.get("/async", timeout=LONG, cancel_on_disconnect=True)
    async def answer_async():
        session["a"] = 1
        return "async"

    @noted.app.get("/sync", timeout=LONG, cancel_on_disconnect=True)
    def answer():
        return "sync"

    answers = [await exchange(noted.app, path) for path in ("/async", "/sync")]

    assert [answer.body for answer in answers] == [b"async", b"sync"]
    assert "set-cookie" in answers[0].headers
    assert noted.order == ["after", NO_ERROR] * 2


async def test_all_sync_functions_share_a_thread(exchange):
    """The limit splits no hop: what is bound to a thread is closed where it was opened."""
    app = Flask("bound")
    threads = []
    app.before_request(lambda: threads.append(threading.get_ident()))
    app.teardown_request(lambda exc: threads.append(threading.get_ident()))

    @app.get("/", timeout=LONG)
    def view():
        threads.append(threading.get_ident())
        return ""

    await exchange(app)

    assert len(threads) == 3
    assert len(set(threads)) == 1


async def test_an_error_of_the_view_is_raised_as_it_is(exchange):
    """Not in a group, where errors propagate."""
    app = Flask("failing")
    app.testing = True

    @app.get("/", timeout=LONG)
    async def fail():
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await exchange(app)


async def test_context_variables_of_the_request_are_kept(exchange):
    """What the view sets is seen by the handler."""
    app = Flask("variables")
    variable = ContextVar("variable", default="unset")

    @app.get("/", timeout=SOON)
    async def wait():
        variable.set("set")
        await anyio.sleep_forever()

    app.register_error_handler(503, lambda error: (variable.get(), 503))

    answer = await exchange(app)

    assert answer.body == b"set"


async def test_an_async_view_that_will_not_end_is_answered_beside(noted, exchange):
    """It may shield itself for as long as it likes: its context lives on until then."""
    app, order = noted.app, noted.order
    may_end = anyio.Event()

    @app.get("/", timeout=SOON)
    async def clean_up():
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await may_end.wait()
            order.append("cleaned up")

    async def end(message):
        order.append(message.get("status"))
        may_end.set()

    answer = await exchange(app, send=end)

    assert answer.status == 503
    assert order[:2] == ["after", 503]
    assert order[-2:] == ["cleaned up", ("teardown", ServiceUnavailable)]


# Sync code


class Stuck:
    """A sync view that ends when it is told to, after its answer was sent."""

    def __init__(self):
        self.may_end = threading.Event()
        self.sent = []

    def __call__(self, **kwargs):
        assert self.may_end.wait(20)
        return "too late"

    async def on_send(self, message):
        self.sent.append(message)
        if not message.get("more_body", True):
            self.may_end.set()


async def test_a_sync_view_is_answered_beside_its_thread(noted, exchange):
    """At once; what it returns is dropped, and its context is torn down when it ends."""
    stuck = Stuck()
    noted.app.add_url_rule("/", "stuck", stuck, timeout=SOON)

    answer = await exchange(noted.app, send=stuck.on_send)

    assert [message.get("status") for message in answer.messages] == [503, None]
    assert noted.order == ["after", "after", NO_ERROR]


async def test_the_answer_beside_goes_through_handlers(noted, exchange):
    """Sync ones in a thread of their own, though the pool is full, with request and g."""
    app, stuck = noted.app, Stuck()
    app.config["THREADPOOL_SIZE"] = 1

    @app.get("/", timeout=SOON)
    def wait():
        g.seen = "by the view"
        after_this_request(lambda response: Response("the view's own"))
        return stuck()

    @app.errorhandler(503)
    def handle(error):
        session["kept"] = True
        return f"{g.seen} {request.path}", 503

    answer = await exchange(app, send=stuck.on_send)

    assert answer.body == b"by the view /"
    assert "set-cookie" in answer.headers
    assert noted.order == ["after", "after", NO_ERROR]


async def test_async_functions_after_a_stuck_view_are_not_run(noted, exchange):
    """The request was given up; its teardown is told why."""
    app, stuck = noted.app, Stuck()
    app.add_url_rule("/", "stuck", stuck, timeout=SOON)

    @app.after_request
    async def note(response):
        await anyio.lowlevel.checkpoint()
        noted.order.append(response.status_code)
        return response

    await exchange(app, send=stuck.on_send)

    assert noted.order == [503, "after", ("teardown", ServiceUnavailable)]


async def test_a_late_stream_is_closed(noted, exchange):
    """Its generator is never run."""
    stuck = Stuck()

    class Rows:
        closed = False

        def __iter__(self):
            raise AssertionError

        def close(self):
            Rows.closed = True

    @noted.app.get("/", timeout=SOON)
    def wait():
        stuck()
        return Response(Rows())

    answer = await exchange(noted.app, send=stuck.on_send)

    assert answer.status == 503
    assert Rows.closed
    assert noted.order[-1] == ("teardown", ServiceUnavailable)


async def test_a_sync_method_beside_async_ones(noted, exchange):
    """A MethodView runs it in a worker of its own."""
    stuck = Stuck()

    class Mixed(MethodView):
        timeout = SOON

        def get(self):
            return stuck()

        async def post(self):
            return ""

    noted.app.add_url_rule("/", view_func=Mixed.as_view("mixed"))

    answer = await exchange(noted.app, send=stuck.on_send)

    assert answer.status == 503
    assert [what[0] for what in noted.order if what != "after"] == ["teardown"]


# Where the limit comes from


@pytest.mark.parametrize("timeout", [{}, {"timeout": SOON}])
async def test_the_configuration_limits_all_routes(exchange, timeout):
    """A route may have a limit of its own."""
    app = Flask("configured")
    app.config["RESPONSE_TIMEOUT"] = LONG if timeout else SOON

    @app.get("/", **timeout)
    async def wait():
        await anyio.sleep_forever()

    assert (await exchange(app)).status == 503


async def test_none_lifts_the_configured_limit(exchange):
    """For this route alone."""
    app = Flask("lifted")
    app.config["RESPONSE_TIMEOUT"] = SOON
    go_on = anyio.Event()

    @app.get("/slow", timeout=None)
    async def wait_long():
        await go_on.wait()
        return "done"

    @app.get("/")
    async def wait():
        await anyio.sleep_forever()

    async def ask_beside():
        # Its own limit has run out when this is answered, and so would the other's have.
        await exchange(app)
        await exchange(app)
        go_on.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask_beside)
        answer = await exchange(app, "/slow")

    assert answer.body == b"done"


async def test_a_view_class_and_a_view_function_say_it_too(exchange):
    """As attributes; the route's own option is stronger."""
    app = Flask("attributes")

    class Slow(View):
        timeout = SOON

        async def dispatch_request(self):
            await anyio.sleep_forever()

    async def slow():
        await anyio.sleep_forever()

    slow.timeout = LONG
    app.add_url_rule("/class", view_func=Slow.as_view("class"))
    app.add_url_rule("/function", view_func=slow, timeout=SOON)

    answers = [await exchange(app, path) for path in ("/class", "/function")]

    assert [answer.status for answer in answers] == [503, 503]


async def test_a_request_that_matches_nothing_is_limited_by_the_configuration(exchange):
    """Its hooks run, and may hang."""
    app = Flask("nothing")
    app.config["RESPONSE_TIMEOUT"] = SOON

    @app.before_request
    async def wait():
        await anyio.sleep_forever()

    assert (await exchange(app, "/nowhere")).status == 503


@pytest.mark.parametrize(
    ("timeout", "error"), [("5", TypeError), (True, TypeError), (0, ValueError), (-1, ValueError)]
)
async def test_a_limit_that_is_none(exchange, timeout, error):
    """The error names the route, or the setting, and what may be given."""
    app = Flask("wrong")

    with pytest.raises(error, match=r"timeout of the route '/' is .* Give"):
        app.add_url_rule("/", "a", lambda: "", timeout=timeout)
    app.config["RESPONSE_TIMEOUT"] = timeout
    with pytest.raises(error, match="RESPONSE_TIMEOUT"):
        await exchange(app)
