"""Past advisories of Django's HTTP layer: each test sends what triggered one, and is named so."""

from __future__ import annotations

import io
import json
from urllib.parse import urljoin, urlsplit

import pytest

from asyncflask import Flask, redirect, request, send_file, session, url_for
from asyncflask.datastructures import LanguageAccept
from asyncflask.http import parse_accept_header, parse_cookie
from asyncflask.utils import secure_filename

HOST = "Host: localhost"
MIB = 1024 * 1024

pytestmark = pytest.mark.timeout(20)


def make_app(**config):
    app = Flask("advisories")
    app.config.update({"SECRET_KEY": "a key of more than sixteen letters", **config})

    @app.get("/where")
    def where():
        return {
            "url": request.url,
            "host": request.host,
            "is_secure": request.is_secure,
            "user": request.headers.get("Remote-User"),
            "environ": request.environ.get("HTTP_REMOTE_USER"),
            "many": len(request.headers.get("X-Many", "")),
            "languages": len(request.accept_languages),
            "best": request.accept_languages.best_match(["de", "en"]),
        }

    @app.get("/folder/")
    @app.get("/<path:rest>/folder/")
    def folder(rest=""):
        return "folder"

    @app.post("/size")
    async def size():
        return {"size": len(request.get_data())}

    @app.post("/files")
    def files():
        return {"files": len(request.files)}

    @app.get("/keep")
    def keep():
        session.permanent = True
        return "kept"

    @app.get("/public")
    def public():
        return "for all"

    return app


@pytest.fixture(scope="module")
def server(serve):
    return serve(make_app(), h11_max_incomplete_event_size=1_000_000, proxy_headers=False)


def ask(server, *fields):
    return json.loads(server.ask("GET /where HTTP/1.1", HOST, *fields).text)


def test_cve_2007_5712_and_2023_23969(server):
    """An Accept-Language of any length is read in linear time, and not remembered."""
    for header in ("-" * 60_000, "a-" * 30_000, ",".join(["en"] * 20_000), "en;q=" + "1" * 60_000):
        told = ask(server, f"Accept-Language: {header}")
        assert told["best"] in {None, "en", "de"}


def test_long_language_tags_match_nothing():
    """Nor are they split again for each language on offer."""
    accept = parse_accept_header("x-" * 100_000 + ", en;q=0.5", LanguageAccept)

    assert accept.best_match(["de", "en"]) == "en"


@pytest.mark.parametrize(
    "host",
    [
        "good.example:80@evil.example",
        "user:pass@good.example",
        "good.example@evil.example",
        "good.example evil.example",
        "good.example/evil",
        "good.example,evil.example#",
    ],
)
def test_cve_2011_4139_and_2012_4520(server, host):
    """A Host with more in it than a host is refused, so that no link leads elsewhere."""
    assert server.ask("GET /where HTTP/1.1", f"Host: {host}").status == 400


def test_cve_2011_4140():
    """With TRUSTED_HOSTS no other host gets into a link."""
    client = make_app(TRUSTED_HOSTS=["good.example"]).test_client()

    assert client.get("/where", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    "value", ["/evil.example", "//evil.example", "/\\evil.example", "\\\\evil"]
)
def test_cve_2014_0480(value):
    """A URL that is built of a user's value is not that of another host."""
    app = Flask("build")
    app.add_url_rule("/<path:rest>", "rest", lambda rest: rest)

    with app.test_request_context():
        built = url_for("rest", rest=value)

    assert urlsplit(urljoin("http://localhost/a/", built)).netloc == "localhost"


def test_cve_2015_0219_and_2026_3902(server):
    """A header with underscores passes for none with hyphens, which a proxy sets."""
    told = ask(server, "Remote_User: eve", "REMOTE_USER: eve")

    assert (told["user"], told["environ"]) == (None, None)
    assert ask(server, "Remote-User: ada", "Remote_User: eve")["user"] == "ada"


