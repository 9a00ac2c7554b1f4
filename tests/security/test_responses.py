"""What an app puts into a response unchecked: it ends no header, adds none, and breaks nothing."""

from __future__ import annotations

import io

import pytest

from asyncflask import Flask, Response, abort, make_response, redirect, send_file

HOST = "Host: localhost"
NEXT = ("GET /next HTTP/1.1", HOST)

BREAKS = {"cr": "a\rb", "lf": "a\nb", "crlf": "a\r\nX-Evil: b", "nul": "a\0b", "cookie": "a\nSet-"}


def cookie(**options):
    response = make_response("text")
    response.set_cookie(**{"key": "name", "value": "value"} | options)
    return response


def with_headers(change):
    response = make_response("text")
    change(response)
    return response


MISTAKES = {
    "header": lambda text: ("text", {"X-Name": text}),
    "header-name": lambda text: ("text", {text: "value"}),
    "header-set": lambda text: with_headers(lambda r: r.headers.set("X-Name", text)),
    "header-add": lambda text: with_headers(lambda r: r.headers.add("X-Name", text)),
    "header-option": lambda text: with_headers(lambda r: r.headers.add("X-Name", "a", option=text)),
    "headers-extend": lambda text: with_headers(lambda r: r.headers.extend({"X-Name": text})),
    "headers-update": lambda text: with_headers(lambda r: r.headers.update(X=text)),
    "headers-init": lambda text: Response("text", headers=[("X-Name", text)]),
    "mimetype": lambda text: Response("text", mimetype=text),
    "content-type": lambda text: Response("text", content_type=text),
    "content-language": lambda text: with_headers(lambda r: r.content_language.add(text)),
    "vary": lambda text: with_headers(lambda r: r.vary.add(text)),
    "allow": lambda text: with_headers(lambda r: r.allow.add(text)),
    "realm": lambda text: with_headers(
        lambda r: r.headers.set("WWW-Authenticate", f'Basic realm="{text}"')
    ),
    "etag": lambda text: with_headers(lambda r: r.set_etag(text)),
    "cache-control": lambda text: with_headers(
        lambda r: r.cache_control.__setitem__("private", text)
    ),
    "cookie-name": lambda text: cookie(key=text),
    "cookie-domain": lambda text: cookie(domain=text),
    "cookie-expires": lambda text: cookie(expires=text),
    "cookie-samesite": lambda text: cookie(samesite=text),
    "redirect": lambda text: redirect(f"/{text}"),
    "redirect-host": lambda text: redirect(f"https://{text}.example/"),
    "location": lambda text: with_headers(lambda r: r.headers.set("Location", text)),
    "location-attribute": lambda text: with_headers(lambda r: setattr(r, "location", text)),
    "download-name": lambda text: send_file(
        io.BytesIO(b"x"), mimetype="text/plain", as_attachment=True, download_name=text
    ),
    "inline-name": lambda text: send_file(
        io.BytesIO(b"x"), mimetype="text/plain", download_name=text
    ),
}


@pytest.fixture(scope="module")
def server(serve):
    app = Flask("responses")

    @app.get("/sync/<kind>/<which>")
    def mistake(kind, which):
        return MISTAKES[kind](BREAKS[which])

    @app.get("/async/<kind>/<which>")
    async def mistake_async(kind, which):
        return MISTAKES[kind](BREAKS[which])

    @app.get("/abort/<int:status>")
    def stop(status):
        abort(status)

    @app.get("/status/<int(signed=True):status>")
    def status(status):
        return "text", status

    @app.get("/redirect/<which>")
    def away(which):
        return redirect(LOCATIONS[which][0])

    @app.get("/cookie/<which>")
    def biscuit(which):
        return cookie(**COOKIES[which][0])

    @app.get("/download/<which>")
    def download(which):
        return send_file(
            io.BytesIO(b"x"), mimetype="a/b", as_attachment=True, download_name=NAMES[which][0]
        )

    @app.get("/next")
    def answer_next():
        return "next"

    return serve(app)


@pytest.mark.parametrize("where", ["sync", "async"])
@pytest.mark.parametrize("which", BREAKS)
@pytest.mark.parametrize("kind", MISTAKES)
def test_what_ends_a_header_is_an_error(server, caplog, where, kind, which):
    """Logged, with the text in it; the client sees a 500 on a connection that goes on."""
    with server.connect() as connection:
        answer = connection.ask(f"GET /{where}/{kind}/{which} HTTP/1.1", HOST)
        after = connection.ask(*NEXT)

    assert answer.status == 500
    assert "Internal Server Error</h1>" in answer.text
    assert {"X-Evil", "Set-Cookie", "Location"}.isdisjoint(answer.headers)
    assert after.text == "next"
    [record] = [record for record in caplog.records if record.exc_info]
    assert isinstance(record.exc_info[1], ValueError)
    assert str(record.exc_info[1]).endswith(".")


