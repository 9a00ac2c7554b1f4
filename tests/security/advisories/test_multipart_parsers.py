"""Past advisories of multipart, python-multipart, aiohttp and Tornado about the bodies of forms."""

from __future__ import annotations

import json

import pytest

from asyncflask import Flask, request

HOST = "Host: localhost"
MULTIPART = "multipart/form-data; boundary=bb"
URLENCODED = "application/x-www-form-urlencoded"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(serve):
    app = Flask("advisories")
    app.config["MAX_CONTENT_LENGTH"] = None

    @app.post("/")
    def show():
        files = [[name, file.filename] for name, file in request.files.items(multi=True)]
        return {"fields": list(request.form.items(multi=True)), "files": files}

    return serve(app)


@pytest.fixture
def post(server, caplog):
    def post(body, content_type=MULTIPART, length=None):
        length = len(body) if length is None else length
        answer = server.ask(
            "POST / HTTP/1.1",
            HOST,
            f"Content-Type: {content_type}",
            f"Content-Length: {length}",
            body=body,
        )
        assert len(caplog.records) < 5
        return answer

    return post


def part(disposition, content=b"x", *headers):
    lines = [b"--bb", b"Content-Disposition: form-data; " + disposition, *headers, b"", content]
    return b"\r\n".join(lines) + b"\r\n"


END = b"--bb--\r\n"

pytestmark = pytest.mark.timeout(20)


@pytest.mark.parametrize("mark", [b"\r", b"\n", b"\r\n", b"x"])
def test_cve_2024_53981(post, mark):
    """What is around the form is skipped in one go, and not logged byte by byte."""
    around = mark * (5 * MIB)

    answer = post(around + b"\r\n" + part(b"name=a") + END + around)

    assert answer.status == 200
    assert json.loads(answer.text)["fields"] == [["a", "x"]]


def test_cve_2026_40347(post):
    """Nor does a preamble full of line ends take long, or what follows the last boundary."""
    answer = post(b"\r\n--b" * MIB + b"\r\n" + part(b"name=a") + END + b"\r\n--bb\r\n" * MIB)

    assert answer.status in {200, 400}


@pytest.mark.parametrize("name", ["../../../tmp/evil", "/tmp/evil", "..\\..\\evil", "evil\0.txt"])
def test_cve_2026_24486(post, tmp_path, monkeypatch, name):
    """An upload is not stored under the name that the client gives it."""
    monkeypatch.chdir(tmp_path)

    answer = post(part(b'name=f; filename="' + name.encode() + b'"', b"x" * MIB) + END)

    assert answer.status in {200, 400}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "headers",
    [
        [b"X-%d: y" % number for number in range(100_000)],
        [b"X: " + b"y" * 4 * MIB],
        [b"X" * 4 * MIB],
        [b"X: y"] * 40,
    ],
    ids=range(4),
)
def test_cve_2026_42561(post, headers):
    """A part has only so many headers, and each of them only so many bytes."""
    assert post(part(b"name=a", b"x", *headers) + END).status == 413


@pytest.mark.parametrize(
    ("disposition", "told"),
    [
        (b"name=a; name*=utf-8''b", {"fields": [["a", "x"]], "files": []}),
        (b"name*=utf-8''b; name=a", {"fields": [["a", "x"]], "files": []}),
        (
            b"name=f; filename=a; filename*=utf-8''b",
            {"fields": [], "files": [["f", "a"]]},
        ),
        (
            b"name=f; filename=a; filename*0=b; filename*1=c",
            {"fields": [], "files": [["f", "a"]]},
        ),
    ],
)
def test_cve_2026_53537(post, disposition, told):
    """Extended parameters, which forms must not have, replace no plain ones."""
    assert json.loads(post(part(disposition) + END).text) == told


def test_cve_2026_53538(post):
    """A semicolon separates no fields."""
    told = json.loads(post(b"role=user;role=admin", URLENCODED).text)

    assert told["fields"] == [["role", "user;role=admin"]]


def test_cve_2026_53539(post):
    """Nor does a body full of them take long."""
    assert post(b"a;" * 249_000, URLENCODED).status == 200


@pytest.mark.parametrize("length", ["-1", "-100", "+5", "1e3", "0x5"])
def test_cve_2026_53540(post, length):
    """A length that is none, above all a negative one, reads no body to its end."""
    answer = post(b"a=b", URLENCODED, length)

    assert answer.status in {200, 400}
    if answer.status == 200:
        assert json.loads(answer.text)["fields"] in ([], [["a", "b"]])


@pytest.mark.parametrize(
    "options",
    [
        b'; name="' + b"\\" * 15_000,
        b'; name="' + b'\\"' * 7_000,
        b'; a="' + b"\\a" * 7_000 + b"!",
        b"; " * 7_000,
        b'; name="a"' + b" " * 15_000 + b"!",
    ],
    ids=range(5),
)
def test_cve_2026_28356(post, options):
    """No Content-Disposition takes long to read, though it is not well-formed."""
    head = b"--bb\r\nContent-Disposition: form-data" + options + b"\r\n\r\n"

    assert post((head + b"x\r\n") * 20 + END).status in {200, 400}


def test_cve_2024_30251(post):
    """A part without an end, or without headers, does not loop for ever. (aiohttp's.)"""
    for body in (b"--bb", b"--bb\r\n", b"--bb\r\n\r\n", part(b"name=a"), b"--bb\r\n--bb--", b"--"):
        assert post(body).status == 400


def test_cve_2025_47287(post):
    """A form full of broken parts is refused at the first, and fills no log. (Tornado's.)"""
    broken = b"--bb\r\nContent-Disposition: nonsense\r\n\r\nx\r\n"

    assert post(broken * 100_000 + END).status in {400, 413}


@pytest.mark.parametrize("encoding", [b"base64", b"base64" + b" " * 15_000, b"quoted-printable"])
def test_cve_2022_23833_and_2026_33033(post, encoding):
    """A part's Content-Transfer-Encoding is not undone, as RFC 7578 has it. (Django's.)"""
    header = b"Content-Transfer-Encoding: " + encoding

    answer = post(part(b"name=a", b" \r\n =\r\n" * 50_000, header) + END)

    assert answer.status == 200
    [[name, value]] = json.loads(answer.text)["fields"]
    assert (name, len(value)) == ("a", 350_000)
