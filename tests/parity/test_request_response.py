"""Requests, responses, signals and streams: the same on Flask 3.1, checked there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from markupsafe import Markup

from asyncflask import (
    Flask,
    Response,
    appcontext_popped,
    appcontext_tearing_down,
    g,
    got_request_exception,
    jsonify,
    make_response,
    render_template_string,
    request,
    request_finished,
    request_started,
    request_tearing_down,
    session,
    stream_with_context,
)
from asyncflask.exceptions import NotFound, RequestEntityTooLarge
from asyncflask.testing import EnvironBuilder


@pytest.fixture
def app():
    app = Flask(__name__, static_folder=None)
    app.secret_key = "key"
    app.testing = True
    return app


@pytest.fixture
def client(app):
    return app.test_client()


# -- limits and hosts


def test_body_over_the_limit(app, client, coloured):
    """A body over MAX_CONTENT_LENGTH is a 413 where the view asks for it."""
    app.config["MAX_CONTENT_LENGTH"] = 10
    app.add_url_rule("/read", "read", coloured(lambda: request.form["a"]), methods=["POST"])
    app.add_url_rule("/ignore", "ignore", coloured(lambda: "fine"), methods=["POST"])

    read, ignored = (client.post(path, data={"a": "x" * 20}) for path in ("/read", "/ignore"))

    assert (read.status_code, ignored.text) == (413, "fine")


def test_413_can_be_caught(app, client, coloured):
    """The view may catch the 413 itself."""

    def view():
        try:
            return request.get_data()
        except RequestEntityTooLarge:
            return "too much"

    app.config["MAX_CONTENT_LENGTH"] = 10
    app.add_url_rule("/", view_func=coloured(view), methods=["POST"])

    response = client.post("/", data=b"x" * 20)

    assert response.text == "too much"


def test_limit_of_a_request_beats_the_config(app, client, coloured):
    """A request's own, lower limit is used in place of the app's."""

    def view():
        request.max_content_length = 10
        return str(len(request.get_data()))

    app.config["MAX_CONTENT_LENGTH"] = 1000
    app.add_url_rule("/", view_func=coloured(view), methods=["POST"])

    response = client.post("/", data=b"x" * 20)

    assert response.status_code == 413


@pytest.mark.parametrize(
    ("attribute", "setting", "default"),
    [
        ("max_content_length", "MAX_CONTENT_LENGTH", ...),
        ("max_form_memory_size", "MAX_FORM_MEMORY_SIZE", 500_000),
        ("max_form_parts", "MAX_FORM_PARTS", 1000),
    ],
)
def test_limits_by_precedence(app, attribute, setting, default):
    """The request's own limit comes before the config's, and that before the default."""
    with app.test_request_context():
        limits = [getattr(request, attribute)]
        app.config[setting] = 20
        limits.append(getattr(request, attribute))
        setattr(request, attribute, 10)
        limits.append(getattr(request, attribute))

    assert limits[1:] == [20, 10]
    assert default in (..., limits[0])


@pytest.mark.parametrize("attribute", ["max_form_memory_size", "max_form_parts"])
def test_limits_of_a_form(app, client, coloured, attribute):
    """A form with too long fields, or too many, is a 413 where it is asked for."""

    def view():
        setattr(request, attribute, 1)
        return str(len(request.form))

    app.add_url_rule("/", view_func=coloured(view), methods=["POST"])
    multipart = {"content_type": "multipart/form-data"}

    response = client.post("/", data={"a": "xx", "b": "yy"}, **multipart)

    assert response.status_code == 413


@pytest.mark.parametrize(("host", "status"), [("good.org", 200), ("evil.org", 400)])
def test_untrusted_host(app, client, coloured, host, status):
    """With TRUSTED_HOSTS any other Host is a bad request."""
    app.config["TRUSTED_HOSTS"] = ["good.org"]
    app.add_url_rule("/", view_func=coloured(lambda: request.host))

    response = client.get("/", headers={"Host": host})

    assert response.status_code == status


@pytest.mark.parametrize(
    ("trusted", "host", "status"),
    [
        ([".good.org"], "good.org", 200),
        ([".good.org"], "www.good.org:8000", 200),
        ([".good.org"], "evilgood.org", 400),
        (["good.org"], "www.good.org", 400),
        ([], "good.org", 400),
        (None, "any.org", 200),
    ],
)
def test_trusted_hosts(app, client, coloured, trusted, host, status):
    """A leading dot takes subdomains in; ports do not matter; None trusts all."""
    app.config["TRUSTED_HOSTS"] = trusted
    app.add_url_rule("/", view_func=coloured(lambda: request.host))

    response = client.get("/", headers={"Host": host})

    assert response.status_code == status


@pytest.mark.parametrize("trusted", [None, ["münchen.example"]])
@pytest.mark.parametrize("host", ["münchen.example", "xn--mnchen-3ya.example"])
def test_international_host(app, client, coloured, host, trusted):
    """A host in IDNA, or in the letters that it stands for, is a host like any other."""
    app.config["TRUSTED_HOSTS"] = trusted
    app.add_url_rule("/", view_func=coloured(lambda: request.host_url))

    response = client.get("/", headers={"Host": host})

    assert (response.status_code, response.text) == (200, "http://münchen.example/")


@pytest.mark.parametrize("host", ["good.org/evil", "<script>", "good.org@evil"])
def test_host_of_garbage(app, client, coloured, host):
    """What is no host is a bad request where hosts are restricted, and no view runs for it."""
    ran = []
    app.config["TRUSTED_HOSTS"] = [".org"]
    app.add_url_rule("/", view_func=coloured(lambda: ran.append("view") or ""))

    response = client.get("/", headers={"Host": host})

    assert (response.status_code, ran) == (400, [])


def test_host_of_garbage_without_restrictions(app, client, coloured):
    """A Host with spaces and markup is refused also where no hosts are trusted; not so in Flask."""
    app.add_url_rule("/", view_func=coloured(lambda: request.host))

    responses = [client.get("/", headers={"Host": host}) for host in ("a b", "<script>", "a/b")]

    assert [response.status_code for response in responses] == [400, 400, 400]


# -- what views return


@pytest.mark.parametrize(
    ("value", "status", "header"),
    [
        (lambda: ("text", 201), 201, None),
        (lambda: ("text", "201 Made"), 201, None),
        (lambda: ("text", {"X-Own": "yes"}), 200, "yes"),
        (lambda: (Response("text", 404), 201, {"X-Own": "yes"}), 201, "yes"),
        (lambda: (Response("text", headers={"X-Own": "no"}), {"X-Own": "yes"}), 200, "yes"),
        (lambda: (b"text", [("X-Own", "yes")]), 200, "yes"),
    ],
)
def test_tuples(app, client, coloured, value, status, header):
    """Status and headers of a tuple are merged into its response."""
    app.add_url_rule("/", view_func=coloured(value))

    response = client.get("/")

    assert (response.status_code, response.headers.get("X-Own")) == (status, header)
    assert response.text == "text"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "'index'.*None"),
        (True, "bool"),
        ((), "tuple"),
        (("a", 200, {}, 4), "tuple"),
        ((None, 200), "None"),
    ],
)
def test_invalid_return_values(app, client, coloured, value, message):
    """What is no response is a TypeError that says what it was."""
    app.add_url_rule("/", "index", coloured(lambda: value))

    with pytest.raises(TypeError, match=message):
        client.get("/")


def test_http_error_as_a_response(app, client, coloured):
    """An HTTP error may be returned instead of raised."""
    app.add_url_rule("/", view_func=coloured(lambda: NotFound("not here")))

    response = client.get("/")

    assert response.status_code == 404
    assert "not here" in response.text


def test_make_response_in_the_view(app, client, coloured):
    """make_response takes what a view may return, and gives what it would become."""

    def view():
        response = make_response(jsonify(a=1), 202, {"X-Own": "yes"})
        response.headers["X-Later"] = "too"
        return response

    app.add_url_rule("/", view_func=coloured(view))

    response = client.get("/")

    assert (response.status_code, response.json) == (202, {"a": 1})
    assert (response.headers["X-Own"], response.headers["X-Later"]) == ("yes", "too")


@pytest.mark.parametrize(("size", "warns"), [(80, True), (0, False), (4093, False)])
def test_long_cookies_warn(app, client, coloured, recwarn, size, warns):
    """A cookie over MAX_COOKIE_SIZE is warned of, unless that is 0."""

    def view():
        response = make_response("")
        response.set_cookie("long", "x" * 100)
        return response

    app.config["MAX_COOKIE_SIZE"] = size
    app.add_url_rule("/", view_func=coloured(view))

    client.get("/")

    assert bool([w for w in recwarn if "too large" in str(w.message)]) is warns


# -- JSON


@dataclass
class Point:
    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2026, 5, 17, 9, 30, tzinfo=UTC), '"Sun, 17 May 2026 09:30:00 GMT"'),
        (date(2026, 5, 17), '"Sun, 17 May 2026 00:00:00 GMT"'),
        (Decimal("1.50"), '"1.50"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Point(1, 2), '{"x":1,"y":2}'),
        (Markup("<b>"), '"<b>"'),
        ({"b": 1, "a": [1, 2]}, '{"a":[1,2],"b":1}'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_jsonify(app, client, coloured, value, written):
    """Types beyond JSON's have their spelling; keys are sorted, and the text is compact."""
    app.add_url_rule("/", view_func=coloured(lambda: jsonify(value)))

    response = client.get("/")

    assert response.text == f"{written}\n"


