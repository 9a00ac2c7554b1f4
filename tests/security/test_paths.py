"""Names of files in URLs: none leads out of its folder, or to the disk if it cannot be there."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from asyncflask import Blueprint, Flask, render_template_string, security, send_from_directory
from asyncflask.dispatch import files
from asyncflask.utils import secure_filename

HOST = "Host: localhost"

OUTSIDE = [
    "..",
    "../key.txt",
    "../../etc/passwd",
    "..%2fkey.txt",
    "..%2Fkey.txt",
    "%2e%2e%2fkey.txt",
    "%2e%2e/key.txt",
    ".%2e/key.txt",
    "a/..%2f..%2fkey.txt",
    "a%2f..%2f..%2fkey.txt",
    "./../key.txt",
    ".//..//key.txt",
    "..%5ckey.txt",
    "..%5c..%5ckey.txt",
    "%5c..%5ckey.txt",
    "..%c0%afkey.txt",
    "..%e0%80%afkey.txt",
    "%c0%ae%c0%ae/key.txt",
    "..%252fkey.txt",
    "%252e%252e%252fkey.txt",
    "..%u2215key.txt",
    "%uff0e%uff0e/key.txt",
    "%E2%80%A5/key.txt",
    "..;/key.txt",
    "..%00/key.txt",
    "page.txt%00",
    "page.txt%00.png",
    "%00/../key.txt",
    "%00",
    "page.txt/../../key.txt",
    "%2fetc%2fpasswd",
    "%2f%2fetc%2fpasswd",
    "/etc/passwd",
    "file:%2f%2f%2fetc%2fpasswd",
    "C:%5cWindows%5cwin.ini",
    "C:/Windows/win.ini",
    "C:page.txt",
    "%5c%5cevil.example%5cshare%5cfile",
    "%2f%2fevil.example%2fshare%2ffile",
    "%5c%5c%3f%5cC:%5cWindows%5cwin.ini",
    "%5c%5c.%5cpipe%5cname",
    "page.txt::$DATA",
    "~",
    "~root/.profile",
    "$HOME/key.txt",
    "%25HOME%25",
    "-static/key.txt",
    "..%2fstatic-secret%2fkey.txt",
    "../static-secret/key.txt",
    "a" * 300,
    "a" * 5000,
    "a/" * 3000,
    "%ff" * 300,
    "%ED%A0%80",
    "%f0%9f%92%a9" * 200,
    "%0d%0aSet-Cookie:a=b",
    "",
    ".",
    "%20",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of files, with secrets around it."""
    folder = tmp_path_factory.mktemp("app")
    for name in ("static", "static-secret", "static/a", "static/static"):
        (folder / name).mkdir()
    (folder / "static" / "page.txt").write_text("page")
    for name in ("key.txt", "static-secret/key.txt", "page.txt"):
        (folder / name).write_text("secret")
    return folder


@pytest.fixture(scope="module")
def app(folder):
    app = Flask("paths", root_path=str(folder))
    files = Blueprint("files", "files", root_path=str(folder), static_folder="static")
    app.register_blueprint(files, url_prefix="/blue")

    @app.get("/sync/<path:name>")
    def send_sync(name):
        return send_from_directory("static", name)

    @app.get("/async/<path:name>")
    async def send_async(name):
        return send_from_directory(folder / "static", name)

    @app.get("/number/<int:number>")
    def number(number):
        return {"number": number}

    @app.get("/float/<float:number>")
    def real(number):
        return {"number": number}

    @app.get("/template/<path:name>")
    def template(name):
        return render_template_string("{% include name ignore missing %}nothing", name=name)

    return app


@pytest.fixture(scope="module")
def server(serve, app):
    return serve(app)


@pytest.mark.parametrize("root", ["/static/", "/blue/static/", "/sync/", "/async/"])
@pytest.mark.parametrize("name", OUTSIDE, ids=range(len(OUTSIDE)))
def test_no_name_leads_out_of_its_folder(server, root, name):
    """404, or a redirect to a URL that is one; the server goes on."""
    answer = server.ask(f"GET {root}{name} HTTP/1.1", HOST)

    assert answer.status in {404, 308}
    assert "secret" not in answer.text
    assert "root:" not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert server.ask(f"GET {root}page.txt HTTP/1.1", HOST).text == "page"


