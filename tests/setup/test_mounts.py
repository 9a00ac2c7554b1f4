"""What may be mounted, and where."""

from __future__ import annotations

from functools import partial

import flask
import pytest
from a2wsgi import WSGIMiddleware
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Request

from asyncflask import Flask
from asyncflask.setup.mounts import is_wsgi, make_mount


async def asgi_function(scope, receive, send):
    pass


def wsgi_function(environ, start_response):
    pass


class WSGIObject:
    def __call__(self, environ, start_response):
        pass


def sync_asgi_function(scope, receive, send):
    return asgi_function(scope, receive, send)


async def async_view(request):
    pass


def anything(*args):
    pass


@pytest.mark.parametrize(
    "app",
    [
        asgi_function,
        partial(asgi_function),
        Starlette(),
        FastAPI(),
        Flask("inner"),
        CORSMiddleware(asgi_function),
        WSGIMiddleware(wsgi_function),
    ],
    ids=repr,
)
def test_asgi_applications(app):
    """What is async and takes a scope, receive and send is an ASGI application."""
    assert not is_wsgi(app)


@pytest.mark.parametrize(
    "app",
    [
        wsgi_function,
        partial(wsgi_function),
        WSGIObject(),
        flask.Flask("old"),
        ProxyFix(flask.Flask("old")),
        ProxyFix(flask.Flask("old").wsgi_app),
    ],
    ids=repr,
)
def test_wsgi_applications(app):
    """What is not async and takes an environ and start_response is a WSGI application."""
    assert is_wsgi(app)


@pytest.mark.parametrize(
    "app", [sync_asgi_function, async_view, anything, Request.application(anything), dict.get]
)
def test_what_may_be_either(app):
    """What cannot be told apart is refused, with the way to say it."""
    with pytest.raises(TypeError, match=r"Pass wsgi=False or wsgi=True"):
        is_wsgi(app)


def test_a_class_is_no_application():
    """A class is refused, though its instances would be applications."""
    with pytest.raises(TypeError, match="is a class, not an instance of it"):
        is_wsgi(Starlette)


def test_what_cannot_be_called_is_no_application():
    """The error shows what was given."""
    with pytest.raises(TypeError, match="'app:app' is not callable"):
        is_wsgi("app:app")


def test_what_is_said_is_believed():
    """With wsgi= nothing is guessed."""
    mounts = [make_mount("/x", anything, wsgi) for wsgi in (True, False)]

    assert [mount.is_wsgi for mount in mounts] == [True, False]


@pytest.mark.parametrize(
    ("prefix", "stored"),
    [("/api", "/api"), ("/api/", "/api"), ("/a/b", "/a/b"), ("/", ""), ("", "")],
)
def test_prefix(prefix, stored):
    """A slash at the end makes no difference."""
    assert make_mount(prefix, asgi_function, None).prefix == stored


def test_prefix_without_a_slash():
    """The error has the prefix that was meant."""
    with pytest.raises(ValueError, match=r"not at 'api'\. Use '/api'"):
        make_mount("api", asgi_function, None)


def test_variable_prefix():
    """A prefix is no rule."""
    with pytest.raises(ValueError, match="'/<lang>/api' has a variable part"):
        make_mount("/<lang>/api", asgi_function, None)


def test_wsgi_without_a2wsgi(monkeypatch):
    """What is missing is told when the application is mounted, not when it is asked."""
    monkeypatch.setattr("asyncflask.setup.mounts.find_spec", lambda name: None)

    with pytest.raises(ImportError, match=r"pip install asyncflask\[wsgi\]"):
        make_mount("/old", wsgi_function, None)


def test_asgi_without_a2wsgi(monkeypatch):
    """ASGI applications do without."""
    monkeypatch.setattr("asyncflask.setup.mounts.find_spec", lambda name: None)

    assert not make_mount("/api", asgi_function, None).is_wsgi


def test_a_prefix_is_taken_once():
    """Two applications at one path are a mistake, and the error names the first."""
    app = Flask("host")
    app.mount("/api", asgi_function)

    with pytest.raises(ValueError, match=r"at '/api': <function asgi_function .* already"):
        app.mount("/api/", Starlette())


def test_an_application_mounted_twice():
    """It has one lifespan, and one state."""
    app = Flask("host")
    app.mount("/a", asgi_function)
    app.mount("/b", asgi_function)

    first, second = app._mounts

    assert (first.has_lifespan, second.has_lifespan) == (True, False)
    assert first.state is second.state


def test_an_app_is_not_mounted_in_itself():
    """It would start itself for ever."""
    app = Flask("host")

    with pytest.raises(ValueError, match="cannot be mounted in itself"):
        app.mount("/again", app)


def test_middleware_is_given_as_a_class():
    """An instance was made around no app, so that it cannot be used."""
    app = Flask("host")

    with pytest.raises(TypeError, match=r"Pass the class and its arguments apart"):
        app.add_middleware("CORSMiddleware")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "change",
    [lambda app: app.mount("/api", asgi_function), lambda app: app.add_middleware(CORSMiddleware)],
    ids=["mount", "add_middleware"],
)
async def test_after_the_first_request(exchange, change):
    """Both belong to the set-up."""
    app = Flask("host")
    await exchange(app, "/")

    with pytest.raises(AssertionError, match="has already handled its first request"):
        change(app)


@pytest.mark.anyio
async def test_the_request_of_a_mounted_app_is_the_first_one(exchange):
    """A request that never reaches the app's own routes ends the set-up too."""
    app = Flask("host")
    app.mount("/api", Starlette())
    await exchange(app, "/api")

    with pytest.raises(AssertionError, match="has already handled its first request"):
        app.get("/")


@pytest.mark.parametrize("name", ["asgi_app", "wsgi_app"])
def test_wsgi_middleware_is_refused(name):
    """Werkzeug's ProxyFix, left over from Flask, is told at once and with what to use instead."""
    app = Flask("host")

    with pytest.raises(TypeError, match=rf"app.{name} was set to <.*ProxyFix .* ASGI twins"):
        setattr(app, name, ProxyFix(getattr(app, name)))


@pytest.mark.parametrize("app", [anything, sync_asgi_function, CORSMiddleware(asgi_function)])
def test_other_middleware_may_be_assigned(app):
    """What is or may be ASGI middleware is taken."""
    host = Flask("host")

    host.wsgi_app = app

    assert host.asgi_app is app
