"""What an error tells the client: nothing in production, and no console or traceback in debug mode.

There is no debugger in the browser: what Werkzeug's answers to is sent here, and gets nothing.
"""

from __future__ import annotations

import pytest

from asyncflask import Flask, request

HOST = "Host: localhost"
SECRET = "the-secret-of-the-app"

# Requests to which Werkzeug's debugger would answer.
DEBUGGER = [
    "/console",
    "/?__debugger__=yes&cmd=resource&f=debugger.js",
    "/?__debugger__=yes&cmd=resource&f=../../../etc/passwd",
    "/?__debugger__=yes&cmd=pinauth&pin=123-456-789&s=x",
    "/?__debugger__=yes&cmd=printpin&s=x",
    "/?__debugger__=yes&cmd=1%2B1&frm=0&s=x",
    "/fail?__debugger__=yes&cmd=1%2B1&frm=0&s=x",
]


def make_app(**config):
    app = Flask("debug")
    app.config.update({"SECRET_KEY": SECRET, **config})

    def fail():
        password = SECRET
        raise RuntimeError(f"the password is {password}")

    @app.get("/")
    def index():
        return "index"

    @app.get("/fail")
    def fail_sync():
        fail()

    @app.get("/fail-async")
    async def fail_async():
        fail()

    @app.get("/fail-late")
    async def fail_late():
        yield b"begun"
        fail()

    @app.get("/key")
    def key():
        return request.form[SECRET]

    @app.post("/json")
    def read_json():
        return {"json": request.json}

    @app.post("/form")
    def read_form():
        return {"field": request.form["field"]}

    return app


@pytest.fixture(scope="module")
def production(serve):
    return serve(make_app())


@pytest.fixture(scope="module")
def debugging(serve):
    return serve(make_app(DEBUG=True))


@pytest.fixture(scope="module")
def picky(serve):
    return serve(make_app(DEBUG=True, TRUSTED_HOSTS=["localhost"]))


@pytest.fixture(
    scope="module",
    params=[{}, {"DEBUG": True}, {"DEBUG": True, "TRUSTED_HOSTS": ["localhost"]}],
    ids=["production", "debugging", "picky"],
)
def server(serve, request):
    return serve(make_app(**request.param))


HOSTS = pytest.mark.parametrize(
    "host", ["localhost", "evil.example", "localhost.evil.example", "x/"]
)


@HOSTS
@pytest.mark.parametrize("path", ["/fail", "/fail-async"])
def test_an_error_shows_no_traceback(server, path, host):
    """In no mode, whatever the Host; it is in the log."""
    answer = server.ask(f"GET {path} HTTP/1.1", f"Host: {host}", "Accept: text/html")

    assert answer.status in {400, 500}
    for told in ("Traceback", "File ", SECRET, "RuntimeError", "password", "console"):
        assert told not in answer.text


def test_an_error_in_a_stream_shows_no_traceback(server):
    """The connection just ends."""
    with server.connect() as connection:
        connection.send("GET /fail-late HTTP/1.1", HOST)
        received = connection.read_all()

    assert b"Traceback" not in received
    assert SECRET.encode() not in received


@HOSTS
@pytest.mark.parametrize("target", DEBUGGER, ids=range(len(DEBUGGER)))
def test_there_is_no_console(server, target, host):
    """Nothing is evaluated, and no file of a debugger is served."""
    answer = server.ask(f"GET {target} HTTP/1.1", f"Host: {host}")

    assert answer.status in {200, 400, 404, 500}
    if answer.status == 200:
        assert answer.text == "index"
    assert "EVALEX" not in answer.text
    assert "root:" not in answer.text
    assert not answer.headers.get("Set-Cookie")


@pytest.mark.parametrize("path", ["/json", "/form"])
@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b"--b\r\n"])
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=b"])
def test_what_a_client_gets_wrong_shows_no_traceback(production, path, body, kind):
    """400 or 415, and not a word about why: that is told in debug mode."""
    answer = production.ask(
        f"POST {path} HTTP/1.1",
        HOST,
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        body=body,
    )

    assert answer.status in {400, 415}
    for told in ("Traceback", "File ", "Expecting value", "JSONDecodeError", "column"):
        assert told not in answer.text


def test_a_missing_key_is_not_named_in_production(production, debugging):
    """It is in debug mode, where it ends in the log, too."""
    answer = production.ask("GET /key HTTP/1.1", HOST)

    assert answer.status == 400
    assert SECRET not in answer.text
    assert SECRET not in debugging.ask("GET /key HTTP/1.1", HOST).text


def test_debug_mode_answers_trusted_hosts_alone(picky):
    """A page on another site cannot talk to a developer's app under a name of its own."""
    assert picky.ask("GET / HTTP/1.1", HOST).text == "index"
    for host in (
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1",
        "",
        "localhost@evil.example",
    ):
        assert picky.ask("GET / HTTP/1.1", f"Host: {host}").status == 400


def test_the_servers_error_page_is_plain(production, debugging):
    """In debug mode the server answers, which knows nothing of the app."""
    for server in (production, debugging):
        answer = server.ask("GET /fail HTTP/1.1", HOST)
        assert answer.status == 500
        assert "Internal Server Error" in answer.text


def test_json_in_debug_mode_says_where_it_is_broken(debugging):
    """The client's own text, which it knows."""
    body = b'{"a": }'

    answer = debugging.ask(
        "POST /json HTTP/1.1",
        HOST,
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        body=body,
    )

    assert answer.status == 400
    assert "Expecting value" in answer.text
    assert "Traceback" not in answer.text
