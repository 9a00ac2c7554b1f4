"""What a request's headers say, as Python values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from asyncflask.datastructures import HeaderSet
from asyncflask.user_agent import UserAgent
from asyncflask.wrappers.request import Request


def test_the_content_type_is_split(make_request):
    """The media type is in lower case, the parameters are a dict."""
    request = make_request(content_type='Text/HTML; Charset=UTF-8; x="y z"')

    assert request.content_type == 'Text/HTML; Charset=UTF-8; x="y z"'
    assert request.mimetype == "text/html"
    assert request.mimetype_params == {"charset": "UTF-8", "x": "y z"}


@pytest.mark.parametrize(
    ("content_type", "is_json"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("application/problem+json", True),
        ("text/json", False),
        ("text/x+json", False),
        ("", False),
    ],
)
def test_json_is_known_by_its_media_type(make_request, content_type, is_json):
    """application/json and application/*+json are JSON."""
    assert make_request(content_type=content_type).is_json is is_json


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        ({}, None),
        ({"Content-Length": "12"}, 12),
        ({"Content-Length": " 5 "}, 5),
        ({"Content-Length": "x"}, 0),
        ({"Content-Length": "-1"}, 0),
        ({"Content-Length": "1_0"}, 0),
        ({"Content-Length": "9" * 5000}, 0),
        ({"Content-Length": "5", "Transfer-Encoding": "chunked"}, None),
    ],
)
def test_the_content_length_is_a_number_or_unknown(make_request, headers, length):
    """A length that is no number counts as 0; a chunked body has none."""
    assert make_request(headers=headers).content_length == length


@pytest.mark.parametrize(
    "name",
    [
        "content_type",
        "content_length",
        "content_encoding",
        "content_md5",
        "referrer",
        "origin",
        "date",
        "max_forwards",
        "authorization",
        "if_modified_since",
        "if_unmodified_since",
        "range",
        "access_control_request_headers",
        "access_control_request_method",
        "remote_user",
    ],
)
def test_a_single_value_that_was_not_sent_is_none(make_request, name):
    """Nothing raises when nothing was sent."""
    assert getattr(make_request(), name) is None


@pytest.mark.parametrize(
    "name",
    [
        "mimetype",
        "mimetype_params",
        "cookies",
        "user_agent",
        "accept_mimetypes",
        "accept_charsets",
        "accept_encodings",
        "accept_languages",
        "pragma",
        "cache_control",
        "if_match",
        "if_none_match",
    ],
)
def test_several_values_that_were_not_sent_are_empty(make_request, name):
    """What holds many values is an empty one of its kind."""
    value = getattr(make_request(), name)

    assert value is not None
    assert not value


def test_what_the_client_accepts_is_ordered(make_request):
    """The best comes first, with its quality."""
    request = make_request(
        headers={
            "Accept": "text/html;q=0.5,*/*;q=0.1, application/json",
            "Accept-Charset": "utf-8",
            "Accept-Encoding": "br;q=0.5, gzip",
            "Accept-Language": "en;q=0.5,de-AT",
        }
    )

    assert request.accept_mimetypes.best == "application/json"
    assert request.accept_mimetypes.best_match(["text/html", "text/plain"]) == "text/html"
    assert "utf-8" in request.accept_charsets
    assert request.accept_encodings.best == "gzip"
    assert request.accept_languages.best == "de-AT"


def test_conditions_are_parsed(make_request):
    """Entity tags, dates and ranges are objects."""
    moment = "Wed, 21 Oct 2015 07:28:00 GMT"
    request = make_request(
        headers={
            "If-Match": '"a", W/"b"',
            "If-None-Match": "*",
            "If-Modified-Since": moment,
            "If-Unmodified-Since": "x",
            "If-Range": '"e"',
            "Range": "bytes=0-4,10-",
            "Date": moment,
        }
    )

    assert request.if_match.contains("a")
    assert request.if_match.contains_weak("b")
    assert request.if_none_match.star_tag
    assert request.if_modified_since == datetime(2015, 10, 21, 7, 28, tzinfo=UTC)
    assert request.if_unmodified_since is None
    assert request.if_range.etag == "e"
    assert request.range.ranges == [(0, 5), (10, None)]
    assert request.date == request.if_modified_since


def test_cache_headers_are_parsed(make_request):
    """Cache-Control has attributes, Pragma is a set."""
    request = make_request(headers={"Cache-Control": "no-cache, max-age=5", "Pragma": "no-cache"})

    assert request.cache_control.no_cache
    assert request.cache_control.max_age == 5
    assert "no-cache" in request.pragma


