"""Forms that are broken, truncated, oversized, or full of tricks."""

from __future__ import annotations

import json

import pytest

from asyncflask import Flask, request
from asyncflask.utils import secure_filename

HOST = "Host: localhost"
MIB = 1024 * 1024
MULTIPART = "Content-Type: multipart/form-data; boundary=bb"
URLENCODED = "Content-Type: application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def app():
    app = Flask("forms")
    app.config["MAX_CONTENT_LENGTH"] = 8 * MIB

    def show():
        files = [
            {"name": name, "filename": file.filename, "size": len(file.read())}
            for name, file in request.files.items(multi=True)
        ]
        return {"fields": list(request.form.items(multi=True)), "files": files}

    @app.post("/sync")
    def show_sync():
        return show()

    @app.post("/async")
    async def show_async():
        return show()

    @app.post("/unread")
    def read_nothing():
        return "unread"

    @app.get("/next")
    def answer_next():
        return "next"

    return app


@pytest.fixture(scope="module")
def server(serve, app):
    return serve(app)


@pytest.fixture
def post(server, caplog):
    """Post a form; see that the connection goes on, and that nothing is logged as an error."""

    def post(body, content_type=MULTIPART, path="/async"):
        length = f"Content-Length: {len(body)}"
        with server.connect() as connection:
            answer = connection.ask(f"POST {path} HTTP/1.1", HOST, content_type, length, body=body)
            after = connection.ask("GET /next HTTP/1.1", HOST)
        assert after.text == "next"
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []
        assert "Traceback" not in answer.text
        return answer

    return post


def part(disposition, content=b"", *headers):
    """One part, after its boundary."""
    lines = [b"--bb", b"Content-Disposition: " + disposition, *headers, b"", content]
    return b"\r\n".join(lines) + b"\r\n"


def field(name="a", content=b"b"):
    return part(b'form-data; name="%b"' % name.encode(), content)


END = b"--bb--\r\n"

BROKEN = (
    b"garbage",
    b"--bb",
    b"--bb\r\n",
    b"--bb\r\n\r\n",
    field(),
    field() + b"--b",
    field() + b"--bb-",
    field()[:-10],
    b"--bb\r\nno header\r\n\r\nb\r\n" + END,
    b"--bb\r\n: empty\r\n\r\nb\r\n" + END,
    b"--bb\r\nX: y\r\n\r\nb\r\n" + END,
    b"--bb\r\nContent-Disposition: attachment\r\n\r\nb\r\n" + END,
    b"--bb\nContent-Disposition: form-data; name=a\n\nb\n--bb--\n",
    b"--bbContent-Disposition: form-data; name=a\r\n\r\nb\r\n" + END,
    part(b"form-data; name=a", b"b", b"X: " + b"x" * 20_000) + END,
    part(b"form-data; name=a", b"b", *[b"X-%d: y" % n for n in range(100)]) + END,
    part(b"form-data; name=a", b"b", b"X" * 20_000) + END,
    b"\r\n" * 10_000,
    b"-" * 100_000,
    b"--bb\r" * 10_000,
    b"x" * 2 * MIB,
    b"--bb\r\n" * 10_000,
    END + b"x" * 100,
    END,
    b"\0" * 1000,
)


@pytest.mark.parametrize("path", ["/sync", "/async"])
@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_multipart_form_is_the_clients_error(post, path, body):
    """Never a 500; an empty form is none at all."""
    answer = post(body, path=path)

    assert answer.status in ({200} if body.startswith(END) else {400, 413})


