"""Past advisories of Flask and Quart: each test sends what triggered one, and is named for it."""

from __future__ import annotations

import pytest

from asyncflask import Flask, request, session

KEY = "a key of more than sixteen letters"


def make_app(**config):
    app = Flask("advisories")
    app.config.update({"SECRET_KEY": KEY, **config})

    @app.post("/json")
    def read_json():
        return {"json": request.get_json(force=True)}

    @app.get("/in")
    def look():
        return str("user" in session)

    @app.get("/len")
    def count():
        return str(len(session))

    @app.get("/keep")
    def keep():
        session.permanent = True
        return "kept"

    @app.get("/login")
    def login():
        session["user"] = "ada"
        return "welcome"

    @app.get("/public")
    def public():
        return "for all"

    @app.get("/user")
    def user():
        return session.get("user", "nobody")

    @app.post("/form")
    async def form():
        return {"size": len(request.form["a"])}

    return app


@pytest.fixture(scope="module")
def server(serve):
    return serve(make_app())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-32-be", "utf-7"])
@pytest.mark.parametrize("text", ["[1]" * 1000, "[" + "1," * 50_000, '"' + "a" * 100_000])
def test_cve_2018_1000656(server, encoding, text):
    """JSON in an encoding that makes the detection of it use up the memory is no JSON."""
    body = text.encode(encoding)

    answer = server.ask(
        "POST /json HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", body=body
    )

    assert answer.status == 400


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "zip", "idna", "unicode_escape", "x" * 500])
def test_cve_2019_1010083(server, charset):
    """The charset that a client names is not used for its JSON."""
    answer = server.ask(
        "POST /json HTTP/1.1",
        "Host: localhost",
        f"Content-Type: application/json; charset={charset}",
        "Content-Length: 4",
        body=b'"\xc3\xa4"',
    )

    assert answer.text == '{"json":"\\u00e4"}\n'


def test_cve_2023_30861():
    """A session's cookie that is refreshed unread tells caches that the answer depends on it."""
    client = make_app().test_client()
    client.get("/keep")

    answer = client.get("/public")

    assert "session=" in answer.headers["Set-Cookie"]
    assert answer.headers["Vary"] == "Cookie"


def test_cve_2025_47278():
    """With fallback keys the present one signs, not the oldest."""
    rotated = make_app(SECRET_KEY_FALLBACKS=["an old key of many letters", "an even older one"])
    client = rotated.test_client()

    client.get("/login")

    other = make_app().test_client()
    other.set_cookie("session", client.get_cookie("session").value)
    assert other.get("/user").text == "ada"


@pytest.mark.parametrize("path", ["/in", "/len"])
def test_cve_2026_27205(path):
    """Looking for a key, or counting them, is looking at the session."""
    assert make_app().test_client().get(path).headers["Vary"] == "Cookie"


@pytest.mark.parametrize("pieces", [1, 100])
def test_cve_2024_49767(server, pieces):
    """A field without a file name is bounded, however it arrives. (Werkzeug's and Quart's.)"""
    head = b'--bb\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
    chunk = b"x" * (600_000 // pieces)
    chunks = [head, *[chunk] * pieces, b"\r\n--bb--\r\n"]

    answer = server.ask(
        "POST /form HTTP/1.1",
        "Host: localhost",
        "Content-Type: multipart/form-data; boundary=bb",
        "Transfer-Encoding: chunked",
        body=b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in chunks) + b"0\r\n\r\n",
    )

    assert answer.status == 413
