"""Contexts that a test client keeps, among contexts that the test pushes."""

from __future__ import annotations

import pytest

from asyncflask import ctx
from asyncflask.app import Flask
from asyncflask.globals import g, request


@pytest.fixture
def app():
    app = Flask("shop")

    @app.get("/<name>")
    def view(name):
        return str(g.get("place"))

    return app


def test_app_context_may_be_left_before_the_client(app):
    """A kept request does not stand in the way of an app context inside of the block."""
    with app.test_client() as client:
        with app.app_context():
            g.place = "market"
            response = client.get("/a")

        assert response.text == "market"
        assert request.path == "/a"

    assert ctx.current() is None


def test_app_context_may_come_between_two_requests(app):
    """A request that is replaced may lie below an app context of the test's."""
    with app.test_client() as client:
        client.get("/a")
        with app.app_context():
            client.get("/b")

            assert request.path == "/b"

    assert ctx.current() is None


def test_teardown_of_an_app_context_below_sees_that_context(app):
    """While it is torn down the app context is the current one."""
    seen = []

    @app.teardown_appcontext
    def note(exc):
        seen.append(ctx.current())

    with app.test_client() as client, app.app_context() as app_context:
        client.get("/a")

    assert seen == [app_context]


def test_two_clients_keep_requests(app):
    """Clients' blocks may lie in each other, with an app context between them."""
    with app.test_client() as outer:
        outer.get("/a")
        with app.app_context(), app.test_client() as inner:
            inner.get("/b")
        after = request.path

    assert after == "/a"
    assert ctx.current() is None


def test_context_pushed_above_must_be_popped_first(app):
    """Only kept contexts may be left where they are."""
    below, above = app.app_context(), app.app_context()
    below.push()
    above.push()

    with pytest.raises(AssertionError, match="Popped wrong context"):
        below.pop()

    above.pop()
    below.pop()
