"""What clients may put into request headers: hosts, cookies, ranges, conditions, proxies' words."""

from __future__ import annotations

import json

import pytest

from asyncflask import Flask, request, send_file, session, url_for
from asyncflask.middleware.proxy_fix import ProxyFix

CONTENT = bytes(range(256)) * 8


def make_app(path):
    app = Flask("headers")
    app.secret_key = "secret"

    @app.get("/")
    def index():
        return "index"

    @app.get("/who")
    def who():
        return {
            "host": request.host,
            "address": request.remote_addr,
            "scheme": request.scheme,
            "root_path": request.root_path,
            "method": request.method,
            "url": request.url,
        }

    @app.get("/cookies")
    def cookies():
        return request.cookies.to_dict(flat=False)

    @app.get("/session")
    def show_session():
        return dict(session)

    @app.get("/login")
    def login():
        session["user"] = "ada"
        return "welcome"

    @app.get("/file")
    def file():
        return send_file(path, mimetype="application/octet-stream")

    @app.route("/everything", methods=["GET", "POST"])
    def everything():
        return {name: repr(getattr(request, name)) for name in PARSED}

    return app


PARSED = (
    "accept_charsets",
    "accept_encodings",
    "accept_languages",
    "accept_mimetypes",
    "access_control_request_headers",
    "access_route",
    "authorization",
    "cache_control",
    "content_length",
    "content_md5",
    "content_type",
    "cookies",
    "date",
    "if_match",
    "if_modified_since",
    "if_none_match",
    "if_range",
    "if_unmodified_since",
    "is_json",
    "max_forwards",
    "mimetype",
    "mimetype_params",
    "origin",
    "pragma",
    "range",
    "referrer",
    "user_agent",
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "file.bin"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture(scope="module")
def app(path):
    return make_app(path)


@pytest.fixture(scope="module")
def server(serve, app):
    return serve(app, proxy_headers=False)


@pytest.fixture(scope="module")
def picky(serve, path):
    """A server of an app that knows its hosts."""
    app = make_app(path)
    app.config["TRUSTED_HOSTS"] = ["shop.test", ".shops.test", "bücher.test"]
    return serve(app)


@pytest.mark.parametrize(
    "host",
    [
        "a b",
        "a/b",
        "a\\b",
        "a@b",
        "user:pass@a",
        "a:b",
        "[::1",
        "::1",
        "[::1]x",
        "[::g]",
        "<script>alert(1)</script>",
        "a?b",
        "a#b",
        'a"b',
        "a{b}",
        "a|b",
        "a^b",
        "a`b",
        "ü" * 64,
        "\x80\x81",
    ],
)
def test_a_host_of_garbage_is_a_bad_request(server, host):
    """With a page that shows it escaped; the connection goes on."""
    with server.connect() as connection:
        first = connection.ask("GET / HTTP/1.1", f"Host: {host}")
        second = connection.ask("GET / HTTP/1.1", "Host: localhost")

    assert first.status == 400
    assert "<script>" not in first.text
    assert second.text == "index"


@pytest.mark.parametrize(
    "host", ["localhost", "a:8000", "[::1]", "[::1]:80", "1.2.3.4", "xn--bcher-kva.test", "A.TEST."]
)
def test_a_host_that_may_be_is_accepted(server, host):
    """Where the app does not say which ones are its own."""
    assert server.ask("GET / HTTP/1.1", f"Host: {host}").status == 200


def test_an_international_host_is_accepted(server):
    """In UTF-8."""
    host = "bücher.test".encode()

    assert server.ask("GET / HTTP/1.1", b"Host: " + host).status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("shop.test", 200),
        ("SHOP.TEST", 200),
        ("shop.test:8080", 200),
        ("a.shops.test", 200),
        ("shops.test", 200),
        ("xn--bcher-kva.test", 200),
        ("evil.example", 400),
        ("a.shop.test", 400),
        ("shop.test.evil.example", 400),
        ("evilshops.test", 400),
        ("shop.test@evil.example", 400),
        ("shop.test,evil.example", 400),
        ("shop.test\tevil.example", 400),
        ("", 400),
        ("localhost", 400),
    ],
)
def test_only_trusted_hosts_are_answered(picky, host, status):
    """Before any view or hook, whatever the path."""
    assert picky.ask("GET / HTTP/1.1", f"Host: {host}").status == status
    assert picky.ask("GET /nowhere HTTP/1.1", f"Host: {host}").status in {status, 404}


def test_a_trusted_host_among_two_does_not_help(picky):
    """h11 refuses two; else it is the first that counts."""
    answer = picky.ask("GET / HTTP/1.1", "Host: evil.example", "Host: shop.test")

    assert answer.status == 400


