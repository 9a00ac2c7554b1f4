"""Streamed responses, as applications lean on them: the same on Flask 3.1 where both can run."""

from __future__ import annotations

from contextvars import ContextVar

import pytest

from asyncflask import Flask, Response, g, request, session, stream_with_context

variable: ContextVar[str] = ContextVar("variable", default="unset")


@pytest.fixture
def app():
    app = Flask(__name__, static_folder=None)
    app.secret_key = "key"
    app.testing = True
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def async_twin(generator):
    """An async generator that does what the sync one does, its clean-up included."""

    async def run():
        try:
            for item in generator:
                yield item
        finally:
            generator.close()

    return run()


@pytest.fixture(params=["generator", "async generator"])
def streamed(request):
    """Gives a generator as it is, or as an async one."""
    return (lambda generator: generator) if request.param == "generator" else async_twin


def test_request_session_and_g_are_there_to_the_end(app, client, coloured, streamed):
    """From the first item to the clean-up a stream reads the view's request, session and g."""
    seen = []

    def generate():
        try:
            yield f"{request.args['a']} {session['name']} {g.name} "
            yield f"{request.args['a']} {session['name']} {g.name}"
        finally:
            seen.append((request.args["a"], session["name"], g.name))

    def view():
        session["name"], g.name = "ada", "g"
        return stream_with_context(streamed(generate()))

    app.add_url_rule("/", view_func=coloured(view))

    response = client.get("/?a=1")

    assert response.text == "1 ada g 1 ada g"
    assert seen == [("1", "ada", "g")]


def test_g_of_a_stream_is_the_views(app, client, coloured, streamed):
    """What the stream puts into g is there for its next item, and for teardown."""
    seen = []

    def generate():
        for _ in range(3):
            g.count += 1
            yield str(g.count)

    def view():
        g.count = 0
        return stream_with_context(streamed(generate()))

    app.teardown_request(coloured(lambda exc: seen.append(g.count)))
    app.add_url_rule("/", view_func=coloured(view))

    response = client.get("/")

    assert response.text == "123"
    assert seen[-1] == 3


@pytest.mark.parametrize("count", [1, 4, 100])
def test_token_of_a_context_variable_is_reset(app, client, coloured, streamed, count):
    """A variable that a stream sets is its own between items, and reset where it was set."""

    def generate():
        token = variable.set("set")
        try:
            for _ in range(count):
                yield f"{variable.get()} "
        finally:
            variable.reset(token)
        yield variable.get()

    app.add_url_rule("/", view_func=coloured(lambda: stream_with_context(streamed(generate()))))

    response = client.get("/")

    assert response.text == "set " * count + "unset"


@pytest.mark.parametrize("with_context", [True, False])
def test_clean_up_of_an_abandoned_stream_runs(app, client, coloured, streamed, with_context):
    """A stream whose client goes away is closed at its yield, once, in its own context."""
    seen = []

    def generate():
        token = variable.set("set")
        try:
            while True:
                yield "more "
        finally:
            seen.append(variable.get())
            variable.reset(token)

    keep = stream_with_context if with_context else lambda stream: stream
    app.add_url_rule("/", view_func=coloured(lambda: Response(keep(streamed(generate())))))

    response = client.get("/")
    first = next(response.iter_encoded())
    response.close()

    assert first.startswith(b"more ")
    assert seen == ["set"]


def test_stream_of_a_head_request_is_closed(app, client, coloured):
    """What HEAD leaves unread is closed all the same."""
    closed = []

    class Numbers:
        def __iter__(self):
            return iter([b"1"])

        def close(self):
            closed.append(True)

    app.add_url_rule("/", view_func=coloured(lambda: Response(Numbers())))

    with client.head("/") as response:
        body = response.data

    assert (body, closed) == (b"", [True])


def test_error_in_a_stream_closes_it(app, client, coloured, streamed):
    """An error in a stream is the test's to see, after the clean-up has run."""
    seen = []

    def generate():
        try:
            yield "one"
            raise LookupError
        finally:
            seen.append(request.path)

    app.add_url_rule("/", view_func=coloured(lambda: stream_with_context(streamed(generate()))))

    with pytest.raises(LookupError):
        client.get("/").get_data()

    assert seen == ["/"]
