"""Forms that cost more than they should, or that two readers read in two ways."""

from __future__ import annotations

import json

import pytest

from asyncflask import Flask, request

HOST = "Host: localhost"
MULTIPART = "multipart/form-data; boundary=bb"
URLENCODED = "application/x-www-form-urlencoded"
MIB = 1024 * 1024


def make_app(**config):
    app = Flask("forms")
    app.config.update(config)

    def show():
        return {
            "fields": [[name, len(value)] for name, value in request.form.items(multi=True)],
            "files": [
                [name, file.filename, len(file.read())]
                for name, file in request.files.items(multi=True)
            ],
        }

    @app.post("/sync")
    def show_sync():
        return show()

    @app.post("/async")
    async def show_async():
        return show()

    @app.get("/next")
    def answer_next():
        return "next"

    return app


@pytest.fixture(scope="module")
def server(serve):
    return serve(make_app())


@pytest.fixture
def post(server):
    """Post a form to the server, which has to answer another request on the same connection."""

    def post(body, content_type=MULTIPART, path="/sync"):
        head = (f"POST {path} HTTP/1.1", HOST, f"Content-Type: {content_type}")
        with server.connect() as connection:
            answer = connection.ask(*head, f"Content-Length: {len(body)}", body=body)
            assert connection.ask("GET /next HTTP/1.1", HOST).text == "next"
        return answer

    return post


def part(disposition, content=b"x", *headers):
    lines = [b"--bb", b"Content-Disposition: form-data; " + disposition, *headers, b"", content]
    return b"\r\n".join(lines) + b"\r\n"


END = b"--bb--\r\n"


@pytest.mark.parametrize("path", ["/sync", "/async"])
@pytest.mark.parametrize(
    "body", [b"a=1&" * 1000, b"&" * 1000, b"a&" * 250_000, b"a=1&" * 1000 + b"a=" + b"x" * 400_000]
)
def test_an_urlencoded_form_of_too_many_fields_is_too_large(post, path, body):
    """More than MAX_FORM_PARTS, which is 1,000; empty ones count."""
    assert post(body, URLENCODED, path).status == 413


def test_the_limit_of_fields_may_be_raised(serve):
    """By MAX_FORM_PARTS; None lifts it."""
    body = b"a=1&" * 2000
    head = ("POST /sync HTTP/1.1", HOST, f"Content-Type: {URLENCODED}")

    for limit in (2001, None):
        server = serve(make_app(MAX_FORM_PARTS=limit))
        answer = server.ask(*head, f"Content-Length: {len(body)}", body=body)
        assert len(json.loads(answer.text)["fields"]) == 2000


@pytest.mark.parametrize(
    "body",
    [
        part(b'name="' + b"n" * 20_000 + b'"') + END,
        part(b'name=a; filename="' + b"n" * 20_000 + b'"') + END,
        part(b"name=a; " + b"n" * 20_000) + END,
        part(b'name="' + b"n" * 15_000 + b'"') * 40 + END,
        part(b'name=a; filename="' + b"n" * 15_000 + b'"') * 40 + END,
        part(b"name=a", b"x", *[b"X: " + b"y" * 15_000] * 31) * 2 + END,
        part(b"name=a", b"x", *[b"X: y"] * 32) + END,
    ],
)
@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_names_and_headers_of_parts_are_bounded(post, path, body):
    """Each by itself, and all together by MAX_FORM_MEMORY_SIZE."""
    assert post(body, path=path).status == 413


def test_ordinary_headers_leave_the_fields_their_room(post):
    """The limit is as exact for them as Flask's."""
    body = part(b'name="a"', b"x" * 500_000, b"Content-Type: text/plain") + END

    assert json.loads(post(body).text)["fields"] == [["a", 500_000]]


@pytest.mark.parametrize(
    "disposition",
    [
        b"name=a; name*=utf-8''b",
        b"name*=utf-8''b; name=a",
        b'name="a"; name*0=b; name*1=b',
        b'name*0="b"; name="a"',
        b"name*0*=utf-8''b; name=a",
        b"NAME*=utf-8''b; Name=a",
        b"name=a; name*=utf-8''%62",
    ],
)
def test_the_plain_name_wins(post, disposition):
    """Over every extended one, wherever it stands."""
    assert json.loads(post(part(disposition) + END).text)["fields"] == [["a", 1]]