@pytest.mark.parametrize("host", ["evil.example", "a b", "\xff\xff"])
@pytest.mark.parametrize("server_name", [None, "shop.test"])
def test_a_page_about_a_refused_host_may_have_links(path, host, server_name):
    """As most error pages do; none of them leads to the refused host."""
    app = make_app(path)
    app.config.update(TRUSTED_HOSTS=["shop.test"], SERVER_NAME=server_name)

    @app.errorhandler(400)
    def explain(error):
        return {
            "static": url_for("static", filename="style.css"),
            "whole": url_for("index", _external=True),
        }, 400

    answer = app.test_client().get("/", headers={"Host": host})

    assert answer.status_code == 400
    assert answer.json["static"] == "/static/style.css"
    assert answer.json["whole"] == f"http://{server_name or 'localhost'}/"


def test_a_context_with_a_refused_host_can_be_shown(path):
    """In logs and debuggers: by its path, as it has no URL."""
    app = make_app(path)

    shown = repr(app.request_context({**SCOPE, "headers": [(b"host", b"a b")]}))

    assert shown == "<AppContext '/who' [GET] of headers>"


SCOPE = {"type": "http", "method": "GET", "path": "/who", "query_string": b""}

FORWARDED = (
    "X-Forwarded-For: 6.6.6.6",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Port: 1",
    "Forwarded: for=6.6.6.6;host=evil.example;proto=https",
    "X-Real-IP: 6.6.6.6",
    "X-Script-Name: /evil",
    "X-HTTP-Method-Override: DELETE",
    "X-Original-URL: /login",
    "X-Rewrite-URL: /login",
)


def test_nobody_speaks_for_a_proxy(server):
    """Without ProxyFix the X-Forwarded headers mean nothing."""
    answer = server.ask("GET /who HTTP/1.1", "Host: localhost", *FORWARDED)

    assert json.loads(answer.text) == {
        "host": "localhost",
        "address": "127.0.0.1",
        "scheme": "http",
        "root_path": "",
        "method": "GET",
        "url": "http://localhost/who",
    }


@pytest.mark.parametrize(
    "host", ["evil.example", "shop.test, evil.example", "evil.example, shop.test", "a b", ""]
)
def test_a_forwarded_host_has_to_be_trusted_too(path, host):
    """The last proxy's word counts, and is held against TRUSTED_HOSTS."""
    app = make_app(path)
    app.config["TRUSTED_HOSTS"] = ["shop.test"]
    app.asgi_app = ProxyFix(app.asgi_app, x_host=1)

    answer = app.test_client().get("/", headers={"X-Forwarded-Host": host, "Host": "x"})

    assert answer.status_code == (200 if host.endswith("shop.test") else 400)


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "=",
        ";;;",
        "a",
        "=value",
        'a="b',
        'a="\\"',
        'a="\\777"',
        "a=b=c; a",
        "\xff=\xfe",
        "a=\xc3",
        "a b=c d",
        "$Version=1; a=b",
        "a=" + "x" * 15_000,
        "; ".join(f"k{number}=v" for number in range(1500)),
        'a="' + "\\" * 15_001,
        '"' * 15_000,
        "a=b;" * 4000,
        ";" * 15_000,
        " " * 15_000 + "x",
        'a="' * 5_000,
    ],
)
def test_no_cookie_raises(server, cookie):
    """Neither reading cookies nor opening the session."""
    with server.connect() as connection:
        first = connection.ask("GET /cookies HTTP/1.1", "Host: localhost", f"Cookie: {cookie}")
        second = connection.ask("GET /session HTTP/1.1", "Host: localhost", f"Cookie: {cookie}")

    assert (first.status, second.status) == (200, 200)
    assert second.text == "{}\n"


class TestSessions:
    """A session's cookie that the app has not made like this."""

    @pytest.fixture
    def signed(self, app):
        client = app.test_client()
        client.get("/login")
        return client.get_cookie("session").value

    def ask(self, app, value):
        client = app.test_client()
        client.set_cookie("session", value)
        return client.get("/session")

    def test_the_apps_own_is_read(self, app, signed):
        """So that the others show something."""
        assert self.ask(app, signed).json == {"user": "ada"}

    @pytest.mark.parametrize(
        "tamper",
        [
            lambda value: value[:-1],
            lambda value: value + "x",
            lambda value: value[1:],
            lambda value: value.swapcase(),
            lambda value: value.replace(".", ""),
            lambda value: value.rpartition(".")[0],
            lambda value: value.partition(".")[0],
            lambda value: "e30" + value[value.index(".") :],
            lambda value: "." + value,
            lambda value: ".." * 1000,
            lambda value: "",
            lambda value: "\0",
            lambda value: "☃",
            lambda value: "a" * 3000,
            lambda value: ".eJw" + "A" * 3000 + value[value.index(".") :],
        ],
    )
    def test_a_tampered_one_is_empty(self, app, signed, tamper):
        """Like none at all."""
        answer = self.ask(app, tamper(signed))

        assert answer.status_code == 200
        assert answer.json == {}

    def test_one_signed_with_another_key_is_empty(self, path, signed):
        """The key is what it is all about."""
        other = make_app(path)
        other.secret_key = "other"

        assert self.ask(other, signed).json == {}


