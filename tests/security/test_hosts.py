"""Who a client says it is talking to: no Host decides over paths and URLs, or fills the memory."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from asyncflask import Flask, Request, request, url_for
from asyncflask.exceptions import BadRequest

HOSTS = [
    "a/admin?",
    "a/admin",
    "a?x=",
    "a#",
    "a/",
    "localhost/admin?x=",
    "@evil.example",
    "evil.example@localhost",
    "localhost:80@evil.example",
    "localhost:80:80",
    "localhost\\evil.example",
    "localhost\tevil.example",
    "localhost evil.example",
    "[::1]/admin",
    "[::1",
    "[evil.example]",
    "[::1]evil.example",
    "localhost:65536",
    "localhost:999999",
    "localhost:-1",
    "localhost:0x50",
    "localhost:８０",
    "localhost:\xb2",
    "http://localhost",
    "//localhost",
    "localhost\x85",
    "..\\",
    "\x7f",
    "a" * 262,
    "a" * 8000,
    "a." * 4000,
]


def make_app(**config):
    app = Flask("hosts")
    app.config.update(config)

    @app.get("/where")
    def where():
        return {
            "path": request.path,
            "url": request.url,
            "base_url": request.base_url,
            "root_url": request.root_url,
            "built": url_for("where", _external=True),
            "full_path": request.full_path,
        }

    @app.get("/admin")
    def admin():
        return "secret"

    @app.get("/folder/")
    def folder():
        return "folder"

    @app.before_request
    def keep_out():
        if urlsplit(request.url).path == "/admin" or request.path == "/admin":
            return "keep out", 403
        return None

    return app


@pytest.fixture(scope="module")
def app():
    return make_app()


@pytest.fixture(scope="module")
def server(serve, app):
    return serve(app)


@pytest.mark.parametrize("path", ["/where", "/admin", "/folder", "/nowhere"])
@pytest.mark.parametrize("host", HOSTS, ids=range(len(HOSTS)))
def test_a_crafted_host_is_a_bad_request(server, path, host):
    """Whatever the path; nothing of the app is told."""
    raw = host.encode("latin-1") if host.isascii() or "\xb2" in host else host.encode()

    answer = server.ask(f"GET {path} HTTP/1.1", b"Host: " + raw)

    assert answer.status == 400
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST", "localhost:8080", "a%2fb", "a;b=c", "a,b", "*", "%", "[::1]:80", ""],
)
def test_the_path_is_that_of_the_request_line(server, host):
    """Whatever host is accepted, every URL ends in it."""
    answer = server.ask("GET /where?x=1 HTTP/1.1", f"Host: {host}")

    told = json.loads(answer.text)
    assert (told["path"], told["full_path"]) == ("/where", "/where?x=1")
    assert {urlsplit(told[key]).path for key in ("url", "base_url", "built")} == {"/where"}
    assert urlsplit(told["url"]).query == "x=1"
    assert urlsplit(told["root_url"]).path == "/"


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["@evil.example", "evil.example", ":80/admin", "\\evil.example"])
async def test_a_path_without_a_slash_moves_no_host(app, exchange, path):
    """Some servers hand on any target: what it holds is never taken for a host."""
    seen = {}
    app = make_app()

    @app.before_request
    def note():
        seen.update(host=urlsplit(request.url).netloc, path=request.path)

    answer = await exchange(app, path, headers={"Host": "localhost"})

    assert answer.status == 404
    assert seen == {"host": "localhost", "path": f"/{path}"}


@pytest.mark.parametrize(
    ("trusted", "host", "status"),
    [
        ("shop.test", "shop.test", 200),
        ("shop.test", "SHOP.test:8000", 200),
        ("shop.test", "xshop.test", 400),
        ("shop.test", "a.shop.test", 400),
        ("shop.test", "shopXtest", 400),
        ("shop.test", "shop.test.evil.example", 400),
        (".shop.test", "shop.test", 200),
        (".shop.test", "a.b.shop.test", 200),
        (".shop.test", "xshop.test", 400),
        (".shop.test", "shop.test.evil.example", 400),
        (".shop.test", ".shop.test.", 400),
        ("*", "evil.example", 400),
        ("*.shop.test", "a.shop.test", 400),
        ("shop.*", "shop.test", 400),
        (".*", "evil.example", 400),
        (r"shop\.test", "shop.test", 400),
        ("[a-z]+", "shop", 400),
        ("[::1]", "[::1]:80", 200),
        ("[::1]", "[::2]", 400),
        ("127.0.0.1", "127.0.0.1", 200),
        ("127.0.0.1", "127.0.0.1.nip.io", 400),
        ("", "", 200),
        ("", "evil.example", 400),
    ],
)
def test_trusted_hosts_are_taken_literally(trusted, host, status):
    """A leading dot takes whole labels; no other mark means anything."""
    client = make_app(TRUSTED_HOSTS=[trusted]).test_client()

    assert client.get("/where", headers={"Host": host}).status_code == status


def test_hosts_do_not_fill_the_memory():
    """Of those that were asked for, only so many are remembered."""
    app = make_app()
    client = app.test_client()

    for number in range(1100):
        assert client.get("/where", headers={"Host": f"host{number}.test"}).status_code == 200

    assert len(app._good_hosts) == 1000


@pytest.mark.parametrize(
    "host", [b"example.\xadcom", "ｅxample.com".encode(), "exam\u200bple.com".encode()]
)
def test_another_spelling_of_a_trusted_host_is_not_trusted(host):
    """IDNA would make one name of both; found by fuzzing."""
    asked = Request({"type": "http", "method": "GET", "path": "/", "headers": [(b"host", host)]})
    asked.trusted_hosts = ["example.com"]

    with pytest.raises(BadRequest):
        _ = asked.host
