"""Requests that tests build."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest
import werkzeug.test
import werkzeug.wrappers

from asyncflask.datastructures import Authorization, Headers, MultiDict
from asyncflask.wrappers import Request

# Scope


def test_scope_is_complete(build):
    """Everything that ASGI asks for is there."""
    scope = build("/a%20b?q=1").get_scope()

    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/a b",
        "raw_path": b"/a%20b",
        "query_string": b"q=1",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 80),
        "extensions": {},
    }


def test_scope_has_a_name_of_wsgis(build):
    """get_environ gives what app.request_context takes."""
    builder = build("/a")

    assert builder.get_environ() == builder.get_scope()


def test_path_in_scope_includes_the_root_path(build):
    """As ASGI has it, the path begins with the root path."""
    scope = build("/a", base_url="http://localhost/r/").get_scope()

    assert (scope["path"], scope["raw_path"], scope["root_path"]) == ("/r/a", b"/r/a", "/r")


@pytest.mark.parametrize("path", ["/ä ö", "/%C3%A4%20ö"])
def test_paths_are_quoted_and_decoded(build, path):
    """Letters may be quoted or not."""
    scope = build(path).get_scope()

    assert scope["path"] == "/ä ö"
    assert scope["raw_path"] == b"/%C3%A4%20%C3%B6"


@pytest.mark.parametrize("path", ["", "?a=1"])
def test_no_path_is_the_root(request_of, path):
    """A path is never empty."""
    assert request_of(path).path == "/"


def test_relative_path_begins_at_the_root(build):
    """A slash is put in front where there is none."""
    assert build("a").get_scope()["path"] == "/a"


def test_host_in_other_letters_is_sent_in_idna(build):
    """The Host header is ASCII."""
    scope = build(base_url="http://bücher.example:81/").get_scope()

    assert scope["headers"] == [(b"host", b"xn--bcher-kva.example:81")]


@pytest.mark.parametrize(
    ("base_url", "server"),
    [
        ("http://example.org", ("example.org", 80)),
        ("https://example.org", ("example.org", 443)),
        ("http://example.org:8080", ("example.org", 8080)),
        ("http://[::1]", ("::1", 80)),
        ("http://[::1]:8080", ("::1", 8080)),
    ],
)
def test_server_is_where_the_host_is(build, base_url, server):
    """The server's port is the host's, else the scheme's."""
    builder = build(base_url=base_url)

    assert builder.get_scope()["server"] == server
    assert (builder.server_name, builder.server_port) == server


# Addresses


def test_address_comes_from_the_configuration(app, request_of):
    """SERVER_NAME, APPLICATION_ROOT and PREFERRED_URL_SCHEME are the defaults."""
    app.config.update(
        SERVER_NAME="example.org:5000", APPLICATION_ROOT="/shop", PREFERRED_URL_SCHEME="https"
    )

    assert request_of("/a").url == "https://example.org:5000/shop/a"


def test_whole_url_overrides_the_configuration(app, request_of):
    """A path may be a URL; the root path stays the configured one."""
    app.config.update(SERVER_NAME="example.org", APPLICATION_ROOT="/shop")

    assert request_of("https://other.org/a?b=c").url == "https://other.org/shop/a?b=c"


def test_url_may_leave_the_scheme_out(app, request_of):
    """Two slashes begin a host."""
    app.config["PREFERRED_URL_SCHEME"] = "https"

    assert request_of("//other.org/a").url == "https://other.org/a"


def test_subdomain_is_one_of_the_server_name(app, request_of):
    """A subdomain is put in front of SERVER_NAME."""
    app.config["SERVER_NAME"] = "example.org"

    assert request_of("/", subdomain="api").url == "http://api.example.org/"


def test_scheme_may_be_chosen(request_of):
    """url_scheme goes over PREFERRED_URL_SCHEME."""
    assert request_of("/", url_scheme="https").url == "https://localhost/"