@pytest.mark.parametrize(
    ("wanted", "status", "length"),
    [
        ("bytes=0-0", 206, 1),
        ("bytes=-1", 206, 1),
        ("bytes=0-", 206, 2048),
        ("bytes=0-99999999999999999999", 206, 2048),
        ("bytes=-99999999999999999999", 206, 2048),
        ("bytes=2047-", 206, 1),
        ("bytes=2048-", 416, None),
        ("bytes=-0", 206, 2048),
        ("bytes=5-4", 416, None),
        ("bytes=99999999999999999999-", 416, None),
        ("bytes=", 416, None),
        ("bytes=-", 416, None),
        ("bytes=a-b", 416, None),
        ("bytes=0-1-2", 416, None),
        ("bytes=+1-2", 416, None),
        ("bytes=1_0-20", 416, None),
        ("bytes=\xb2-\xb3", 416, None),
        ("bytes=0-0,1-1", 416, None),
        ("bytes=" + ",".join(["0-"] * 1300), 416, None),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(1300)), 416, None),
        ("lines=0-1", 416, None),
        ("garbage", 416, None),
        ("=0-1", 416, None),
        ("", None, None),
    ],
)
def test_no_range_gives_more_than_the_file(server, wanted, status, length):
    """One part of it, or 416 (Flask's answer to what it does not understand, too); never a body
    many times its size.
    """
    with server.connect() as connection:
        answer = connection.ask("GET /file HTTP/1.1", "Host: localhost", f"Range: {wanted}")
        after = connection.ask("GET / HTTP/1.1", "Host: localhost")

    if status is not None:
        assert answer.status == status
    assert answer.status in {200, 206, 416}
    assert len(answer.body) <= len(CONTENT)
    assert length is None or len(answer.body) == length
    assert after.text == "index"


GARBAGE = (
    "",
    ",",
    ";",
    "=",
    '"',
    "\\",
    ",,,;;;===",
    "\xff\xfe",
    "*",
    "a;q=nan",
    "a;q=-1;q=1e999",
    "text/html;q=" + "9" * 400,
    'W/"',
    'a="' + "\\" * 5001,
    "Basic \xff",
    "Basic " + "A" * 4001,
    "Digest " + 'a="b",' * 1000,
    "Bearer",
    "Thu, 99 Foo 99999999999 25:61:61 GMT",
    "Thu, 01 Jan 0000 00:00:00 GMT",
    "-1",
    "9" * 5000,
    "١٢٣",
    "bytes=0-1/0",
    "multipart/form-data; boundary=" + '"' * 1000,
    "a" * 15_000,
    ";" * 15_000,
    "," * 15_000,
    '"' * 15_000,
    "a;b*0=c;b*1=d;b*99999999999=e",
    "a; b*=utf-8''%ff; c*=nonsense''%41; d*=''",
)

FIELDS = (
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Access-Control-Request-Headers",
    "Authorization",
    "Cache-Control",
    "Content-MD5",
    "Content-Type",
    "Cookie",
    "Date",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Max-Forwards",
    "Origin",
    "Pragma",
    "Range",
    "Referer",
    "User-Agent",
    "X-Forwarded-For",
)


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_no_header_raises(app, exchange_sync, garbage):
    """Everything that a request reads out of its headers copes with anything in them."""
    for field in FIELDS:
        answer = exchange_sync(app, "/everything", {field: garbage, "Host": "localhost"})
        assert (field, answer.status) == (field, 200)


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_no_condition_raises(app, exchange_sync, garbage):
    """Nor does answering a conditional request for a file."""
    for field in ("If-Match", "If-None-Match", "If-Modified-Since", "If-Range", "Range"):
        headers = {field: garbage, "Host": "localhost"}
        if field == "If-Range":
            headers["Range"] = "bytes=0-1"
        answer = exchange_sync(app, "/file", headers)
        assert answer.status in {200, 206, 304, 412, 416}