@pytest.mark.parametrize(
    "target", ["/\x08//evil.example", "\x01//evil.example", "/\t/evil.example", "/\x00/evil"]
)
def test_cve_2015_2317(target):
    """Control characters before or in an address do not make one of another host of it."""
    app = Flask("redirect")
    app.add_url_rule("/", view_func=lambda: redirect(target))

    answer = app.test_client().get("/")

    location = answer.headers.get("Location", "/")
    if target.startswith("/"):
        assert urlsplit(urljoin("http://localhost/", location)).netloc == "localhost"
    assert location.isprintable()


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nX: y", "a\rX: y", "http://a/\nX: y"])
def test_cve_2015_5144_and_2021_32052(value):
    """A value with a line break in it becomes no header."""
    app = Flask("headers")
    app.add_url_rule("/", view_func=lambda: ("text", {"X-Name": value}))

    answer = app.test_client().get("/")

    assert answer.status_code == 500
    assert "X" not in answer.headers


@pytest.mark.parametrize("mark", [",", "]", " ", "\t", "&", "|", "/", ":"])
def test_cve_2016_7401(mark):
    """Only a semicolon starts another cookie, so that no other site's cookie can hold one."""
    cookies = parse_cookie(f"analytics=a{mark}csrftoken=evil; csrftoken=good")

    assert cookies.getlist("csrftoken") == ["good"]


@pytest.mark.parametrize(
    "path",
    [
        "/static//evil.example/%2e%2e",
        "/static/%2f%2fevil.example",
        "//evil.example/static/..",
        "//evil.example/folder",
        "/%2fevil.example/folder",
        "///evil.example//folder",
        "/1.2.3.4/folder",
        "/http:999999999/folder",
    ],
)
def test_cve_2017_7233_and_7234_and_2018_14574(server, path):
    """Neither static files nor appended slashes redirect to another host."""
    answer = server.ask(f"GET {path} HTTP/1.1", HOST)

    location = urljoin(f"http://localhost{path}", answer.headers.get("Location", ""))
    assert answer.status in {308, 404}
    if answer.status == 308:
        assert urlsplit(location).netloc == "localhost"


def test_cve_2019_3498(server):
    """The page of a 404 does not repeat the path, which could be a message to its reader."""
    answer = server.ask("GET /Go%20to%20evil.example%20now HTTP/1.1", HOST)

    assert answer.status == 404
    assert "evil" not in answer.text


def test_cve_2019_12781(server):
    """A header makes no connection secure, or insecure, unless ProxyFix is told to believe it."""
    told = ask(server, "X-Forwarded-Proto: https", "X-Forwarded-Ssl: on", "X-Scheme: https")

    assert not told["is_secure"]


@pytest.mark.parametrize(
    "escape", ["%ff", "%c3%28", "%ED%A0%80", "%F0%28%8C%28", "%", "%2", "%e2%82"]
)
def test_cve_2019_14235_and_2023_41164(escape):
    """Escapes that are no UTF-8 are read in linear time, without a pile of calls."""
    app = make_app()

    with app.test_request_context(f"/{escape * 20_000}?{escape * 100_000}"):
        assert len(request.url) > 100_000
        assert request.full_path


def test_cve_2021_23336(server):
    """A semicolon separates no parameters of a query, since caches take it for a part of one."""
    with make_app().test_request_context("/?a=1;b=2&c=3"):
        assert request.args.to_dict() == {"a": "1;b=2", "c": "3"}


@pytest.mark.parametrize(
    "name",
    ["../x", "..", "/tmp/x", "a/../../x", "\\..\\x", "..\\x", ".", "", "a/b", "x/", "&quot;../x"],
)
def test_cve_2021_28658_and_31542_and_33203_and_45452_and_2024_39330(name):
    """A cleaned name stays in the folder that it is joined to."""
    cleaned = secure_filename(name)

    assert "/" not in cleaned
    assert cleaned not in {".", ".."}
    assert not cleaned.startswith(".")


