"""Which X-Forwarded headers are believed, and what they change."""

import pytest
from starlette.routing import get_route_path
from werkzeug.middleware.proxy_fix import ProxyFix as WerkzeugProxyFix
from werkzeug.test import create_environ, run_wsgi_app

from asyncflask.middleware.proxy_fix import ProxyFix

pytestmark = pytest.mark.anyio

ALL = {"x_for": 1, "x_proto": 1, "x_host": 1, "x_port": 1, "x_prefix": 1}


def make_scope(*headers, **parts):
    return {
        "type": "http",
        "scheme": "http",
        "path": "/outer/page",
        "raw_path": b"/outer/page",
        "root_path": "/outer",
        "client": ("10.0.0.1", 5000),
        "server": ("internal", 8080),
        "headers": [(b"host", b"internal:8080"), *headers],
        **parts,
    }


async def fix(scope, **trusted):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope)

    await ProxyFix(app, **trusted)(scope, None, None)
    return seen[0]


def fix_in_werkzeug(scope, **trusted):
    seen = {}

    def app(environ, start_response):
        seen.update(environ)
        start_response("200 OK", [])
        return [b""]

    environ = create_environ("/page", "http://internal:8080/outer")
    environ["REMOTE_ADDR"] = scope["client"][0]
    for name, value in scope["headers"]:
        environ[f"HTTP_{name.decode().upper().replace('-', '_')}"] = value.decode()
    run_wsgi_app(WerkzeugProxyFix(app, **trusted), environ)
    return seen


def header(scope, name):
    return [value.decode() for key, value in scope["headers"] if key == name]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"for": "1.2.3.4"},
        {"for": "9.9.9.9, 1.2.3.4"},
        {"for": "1.2.3.4,"},
        {"for": ""},
        {"proto": "https"},
        {"proto": "http,https"},
        {"host": "example.org"},
        {"host": "example.org:99"},
        {"host": "[::1]"},
        {"host": "[::1]:99"},
        {"port": "443"},
        {"port": "443", "host": "example.org"},
        {"port": "443", "host": "example.org:99"},
        {"port": "443", "host": "[::1]:99"},
        {"port": "443", "host": "[::1]"},
        {"port": "x"},
        {"prefix": "/prefix"},
        {"prefix": "/a,/b"},
        {"prefix": ""},
    ],
)
@pytest.mark.parametrize("trusted", [{}, ALL, dict.fromkeys(ALL, 2), dict.fromkeys(ALL, 0)])
async def test_as_werkzeug(headers, trusted):
    """Client, scheme, host and paths become what Werkzeug's middleware makes of them."""
    scope = make_scope(
        *((f"x-forwarded-{name}".encode(), value.encode()) for name, value in headers.items())
    )

    fixed = await fix(scope, **trusted)

    environ = fix_in_werkzeug(scope, **trusted)
    assert fixed["client"][0] == environ["REMOTE_ADDR"]
    assert fixed["scheme"] == environ["wsgi.url_scheme"]
    assert header(fixed, b"host") == [environ["HTTP_HOST"]]
    assert fixed["root_path"] == environ["SCRIPT_NAME"]
    assert get_route_path(fixed) == environ["PATH_INFO"]


async def test_several_headers_are_one_list():
    """Headers of the same name count as one list, in their order."""
    headers = [(b"x-forwarded-for", b"9.9.9.9"), (b"x-forwarded-for", b"1.2.3.4")]

    fixed = await fix(make_scope(*headers))

    assert fixed["client"] == ("1.2.3.4", 0)


async def test_quotes_do_not_hide_what_a_proxy_adds():
    """A quotation mark from the client does not make it and the proxy's value one."""
    fixed = await fix(make_scope((b"x-forwarded-for", b'"9.9.9.9, 1.2.3.4')))

    assert fixed["client"][0] == "1.2.3.4"


@pytest.mark.parametrize(
    ("scope_type", "sent", "scheme"),
    [
        ("http", b"HTTPS", "https"),
        ("http", b"wss", "https"),
        ("websocket", b"https", "wss"),
        ("websocket", b"http", "ws"),
        ("websocket", b"wss", "wss"),
    ],
)
async def test_scheme_fits_the_scope(scope_type, sent, scheme):
    """The scheme is named as ASGI names it for a request or a WebSocket."""
    fixed = await fix(make_scope((b"x-forwarded-proto", sent), type=scope_type))

    assert fixed["scheme"] == scheme


@pytest.mark.parametrize(
    ("host", "server"),
    [
        (b"example.org", ("example.org", 8080)),
        (b"example.org:99", ("example.org", 99)),
        (b"[::1]:99", ("::1", 99)),
        (b"example.org:x", ("example.org", 8080)),
    ],
)
async def test_server_follows_the_host(host, server):
    """The scope's server is the forwarded host, with the old port if that has none."""
    fixed = await fix(make_scope((b"x-forwarded-host", host)), x_host=1)

    assert fixed["server"] == server


async def test_port_without_a_host_header():
    """Without a Host header the port becomes the server's."""
    scope = make_scope(headers=[(b"x-forwarded-port", b"443")])

    fixed = await fix(scope, x_port=1)

    assert fixed["server"] == ("internal", 443)
    assert header(fixed, b"host") == []


async def test_host_where_there_was_none():
    """A forwarded host stands in for a Host header that is missing."""
    scope = make_scope(headers=[(b"x-forwarded-host", b"example.org")], server=None)

    fixed = await fix(scope, x_host=1)

    assert header(fixed, b"host") == ["example.org"]
    assert fixed["server"] == ("example.org", None)


@pytest.mark.parametrize("prefix", [b"/prefix", b"/prefix/", b"prefix"])
async def test_prefix(prefix):
    """The prefix takes the place of the root path, which the path contains."""
    fixed = await fix(make_scope((b"x-forwarded-prefix", prefix)), x_prefix=1)

    assert fixed["root_path"] == "/prefix"
    assert fixed["path"] == "/prefix/page"
    assert fixed["raw_path"] == b"/prefix/page"


async def test_prefix_of_nothing():
    """A prefix of one slash means no root path."""
    fixed = await fix(make_scope((b"x-forwarded-prefix", b"/")), x_prefix=1)

    assert (fixed["root_path"], fixed["path"]) == ("", "/page")


async def test_originals_are_kept():
    """What was in the scope before can still be found in it."""
    fixed = await fix(make_scope((b"x-forwarded-for", b"1.2.3.4")))

    assert fixed["asyncflask.proxy_fix.orig"] == {
        "client": ("10.0.0.1", 5000),
        "scheme": "http",
        "server": ("internal", 8080),
        "root_path": "/outer",
        "host": "internal:8080",
    }


async def test_scope_of_the_server_is_left_alone():
    """The scope that the server made is not changed."""
    headers = [(b"x-forwarded-for", b"1.2.3.4"), (b"x-forwarded-host", b"example.org")]
    scope = make_scope(*headers)

    await fix(scope, **ALL)

    assert scope == make_scope(*headers)


async def test_lifespan():
    """A lifespan passes through."""
    scope = {"type": "lifespan"}

    assert await fix(scope) is scope
