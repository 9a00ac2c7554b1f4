"""Headers parsed to containers, alone and against Werkzeug's."""

from __future__ import annotations

import pytest
import werkzeug.datastructures as reference_types
import werkzeug.http as reference
from hypothesis import given
from hypothesis import strategies as st

from asyncflask import http
from asyncflask.datastructures import (
    Accept,
    ContentSecurityPolicy,
    LanguageAccept,
    MIMEAccept,
    RequestCacheControl,
    ResponseCacheControl,
)

QUALITIES = st.sampled_from(["", ";q=0", ";q=0.5", ";q=0.8", ";q=1"])
MIMETYPES = st.sampled_from(
    ["*/*", "text/*", "text/html", "text/html;level=1", "text/plain", "application/json"]
)
OFFERS = st.lists(MIMETYPES.filter(lambda mimetype: "*" not in mimetype), unique=True)
LANGUAGES = st.sampled_from(["*", "en", "en-US", "en_GB", "fr", "de-AT", "zh-Hant-TW"])
LANGUAGE_OFFERS = st.lists(LANGUAGES.filter(lambda tag: tag != "*"), unique=True)


def headers(members):
    return st.lists(st.builds(str.__add__, members, QUALITIES)).map(", ".join)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a;q=0.5, b", [("b", 1), ("a", 0.5)]),
        ("a;q=2, b;q=x, c;q=-1, d;q=nan, e", [("e", 1)]),
        ("a;x=y;Q=0.5", [("a; x=y", 0.5)]),
        (",, ,;q=1", []),
        ("", []),
        (None, []),
    ],
)
def test_accept_headers_are_parsed(header, expected):
    """Members with a malformed quality, and empty ones, are left out."""
    assert list(http.parse_accept_header(header)) == expected


def test_the_class_of_an_accept_header_can_be_chosen():
    """Without a class it is a plain Accept."""
    classes = [type(http.parse_accept_header("a", cls)) for cls in (None, MIMEAccept)]

    assert classes == [Accept, MIMEAccept]


@given(headers(MIMETYPES), OFFERS)
def test_mimetypes_are_negotiated_as_by_werkzeug(header, offers):
    """The same offer is chosen, in the same order of preference."""
    expected = reference.parse_accept_header(header, reference_types.MIMEAccept)

    accept = http.parse_accept_header(header, MIMEAccept)

    assert list(accept) == list(expected)
    assert accept.best_match(offers) == expected.best_match(offers)


@given(headers(LANGUAGES), LANGUAGE_OFFERS)
def test_languages_are_negotiated_as_by_werkzeug(header, offers):
    """The same offer is chosen, primary tags standing in where need be."""
    expected = reference.parse_accept_header(header, reference_types.LanguageAccept)

    accept = http.parse_accept_header(header, LanguageAccept)

    assert accept.best_match(offers) == expected.best_match(offers)


def test_cache_control_is_a_requests_unless_told_otherwise():
    """The request's is immutable, a response's is asked for."""
    request = http.parse_cache_control_header("no-cache, max-age=5")
    response = http.parse_cache_control_header("public", cls=ResponseCacheControl)

    assert (type(request), request.no_cache, request.max_age) == (RequestCacheControl, True, 5)
    assert response.public is True


def test_a_policy_keeps_directives_without_a_value():
    """upgrade-insecure-requests survives being parsed and dumped."""
    header = "upgrade-insecure-requests; img-src *"

    policy = http.parse_csp_header(f"; {header} ;")

    assert isinstance(policy, ContentSecurityPolicy)
    assert policy.img_src == "*"
    assert http.dump_csp_header(policy) == header


def test_set_headers_are_parsed():
    """A set header reports its changes."""
    seen = []
    members = http.parse_set_header('GET, "a b", get', lambda changed: seen.append(str(changed)))

    members.add("POST")

    assert seen == ['GET, "a b", POST']