@pytest.mark.parametrize("name", ['a".bat;x="b', 'a";dummy=".txt', 'a\\".exe', "a%22.bat"])
def test_cve_2022_36359(name):
    """A download's name cannot end its quotes to become another one."""
    app = Flask("download")
    app.add_url_rule(
        "/",
        view_func=lambda: send_file(
            io.BytesIO(b"x"), mimetype="a/b", as_attachment=True, download_name=name
        ),
    )

    header = app.test_client().get("/").headers["Content-Disposition"]

    quoted = header.removeprefix("attachment; filename=")
    inner = quoted[1:-1].replace("\\\\", "").replace('\\"', "")
    assert quoted == name or (quoted[0] == quoted[-1] == '"' and '"' not in inner)


def test_cve_2023_24580(server):
    """A form has so many files and no more."""
    part = b'--bb\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n'
    body = part * 20_000 + b"--bb--\r\n"

    answer = server.ask(
        "POST /files HTTP/1.1",
        HOST,
        "Content-Type: multipart/form-data; boundary=bb",
        f"Content-Length: {len(body)}",
        body=body,
    )

    assert answer.status == 413


@pytest.mark.parametrize(
    "host", ["[" + ":" * 60_000 + "]", "[" + "0:" * 30_000 + "]", "1." * 30_000]
)
def test_cve_2024_56374(server, host):
    """An address of any length is refused at once."""
    assert server.ask("GET /where HTTP/1.1", f"Host: {host}").status == 400


@pytest.mark.parametrize("path", ["/a%0d%0aERROR:forged", "/a%1b[31mred", "/%E2%80%AEx", "/a%00b"])
def test_cve_2025_48432(caplog, path):
    """A path writes no lines of its own into the log."""
    app = Flask("log")
    app.add_url_rule("/<name>", view_func=lambda name: 1 / 0)

    app.test_client().get(path)

    [record] = caplog.records
    assert record.getMessage().isprintable()


def test_cve_2025_14550(server):
    """A header that is repeated thousands of times is joined in one go."""
    assert ask(server, *["X-Many: a"] * 20_000)["many"] == 59_998


def test_cve_2025_64458():
    """An address with very many characters beyond ASCII is quoted in linear time."""
    app = Flask("redirect")
    app.add_url_rule("/", view_func=lambda: redirect("/" + "\ufdfa½" * 300_000))

    answer = app.test_client().get("/")

    assert answer.status_code == 302
    assert answer.headers["Location"].isascii()


@pytest.mark.parametrize("fields", [["Transfer-Encoding: chunked"], ["Content-Length: 10"]])
def test_cve_2026_33034_and_5766(serve, fields):
    """The limit counts what has come, not what a client has announced."""
    server = serve(make_app(MAX_CONTENT_LENGTH=1000))
    piece = b"x" * MIB
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (MIB, piece) if "chunked" in fields[0] else piece

    answer = server.ask("POST /size HTTP/1.1", HOST, *fields, body=body)

    assert answer.status in {200, 400, 413}
    assert answer.status != 200 or answer.text == '{"size":10}\n'


@pytest.mark.anyio
async def test_cve_2026_33034_without_a_server_that_cuts(exchange):
    """Nor where the server hands on more than was announced."""
    messages = [{"type": "http.request", "body": b"x" * 500, "more_body": True}] * 10
    left = []

    async def receive():
        return messages.pop()

    async def send(message):
        left.append(len(messages))

    answer = await exchange(
        make_app(MAX_CONTENT_LENGTH=1000),
        "/size",
        method="POST",
        headers={"Content-Length": "10", "Host": "localhost"},
        receive=receive,
        send=send,
    )

    assert answer.status == 400
    assert left[0] == 9


def test_cve_2026_35192():
    """A session that is saved with every response varies by the cookie with every one."""
    client = make_app(SESSION_REFRESH_EACH_REQUEST=True).test_client()
    client.get("/keep")

    assert client.get("/public").headers["Vary"] == "Cookie"
