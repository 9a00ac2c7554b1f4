"""What is fuzzed, and what must hold of it whatever the bytes are. Needs no fuzzer itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import anyio

from asyncflask import Flask, redirect, request, session
from asyncflask.datastructures import Authorization, WWWAuthenticate
from asyncflask.exceptions import HTTPException
from asyncflask.http import (
    dump_cookie,
    parse_accept_header,
    parse_cache_control_header,
    parse_content_range_header,
    parse_cookie,
    parse_csp_header,
    parse_date,
    parse_dict_header,
    parse_etags,
    parse_if_range_header,
    parse_list_header,
    parse_options_header,
    parse_range_header,
    parse_set_header,
)
from asyncflask.wrappers import Request
from asyncflask.wrappers.body import Body
from asyncflask.wrappers.forms import FormLimits, open_spooled_file
from asyncflask.wrappers.multipart_form import MultipartForm

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = FormLimits(memory=2_000, parts=20)
FILE = bytes(range(256)) * 40
DEFENCE = re.compile(rb"[^\t\x20-\x7e\x80-\xff]")


def make_scope(path: str = "/", headers: list[tuple[bytes, bytes]] | None = None) -> dict[str, Any]:
    """A GET request as a server describes it."""
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogateescape"),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), *(headers or [])],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
    }


def ask(app: Flask, scope: dict[str, Any]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Call an app without a server: the status, headers and body of its answer."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def call() -> None:
        await app(scope, anyio.sleep_forever, send)

    anyio.run(call)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], sent[0]["headers"], body


def is_field_value(value: bytes) -> bool:
    """Whether a server may send it as a header."""
    return DEFENCE.search(value) is None


def check_code(error: HTTPException, *codes: int) -> None:
    """See that a refusal is one of these."""
    assert error.code in codes, f"{error.code} {error.description}"


# -- bodies


def check_form(data: bytes) -> None:
    """A URL-encoded form is parsed within its limits, or refused with a 4xx."""
    headers = [
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"content-length", b"%d" % len(data)),
    ]
    asked = Request(make_scope(headers=headers))
    asked.max_form_memory_size, asked.max_form_parts = LIMITS.memory, LIMITS.parts
    asked._attach_body(Body.from_bytes(data))

    try:
        form = asked.form
    except HTTPException as error:
        check_code(error, 400, 413)
        return

    assert len(list(form.items(multi=True))) <= LIMITS.parts
    assert len(data) <= LIMITS.memory


def check_multipart(data: bytes) -> None:
    """However it is cut into chunks, a form is the same, or refused with the same 4xx.

    Save for what precedes the first boundary, which may be skipped as well as refused.
    """
    cut, data = (data[0] or 1, data[1:]) if data else (1, data)

    whole = _parse_multipart([data])
    pieces = _parse_multipart([data[at : at + cut] for at in range(0, len(data), cut)])

    if data.startswith(b"--fuzz"):
        assert pieces == whole


def _parse_multipart(chunks: list[bytes]) -> Any:
    form = MultipartForm("fuzz", LIMITS, open_spooled_file, None)
    try:
        for chunk in chunks:
            form.feed(chunk)
        parsed = form.finish()
    except HTTPException as error:
        form.close()
        check_code(error, 400, 413)
        return error.code
    parsed.require_within(LIMITS)
    files = []
    for name, file in parsed.files:
        files.append((name, file.filename, file.content_type, file.read()))
        file.close()
    assert len(parsed.fields) + len(files) <= LIMITS.parts
    return parsed.fields, files


# -- headers


def check_cookies(data: bytes) -> None:
    """A Cookie header is read; what is written can be sent, and is read as it was."""
    text = data.decode("latin-1")
    read = parse_cookie(text)
    assert all(isinstance(value, str) for value in read.values())

    name, _, value = data.decode("utf-8", "replace").partition("=")
    try:
        written = dump_cookie(name, value, max_size=0)
    except (ValueError, TypeError):
        # A name, or a character, that no cookie may have.
        return

    assert is_field_value(written.encode("latin-1"))
    assert written.count(";") == 1
    assert list(parse_cookie(written.partition(";")[0]).values()) == [value]


def check_headers(data: bytes) -> None:
    """Each header's parser gives a value that can be written again, or nothing."""
    text = data.decode("latin-1")
    parsers: list[Callable[[str], Any]] = [
        parse_accept_header,
        parse_cache_control_header,
        parse_content_range_header,
        parse_csp_header,
        parse_date,
        parse_dict_header,
        parse_etags,
        parse_list_header,
        parse_options_header,
        parse_set_header,
        Authorization.from_header,
        WWWAuthenticate.from_header,
    ]
    for parse in parsers:
        str(parse(text))
    asked = Request(make_scope(headers=[(b"accept", data), (b"content-type", data)]))
    assert isinstance(asked.mimetype, str)
    assert isinstance(asked.accept_mimetypes.best, (str, type(None)))


def check_ranges(data: bytes) -> None:
    """A file is answered whole, in a part that is its own, or not at all: 200, 206, 304, 416."""
    first, _, second = data.partition(b"\n")
    headers = [(b"range", b"bytes=" + first), (b"if-range", second), (b"if-none-match", second)]
    parse_range_header("bytes=" + first.decode("latin-1"))
    parse_if_range_header(second.decode("latin-1"))

    status, answered, body = ask(_file_app(), make_scope("/file", headers))

    fields = dict(answered)
    assert status in {200, 206, 304, 412, 416}
    if status == 200:
        assert body == FILE
    if status == 206:
        span = re.fullmatch(rb"bytes (\d+)-(\d+)/%d" % len(FILE), fields[b"content-range"])
        assert span is not None
        assert body == FILE[int(span[1]) : int(span[2]) + 1]


