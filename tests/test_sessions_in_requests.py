"""Sessions in the life of a request: what it costs to look, and when they are saved."""

from __future__ import annotations

import pytest

from asyncflask import Flask, after_this_request, get_flashed_messages, session


@pytest.fixture
def app():
    """A real app with a view for each way of using the session."""
    app = Flask("shop")
    app.secret_key = "a very secret key"

    @app.get("/untouched")
    def untouched():
        return "x", {"Vary": "Accept"}

    @app.get("/keys")
    def keys():
        return str("a" in session), {"Vary": "Accept"}

    @app.get("/flashes")
    def flashes():
        return str(get_flashed_messages()), {"Vary": "Accept"}

    @app.get("/stay")
    def stay():
        session.permanent = True
        return "x"

    @app.get("/late")
    def late():
        def remember(response):
            session["late"] = True
            return response

        after_this_request(remember)
        return "x"

    return app


@pytest.mark.parametrize(
    ("path", "vary"),
    [
        ("/untouched", ["Accept"]),
        ("/keys", ["Accept, Cookie"]),
        ("/flashes", ["Accept, Cookie"]),
    ],
)
def test_vary_tells_whether_the_session_was_used(app, path, vary):
    """Looking at the keys alone counts; a view that never asks leaves Vary as it was."""
    response = app.test_client().get(path)

    assert response.headers.getlist("Vary") == vary


@pytest.mark.parametrize(("refresh", "cookies"), [(True, 1), (False, 0)])
def test_a_permanent_session_is_refreshed_unopened(app, refresh, cookies):
    """A request that never used the session still lengthens its life, if it is to."""
    app.config["SESSION_REFRESH_EACH_REQUEST"] = refresh
    client = app.test_client()
    client.get("/stay")

    response = client.get("/untouched")

    assert len(response.headers.getlist("Set-Cookie")) == cookies


def test_it_is_saved_after_all_after_functions(app):
    """What the last after function put into the session is in the cookie."""
    client = app.test_client()

    client.get("/late")

    with client.session_transaction() as stored:
        assert stored == {"late": True}


def test_without_a_key_reading_works(app):
    """Looking at the session is no error; writing is."""
    app.secret_key = None
    app.testing = True
    client = app.test_client()

    assert client.get("/keys").text == "False"
    with pytest.raises(RuntimeError, match="no secret key was set"):
        client.get("/stay")