@pytest.mark.parametrize("other", [{"subdomain": "api"}, {"url_scheme": "https"}])
def test_base_url_says_it_all(build, other):
    """base_url beside another part of the address is refused."""
    with pytest.raises(
        AssertionError, match=r"Put them into base_url, which is 'http://example.org'"
    ):
        build("/", base_url="http://example.org", **other)


@pytest.mark.parametrize("base_url", ["http://localhost/?q=1", "http://localhost/#top"])
def test_base_url_has_no_query(build, base_url):
    """A query or fragment in base_url is refused."""
    with pytest.raises(
        ValueError, match="base url must not contain a query string or fragment, but"
    ):
        build("/", base_url=base_url)


def test_base_url_goes_over_the_host_of_a_url(request_of):
    """Of a URL beside base_url the path is taken."""
    assert request_of("http://other.org/a", base_url="http://example.org/").url == (
        "http://example.org/a"
    )


def test_address_can_be_changed(build):
    """The parts of base_url are attributes."""
    builder = build("/a")
    builder.host = "example.org:81"
    builder.script_root = "/r"
    builder.url_scheme = "https"
    builder.path = "/b"

    request = builder.get_request()

    assert builder.base_url == "https://example.org:81/r/"
    assert request.url == "https://example.org:81/r/b"


def test_base_url_can_be_set(build):
    """Setting base_url sets its parts; None is the default one."""
    builder = build("/a", base_url="http://example.org/r/")
    builder.base_url = "https://other.org/s/"
    parts = builder.url_scheme, builder.host, builder.script_root
    builder.base_url = None

    assert parts == ("https", "other.org", "/s")
    assert builder.base_url == "http://localhost/"


# Query


def test_query_may_be_in_the_path(request_of):
    """What follows the question mark is the query."""
    assert request_of("/?a=1&a=2").args.getlist("a") == ["1", "2"]


def test_query_may_be_text(request_of):
    """Text is sent as it stands, in UTF-8."""
    request = request_of("/", query_string="q=ä b")

    assert request.query_string == "q=ä b".encode()
    assert request.args["q"] == "ä b"


def test_query_may_be_a_mapping(request_of):
    """Names and values are quoted; lists are several values."""
    request = request_of("/", query_string={"a": [1, 2], "b": "ä &", "c": None})

    assert request.query_string == b"a=1&a=2&b=%C3%A4+%26"


def test_two_queries_are_refused(build):
    """One in the path and one beside it contradict each other."""
    with pytest.raises(
        ValueError, match="Query string is defined in the path and as an argument: "
    ):
        build("/?a=1", query_string={})


def test_arguments_of_the_query_can_be_changed(build):
    """args of a query given as a mapping may be added to."""
    builder = build("/", query_string={"a": "1"})
    builder.args.add("b", "2")

    assert builder.query_string == "a=1&b=2"
    assert builder.request_uri == "/?a=1&b=2"


def test_query_of_text_has_no_arguments(build):
    """args of a query given as text raise."""
    builder = build("/?a=1")

    with pytest.raises(AttributeError, match=r"a query string is defined.*set args"):
        _ = builder.args


def test_arguments_replace_the_query(build):
    """Setting args drops the text, and the other way round."""
    builder = build("/?a=1")
    builder.args = MultiDict({"b": "2"})
    of_args = builder.query_string
    builder.query_string = "c=3"

    assert (of_args, builder.query_string) == ("b=2", "c=3")


# Headers


@pytest.mark.parametrize(
    "headers", [{"X-A": ["1", "2"]}, [("X-A", "1"), ("X-A", "2")], Headers([("X-A", "1")])]
)
def test_headers_may_be_given_in_any_form(request_of, headers):
    """A mapping, pairs and Headers are all taken."""
    assert request_of("/", headers=headers).headers.getlist("X-A")[0] == "1"


def test_host_header_goes_over_the_base_url(request_of):
    """A Host header of the test's own is sent."""
    assert request_of("/", headers={"Host": "other.org"}).host == "other.org"