def test_jsonify_is_indented_in_debug(app, client, coloured):
    """In debug mode the JSON is for reading."""
    app.debug = True
    app.add_url_rule("/", view_func=coloured(lambda: {"a": 1}))

    response = client.get("/")

    assert response.text == '{\n  "a": 1\n}\n'


def test_bad_json_is_a_400(app, client, coloured):
    """A body that is no JSON is a bad request; one of another type a 415; `silent` gives None."""
    app.add_url_rule("/", "loud", coloured(lambda: jsonify(request.json)), methods=["POST"])
    app.add_url_rule(
        "/silent",
        "silent",
        coloured(lambda: repr(request.get_json(silent=True))),
        methods=["POST"],
    )

    broken = client.post("/", data="{", content_type="application/json")
    plain = client.post("/", data="{}", content_type="text/plain")
    silent = client.post("/silent", data="{", content_type="application/json")

    assert (broken.status_code, plain.status_code, silent.text) == (400, 415, "None")


# -- templates


def test_tojson_is_safe(app, client, coloured):
    """tojson may stand in a script, and in an attribute in single quotes."""
    template = "<a data-x='{{ value|tojson }}'>"
    app.add_url_rule(
        "/", view_func=coloured(lambda: render_template_string(template, value="</a>'&"))
    )

    response = client.get("/")

    assert response.text == "<a data-x='\"\\u003c/a\\u003e\\u0027\\u0026\"'>"


