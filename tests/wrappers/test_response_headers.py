"""A response's headers read and written as values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from asyncflask.datastructures import WWWAuthenticate
from asyncflask.http import COEP, COOP
from asyncflask.wrappers.response import Response

NEW_YEAR = datetime(2020, 1, 1, tzinfo=UTC)
NEW_YEAR_TEXT = "Wed, 01 Jan 2020 00:00:00 GMT"


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("accept_ranges", "Accept-Ranges", "bytes"),
        ("content_encoding", "Content-Encoding", "gzip"),
        ("content_location", "Content-Location", "/other"),
        ("content_md5", "Content-MD5", "abc="),
        ("location", "Location", "/there"),
        ("access_control_allow_origin", "Access-Control-Allow-Origin", "*"),
        ("content_type", "Content-Type", "a/b; c=d"),
    ],
)
def test_text_headers(name, header, value):
    """The property is the header's text; None removes the header."""
    response = Response()

    setattr(response, name, value)

    assert response.headers[header] == getattr(response, name) == value
    setattr(response, name, None)
    assert header not in response.headers


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("content_length", "Content-Length"),
        ("access_control_max_age", "Access-Control-Max-Age"),
    ],
)
def test_number_headers(name, header):
    """The property is a number, and None where the header is none."""
    response = Response()

    setattr(response, name, 60)

    assert response.headers[header] == "60"
    assert getattr(response, name) == 60
    response.headers[header] = "many"
    assert getattr(response, name) is None


@pytest.mark.parametrize("name", ["date", "expires", "last_modified"])
@pytest.mark.parametrize(
    "moment",
    [
        NEW_YEAR,
        NEW_YEAR.replace(tzinfo=None),
        NEW_YEAR.astimezone(timezone(timedelta(hours=2))),
        NEW_YEAR.timestamp(),
        date(2020, 1, 1),
    ],
)
def test_date_headers(name, moment):
    """Datetimes, dates and timestamps are set; a datetime in UTC is read."""
    response = Response()

    setattr(response, name, moment)

    assert response.headers[name.replace("_", "-")] == NEW_YEAR_TEXT
    assert getattr(response, name) == NEW_YEAR
    assert getattr(response, name).tzinfo is UTC


def test_a_broken_date_counts_as_none():
    """What a client cannot read, the property does not give."""
    assert Response(headers={"Expires": "0"}).expires is None


def test_deleting_a_header_property_removes_the_header():
    """`del` is None's equal."""
    response = Response()
    response.age = 5

    del response.age

    assert "Age" not in response.headers


@pytest.mark.parametrize("age", [60, "60", timedelta(minutes=1)])
def test_age_is_a_timedelta(age):
    """It is set in seconds or as a timedelta."""
    response = Response()

    response.age = age

    assert response.headers["Age"] == "60"
    assert response.age == timedelta(minutes=1)


def test_retry_after_is_a_moment():
    """Seconds are counted from now; a date is taken as it is."""
    response = Response()

    response.retry_after = 60
    in_seconds = response.retry_after
    response.retry_after = NEW_YEAR

    assert timedelta(0) < in_seconds - datetime.now(UTC) <= timedelta(seconds=60)
    assert response.headers["Retry-After"] == NEW_YEAR_TEXT
    assert response.retry_after == NEW_YEAR


@pytest.mark.parametrize(
    ("name", "header"),
    [("vary", "Vary"), ("allow", "Allow"), ("content_language", "Content-Language")],
)
def test_set_headers_are_live(name, header):
    """Changing the set changes the header; an empty set removes it."""
    response = Response()

    getattr(response, name).add("one")
    getattr(response, name).update(["two", "ONE"])

    assert response.headers[header] == "one, two"
    getattr(response, name).clear()
    assert header not in response.headers


@pytest.mark.parametrize("value", ["one, two", ["one", "two"], ("one", "two")])
def test_set_headers_take_text_and_iterables(value):
    """Both give the same header, and the same set."""
    response = Response()

    response.vary = value

    assert response.headers["Vary"] == "one, two"
    assert list(response.vary) == ["one", "two"]


