"""The parts of a request's URL."""

from __future__ import annotations

import io
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Request as WerkzeugRequest

from asyncflask.exceptions import BadHost, BadRequest, SecurityError
from asyncflask.wrappers.request_url import ESCAPE_UNDECODABLE, parse_query

PARTS = (
    "path",
    "full_path",
    "root_path",
    "script_root",
    "url",
    "base_url",
    "url_root",
    "root_url",
    "host",
    "host_url",
    "query_string",
    "scheme",
    "is_secure",
)


def as_werkzeug(scope):
    """Werkzeug's request for the same bytes."""
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope["root_path"].encode().decode("latin-1"),
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(),
    }
    for name, value in scope["headers"]:
        environ["HTTP_" + name.decode().upper().replace("-", "_")] = value.decode("latin-1")
    return WerkzeugRequest(environ)


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/", {}),
        ("/", {"query_string": b"a=b"}),
        ("/", {"query_string": b"a=%zz%ff&b=%C3%BC%26%2B&c=+d+&e"}),
        ("/", {"query_string": "q=ü&x=%C3%BC".encode()}),
        ("/", {"query_string": b" \"<>\\^`{|}[]#?;:@!$&'()*+,=~-._%41%zz\x00\x7f"}),
        ("/ü/x y%", {}),
        ("/a;b?c#d", {}),
        ("/ \"<>\\^`{|}[]#?;:@!$&'()*+,=~-._%41%zz\x00\x7f", {}),
        ("/%c3%bc%2f%2F%41%C3", {}),
        ("//x//y", {}),
        ("", {}),
        ("/x", {"headers": {"Host": "EXAMPLE.com:80"}}),
        ("/x", {"headers": {"Host": "example.com:443"}, "scheme": "https"}),
        ("/x", {"headers": {"Host": "example.com:80"}, "scheme": "https"}),
        ("/x", {"headers": {"Host": "xn--mnchen-3ya.de:8080"}}),
        ("/x", {"headers": {"Host": "[::1]:8000"}}),
        ("/x", {"headers": {"Host": "foo:"}}),
        ("/x", {"headers": {"Host": ""}}),
    ],
)
def test_every_part_is_as_werkzeug_gives_it(make_request, path, scope):
    """Paths, queries, hosts and URLs agree with Werkzeug's for the same request."""
    request = make_request(path, **scope)
    theirs = as_werkzeug(request.scope)

    parts = {name: getattr(request, name) for name in PARTS}

    assert parts == {name: getattr(theirs, name) for name in PARTS}
    assert list(request.args.items(multi=True)) == list(theirs.args.items(multi=True))


@pytest.mark.parametrize(
    ("root_path", "path", "below"),
    [
        ("/api", "/api/x", "/x"),
        ("/api", "/x", "/x"),
        ("/api", "/api", "/"),
        ("/api", "/api/", "/"),
        ("/api/", "/api/x", "/x"),
        ("/api", "/apiary/x", "/apiary/x"),
        ("/api", "/evil/api/x", "/evil/api/x"),
        ("/api", "/api/api/x", "/api/x"),
        ("", "/x", "/x"),
    ],
)
def test_the_path_is_what_lies_below_the_root_path(make_request, root_path, path, below):
    """The prefix is taken off where the server left it in, and only at its boundary."""
    request = make_request(path, root_path=root_path)

    assert request.path == below


def test_the_root_path_is_part_of_the_urls(make_request):
    """root_url ends with the mount point, base_url has the path below it."""
    request = make_request("/äpp/x y", root_path="/äpp", query_string=b"a=b")

    assert request.root_url == request.url_root == "http://localhost/äpp/"
    assert request.base_url == "http://localhost/äpp/x%20y"
    assert request.url == "http://localhost/äpp/x%20y?a=b"
    assert request.root_path == request.script_root == "/äpp"


def test_without_a_host_header_the_server_is_the_host(make_request):
    """The server's address stands in, in brackets where it has colons."""
    request = make_request("/", server=("::1", 8000))
    request.scope["headers"] = []

    assert request.host == "[::1]:8000"
    assert request.server == ("::1", 8000)


def test_behind_a_unix_socket_the_host_is_localhost(make_request):
    """The path of a socket is no host."""
    request = make_request("/", server=("/run/app.sock", None))
    request.scope["headers"] = []

    assert request.host == "localhost"


