"""Ranges, conditions and other headers of a request that could cost more than they are worth."""

from __future__ import annotations

import encodings

import pytest

from asyncflask import Flask, request, send_file
from asyncflask.datastructures import CharsetAccept, LanguageAccept, MIMEAccept, RequestHeaders
from asyncflask.datastructures.accept import _parse_mimetype
from asyncflask.http import (
    parse_accept_header,
    parse_cache_control_header,
    parse_cookie,
    parse_date,
    parse_dict_header,
    parse_etags,
    parse_if_range_header,
    parse_list_header,
    parse_options_header,
    parse_range_header,
    parse_set_header,
)

CONTENT = bytes(range(256)) * 400
HOST = "Host: localhost"


@pytest.fixture(scope="module")
def server(serve, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "file.bin"
    path.write_bytes(CONTENT)
    app = Flask("conditions", static_folder=path.parent, static_url_path="/static")
    app.add_url_rule("/file", view_func=lambda: send_file(path))

    @app.get("/next")
    def answer_next():
        return "next"

    @app.get("/headers")
    def headers():
        return {
            "range": request.range is not None and len(request.range.ranges),
            "joined": len(request.headers.get("X-Many", "")),
            "each": len(request.headers.getlist("X-Many")),
            "environ": len(request.environ.get("HTTP_X_MANY", "")),
        }

    # Longer headers than uvicorn takes by default: other servers do.
    return serve(app, h11_max_incomplete_event_size=1_000_000)


def ranges(count):
    return "bytes=" + ",".join(f"{2 * n}-{2 * n}" for n in range(count))


@pytest.mark.parametrize(("count", "seen"), [(1, 1), (100, 100), (101, False), (5000, False)])
def test_a_request_has_100_ranges_at_most(server, count, seen):
    """More are no ranges at all."""
    answer = server.ask("GET /headers HTTP/1.1", HOST, f"Range: {ranges(count)}")

    assert f'"range":{str(seen).lower()}' in answer.text


@pytest.mark.timeout(20)
@pytest.mark.parametrize("path", ["/file", "/static/file.bin"])
@pytest.mark.parametrize(
    "wanted",
    [
        ranges(7000),
        "bytes=" + "0-," * 15_000,
        "bytes=" + "0-0," * 15_000,
        "bytes=" + "," * 50_000,
        "bytes=" + "-" * 50_000,
        "bytes=0-" + "9" * 50_000,
        "bytes=" + " " * 50_000 + "0-0",
        "bytes" + "=" * 50_000,
        "bytes=0-0" + "\t" * 50_000 + ",1-1",
    ],
    ids=range(9),
)
def test_no_range_costs_more_than_the_file(server, path, wanted):
    """206 or 416, with one part of the file at most; the server goes on."""
    answer = server.ask(f"GET {path} HTTP/1.1", HOST, f"Range: {wanted}")

    assert answer.status in {206, 416}
    assert len(answer.body) <= len(CONTENT)
    assert server.ask("GET /next HTTP/1.1", HOST).text == "next"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "field", ["If-Match", "If-None-Match", "If-Range", "If-Modified-Since", "If-Unmodified-Since"]
)
@pytest.mark.parametrize(
    "value",
    [
        '"",' * 15_000,
        'W/"' * 15_000,
        '"' * 50_000,
        '"x' * 25_000,
        "," * 50_000,
        " " * 50_000 + "x",
        '"a"' + " " * 50_000 + "x",
        "W/" * 25_000,
        "Thu, " * 10_000,
        "Thu, 01 Jan " + "9" * 50_000,
        "1 " * 25_000,
        "((" * 25_000,
        ":" * 50_000,
        "\xff" * 50_000,
    ],
    ids=range(14),
)
def test_no_condition_costs_more_than_its_length(server, field, value):
    """The answer is that to a condition that holds, or does not."""
    answer = server.ask("GET /file HTTP/1.1", HOST, f"{field}: {value}", "Range: bytes=0-0")

    assert answer.status in {200, 206, 304, 412}
    assert server.ask("GET /next HTTP/1.1", HOST).text == "next"


def test_repeated_headers_are_all_there(server):
    """Joined in one go; the server's own limit is what bounds them."""
    answer = server.ask("GET /headers HTTP/1.1", HOST, *["X-Many: ab"] * 4000)

    assert '"each":4000' in answer.text
    assert '"joined":15998' in answer.text
    assert '"environ":11999' in answer.text


MANY = 300_000

# Each would need hours where a reader starts anew at every character.
LONG = (
    '"' * MANY,
    '\\"' * MANY,
    'a="' * MANY,
    'a="\\' * MANY,
    '="\\";' * MANY,
    ";" * MANY,
    "," * MANY,
    "=" * MANY,
    " " * MANY + "x",
    "a" + " " * MANY + "=b",
    ";" + " " * MANY + "x",
    "a" * MANY,
    "a;a=" * MANY,
    "a;" * MANY,
    "a; a*0=" + "b" * MANY,
    "a; b*" + "1" * MANY,
    "a; b" + "*1" * MANY + "=c",
    "a; b*=" + "'" * MANY,
    "a; b*=utf-8''" + "%" * MANY,
    "a;q=" + "0" * MANY,
    "a;q=" + "." * MANY,
    'W/"' * MANY,
    "W/" * MANY,
    '"a" ' * MANY,
    "-" * MANY,
    "1-1," * MANY,
    "text/html;" * (MANY // 10),
)

PARSERS = (
    parse_cookie,
    parse_options_header,
    parse_list_header,
    parse_dict_header,
    parse_set_header,
    parse_etags,
    parse_if_range_header,
    parse_date,
    parse_cache_control_header,
    parse_accept_header,
    lambda text: parse_accept_header(text, MIMEAccept).best_match(["text/html", "a/b"]),
    lambda text: parse_accept_header(text, LanguageAccept).best_match(["en-GB", "de"]),
    lambda text: parse_accept_header(text, CharsetAccept).best_match(["utf-8"]),
    lambda text: parse_range_header(f"bytes={text}"),
)


@pytest.mark.timeout(40)
@pytest.mark.parametrize("parse", PARSERS, ids=range(len(PARSERS)))
def test_every_parser_is_linear(parse):
    """Very many characters of anything are read in moments."""
    for text in LONG:
        parse(text)


@pytest.mark.timeout(20)
def test_headers_are_found_in_linear_time():
    """However often one of them is repeated."""
    headers = RequestHeaders([(b"x-many", b"a")] * MANY)

    assert len(headers["X-Many"]) == 3 * MANY - 2
    assert len(headers.getlist("x-many")) == MANY
    assert "X-Other" not in headers


def test_charsets_that_nobody_knows_leave_nothing_behind():
    """Python remembers each name that it was asked for, for ever."""
    before = len(encodings._cache)

    for number in range(100):
        accept = parse_accept_header(f"nonsense-{number}, utf8;q=0.5", CharsetAccept)
        assert accept.best_match(["utf-8"]) == "utf-8"

    assert len(encodings._cache) == before


def test_long_media_types_leave_nothing_behind():
    """They match nothing, and are not remembered."""
    before = _parse_mimetype.cache_info().currsize
    long = "text/" + "x" * 10_000

    accept = parse_accept_header(f"{long}, text/html;q=0.5", MIMEAccept)

    assert accept.best_match(["text/html"]) == "text/html"
    assert _parse_mimetype.cache_info().currsize <= before + 1