@pytest.mark.parametrize("size", [10, 2 * MIB])
@pytest.mark.parametrize("body", [b"garbage", field()[:-10]])
def test_a_broken_form_that_nobody_reads_disturbs_nobody(post, body, size):
    """It is not even parsed, as long as it is small."""
    assert post(body + b"x" * size, path="/unread").text == "unread"


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 300,
        'multipart/form-data; boundary="b\\"b"',
        "multipart/form-data; boundary=\xff",
        "multipart/form-data; boundary=b b",
        "multipart/form-data; boundary=bb; boundary=cc",
        "multipart/form-data; boundary*=utf-8''bb",
        "multipart/form-data; boundary*0=b; boundary*1=b",
        "multipart/mixed; boundary=bb",
        "multipart/form-data;boundary",
        "multipart/form-data; charset=nonsense; boundary=bb",
        "application/x-www-form-urlencoded; charset=nonsense",
        "; boundary=bb",
        "multipart",
        "\xff/\xff",
        "",
    ],
)
@pytest.mark.parametrize("size", [1, 2 * MIB])
def test_no_content_type_raises(post, content_type, size):
    """What tells no boundary is no form, or a broken one."""
    body = part(b'form-data; name=a; filename="f"', b"x" * size) + END

    answer = post(body, f"Content-Type: {content_type}")

    assert answer.status in {200, 400, 413}


def test_a_form_of_too_many_parts_is_too_large(post):
    """1,000 at most, where MAX_FORM_PARTS does not say otherwise."""
    assert post(field() * 1000 + END).status == 200
    assert post(field() * 1001 + END).status == 413
    assert post(field() * 10_000 + END).status == 413
    assert post(part(b'form-data; name=a; filename="f"') * 10_000 + END).status == 413


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_fields_that_are_too_long_are_too_large(post, path):
    """500,000 bytes in all, where MAX_FORM_MEMORY_SIZE does not say otherwise."""
    long = field(content=b"x" * 250_001)

    assert post(long + END, path=path).status == 200
    assert post(long * 2 + END, path=path).status == 413
    assert post(b"a=" + b"x" * 500_000, URLENCODED, path).status == 413


@pytest.mark.parametrize("content_type", [MULTIPART, URLENCODED])
def test_a_form_over_the_limit_of_the_body_is_too_large(post, content_type):
    """Though it is sent to its end."""
    body = part(b'form-data; name=a; filename="f"', b"x" * 9 * MIB) + END

    assert post(body, content_type).status == 413


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", []),
        (b"a=%ff", [["a", "%FF"]]),
        (b"a=\xff", [["a", "%FF"]]),
        (b"%=%", [["%", "%"]]),
        (b"a=%00", [["a", "\0"]]),
        (b"&&=&", [["", ""]]),
        (b"a=b;c=d", [["a", "b;c=d"]]),
        (b"\0", [["\0", ""]]),
        (b"a=%ED%A0%80", [["a", "%ED%A0%80"]]),
        (b"a=1&" * 999 + b"a=1", [["a", "1"]] * 1000),
    ],
)
def test_no_urlencoded_form_is_broken(post, body, fields):
    """All bytes can be read as one."""
    answer = post(body, URLENCODED)

    assert json.loads(answer.text)["fields"] == fields


@pytest.mark.parametrize(
    ("filename", "harmless"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/passwd", "etc_passwd"),
        ("C:\\autoexec.bat", "Cautoexec.bat"),
        ("..", ""),
        (".", ""),
        (" ", ""),
        ("a/b/c", "a_b_c"),
        ("\u2603.txt", "txt"),
        ("a" * 5000, "a" * 5000),
        ("<script>.html", "script.html"),
    ],
)
def test_a_filename_is_the_clients_words(post, filename, harmless):
    """It is handed on as it came; secure_filename makes it harmless."""
    escaped = filename.replace("\\", "\\\\").encode()

    answer = post(part(b'form-data; name=f; filename="%b"' % escaped, b"x") + END)

    [file] = json.loads(answer.text)["files"]
    assert secure_filename(file["filename"]) == harmless


@pytest.mark.parametrize("header", [b"filename=a\0.png", b'filename="a\0/b"', b"filename*=''%00"])
def test_a_filename_with_a_nul_does_no_harm(post, header):
    """The parser refuses the header, or the name reaches no file system."""
    assert post(part(b"form-data; name=f; " + header, b"x") + END).status in {200, 400}