@pytest.mark.parametrize("status", [0, 1, 99, 100, 101, 199, 600, 999, 1000, 99999])
@pytest.mark.parametrize("way", ["abort", "status"])
def test_a_status_that_is_none_is_an_error(server, caplog, way, status):
    """An ordinary 500, and no dropped connection."""
    with server.connect() as connection:
        answer = connection.ask(f"GET /{way}/{status} HTTP/1.1", HOST)
        after = connection.ask(*NEXT)

    assert answer.status == 500
    assert after.text == "next"
    assert any(record.exc_info for record in caplog.records)


LOCATIONS = {
    "umlaut": ("/ä?ö#ü", "/%C3%A4?%C3%B6#%C3%BC"),
    "idna": ("https://bücher.test/ä", "https://xn--bcher-kva.test/%C3%A4"),
    "space": ("/a b", "/a%20b"),
    "quote": ('/a"b<c>', "/a%22b%3Cc%3E"),
    "backslash": ("/\\evil.example", "/%5Cevil.example"),
    "backslashes": ("\\\\evil.example", "%5C%5Cevil.example"),
    "tab": ("/\t/evil.example", "/%09/evil.example"),
    "surrogate": ("/\ud800", "/%3F"),
    "emoji": ("/\U0001f4a9", "/%F0%9F%92%A9"),
    "separator": ("/\u2028\u0085", "/%E2%80%A8%C2%85"),
    "port": ("http://a:b/ä", None),
    "bracket": ("http://[/ä", None),
}


@pytest.mark.parametrize("which", LOCATIONS)
def test_a_location_is_ascii(server, which):
    """Without spaces and backslashes, too, whatever the app redirects to."""
    answer = server.ask(f"GET /redirect/{which} HTTP/1.1", HOST)

    location = answer.headers["Location"]
    assert answer.status == 302
    assert location.isascii()
    assert location.isprintable()
    assert not set(' \\"<>') & set(location)
    assert not location.startswith("//")
    assert LOCATIONS[which][1] in {None, location}


COOKIES = {
    "value": ({"value": "a; Domain=evil.example"}, '"a\\073 Domain=evil.example"'),
    "value-crlf": ({"value": "a\r\nX-Evil: b"}, '"a\\015\\012X-Evil: b"'),
    "value-nul": ({"value": "a\0b"}, '"a\\000b"'),
    "value-quote": ({"value": '"; Secure; x="'}, '"\\"\\073 Secure\\073 x=\\""'),
    "value-comma": ({"value": "a, b=c"}, '"a\\054 b=c"'),
    "path": ({"path": "/; Domain=evil.example"}, "value"),
    "path-crlf": ({"path": "/\r\nX-Evil: b"}, "value"),
    "path-nul": ({"path": "/\0"}, "value"),
    "path-comma": ({"path": "/, a=b"}, "value"),
}


@pytest.mark.parametrize("which", COOKIES)
def test_no_value_and_no_path_adds_to_a_cookie(server, which):
    """They are escaped; the attributes are those that the app has asked for."""
    answer = server.ask(f"GET /cookie/{which} HTTP/1.1", HOST)

    [header] = answer.headers.get_all("Set-Cookie")
    pair, *attributes = header.split("; ")
    assert pair == f"name={COOKIES[which][1]}"
    assert [attribute.partition("=")[0] for attribute in attributes] == ["Path"]
    assert "X-Evil" not in answer.headers


NAMES = {
    "quote": ('a".exe', 'attachment; filename="a\\".exe"'),
    "quotes": ('a"; x=".sh', 'attachment; filename="a\\"; x=\\".sh"'),
    "backslash": ("a\\", 'attachment; filename="a\\\\"'),
    "semicolon": ("a;b", 'attachment; filename="a;b"'),
    "umlaut": ("ä.txt", "attachment; filename=a.txt; filename*=UTF-8''%C3%A4.txt"),
    "star": ("ä'*", "attachment; filename=a'*; filename*=UTF-8''%C3%A4%27%2A"),
    "separator": ("a\u2028b\u0085.txt", "attachment; filename=ab.txt; filename*=UTF-8''a%E2%80%A8"),
}


@pytest.mark.parametrize("which", NAMES)
def test_a_download_name_stays_within_its_quotes(server, which):
    """No name changes the kind of the file, or adds a parameter."""
    answer = server.ask(f"GET /download/{which} HTTP/1.1", HOST)

    assert answer.status == 200
    assert answer.headers["Content-Disposition"].startswith(NAMES[which][1])
    assert answer.headers["Content-Disposition"].isascii()


def test_an_error_page_says_nothing_of_the_client(server):
    """Neither path nor query is repeated to it."""
    answer = server.ask("GET /<script>alert(1)</script>?<b>=%3Cb%3E HTTP/1.1", HOST)

    assert answer.status == 404
    assert "script" not in answer.text
    assert "<b>" not in answer.text
