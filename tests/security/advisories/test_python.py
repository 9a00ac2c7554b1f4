"""Past advisories of Python, h11, aiohttp, Bottle and Gunicorn, which an app could have as well."""

from __future__ import annotations

import pytest

from asyncflask import Flask, redirect, request

HOST = "Host: localhost"

pytestmark = pytest.mark.timeout(20)


@pytest.fixture(scope="module")
def server(serve):
    app = Flask("advisories")

    @app.get("/")
    def index():
        return request.host

    @app.post("/size")
    async def size():
        return str(len(request.get_data()))

    @app.get("/number/<int:number>")
    def number(number):
        return str(number)

    @app.post("/json")
    async def read_json():
        return {"json": request.json}

    return serve(app, h11_max_incomplete_event_size=1_000_000)


@pytest.mark.parametrize("digits", [4301, 100_000])
def test_cve_2020_10735(server, digits):
    """A number of thousands of digits is none, in a path or in JSON."""
    body = b"9" * digits

    assert server.ask(f"GET /number/{'9' * digits} HTTP/1.1", HOST).status in {404, 400}
    answer = server.ask(
        "POST /json HTTP/1.1",
        HOST,
        "Content-Type: application/json",
        f"Content-Length: {digits}",
        body=body,
    )
    assert answer.status == 400


@pytest.mark.parametrize("host", ["ä" * 50_000, "ä." * 30_000, "\u0130" * 30_000])
def test_cve_2022_45061(server, host):
    """No international host takes long to be refused."""
    assert server.ask("GET / HTTP/1.1", b"Host: " + host.encode()).status == 400


@pytest.mark.parametrize("end", [b"XX", b"\n", b"\r", b"\0\0", b"0\r"])
def test_cve_2025_43859(server, end):
    """Whatever follows a chunk in place of a line end starts no other request. (h11's.)"""
    smuggled = b"GET / HTTP/1.1\r\nHost: smuggled\r\n\r\n"
    chunks = b"3\r\nabc" + end + b"0\r\n\r\n" + smuggled

    with server.connect() as connection:
        connection.send(
            "POST /size HTTP/1.1",
            HOST,
            "Transfer-Encoding: chunked",
            "Connection: close",
            body=chunks,
        )
        received = connection.read_all()

    assert b"smuggled" not in received


@pytest.mark.parametrize("value", ["chunked", "Chunked", "chunked ", "identity, chunked"])
def test_cve_2024_1135_and_2024_6827(server, value):
    """Of two announcements of a body's length just one counts, or none. (Gunicorn's.)"""
    body = b"0\r\n\r\nGET / HTTP/1.1\r\nHost: smuggled\r\n\r\n"

    with server.connect() as connection:
        connection.send(
            "POST /size HTTP/1.1",
            HOST,
            f"Transfer-Encoding: {value}",
            f"Content-Length: {len(body)}",
            "Connection: close",
            body=body,
        )
        received = connection.read_all()

    assert b"smuggled" not in received
    assert received.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("target", ["/a\r\nSet-Cookie: b=c", "/\r\n\r\n<script>", "/\nX: y"])
def test_cve_2016_9964(target):
    """A redirect's target adds no headers and no body. (Bottle's.)"""
    app = Flask("redirect")
    app.add_url_rule("/", view_func=lambda: redirect(target))

    answer = app.test_client().get("/")

    assert answer.status_code == 500
    assert "Set-Cookie" not in answer.headers
    assert "script" not in answer.text


def test_cve_2022_31799(server):
    """An error before a view is found is answered, and the server goes on. (Bottle's.)"""
    for target in (b"/%", b"/\xff", b"/%ff%00"):
        assert server.ask(b"GET " + target + b" HTTP/1.1", HOST).status in {400, 404}
    assert server.ask("GET / HTTP/1.1", HOST).text == "localhost"


def test_cve_2024_23334(serve, tmp_path):
    """Dots in a URL lead out of no static folder, whatever stands before them. (aiohttp's.)"""
    (tmp_path / "static").mkdir()
    (tmp_path / "key.txt").write_text("secret")
    server = serve(Flask("static", root_path=str(tmp_path)))

    for name in ("../key.txt", "x/../../key.txt", "..%2fkey.txt", "/../key.txt"):
        assert server.ask(f"GET /static/{name} HTTP/1.1", HOST).status in {308, 404}
