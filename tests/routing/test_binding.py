"""Maps bound to requests."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from asyncflask.exceptions import BadHost
from asyncflask.routing import Map


def scope(host: str | None = "h.example", **changes: Any) -> dict[str, Any]:
    headers = [] if host is None else [(b"host", host.encode())]
    return {
        "type": "http",
        "scheme": "http",
        "method": "GET",
        "path": "/a",
        "root_path": "",
        "query_string": b"",
        "server": ("srv", 80),
        "headers": headers,
        **changes,
    }


def environ(**changes: Any) -> dict[str, Any]:
    return {
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "srv",
        "SERVER_PORT": "80",
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/a",
        **changes,
    }


def test_a_scope_gives_all_that_an_adapter_has() -> None:
    """Paths come without the prefix that the application is mounted at."""
    adapter = Map().bind_to_scope(
        scope(method="POST", path="/app/a b", root_path="/app", query_string=b"x=1", scheme="https")
    )

    assert (adapter.server_name, adapter.url_scheme, adapter.default_method) == (
        "h.example",
        "https",
        "POST",
    )
    assert (adapter.script_name, adapter.path_info, adapter.query_args) == ("/app/", "/a b", "x=1")
    assert (adapter.subdomain, adapter.websocket) == ("", False)


def test_a_prefix_ends_at_a_slash() -> None:
    """/apple is not under /app."""
    adapter = Map().bind_to_scope(scope(path="/apple", root_path="/app"))

    assert adapter.path_info == "/apple"


def test_a_websockets_scope_needs_no_method() -> None:
    """It has none."""
    websocket = scope(type="websocket", scheme="ws")
    del websocket["method"]

    adapter = Map().bind_to_scope(websocket)

    assert (adapter.websocket, adapter.default_method) == (True, "GET")


@pytest.mark.parametrize(
    ("host", "scheme", "expected"),
    [
        ("H.example:80", "http", "h.example"),
        ("h.example:443", "https", "h.example"),
        ("h.example:443", "wss", "h.example"),
        ("h.example:8080", "http", "h.example:8080"),
        ("é.example", "http", "xn--9ca.example"),
        (None, "http", "srv"),
    ],
)
def test_the_server_is_the_host_asked_for(host: str | None, scheme: str, expected: str) -> None:
    """In lower case, in ASCII, without the scheme's own port."""
    adapter = Map().bind_to_scope(scope(host, scheme=scheme))

    assert adapter.server_name == expected


@pytest.mark.parametrize("host", ["a b", "evil.example/x", "a\\b", "a@b", "a?b", "x..é", "\x00"])
def test_a_malformed_host_is_refused(host: str) -> None:
    """It would end up in redirects."""
    with pytest.raises(BadHost):
        Map().bind_to_scope(scope(host))


def test_the_subdomain_is_what_stands_before_the_servers_name() -> None:
    """The scheme's own port does not matter."""
    adapter = Map().bind_to_scope(scope("a.b.h.example"), server_name="H.example:80")

    assert (adapter.server_name, adapter.subdomain) == ("h.example", "a.b")


def test_a_given_subdomain_counts() -> None:
    """Whatever the host says."""
    adapter = Map().bind_to_scope(scope("a.h.example"), server_name="h.example", subdomain="z")

    assert adapter.subdomain == "z"


@pytest.mark.parametrize("host", ["other.example", "xh.example", "example"])
def test_a_foreign_host_warns_and_matches_nothing(host: str) -> None:
    """Its subdomain is one that no rule has."""
    with pytest.warns(UserWarning, match="doesn't match configured server name.*set SERVER_NAME"):
        adapter = Map().bind_to_scope(scope(host), server_name="h.example")

    assert adapter.subdomain == "<invalid>"


def test_with_host_matching_there_is_no_subdomain() -> None:
    """And none may be given."""
    map_ = Map(host_matching=True)

    assert map_.bind_to_scope(scope()).subdomain is None
    with pytest.raises(RuntimeError, match=r"host matching .* 's'. .*leave the subdomain out"):
        map_.bind_to_scope(scope(), subdomain="s")


def test_an_environ_is_read_as_wsgi_encodes_it() -> None:
    """Bytes disguised as Latin-1; what is no UTF-8 does not raise."""
    adapter = Map().bind_to_environ(
        environ(PATH_INFO="/\xc3\xa9\xff", SCRIPT_NAME="/app/", QUERY_STRING="\xc3\xa9=1")
    )

    assert (adapter.path_info, adapter.script_name) == ("/é\ufffd", "/app/")
    assert adapter.query_args == "é=1"


def test_an_environs_path_is_below_its_prefix_already() -> None:
    """Even if it starts with the same words."""
    adapter = Map().bind_to_environ(environ(PATH_INFO="/app/x", SCRIPT_NAME="/app"))

    assert adapter.path_info == "/app/x"


@pytest.mark.parametrize(("scheme", "expected"), [("http", "ws"), ("https", "wss")])
def test_an_environ_may_ask_for_a_websocket(scheme: str, expected: str) -> None:
    """By its Connection and Upgrade headers."""
    adapter = Map().bind_to_environ(
        environ(
            **{
                "wsgi.url_scheme": scheme,
                "HTTP_CONNECTION": "keep-alive, Upgrade",
                "HTTP_UPGRADE": "WebSocket",
            }
        )
    )

    assert adapter.url_scheme == expected


def test_a_request_object_is_taken_for_its_scope_or_environ() -> None:
    """Whichever it has."""
    ours = Map().bind_to_environ(SimpleNamespace(scope=scope("a.example")))
    wsgi = Map().bind_to_environ(SimpleNamespace(environ=environ(HTTP_HOST="b.example")))

    assert (ours.server_name, wsgi.server_name) == ("a.example", "b.example")
