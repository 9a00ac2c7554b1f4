"""The scope in the shape of WSGI's environ."""

from __future__ import annotations

import pytest


def test_the_request_line_and_addresses(make_request):
    """The keys that PEP 3333 names, with text beyond ASCII as UTF-8 inside Latin-1."""
    environ = make_request("/äpp/ü", root_path="/äpp", query_string=b"a=b").environ

    assert environ["REQUEST_METHOD"] == "GET"
    assert environ["SCRIPT_NAME"].encode("latin-1").decode() == "/äpp"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/ü"
    assert environ["QUERY_STRING"] == "a=b"
    assert environ["REQUEST_URI"].encode("latin-1").decode() == "/äpp/ü?a=b"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("127.0.0.1", "8000")
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert (environ["REMOTE_ADDR"], environ["REMOTE_PORT"]) == ("192.0.2.1", "5000")
    assert environ["wsgi.url_scheme"] == "http"


def test_headers_have_their_wsgi_names(make_request):
    """Headers of one name are joined; the body's two have no prefix."""
    request = make_request(content_type="text/plain")
    request.scope["headers"] += [
        (b"x-one", b"1"),
        (b"x-one", b"2"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
    ]

    environ = request.environ

    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["HTTP_HOST"] == "localhost"
    assert environ["HTTP_X_ONE"] == "1,2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert "HTTP_CONTENT_TYPE" not in environ


def test_an_underscore_cannot_pass_for_a_hyphen(make_request):
    """A header named with an underscore is left out, as WSGI servers do."""
    environ = make_request(headers={"X_Forwarded_For": "198.51.100.1"}).environ

    assert "HTTP_X_FORWARDED_FOR" not in environ


def test_the_input_is_the_requests_stream(make_request):
    """wsgi.input reads the body."""
    request = make_request(method="POST", body=b"abc")

    assert request.environ["wsgi.input"].read() == b"abc"


def test_keys_of_the_scope_are_added(make_request):
    """A test client or a middleware may add keys, REMOTE_USER for one."""
    request = make_request(**{"asyncflask.environ": {"REMOTE_USER": "ada", "x.y": 1}})

    assert request.environ["x.y"] == 1
    assert request.remote_user == "ada"


def test_it_is_a_read_only_mapping(make_request):
    """It has a mapping's methods, and cannot be assigned to."""
    request = make_request()

    assert dict(request.environ)["asgi.scope"] is request.scope
    assert request.environ.get("REMOTE_USER") is None
    with pytest.raises(TypeError):
        request.environ["a"] = "b"
