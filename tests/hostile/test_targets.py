"""What clients may put into the request line: paths, queries, methods, forms of the target."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from asyncflask import Flask, request

HOST = "Host: localhost"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An application's folder: static files, and secrets beside them."""
    folder = tmp_path_factory.mktemp("app")
    for name in ("static", "static-secret"):
        (folder / name).mkdir()
    (folder / "static" / "page.txt").write_text("page")
    (folder / "static-secret" / "key.txt").write_text("secret")
    (folder / "key.txt").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def app(folder):
    app = Flask("targets", root_path=str(folder))

    @app.get("/")
    def index():
        return "index"

    @app.get("/docs/")
    def docs():
        return "docs"

    @app.get("/<path:rest>/folder/")
    def folders(rest):
        return rest

    @app.get("/name/<name>")
    def name(name):
        return {"name": name, "url": request.url, "full_path": request.full_path}

    @app.get("/query")
    async def query():
        return {"args": request.args.to_dict(flat=False), "count": len(request.args)}

    @app.get("/where")
    def where():
        return {"root_path": request.root_path, "path": request.path, "host": request.host}

    return app


@pytest.fixture(scope="module")
def server(serve, app):
    return serve(app)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("%ff", "\ufffd"),
        ("%C3%28", "\ufffd("),
        ("%ED%A0%80", "\ufffd\ufffd\ufffd"),
        ("%zz", "%zz"),
        ("%", "%"),
        ("%2", "%2"),
        ("a%00b", "a\0b"),
        ("a%0d%0aSet-Cookie:x=y", "a\r\nSet-Cookie:x=y"),
        ("%25%32%66", "%2f"),
        ("..", ".."),
        ("%F0%9F%92%A9", "\U0001f4a9"),
        ("a" * 10_000, "a" * 10_000),
    ],
)
def test_no_escape_in_a_path_raises(server, path, name):
    """What is no UTF-8 is replaced, and what is no escape stays."""
    answer = server.ask(f"GET /name/{path} HTTP/1.1", HOST)

    assert answer.status == 200
    assert json.loads(answer.text)["name"] == name


@pytest.mark.parametrize(
    ("query", "args"),
    [
        ("a=%ff", {"a": ["%FF"]}),
        ("%ff=1", {"%FF": ["1"]}),
        ("a=%&b=%2&c=%zz", {"a": ["%"], "b": ["%2"], "c": ["%zz"]}),
        ("a=%ED%A0%80", {"a": ["%ED%A0%80"]}),
        ("a=%00", {"a": ["\0"]}),
        ("&&==&", {"": ["="]}),
        ("a;b=c", {"a;b": ["c"]}),
        ("a[]=1&a[]=2&a[b]=3", {"a[]": ["1", "2"], "a[b]": ["3"]}),
        ("__class__=1&__proto__=2", {"__class__": ["1"], "__proto__": ["2"]}),
    ],
)
def test_no_escape_in_a_query_raises(server, query, args):
    """What is no UTF-8 stays visible as the escapes it came in."""
    answer = server.ask(f"GET /query?{query} HTTP/1.1", HOST)

    assert json.loads(answer.text)["args"] == args


def test_a_query_of_100_000_parameters_is_read(app):
    """Servers have a limit of their own, which is below; the app itself counts to the end."""
    query = "&".join(f"p{number % 7}={number}" for number in range(100_000))

    answer = app.test_client().get(f"/query?{query}")

    assert answer.json["count"] == 7
    assert sum(map(len, answer.json["args"].values())) == 100_000


@pytest.mark.parametrize("target", [b"/name/\xff", b"/query?\xff=\xfe", b"/\x01", b"", b"foo\0"])
def test_bytes_that_no_target_has_are_refused(server, target):
    """By the server, which is the one to parse it, or by the app; the server goes on."""
    answer = server.ask(b"GET " + target + b" HTTP/1.1", HOST)

    assert answer.status in {400, 404}
    assert server.ask("GET / HTTP/1.1", HOST).text == "index"


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/folder",
        "///evil.example/folder",
        "/%2f%2fevil.example/folder",
        "/\\evil.example/folder",
        "/%5cevil.example/folder",
        "/%5c%5cevil.example/folder",
        "/%09//evil.example/folder",
        "/%20//evil.example/folder",
        "/http://evil.example/folder",
        "/http:%2f%2fevil.example/folder",
        "/@evil.example/folder",
        "/evil.example%2f..%2f/folder",
        "//user:pass@evil.example:80/folder",
        "//docs",
        "/docs?next=//evil.example",
        "/docs?%0d%0aLocation:%20http://evil.example",
        "//evil.example/docs",
    ],
)
def test_a_redirect_for_a_slash_never_leaves_the_host(server, path):
    """Whatever slashes, backslashes and schemes the path begins with."""
    answer = server.ask(f"GET {path} HTTP/1.1", HOST)

    assert answer.status in {308, 404}
    if answer.status == 308:
        location = answer.headers.get_all("Location")
        assert len(location) == 1
        assert urlsplit(location[0])[:2] == ("http", "localhost")
        assert "\\" not in location[0]
        assert not urlsplit(location[0]).path.startswith("//")