def test_explicit_variables_beat_processors(app, client, coloured):
    """What render_template is given wins over context processors."""
    app.context_processor(lambda: {"name": "processor", "other": "processor"})
    template = "{{ name }} {{ other }}"
    app.add_url_rule("/", view_func=coloured(lambda: render_template_string(template, name="view")))

    response = client.get("/")

    assert response.text == "view processor"


def test_template_decorators_with_and_without_names(app, client, coloured):
    """Filters, tests and globals are registered under their own or a given name."""
    app.template_filter()(reverse)
    app.template_filter("backwards")(reverse)
    app.template_test("even")(lambda number: number % 2 == 0)
    app.template_global("three")(lambda: 3)
    template = "{{ 'ab'|reverse }} {{ 'cd'|backwards }} {{ 2 is even }} {{ three() }}"
    app.add_url_rule("/", view_func=coloured(lambda: render_template_string(template)))

    response = client.get("/")

    assert response.text == "ba dc True 3"


def reverse(text):
    return text[::-1]


# -- signals


def test_order_of_signals(app, client, coloured):
    """A request is started, goes through its functions, and is finished, then torn down."""
    order = []
    signals = {
        "started": request_started,
        "finished": request_finished,
        "tearing down request": request_tearing_down,
        "tearing down app": appcontext_tearing_down,
        "popped": appcontext_popped,
    }
    receivers = [
        (signal, lambda sender, name=name, **kwargs: order.append(name))
        for name, signal in signals.items()
    ]
    app.before_request(coloured(lambda: order.append("before")))
    app.after_request(coloured(lambda response: order.append("after") or response))
    app.add_url_rule("/", view_func=coloured(lambda: order.append("view") or ""))

    for signal, receiver in receivers:
        signal.connect(receiver, app)
    client.get("/")

    assert order == [
        *("started", "before", "view", "after", "finished"),
        *("tearing down request", "tearing down app", "popped"),
    ]