@pytest.mark.parametrize(
    "disposition",
    [
        b"name=f; filename=a.txt; filename*=utf-8''b.php",
        b"name=f; filename*=utf-8''b.php; filename=a.txt",
        b'name=f; filename="a.txt"; filename*0=b; filename*1=.php',
        b'name=f; filename*0="b.php"; filename="a.txt"',
        b"name=f; filename*0*=utf-8''b.php; filename=\"a.txt\"",
    ],
)
def test_the_plain_file_name_wins(post, disposition):
    """So that nobody on the way takes the file for another one."""
    assert json.loads(post(part(disposition) + END).text)["files"] == [["f", "a.txt", 1]]


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        (b"name=f; filename*=utf-8''%C3%A9.txt", "é.txt"),
        (b"name=f; filename*0=a; filename*1=.txt", "a.txt"),
    ],
)
def test_an_extended_file_name_alone_is_read(post, disposition, filename):
    """As some clients send it, and Flask reads it."""
    assert json.loads(post(part(disposition) + END).text)["files"] == [["f", filename, 1]]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"a=1;b=2", [["a", 5]]),
        (b"a;b;c", [["a;b;c", 0]]),
        (b"a=1%26b=2", [["a", 5]]),
        (b"a=1&amp;b=2", [["a", 1], ["amp;b", 1]]),
        (b"a=1\nb=2", [["a", 5]]),
        (b"a=1\0b=2", [["a", 5]]),
        ("a=1＆b=2".encode(), [["a", 5]]),
    ],
)
def test_only_the_ampersand_separates_fields(post, body, fields):
    """As the URL standard has it."""
    assert json.loads(post(body, URLENCODED).text)["fields"] == fields


FOUR = 4 * MIB

# What a parser that looks again at what it has seen would need hours for.
COSTLY = {
    "many parts": (part(b"name=a", b"") * (FOUR // 60), 413),
    "many empty parts": (b"--bb\r\n\r\n\r\n" * (FOUR // 11), 400),
    "long preamble": (b"x" * FOUR + b"\r\n" + part(b"name=a") + END, 200),
    "preamble of line ends": (b"\r\n" * (FOUR // 2) + part(b"name=a") + END, 200),
    "preamble of returns": (b"\r" * FOUR + b"\r\n" + part(b"name=a") + END, 200),
    "preamble of look-alikes": (b"\r\n--b" * (FOUR // 5), 400),
    "preamble of dashes": (b"-" * FOUR, 400),
    "epilogue": (part(b"name=a") + END + b"\r\n--bb" * (FOUR // 6), 200),
    "look-alikes": (part(b"name=a; filename=f", b"\r\n--b" * (FOUR // 5)) + END, 200),
    "returns": (part(b"name=a; filename=f", b"\r" * FOUR) + END, 200),
    "line ends": (part(b"name=a; filename=f", b"\r\n" * (FOUR // 2)) + END, 200),
    "dashes": (part(b"name=a; filename=f", b"-" * FOUR) + END, 200),
    "endless header": (b"--bb\r\n" + b"X" * FOUR, 413),
    "many headers": (b"--bb\r\n" + b"X: y\r\n" * (FOUR // 6), 413),
    "escapes": (part(b'name="' + b"\\" * 16_000 + b'"') * (FOUR // 16_060) + END, 413),
    "quotes": (part(b"name=" + b'"' * 16_000) * (FOUR // 16_060) + END, 413),
    "semicolons": (part(b"name=a" + b";" * 16_000) * (FOUR // 16_060) + END, 413),
    "continuations": (part(b"; name*0=a" * 1500) * (FOUR // 15_060) + END, 413),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("path", ["/sync", "/async"])
@pytest.mark.parametrize("kind", COSTLY)
def test_four_megabytes_cost_linear_work(post, path, kind):
    """Whatever they are made of; each is answered in a fraction of a second."""
    body, status = COSTLY[kind]

    assert post(body, path=path).status == status


LOOK_ALIKE = b"a" * 60_000


@pytest.mark.timeout(20)
def test_a_boundary_of_one_letter_repeated_costs_linear_work():
    """The body being made of the same letter, in pieces that end within it."""
    client = make_app().test_client()
    content_type = f"multipart/form-data; boundary={LOOK_ALIKE.decode()}"

    answer = client.post(
        "/sync",
        data=b"--" + LOOK_ALIKE + b"\r\n" + (b"\r\n--" + LOOK_ALIKE[:-1]) * 70,
        content_type=content_type,
    )

    assert answer.status_code in {400, 413}