def test_credentials_may_be_a_pair(request_of):
    """User name and password are Basic credentials."""
    authorization = request_of("/", auth=("ä", "p:w")).authorization

    assert (authorization.type, authorization.username, authorization.password) == (
        "basic",
        "ä",
        "p:w",
    )


def test_credentials_may_be_of_any_kind(request_of):
    """Other credentials are an Authorization object."""
    request = request_of("/", auth=Authorization("bearer", token="abc"))

    assert request.headers["Authorization"] == "Bearer abc"


def test_method_is_kept_as_it_is(build):
    """The method may be any."""
    assert build("/", method="PURGE").get_scope()["method"] == "PURGE"


def test_content_type_goes_over_that_of_the_headers(build):
    """The argument beats the header."""
    builder = build("/", content_type="a/b", headers={"Content-Type": "c/d"})

    assert builder.headers.getlist("Content-Type") == ["a/b"]


@pytest.mark.parametrize(
    ("mimetype", "content_type"),
    [("text/plain", "text/plain; charset=utf-8"), ("image/png", "image/png")],
)
def test_mimetype_of_text_gets_a_charset(build, mimetype, content_type):
    """mimetype makes a content type."""
    builder = build("/", mimetype=mimetype, content_type="a/b")

    assert builder.content_type == content_type
    assert builder.mimetype == mimetype


def test_parameters_of_the_content_type_can_be_changed(build):
    """Changing mimetype_params changes the header."""
    builder = build("/", content_type="text/plain; a=b")
    builder.mimetype_params["c"] = "d"

    assert builder.content_type == "text/plain; a=b; c=d"


def test_content_headers_can_be_taken_away(build):
    """None removes a header."""
    builder = build("/", content_type="text/plain", content_length=3)
    builder.content_type = None
    builder.content_length = None

    assert list(builder.headers) == []


def test_length_of_no_body_may_be_claimed(build):
    """Without a body the length that was set is sent."""
    assert (b"content-length", b"5") in build("/", content_length=5).get_scope()["headers"]


# JSON


def test_json_is_written_by_the_app(app, request_of):
    """The provider of the app writes it."""
    app.json.sort_keys = False

    request = request_of("/", json={"b": Decimal("1.5"), "a": "ä"})

    assert request.data == b'{"b": "1.5", "a": "\\u00e4"}'
    assert request.content_type == "application/json"


@pytest.mark.parametrize("value", [False, 0, "", []])
def test_false_values_are_json_too(request_of, value):
    """Only None is no JSON."""
    assert request_of("/", json=value).json == value


@pytest.mark.parametrize(
    "given",
    [{"content_type": "application/vnd.shop+json"}, {"mimetype": "application/vnd.shop+json"}],
)
def test_json_may_have_another_type(request_of, given):
    """A content type that was given stays."""
    assert request_of("/", json={}, **given).mimetype == "application/vnd.shop+json"


def test_json_beside_data_is_refused(build):
    """There is one body."""
    with pytest.raises(TypeError, match=r"Can't provide both json and data.*only one"):
        build("/", json={}, data=b"")


# Body


@pytest.mark.parametrize("data", ["ä", b"\xc3\xa4", bytearray(b"\xc3\xa4"), BytesIO(b"\xc3\xa4")])
def test_body_may_be_text_bytes_or_a_file(request_of, data):
    """Text is sent as UTF-8; no content type is made up."""
    request = request_of("/", data=data)

    assert request.get_data() == b"\xc3\xa4"
    assert (request.content_length, request.content_type) == (2, None)


@pytest.mark.parametrize("data", [None, "", b"", {}])
def test_empty_body_has_no_headers(build, data):
    """Nothing is sent, not even a length."""
    assert build("/", data=data).get_scope()["headers"] == [(b"host", b"localhost")]


def test_length_is_that_of_the_body(build):
    """What was claimed about the length of a body does not count."""
    builder = build("/", data=b"abc", headers={"Content-Length": "7"})

    assert (b"content-length", b"3") in builder.get_scope()["headers"]