@pytest.mark.parametrize("name", ["page.txt", "./page.txt", "a/../page.txt", "a/..%2fpage.txt"])
def test_names_within_the_folder_are_found(server, name):
    """So that the others show something."""
    assert server.ask(f"GET /sync/{name} HTTP/1.1", HOST).text == "page"


@pytest.mark.parametrize("name", OUTSIDE, ids=range(len(OUTSIDE)))
def test_no_template_is_found_outside_the_folder(server, name):
    """Where an app includes what its users name."""
    answer = server.ask(f"GET /template/{name} HTTP/1.1", HOST)

    assert answer.status in {200, 404, 308}
    assert "secret" not in answer.text


ABSOLUTE = ["/etc/passwd", "//etc/passwd", "//evil.example/share/file", "../key.txt", "..", "a\0b"]

ON_WINDOWS = [
    "C:\\Windows\\win.ini",
    "C:/Windows/win.ini",
    "C:page.txt",
    "\\\\evil.example\\share\\file",
    "\\\\?\\C:\\Windows\\win.ini",
    "\\\\.\\pipe\\name",
    "\\Windows\\win.ini",
    "..\\key.txt",
    "page.txt::$DATA",
    "CON",
    "con",
    "NUL.txt",
    "nul.tar.gz",
    "NUL .txt",
    "NUL ",
    "COM1",
    "LPT9.log",
    "COM¹",
    "CONIN$",
    "a/CON",
    "a/AUX.h",
    "CON/page.txt",
]


@pytest.fixture
def looked_at(monkeypatch):
    """The paths that the disk was asked for."""
    paths = []

    def note(path):
        paths.append(path)
        raise FileNotFoundError(path)

    monkeypatch.setattr(files, "os", SimpleNamespace(**{**vars(os), "stat": note}))
    return paths


@pytest.mark.parametrize("name", ABSOLUTE)
def test_absolute_names_are_refused_before_the_disk_is_touched(app, looked_at, name):
    """As are those that lead out of the folder."""
    with app.test_request_context(), pytest.raises(Exception, match="404 Not Found"):
        send_from_directory("static", name)

    assert looked_at == []


@pytest.mark.parametrize("name", ON_WINDOWS)
def test_devices_and_shares_are_refused_before_the_disk_is_touched(
    app, looked_at, monkeypatch, name
):
    """On Windows: to open a share sends it the user's credentials; to read a device takes for
    ever.
    """
    monkeypatch.setattr(security, "_ON_WINDOWS", True)

    with app.test_request_context(), pytest.raises(Exception, match="404 Not Found"):
        send_from_directory("static", name)

    assert looked_at == []


@pytest.mark.parametrize("name", ["page.txt", "console.log", "a/nullable.txt", "com10.txt"])
def test_ordinary_names_are_looked_at_on_windows_too(app, looked_at, monkeypatch, name):
    """Names that only resemble those of devices."""
    monkeypatch.setattr(security, "_ON_WINDOWS", True)

    with app.test_request_context(), pytest.raises(Exception, match="404 Not Found"):
        send_from_directory("static", name)

    assert len(looked_at) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/number/" + "9" * 5000,
        "/number/" + "0" * 5000,
        "/number/" + "9" * 15_000,
        "/float/" + "9" * 5000 + ".5",
        "/float/" + "9" * 400 + ".0",
        "/number/-1",
        "/number/1e9",
        "/number/0x10",
        "/number/1_000",
        "/number/+1",
        "/number/%201",
        "/number/1%0a",
        "/number/%c2%b2",
        "/float/nan",
        "/float/inf",
        "/float/1e999",
    ],
    ids=range(16),
)
def test_a_number_that_is_none_is_not_found(server, path):
    """However long it is."""
    assert server.ask(f"GET {path} HTTP/1.1", HOST).status == 404


@pytest.mark.parametrize(
    "filename",
    ["../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "C:\\x", ".", "..", "\0", "a\0b", ".x"],
)
def test_a_cleaned_file_name_has_no_folder(filename):
    """It is a plain name, or empty."""
    cleaned = secure_filename(filename)

    assert os.path.basename(cleaned) == cleaned
    assert not cleaned.startswith(".")
    assert "\\" not in cleaned
    assert "\0" not in cleaned