def test_teardown_signals_get_the_error(app, client, coloured):
    """Both tearing-down signals get the unhandled error, or None where a handler answered it."""
    seen = []

    def on_teardown(sender, exc, **kwargs):
        seen.append(type(exc))

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(KeyError, coloured(lambda exc: "handled"))
    app.add_url_rule("/handled", "handled", coloured(lambda: {}["a"]))
    app.add_url_rule("/", "index", coloured(lambda: 1 / 0))

    with request_tearing_down.connected_to(on_teardown, app):  # noqa: SIM117
        with appcontext_tearing_down.connected_to(on_teardown, app):
            client.get("/")
            client.get("/handled")

    assert seen == [ZeroDivisionError, ZeroDivisionError, type(None), type(None)]


def test_signals_of_an_error(app, client, coloured):
    """The signals of an unhandled error and of the teardown carry the error."""
    error = LookupError()
    seen = []

    def view():
        raise error

    def on_error(sender, exception, **kwargs):
        seen.append(exception)

    def on_teardown(sender, exc, **kwargs):
        seen.append(exc)

    app.add_url_rule("/", view_func=coloured(view))

    with got_request_exception.connected_to(on_error, app):  # noqa: SIM117
        with request_tearing_down.connected_to(on_teardown, app):
            with pytest.raises(LookupError):
                client.get("/")

    assert seen == [error, error]


# -- streams


def test_streams_keep_request_session_and_g(app, client, coloured):
    """A generator in stream_with_context reads all of them while it is sent."""

    def view():
        g.name, session["name"] = "g", "session"

        @stream_with_context
        def generate():
            for word in (request.args["a"], g.name, session["name"]):
                yield f"{word} "

        return generate()

    app.add_url_rule("/", view_func=coloured(view))

    response = client.get("/?a=request")

    assert response.text == "request g session "


def test_close_of_a_stream_runs(app, client, coloured):
    """The iterator's own close runs once, when the stream has ended."""
    closed = []

    class Numbers:
        def __init__(self):
            self.left = [b"1", b"2"]

        def __iter__(self):
            return self

        def __next__(self):
            if not self.left:
                raise StopIteration
            return self.left.pop(0)

        def close(self):
            closed.append(True)

    app.add_url_rule("/", view_func=coloured(lambda: Response(stream_with_context(Numbers()))))

    with client.get("/") as response:
        text = response.text

    assert (text, closed) == ("12", [True])


# -- the client


def test_urls_of_the_client_come_from_the_config(app, client, coloured):
    """SERVER_NAME, APPLICATION_ROOT and PREFERRED_URL_SCHEME make the client's base URL."""
    app.config.update(
        SERVER_NAME="example.com:1234", APPLICATION_ROOT="/shop", PREFERRED_URL_SCHEME="https"
    )
    app.add_url_rule("/", view_func=coloured(lambda: request.url))

    response = client.get("/")

    assert response.text == "https://example.com:1234/shop/"


def test_defaults_of_the_client(app, client, coloured):
    """Requests have an address and a User-Agent; environ_base changes them."""

    def view():
        return [request.remote_addr, request.user_agent.string]

    app.add_url_rule("/", view_func=coloured(view))

    address, agent = client.get("/").json
    client.environ_base.update(REMOTE_ADDR="192.0.2.1", HTTP_USER_AGENT="tests")
    changed = client.get("/").json

    assert (address, bool(agent)) == ("127.0.0.1", True)
    assert changed == ["192.0.2.1", "tests"]


def test_cookies_are_kept_per_client(app, coloured):
    """Two clients are two browsers."""

    def view():
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    app.add_url_rule("/", view_func=coloured(view))
    one, two = app.test_client(), app.test_client()

    texts = [one.get("/").text, one.get("/").text, two.get("/").text]

    assert texts == ["1", "2", "1"]


def test_client_opens_builders(app, client, coloured):
    """client.open takes a request that was built beforehand."""
    app.add_url_rule("/", view_func=coloured(lambda: jsonify(request.json)), methods=["POST"])
    builder = EnvironBuilder(app, "/", method="POST", json={"a": 1})

    response = client.open(builder)

    assert response.json == {"a": 1}


def test_json_of_the_client(app, client, coloured):
    """json= sets body and type; a JSON response has .json."""

    def view():
        return {"type": request.content_type, "sent": request.json}

    app.add_url_rule("/", view_func=coloured(view), methods=["POST"])

    response = client.post("/", json=[1, 2])

    assert response.json == {"type": "application/json", "sent": [1, 2]}