def test_input_stream_is_the_body(request_of):
    """A file may be given as the body."""
    assert request_of("/", input_stream=BytesIO(b"abc")).get_data() == b"abc"


def test_body_can_be_had_again(build):
    """A stream is read from where it was, each time."""
    stream = BytesIO(b"0123")
    stream.seek(1)
    builder = build("/", input_stream=stream)

    assert builder.get_data() == builder.get_data() == builder.get_body().raw == b"123"


def test_data_beside_an_input_stream_is_refused(build):
    """There is one body."""
    with pytest.raises(TypeError, match=r"Can't provide input stream and data.*only one"):
        build("/", data="a", input_stream=BytesIO())


@pytest.mark.parametrize("data", [5, [("a", "b")], object()])
def test_other_data_is_refused(build, data):
    """What is no body is named, and what to pass."""
    with pytest.raises(TypeError, match=f"'{type(data).__name__}'.*json="):
        build("/", data=data)


# Requests


def test_request_may_be_of_another_class(build):
    """get_request takes a class."""

    class ShopRequest(Request):
        pass

    assert type(build("/").get_request(ShopRequest)) is ShopRequest


def test_json_is_written_with_options(build):
    """json_dumps passes its options on."""
    assert build("/").json_dumps({"a": [1]}, indent=None, separators=(",", ":")) == '{"a":[1]}'


# Against Werkzeug


@pytest.mark.parametrize(
    ("args", "options"),
    [
        (("/",), {}),
        (("/ä b/%20",), {"query_string": "q=ä b"}),
        (("/a%2Fb;c=d?x=1;2",), {}),
        (("/a%zz",), {}),
        (("/a?",), {}),
        (("/#fragment",), {}),
        (("/x",), {"base_url": "http://example.org/b/"}),
        (("/x",), {"base_url": "https://example.org:444/b"}),
        (("/",), {"base_url": "http://☃.net/ü"}),
        (("/",), {"query_string": {"a": [1, 2], "b": None, "c": "ä ö", "e": b"\xff"}}),
        (("/",), {"query_string": {"next": "https://a.b/?c=d&e=f", "f": "!$'()*,;@ %+#[]~"}}),
        (("/",), {"data": {"a": [1, 2], "b": "ä c", "c": None}, "method": "POST"}),
        (("/",), {"data": "ä"}),
        (("/",), {"headers": {"X-A": "1", "Host": "foo", "Content-Type": "text/x"}}),
        (("/",), {"headers": {"api_key": "1", "X_B-c": "2"}}),
        (("/",), {"auth": ("u", "pä")}),
        (("/",), {"mimetype": "text/html", "data": "x"}),
    ],
)
def test_requests_are_werkzeugs(build, args, options):
    """The request's address, headers and body are those that Werkzeug builds."""
    theirs = werkzeug.test.EnvironBuilder(*args, **options).get_request()
    request = build(*args, **options).get_request()

    assert request.path == theirs.path
    assert request.root_path == theirs.root_path
    assert request.query_string == theirs.query_string
    assert request.method == theirs.method
    assert sorted(request.headers) == sorted(theirs.headers)
    assert request.get_data() == theirs.get_data()


def test_a_request_is_made_without_an_app():
    """`Request.from_values` takes what a builder takes; a subclass makes its own."""

    class Own(Request):
        pass

    request = Own.from_values("/a?b=1", method="POST", json={"c": "é"})

    assert (type(request), request.url) == (Own, "http://localhost/a?b=1")
    assert (request.args, request.json) == (MultiDict({"b": "1"}), {"c": "é"})


def test_a_request_without_an_app_is_werkzeugs():
    """It has the same address, headers and body."""
    options = {"base_url": "https://x.example/y", "data": {"k": "ä"}, "headers": {"X-A": "1"}}

    request = Request.from_values("/a", method="PUT", **options)

    theirs = werkzeug.wrappers.Request.from_values("/a", method="PUT", **options)
    assert (request.url, request.method) == (theirs.url, theirs.method)
    assert sorted(request.headers) == sorted(theirs.headers)
    assert request.form == theirs.form
