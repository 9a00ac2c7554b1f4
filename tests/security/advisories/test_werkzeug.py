"""Past advisories of Werkzeug: each test sends what triggered one, and is named for it."""

from __future__ import annotations

import io
from urllib.parse import urljoin, urlsplit

import pytest

from asyncflask import Flask, request, security, send_from_directory
from asyncflask.datastructures import Headers
from asyncflask.http import parse_cookie
from asyncflask.security import check_password_hash, generate_password_hash, safe_join
from asyncflask.testing import EnvironBuilder
from asyncflask.utils import redirect, secure_filename


@pytest.fixture
def windows(monkeypatch):
    """What asks for the operating system is told that it is Windows."""
    monkeypatch.setattr(security, "_ON_WINDOWS", True)


def make_app(**config):
    app = Flask("advisories")
    app.config.update(config)

    @app.get("/")
    @app.get("/docs/")
    def index():
        return "index"

    @app.get("/fail")
    def fail():
        raise RuntimeError("<script>alert(1)</script>")

    @app.post("/form")
    def form():
        return {
            "fields": len(request.form),
            "files": len(request.files),
            "size": sum(map(len, request.form.values())),
        }

    return app


@pytest.fixture(scope="module")
def server(serve):
    return serve(make_app(MAX_CONTENT_LENGTH=None))


def post(server, body):
    return server.ask(
        "POST /form HTTP/1.1",
        "Host: localhost",
        "Content-Type: multipart/form-data; boundary=bb",
        f"Content-Length: {len(body)}",
        body=body,
    )


def test_pve_2021_25639_newlines_in_headers():
    """Before 0.8: a header's value could start another one."""
    with pytest.raises(ValueError, match="newline"):
        Headers().add("X-Name", "a\r\nSet-Cookie: b=c")


def test_pve_2021_25640_script_in_redirects():
    """Before 0.8.3: the page of a redirect showed its target unescaped."""
    page = redirect('/"><script>alert(1)</script>').get_data(as_text=True)

    assert "<script>" not in page


def test_cve_2016_10516():
    """The page of an error shows no exception, whose text might be a script."""
    client = make_app().test_client()

    answer = client.get("/fail")

    assert answer.status_code == 500
    assert "script" not in answer.text


@pytest.mark.parametrize("path", ["/console", "/?__debugger__=yes&cmd=printpin&s=x"])
def test_cve_2019_14806(path):
    """There is no debugger, and so no PIN of it that could be guessed."""
    answer = make_app(DEBUG=True).test_client().get(path)

    assert answer.status_code in {200, 404}
    assert "PIN" not in answer.text


@pytest.mark.parametrize("name", ["C:/Windows/win.ini", "C:\\x", "//host/share", "..\\x", "\\x"])
@pytest.mark.usefixtures("windows")
def test_cve_2019_14322(name):
    """Drive letters and shares are no names of files on Windows."""
    assert safe_join("folder", name) is None


@pytest.mark.parametrize("path", ["//evil.example/..", "//docs", "///evil.example/%2f..", "//a@b"])
def test_cve_2020_28724(server, path):
    """A path with two slashes first is redirected to no other host."""
    answer = server.ask(f"GET {path} HTTP/1.1", "Host: localhost")

    assert answer.status in {308, 404}
    location = urljoin("http://localhost/", answer.headers.get("Location", "/"))
    assert urlsplit(location).netloc == "localhost"


def test_cve_2022_29361(server):
    """The body of one request is never the next one: an app that does not read it loses it."""
    smuggled = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"

    with server.connect() as connection:
        first = connection.ask(
            "GET / HTTP/1.1",
            "Host: localhost",
            f"Content-Length: {len(smuggled)}",
            body=smuggled,
        )
        second = connection.ask("GET / HTTP/1.1", "Host: localhost")

    assert (first.text, second.text) == ("index", "index")


@pytest.mark.parametrize("header", ["=__Host-id=bad", "__Host-id=good; =__Host-id=bad", "==a=b"])
def test_cve_2023_23934(header):
    """A cookie without a name does not become one of the name that its value starts with."""
    assert parse_cookie(header).get("__Host-id") in {None, "good"}
    assert "" not in parse_cookie(header)


