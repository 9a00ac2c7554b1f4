"""Handshakes."""

from __future__ import annotations

import pytest

from asyncflask.testing import EnvironBuilder
from asyncflask.testing.builder import NoApp
from asyncflask.testing.websockets import in_http_terms, to_http_url, to_websocket_scope


@pytest.fixture
def handshake():
    """The scope and the headers of a websocket, of EnvironBuilder's arguments."""

    def build(*args, subprotocols=None, **kwargs):
        scope = EnvironBuilder(NoApp(), *args, **kwargs).get_scope()
        asked = to_websocket_scope(scope, subprotocols)
        return asked, dict(asked["headers"])

    return build


def test_the_scope(handshake):
    """It is that of the request, save for what the protocol names differently."""
    scope, _ = handshake("/room/tea?old=1")

    assert scope["type"] == "websocket"
    assert (scope["scheme"], scope["path"], scope["query_string"]) == ("ws", "/room/tea", b"old=1")
    assert scope["extensions"] == {"websocket.http.response": {}}
    assert "method" not in scope


def test_the_headers_of_a_handshake(handshake):
    """They are those of RFC 6455."""
    _, headers = handshake("/")

    assert headers[b"upgrade"] == b"websocket"
    assert headers[b"connection"] == b"Upgrade"
    assert headers[b"sec-websocket-version"] == b"13"
    assert len(headers[b"sec-websocket-key"]) == 24
    assert b"sec-websocket-protocol" not in headers


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        (None, b"http://localhost"),
        ("https://shop.example", b"https://shop.example"),
        ("http://localhost:8000/below", b"http://localhost:8000"),
    ],
)
def test_the_origin_is_that_of_the_host(handshake, base_url, origin):
    """As for a page that opens a websocket to where it comes from."""
    _, headers = handshake("/", base_url=base_url)

    assert headers[b"origin"] == origin


def test_another_origin(handshake):
    """A test may send its own."""
    _, headers = handshake("/", headers={"Origin": "https://evil.example"})

    assert headers[b"origin"] == b"https://evil.example"


def test_subprotocols(handshake):
    """They are in the scope and in the header."""
    scope, headers = handshake("/", subprotocols=("mqtt", "chat"))

    assert scope["subprotocols"] == ["mqtt", "chat"]
    assert headers[b"sec-websocket-protocol"] == b"mqtt, chat"


def test_subprotocols_are_several(handshake):
    """One text would be taken for its letters."""
    with pytest.raises(TypeError, match=r"Pass subprotocols=\['chat'\]"):
        handshake("/", subprotocols="chat")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws://localhost/room", "http://localhost/room"),
        ("wss://localhost/room", "https://localhost/room"),
        ("http://localhost/room", "http://localhost/room"),
        ("/ws://room", "/ws://room"),
        ("ws", "ws"),
    ],
)
def test_urls_in_http_terms(url, expected):
    """Only the scheme changes."""
    assert to_http_url(url) == expected


def test_arguments_in_http_terms():
    """The schemes of a URL and of the arguments for one."""
    terms = in_http_terms(path="/", base_url="wss://localhost", url_scheme="ws")

    assert terms == {"path": "/", "base_url": "https://localhost", "url_scheme": "http"}