def _file_app() -> Flask:
    app = Flask("fuzz_ranges")

    @app.get("/file")
    async def file() -> Any:
        response = app.response_class(FILE, mimetype="application/octet-stream")
        response.add_etag()
        return response.make_conditional(request, accept_ranges=True, complete_length=len(FILE))

    return app


# -- addresses


def check_host_and_url(data: bytes) -> None:
    """A URL has the Host that was sent and is trusted, or asking for it is a 400."""
    host, _, target = data.partition(b"\n")
    path, _, query = target.partition(b"?")
    scope = make_scope("/" + path.decode("utf-8", "replace"))
    scope |= {"headers": [(b"host", host)], "query_string": query}
    asked = Request(scope)
    asked.trusted_hosts = ["example.com", ".example.org"]

    assert asked.path.startswith("/")
    list(asked.args.items(multi=True))
    try:
        url = asked.url
    except HTTPException as error:
        check_code(error, 400)
        return

    name = asked.host.partition(":")[0].lower()
    assert name == "example.com" or f".{name}".endswith(".example.org")
    shown = re.split("[:/?]", url.removeprefix("http://"), maxsplit=1)[0]
    assert _in_ascii(shown) == _in_ascii(name)


def _in_ascii(host: str) -> str:
    """An international name may be spelled as people read it."""
    return host if host.isascii() else host.encode("idna").decode()


def check_routing(data: bytes) -> None:
    """Each path gets an answer; redirects stay on the origin, and numbers are numbers."""
    path = "/" + data.decode("utf-8", "surrogateescape")

    status, answered, _ = ask(_routed_app(), make_scope(path))

    fields = dict(answered)
    assert status in {200, 301, 302, 308, 400, 404, 405}
    assert all(is_field_value(value) for value in fields.values())
    if b"location" in fields:
        location = fields[b"location"].decode("ascii")
        assert re.match(r"http://localhost(/|$)|/(?![/\\])", location)


def _routed_app() -> Flask:
    app = Flask("fuzz_routing")

    @app.get("/n/<int:number>")
    async def number(number: int) -> dict[str, int]:
        return {"number": number}

    @app.get("/f/<float:number>/")
    async def real(number: float) -> dict[str, float]:
        return {"number": number}

    @app.get("/p/<path:rest>/edit")
    @app.get("/s/<string(length=3):rest>")
    @app.get("/u/<uuid:rest>")
    @app.get("/a/<any(one, two):rest>")
    async def text(rest: object) -> str:
        return str(rest).encode("utf-8", "replace").decode()

    @app.get("/to/<path:target>")
    async def to(target: str) -> Any:
        # Quoted, as its documentation asks for what comes from a client.
        return redirect("/" + quote(target, errors="replace").lstrip("/"))

    return app


# -- sessions


def check_session(data: bytes) -> None:
    """A cookie that the app has not signed is no session."""
    app = Flask("fuzz_session")
    app.secret_key = "fuzz" * 8
    cookie = b"session=" + data

    @app.get("/")
    async def show() -> dict[str, Any]:
        return dict(session)

    status, _, body = ask(app, make_scope("/", [(b"cookie", cookie)]))

    assert (status, body) == (200, b"{}\n")


TARGETS: dict[str, tuple[Callable[[bytes], None], tuple[bytes, ...]]] = {
    "form": (check_form, (b"a=1&b=2", b"a=%41+%zz&&=&x", b"%ff=%00")),
    "multipart": (
        check_multipart,
        (
            b"\x05--fuzz\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--fuzz--\r\n",
            b'\x01--fuzz\r\nContent-Disposition: form-data; name="f"; filename="x.txt"\r\n'
            b"Content-Type: text/plain\r\n\r\n--fuz\r\n\r\n--fuzz--\r\n",
        ),
    ),
    "cookies": (check_cookies, (b'a=b; c="d\\073e"', b"name=v\xc3\xa4lue;x", b"a=")),
    "headers": (
        check_headers,
        (
            b"text/html;q=0.8, */*;q=0.1",
            b'Basic YTpi, Digest realm="x", nonce=y',
            b"max-age=1, private=a",
            b'form-data; name="a"; filename*=UTF-8\'\'%e2%82%ac; x*0="a"; x*1=b',
            b'W/"a", "b", *',
            b"bytes 0-1/2",
            b"Sun, 06 Nov 1994 08:49:37 GMT",
        ),
    ),
    "ranges": (check_ranges, (b'0-1\n"a"', b"-5\nSun, 06 Nov 1994 08:49:37 GMT", b"0-,1-2,-3\n*")),
    "host_and_url": (
        check_host_and_url,
        (b"example.com\na?b=c", b"a.example.org:80\n%2f..?x=%zz", b"[::1]:5\n\\"),
    ),
    "routing": (
        check_routing,
        (b"n/5", b"f/1.5", b"p/a//b/../edit", b"to//evil.example", b"a/one", b"s/abc/", b"//x"),
    ),
    "session": (
        check_session,
        (b"eyJhIjoxfQ.aaaaaa.bbbbbb", b".eJwrSS0uAQAEXQHB.Z.z", b"a.b.c; session=d"),
    ),
}
"""By name: what is checked, and what to start from."""