def test_cve_2023_25577(server):
    """A form has 1,000 parts at most, fields or files."""
    part = b'--bb\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    file = b'--bb\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\n\r\n'

    assert post(server, part * 50_000 + b"--bb--\r\n").status == 413
    assert post(server, file * 50_000 + b"--bb--\r\n").status == 413


@pytest.mark.timeout(20)
@pytest.mark.parametrize("start", [b"\r", b"\n", b"\r\n", b"\r\r"])
def test_cve_2023_46136(server, start):
    """A line end and then megabytes without one are read in linear time."""
    head = b'--bb\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\n'

    answer = post(server, head + start + b"x" * 20_000_000 + b"\r\n--bb--\r\n")

    assert answer.status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.localhost"])
def test_cve_2024_34069(host):
    """In debug mode no other host than the trusted ones is answered."""
    client = make_app(DEBUG=True, TRUSTED_HOSTS=["localhost"]).test_client()

    assert client.get("/?__debugger__=yes", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("name", ["//evil.example/share", "\\\\evil.example\\share", "//./pipe/x"])
@pytest.mark.usefixtures("windows")
def test_cve_2024_49766(name):
    """Shares are no names of files on Windows, whatever Python says of them."""
    assert safe_join("folder", name) is None


def test_cve_2024_49767(server):
    """Fields have 500 kB together, in one part or in many."""
    head = b'--bb\r\nContent-Disposition: form-data; name="a"\r\n\r\n'

    assert post(server, head + b"x" * 5_000_000 + b"\r\n--bb--\r\n").status == 413
    assert post(server, (head + b"x" * 5000 + b"\r\n") * 200 + b"--bb--\r\n").status == 413


@pytest.mark.parametrize("name", ["CON", "con", "NUL", "AUX", "COM1", "LPT9"])
@pytest.mark.usefixtures("windows")
def test_cve_2025_66221(name):
    """Devices are no names of files on Windows."""
    assert safe_join("folder", name) is None
    with make_app().test_request_context(), pytest.raises(Exception, match="404"):
        send_from_directory(".", name)


@pytest.mark.parametrize("name", ["CON.txt", "nul.tar.gz", "COM1 .log", "NUL ", "CON. ", "COM¹.x"])
@pytest.mark.usefixtures("windows")
def test_cve_2026_21860(name):
    """Nor with extensions or spaces behind them, nor in superscript."""
    assert safe_join("folder", name) is None


@pytest.mark.parametrize("name", ["a/NUL", "a/b/CON.txt", "CON/a", "a/./AUX", "a//PRN"])
@pytest.mark.usefixtures("windows")
def test_cve_2026_27199(name):
    """Nor in folders."""
    assert safe_join("folder", name) is None


@pytest.mark.parametrize("name", ["NUL:", "CON:.txt", "a/NUL::$DATA", "NUL:x", "COM1:"])
@pytest.mark.usefixtures("windows")
def test_ghsa_g6x2_hccm_hh4m(name):
    """Nor with the mark of a stream behind them."""
    assert safe_join("folder", name) is None


def test_an_uploads_name_is_no_path():
    """What `secure_filename` promises, which advisories of applications are about."""
    app = make_app()
    names = []
    app.add_url_rule(
        "/name",
        view_func=lambda: names.append(secure_filename(request.files["f"].filename)) or "",
        methods=["POST"],
    )

    app.test_client().post("/name", data={"f": (io.BytesIO(b"x"), "../../../etc/passwd")})

    assert names == ["etc_passwd"]


def test_a_wrong_password_is_found_out_in_the_same_time():
    """The comparison of hashes does not stop at the first difference (advisory of 0.3.1)."""
    stored = generate_password_hash("right", "pbkdf2:sha256:1")

    assert check_password_hash(stored, "right")
    assert not check_password_hash(stored, "wrong")
    assert not check_password_hash(stored[:-1] + "☃", "right")


def test_a_test_clients_path_chooses_no_host():
    """`//evil.example/x` is a path where it is asked for as one."""
    builder = EnvironBuilder(make_app(), path="/x", base_url="http://localhost//evil.example")
    try:
        assert dict(builder.get_scope()["headers"])[b"host"] == b"localhost"
    finally:
        builder.close()
