"""Requests described in WSGI's terms."""

from __future__ import annotations

import pytest


def test_base_fills_what_is_open(request_of):
    """environ_base is for what the arguments do not say."""
    request = request_of(
        "/",
        headers={"X-A": "given"},
        environ_base={"REMOTE_ADDR": "10.0.0.1", "HTTP_X_A": "base", "HTTP_X_B": "base"},
    )

    assert request.remote_addr == "10.0.0.1"
    assert (request.headers["X-A"], request.headers["X-B"]) == ("given", "base")


def test_base_does_not_change_the_address(request_of):
    """What the builder always says is not open."""
    base = {"HTTP_HOST": "a", "SCRIPT_NAME": "/b", "wsgi.url_scheme": "https", "PATH_INFO": "/c"}

    assert request_of("/", environ_base=base).url == "http://localhost/"


def test_overrides_change_everything(request_of):
    """environ_overrides goes over all other arguments."""
    request = request_of(
        "/",
        headers={"X-A": "given"},
        environ_overrides={
            "HTTP_HOST": "example.org",
            "HTTP_X_A": "override",
            "CONTENT_TYPE": "a/b",
            "SCRIPT_NAME": "/r",
            "PATH_INFO": "/\xc3\xa4",
            "QUERY_STRING": "k=v",
            "REQUEST_METHOD": "PUT",
            "wsgi.url_scheme": "https",
            "SERVER_NAME": "server",
            "SERVER_PORT": "99",
            "REMOTE_PORT": 4711,
        },
    )

    assert request.url == "https://example.org/r/ä?k=v"
    assert (request.headers["X-A"], request.content_type) == ("override", "a/b")
    assert (request.method, request.server) == ("PUT", ("server", 99))
    assert request.scope["client"] == ("127.0.0.1", 4711)


def test_protocol_can_be_overridden(build):
    """SERVER_PROTOCOL is the HTTP version."""
    scope = build("/", environ_overrides={"SERVER_PROTOCOL": "HTTP/1.0"}).get_scope()

    assert scope["http_version"] == "1.0"


@pytest.mark.parametrize("argument", ["environ_base", "environ_overrides"])
def test_unknown_keys_stay_readable(request_of, argument):
    """Keys that ASGI has no place for are found in request.environ."""
    request = request_of("/", **{argument: {"REMOTE_USER": "ada", "shop.key": 1}})

    assert request.remote_user == "ada"
    assert request.environ["shop.key"] == 1