def test_credentials_are_parsed_by_scheme(make_request):
    """Basic has a name and a password, Bearer a token, Digest parameters; others stay readable."""
    basic = make_request(headers={"Authorization": "Basic dTpwOnE="}).authorization
    bearer = make_request(headers={"Authorization": "Bearer abc"}).authorization
    digest = make_request(headers={"Authorization": 'Digest username="u"'}).authorization
    other = make_request(headers={"Authorization": "Custom abc"}).authorization

    assert (basic.type, basic.username, basic.password) == ("basic", "u", "p:q")
    assert (bearer.type, bearer.token) == ("bearer", "abc")
    assert (digest.type, digest.username) == ("digest", "u")
    assert (other.type, other.token) == ("custom", "abc")


def test_cookies_of_several_headers_are_one_dict(make_request):
    """HTTP/2 may split the cookies; values may repeat, be empty or not decodable."""
    request = make_request()
    request.scope["headers"] += [
        (b"cookie", b'a=b; c="d e"; x=%zz'),
        (b"cookie", b"a=2; e=; \xff=\xfe"),
    ]

    assert request.cookies.getlist("a") == ["b", "2"]
    assert request.cookies["c"] == "d e"
    assert request.cookies["x"] == "%zz"
    assert request.cookies["e"] == ""


class Upper(Request):
    @property
    def cookies(self):
        return {"a": "REPLACED"}


@pytest.mark.parametrize(
    ("cls", "headers", "value"),
    [
        (Request, [], None),
        (Request, [b"a=1"], "1"),
        (Request, [b"b=2", b"a=1"], "1"),
        (Request, [b'a="1 2"'], "1 2"),
        (Request, [b"b=2"], None),
        (Upper, [b"a=1"], "REPLACED"),
    ],
)
def test_one_cookie_is_found_as_among_all(make_request, cls, headers, value):
    """Parsed or not, whatever a subclass makes of its cookies."""
    request = make_request(cls=cls)
    request.scope["headers"] += [(b"cookie", header) for header in headers]

    assert request._find_cookie("a") == value
    assert request.cookies.get("a") == value


def test_cookies_that_were_set_are_found(make_request):
    """A test, or middleware, may put them there."""
    request = make_request(headers={"Cookie": "a=1"})
    request.cookies = {"a": "2"}

    assert request._find_cookie("a") == "2"


def test_the_access_route_is_what_proxies_say(make_request):
    """X-Forwarded-For gives all addresses; without it there is the client's alone."""
    forwarded = make_request(headers={"X-Forwarded-For": "198.51.100.1, 198.51.100.2"})
    direct = make_request()
    unknown = make_request(client=None)

    assert forwarded.access_route == ["198.51.100.1", "198.51.100.2"]
    assert forwarded.remote_addr == "192.0.2.1"
    assert direct.access_route == ["192.0.2.1"]
    assert unknown.access_route == []
    assert unknown.remote_addr is None


def test_plain_headers_have_attributes(make_request):
    """Strings come as they were sent, numbers as numbers."""
    request = make_request(
        headers={
            "Referer": "http://x/ü",
            "Origin": "http://o",
            "Content-Encoding": "gzip",
            "Content-MD5": "abc",
            "Max-Forwards": "10",
            "Access-Control-Request-Headers": "X-A, x-b",
            "Access-Control-Request-Method": "PUT",
        }
    )

    assert request.referrer == "http://x/ü"
    assert request.origin == "http://o"
    assert request.content_encoding == "gzip"
    assert request.content_md5 == "abc"
    assert request.max_forwards == 10
    assert isinstance(request.access_control_request_headers, HeaderSet)
    assert "x-a" in request.access_control_request_headers
    assert request.access_control_request_method == "PUT"


def test_the_user_agent_has_its_string_alone(make_request):
    """The string is kept, and not parsed into a browser or platform."""
    agent = make_request(headers={"User-Agent": "Mozilla/5.0 (X11)"}).user_agent

    assert agent.string == str(agent) == agent.to_header() == "Mozilla/5.0 (X11)"
    assert agent.platform is agent.browser is agent.version is agent.language is None
    assert not agent
    assert repr(agent) == "<UserAgent None/None>"


def test_a_subclass_may_parse_the_user_agent(make_request):
    """user_agent_class replaces the class."""

    class Parsed(UserAgent):
        browser = "firefox"

    class MyRequest(Request):
        user_agent_class = Parsed

    request = make_request(cls=MyRequest, headers={"User-Agent": "x"})

    assert request.user_agent.browser == "firefox"
    assert request.user_agent


def test_headers_cannot_be_changed(make_request):
    """The headers of a request are read-only."""
    request = make_request()

    with pytest.raises(TypeError):
        request.headers["X"] = "y"
