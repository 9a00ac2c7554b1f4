"""Headers whose names differ in underscores and hyphens, which WSGI cannot tell apart."""

from __future__ import annotations

import json

import pytest

from asyncflask import Flask, request
from asyncflask.middleware.proxy_fix import ProxyFix

HOST = "Host: localhost"


@pytest.fixture(scope="module")
def server(serve):
    app = Flask("names")
    app.asgi_app = ProxyFix(app.asgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)

    @app.get("/")
    def show():
        return {
            "dash": request.headers.get("X-Remote-User"),
            "underscore": request.headers.get("X_Remote_User"),
            "all": request.headers.getlist("X-Remote-User"),
            "environ": request.environ.get("HTTP_X_REMOTE_USER"),
            "address": request.remote_addr,
            "url": request.url,
        }

    return serve(app, proxy_headers=False)


@pytest.fixture
def ask(server):
    return lambda *fields: json.loads(server.ask("GET / HTTP/1.1", HOST, *fields).text)


def test_an_underscore_passes_for_no_hyphen(ask):
    """Neither in the headers nor in the environ."""
    told = ask("X_Remote_User: eve", "X-Remote_User: eve", "X_Remote-User: eve")

    assert (told["dash"], told["all"], told["environ"]) == (None, [], None)


@pytest.mark.parametrize("before", [True, False])
def test_the_hyphen_counts_where_both_are_there(ask, before):
    """Whichever comes first, and however it is asked for."""
    fields = ["X-Remote-User: ada", "X_Remote_User: eve"]

    told = ask(*(reversed(fields) if before else fields))

    assert (told["dash"], told["underscore"]) == ("ada", "ada")
    assert (told["all"], told["environ"]) == (["ada"], "ada")


@pytest.mark.parametrize(
    "fields",
    [
        ["X_Forwarded_For: 6.6.6.6", "X_Forwarded_Host: evil.example", "X_Forwarded_Proto: https"],
        ["X-Forwarded_For: 6.6.6.6", "X-Forwarded_Host: evil.example", "X_Forwarded-Prefix: /x"],
        ["X_FORWARDED_FOR: 6.6.6.6", "HTTP_X_FORWARDED_FOR: 6.6.6.6", "HTTP_HOST: evil.example"],
    ],
)
def test_no_proxy_speaks_in_underscores(ask, fields):
    """ProxyFix believes the headers that a proxy sets."""
    told = ask(*fields)

    assert (told["address"], told["url"]) == ("127.0.0.1", "http://localhost/")


@pytest.mark.parametrize(
    "field",
    [
        "Content_Length: 5",
        "Content_Type: application/json",
        "Transfer_Encoding: chunked",
        "Proxy: http://evil.example",
    ],
)
def test_no_other_name_describes_the_body(ask, field):
    """A request without a body stays one."""
    assert ask(field)["url"] == "http://localhost/"