@pytest.mark.parametrize(
    "name",
    [
        "access_control_allow_headers",
        "access_control_allow_methods",
        "access_control_expose_headers",
    ],
)
def test_cors_sets(name):
    """They are None until they are set, by text or by iterable."""
    response = Response()
    assert getattr(response, name) is None

    setattr(response, name, ["X-One", "X-Two"])

    assert response.headers[name.replace("_", "-")] == "X-One, X-Two"
    assert "x-one" in getattr(response, name)


def test_credentials_are_allowed_or_not_mentioned():
    """False removes the header, as its absence is what forbids."""
    response = Response()

    response.access_control_allow_credentials = True

    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert response.access_control_allow_credentials
    response.access_control_allow_credentials = False
    assert not response.access_control_allow_credentials


def test_cache_control_is_live():
    """Setting a directive changes the header; taking the last one away removes it."""
    response = Response()

    response.cache_control.max_age = 60
    response.cache_control.public = True

    assert response.headers["Cache-Control"] == "max-age=60, public"
    response.cache_control.max_age = None
    response.cache_control.public = False
    assert "Cache-Control" not in response.headers


def test_content_range_is_live():
    """It starts falsy, takes a range, and can be unset."""
    response = Response()
    assert not response.content_range

    response.content_range.set(0, 5, 10)

    assert response.headers["Content-Range"] == "bytes 0-4/10"
    response.content_range.unset()
    assert "Content-Range" not in response.headers


def test_content_range_takes_text_and_none():
    """The header can be given as it is."""
    response = Response()

    response.content_range = "bytes 0-4/10"

    assert response.content_range.stop == 5
    response.content_range = None
    assert "Content-Range" not in response.headers


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("content_security_policy", "Content-Security-Policy"),
        ("content_security_policy_report_only", "Content-Security-Policy-Report-Only"),
    ],
)
def test_security_policies_are_live(name, header):
    """A directive that is set changes the header; a text replaces it."""
    response = Response()

    getattr(response, name).default_src = "'self'"

    assert response.headers[header] == "default-src 'self'"
    setattr(response, name, "img-src *")
    assert getattr(response, name).img_src == "*"
    setattr(response, name, None)
    assert header not in response.headers


def test_cross_origin_policies_are_members_of_their_enumerations():
    """Without a header, or with one that makes no sense, they are unsafe."""
    response = Response(headers={"Cross-Origin-Opener-Policy": "nonsense"})
    assert response.cross_origin_opener_policy is COOP.UNSAFE_NONE
    assert response.cross_origin_embedder_policy is COEP.UNSAFE_NONE

    response.cross_origin_opener_policy = COOP.SAME_ORIGIN
    response.cross_origin_embedder_policy = COEP.REQUIRE_CORP

    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.cross_origin_embedder_policy is COEP.REQUIRE_CORP


def test_www_authenticate_is_live():
    """Changing the challenge changes the header."""
    response = Response()

    response.www_authenticate.realm = "shop"

    assert response.headers["WWW-Authenticate"] == "Basic realm=shop"


def test_www_authenticate_takes_several():
    """A list gives a header for each; None removes them all."""
    response = Response()
    basic, digest = WWWAuthenticate("basic", {"realm": "a"}), WWWAuthenticate("digest", {})

    response.www_authenticate = [basic, digest]

    assert [text.split()[0] for text in response.headers.getlist("WWW-Authenticate")] == [
        "Basic",
        "Digest",
    ]
    assert response.www_authenticate.type == "basic"
    response.www_authenticate = None
    assert "WWW-Authenticate" not in response.headers


def test_the_mimetype_has_no_parameters():
    """They are a dict of their own, and live."""
    response = Response("", content_type="text/plain; charset=latin-1")

    assert response.mimetype == "text/plain"
    assert response.mimetype_params == {"charset": "latin-1"}
    response.mimetype_params["charset"] = "utf-8"
    assert response.content_type == "text/plain; charset=utf-8"


def test_setting_the_mimetype_adds_the_charset():
    """As in construction, for text types only."""
    response = Response()

    response.mimetype = "text/csv"

    assert response.content_type == "text/csv; charset=utf-8"
    response.mimetype = "image/png"
    assert response.content_type == "image/png"


@pytest.mark.parametrize("name", ["location", "content_type", "mimetype", "vary", "content_range"])
def test_no_property_can_start_another_header(name):
    """Line breaks are refused."""
    with pytest.raises(ValueError, match=r"newline|line break"):
        setattr(Response(), name, "x\r\nX-Evil: 1")