@pytest.mark.parametrize("query", [b"a=\xff", b"a=%ff"])
def test_bytes_that_are_no_utf_8_stay_percent_escapes(make_request, query):
    """Neither raw nor escaped do they raise, and both can be told from the text."""
    request = make_request("/", query_string=query)

    assert request.args["a"] == "%FF"
    assert request.url == "http://localhost/?a=%FF"


PIECES = [b"&", b"=", b"+", b"%", b"a", b"C3", b"%26", b"%3d", b"%3D", b"%2B", b"%C3", b"%A9"]
PIECES += [b"\xc3", b"\xa9", b"\xff", b"\xe2\x82\xac", b"\\", b"\n", b";"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
def test_queries_are_read_as_urllib_reads_them(query):
    """Whatever stands in a query, its pairs are those of urllib's parse_qsl."""
    text = query.decode("utf-8", ESCAPE_UNDECODABLE)

    expected = parse_qsl(text, keep_blank_values=True, errors=ESCAPE_UNDECODABLE) if text else []

    assert parse_query(query) == expected


def test_only_the_ampersand_separates_parameters(make_request):
    """A semicolon is part of the value; values may be empty and repeat."""
    request = make_request("/", query_string=b"a=1;b=2&a&=c&&d=x=y")

    assert request.args.to_dict(flat=False) == {"a": ["1;b=2", ""], "": ["c"], "d": ["x=y"]}


def test_args_cannot_be_changed(make_request):
    """The parameters are immutable."""
    request = make_request("/", query_string=b"a=1")

    with pytest.raises(TypeError):
        request.args["a"] = "2"


@pytest.mark.parametrize(
    "host",
    [b"\x8a", "\x8a".encode(), b"a b", b"foo/bar", b"a@b", b"foo:bar", b"[::1", b"a\\b", b"<x>"],
)
def test_a_host_of_garbage_is_a_bad_request(make_request, host):
    """What cannot be a host is refused where the host is asked for."""
    request = make_request("/", headers={"Host": host})

    with pytest.raises(BadHost) as caught:
        _ = request.host

    assert caught.value.code == 400


def test_an_international_host_is_fine(make_request):
    """Letters beyond ASCII make a host, if IDNA knows them."""
    request = make_request("/", headers={"Host": "ęxample.com".encode()})

    assert request.host == "ęxample.com"
    assert request.url == "http://ęxample.com/"


def test_a_broken_idna_host_stays_as_it_is(make_request):
    """An xn-- label that decodes to nothing is shown undecoded."""
    request = make_request("/", headers={"Host": "xn--a"})

    assert request.url == "http://xn--a/"


@pytest.mark.parametrize(
    ("host", "trusted"),
    [
        ("example.org", "example.org"),
        ("example.org:8080", "example.org"),
        ("EXAMPLE.org", "example.org"),
        ("example.org", ".example.org"),
        ("a.b.example.org:80", ".example.org"),
        ("xn--n3h.net", "☃.net"),
        ("[::1]:8000", "[::1]"),
    ],
)
def test_a_trusted_host_is_given(make_request, host, trusted):
    """Ports and case don't matter; a leading dot takes in all subdomains."""
    request = make_request("/", headers={"Host": host})
    request.trusted_hosts = [trusted]

    assert request.host == host.removesuffix(":80")


@pytest.mark.parametrize(
    ("host", "trusted"),
    [
        ("evilexample.org", ".example.org"),
        ("a.example.org", "example.org"),
        ("localhost", "*"),
    ],
)
def test_an_untrusted_host_is_a_security_error(make_request, host, trusted):
    """A host that is not on the list answers 400 where the host or a URL is asked for."""
    request = make_request("/", headers={"Host": host})
    request.trusted_hosts = [trusted]

    for part in ("host", "url", "host_url"):
        with pytest.raises(SecurityError, match="not trusted"):
            getattr(request, part)
    assert issubclass(SecurityError, BadRequest)


def test_the_configuration_names_trusted_hosts(make_request, make_app):
    """TRUSTED_HOSTS holds where the request has no list of its own."""
    request = make_request("/", app=make_app(TRUSTED_HOSTS=["example.org"]))

    with pytest.raises(SecurityError):
        _ = request.host


def test_the_repr_shows_the_url_and_never_fails(make_request):
    """A broken host is told in place of the URL."""
    fine = make_request("/", query_string=b"a=b")
    broken = make_request("/", headers={"Host": "foo:bar"}, method="POST")

    assert repr(fine) == "<Request 'http://localhost/?a=b' [GET]>"
    assert repr(broken).startswith('<Request "(invalid URL: 400 Bad Request')
    assert repr(broken).endswith("[POST]>")