@pytest.mark.parametrize(
    "name",
    [
        "../key.txt",
        "..%2fkey.txt",
        "%2e%2e/key.txt",
        "%2e%2e%2fkey.txt",
        "..%5ckey.txt",
        "..%5c..%5ckey.txt",
        "../static-secret/key.txt",
        "..%2fstatic-secret%2fkey.txt",
        "x/../../key.txt",
        "x/..%2f..%2fkey.txt",
        "....//key.txt",
        "%c0%ae%c0%ae/key.txt",
        "%252e%252e/key.txt",
        "page.txt%00.png",
        "%00",
        "%ff",
        "%ED%A0%80",
        "",
        ".",
        "..",
        "%2e%2e",
        "a" * 5000,
        "a/" * 3000 + "b",
        "C:%5ckey.txt",
        "~root",
    ],
)
def test_no_path_leaves_the_static_folder(server, name):
    """There is nothing at such a URL."""
    answer = server.ask(f"GET /static/{name} HTTP/1.1", HOST)

    assert answer.status == 404
    assert "secret" not in answer.text


@pytest.mark.parametrize("name", ["/{0}/key.txt", "%2f{0}/key.txt", "{0}/key.txt"])
def test_no_absolute_path_is_served(server, folder, name):
    """Not even one that exists; a redirect that merges the slashes leads to nothing."""
    name = name.format(folder)
    answer = server.ask(f"GET /static/{name} HTTP/1.1", HOST)
    if answer.status == 308:
        answer = server.ask(f"GET {urlsplit(answer.headers['Location']).path} HTTP/1.1", HOST)

    assert answer.status == 404


@pytest.mark.parametrize("method", ["FOO", "get", "PROPFIND", "TRACE", "M-SEARCH", "G" * 1000])
def test_an_unknown_method_is_refused(server, method):
    """405 by the app, or 400 by a parser that knows all methods there are; GET in lower case
    is GET, as in Flask.
    """
    answer = server.ask(f"{method} / HTTP/1.1", HOST)

    assert answer.status in ({200, 400} if method == "get" else {400, 405})
    if answer.status == 405:
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_connect_is_refused(server):
    """The app is no proxy."""
    answer = server.ask("CONNECT evil.example:443 HTTP/1.1", HOST)

    assert answer.status in {400, 404, 405}


def test_options_of_the_whole_server_is_answered(server):
    """`*` is no path of the app's."""
    assert server.ask("OPTIONS * HTTP/1.1", HOST).status == 404


def test_an_absolute_target_cannot_choose_the_host(server):
    """h11 hands the whole URL on, which is no path here; httptools takes the path out of it."""
    answer = server.ask("GET http://evil.example/where HTTP/1.1", HOST)

    assert answer.status in {200, 404}
    if answer.status == 200:
        assert json.loads(answer.text)["host"] == "localhost"


@pytest.mark.parametrize("version", ["HTTP/9.9", "HTTP/1.1 x", "HTTP", ""])
def test_a_request_line_without_a_version_is_refused(server, version):
    """The server goes on."""
    with server.connect() as connection:
        connection.send(f"GET / {version}".strip(), HOST, "Connection: close")
        connection.read_all()

    assert server.ask("GET / HTTP/1.1", HOST).text == "index"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/where", 200),
        ("/where", 200),
        ("/evil/api/where", 404),
        ("/apiary/where", 404),
        ("/apiwhere", 404),
        ("/API/where", 404),
        ("/api/api/where", 404),
        ("//api/where", 404),
        ("/api//where", 200),
        ("/api", 308),
    ],
)
async def test_a_root_path_ends_at_a_boundary(app, exchange, path, status):
    """And is at the start; servers that have cut it off are understood too."""
    answer = await exchange(app, path, root_path="/api", headers={"Host": "localhost"})

    assert answer.status == status


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/name/a%0d%0aERROR:forged", r"/name/a\r\nERROR:forged"),
        ("/name/%1b[31mred", r"/name/\x1b[31mred"),
        ("/name/%25s%25d", "/name/%s%d"),
        ("/name/%E2%80%AEx", r"/name/\u202ex"),
        ("/name/%F0%9F%92%A9", "/name/\U0001f4a9"),
    ],
)
def test_a_path_forges_no_lines_in_the_log(caplog, path, shown):
    """What is not printable is escaped where an error is logged."""
    app = Flask("log")
    app.add_url_rule("/name/<name>", view_func=lambda name: 1 / 0)

    app.test_client().get(path)

    assert caplog.records[0].getMessage() == f"Exception on {shown} [GET]"