@pytest.mark.parametrize(
    ("header", "strong", "weak"),
    [
        ('"a", W/"b", c', {"a", "c"}, {"b"}),
        ('"a, b"', {"a, b"}, set()),
        ('w/"x" , ,"y"', {"y"}, {"x"}),
        ('"never closed', set(), set()),
        ("", set(), set()),
        (None, set(), set()),
    ],
)
def test_etags_are_parsed(header, strong, weak):
    """Weak and strong tags are told apart; broken ones are left out."""
    etags = http.parse_etags(header)

    assert etags.as_set() == strong
    assert etags.as_set(include_weak=True) == strong | weak


def test_a_star_stands_for_every_tag():
    """`*` anywhere in the list is all that counts."""
    etags = http.parse_etags('"a", *')

    assert etags.star_tag
    assert "whatever" in etags


def test_if_range_is_a_date_or_a_tag():
    """What cannot be a date is an entity tag."""
    by_tag = http.parse_if_range_header('W/"abc"')
    by_date = http.parse_if_range_header("Sun, 06 Nov 1994 08:49:37 GMT")

    assert (by_tag.etag, by_tag.date) == ("abc", None)
    assert (by_date.etag, by_date.date.year) == (None, 1994)
    assert str(http.parse_if_range_header(None)) == ""


def test_if_range_with_a_quote_in_its_tag_is_shown():
    """Though it could not be written as a header."""
    assert repr(http.parse_if_range_header('"a"b"')) == '<IfRange \'"a"b"\'>'


@pytest.mark.parametrize(
    ("header", "ranges"),
    [
        ("bytes=0-499", [(0, 500)]),
        ("Bytes = 0-5, 10-", [(0, 6), (10, None)]),
        ("bytes=-500", [(-500, None)]),
        ("bytes=0-0,-1", [(0, 1), (-1, None)]),
    ],
)
def test_ranges_are_parsed(header, ranges):
    """The stops are exclusive, an open end is None, a suffix is negative."""
    assert http.parse_range_header(header).ranges == ranges


@pytest.mark.parametrize(
    "specs",
    ["", "-", "a-b", "5-3", "0-5,3-9", "5-,0-3", "-5,0-3", "+1-2", "1_0-20", "٣-٤", "9" * 9999],
)
def test_malformed_ranges_are_none(specs):
    """Backwards, overlapping, unordered and non-numeric ranges are ignored as a whole."""
    assert http.parse_range_header(f"bytes={specs}") is None


@given(st.text(alphabet="0123456789-,", max_size=12))
def test_ranges_agree_with_werkzeug(specs):
    """Whatever the client asks for is read as Werkzeug reads it."""
    found = http.parse_range_header(f"bytes={specs}")
    expected = reference.parse_range_header(f"bytes={specs}")

    assert (found and found.ranges) == (expected and expected.ranges)


@pytest.mark.parametrize(
    "header", ["bytes 0-499/1234", "bytes 0-499/*", "bytes */1234", "bytes */*", "x 0-1/2"]
)
def test_content_ranges_round_trip(header):
    """Parsing and dumping changes nothing."""
    assert http.parse_content_range_header(header).to_header() == header


@pytest.mark.parametrize(
    "header", [None, "", "bytes", "bytes 0-4", "bytes a-b/c", "bytes 5-3/9", "bytes 0/5", "x */y"]
)
def test_malformed_content_ranges_are_none(header):
    """What is no range is None."""
    assert http.parse_content_range_header(header) is None


@given(st.text(max_size=100))
def test_parsers_never_raise(text):
    """Broken headers give empty containers, not exceptions."""
    http.parse_accept_header(text, MIMEAccept)
    http.parse_cache_control_header(text)
    http.parse_cookie(text)
    http.parse_csp_header(text)
    http.parse_set_header(text)
    http.parse_etags(text)
    http.parse_if_range_header(text)
    http.parse_range_header(f"bytes={text}")
    http.parse_content_range_header(f"bytes {text}")
