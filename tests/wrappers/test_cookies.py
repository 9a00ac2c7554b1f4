"""Cookies set and deleted on a response."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta

import pytest

from asyncflask import Flask
from asyncflask.http import parse_cookie
from asyncflask.wrappers.response import Response


def set_cookie(*arguments, **attributes):
    response = Response()
    response.set_cookie(*arguments, **attributes)
    return response.headers["Set-Cookie"]


def test_a_cookie_is_for_the_whole_site():
    """The path is "/" unless another is named."""
    assert set_cookie("name", "value") == "name=value; Path=/"
    assert set_cookie("name", "value", path=None) == "name=value"


def test_every_attribute_is_sent():
    """In one header."""
    header = set_cookie(
        "name",
        "value",
        max_age=60,
        expires=datetime(2020, 1, 1, tzinfo=UTC),
        path="/shop",
        domain="example.com",
        secure=True,
        httponly=True,
        samesite="lax",
        partitioned=True,
    )

    assert header.split("; ") == [
        "name=value",
        "Domain=example.com",
        "Expires=Wed, 01 Jan 2020 00:00:00 GMT",
        "Max-Age=60",
        "Secure",
        "HttpOnly",
        "Path=/shop",
        "SameSite=Lax",
        "Partitioned",
    ]


def test_max_age_may_be_a_timedelta():
    """It is sent in seconds."""
    assert "Max-Age=60" in set_cookie("name", max_age=timedelta(minutes=1))


def test_a_partitioned_cookie_is_secure():
    """Browsers refuse it otherwise."""
    assert "Secure" in set_cookie("name", partitioned=True)


def test_several_cookies_are_several_headers():
    """Also of one name: paths may differ."""
    response = Response()

    response.set_cookie("name", "1")
    response.set_cookie("name", "2", path="/shop")

    assert len(response.headers.getlist("Set-Cookie")) == 2


@pytest.mark.parametrize("value", ["a b", "né", '"quoted"; x=1', "line\r\nSet-Cookie: evil=1", ""])
def test_any_value_comes_back(value):
    """What cookies cannot hold is escaped, line breaks too."""
    header = set_cookie("name", value)

    assert "\n" not in header
    assert parse_cookie(header)["name"] == value


@pytest.mark.parametrize(
    "attributes",
    [
        {"key": "name\r\nX-Evil: 1"},
        {"key": "name", "domain": "a\r\nX-Evil: 1"},
        {"key": "name", "expires": "now\r\nX-Evil: 1"},
        {"key": "name", "samesite": "lax\r\nX-Evil: 1"},
    ],
)
def test_no_attribute_can_start_another_header(attributes):
    """Line breaks are refused where they cannot be escaped."""
    with pytest.raises(ValueError):
        set_cookie(**attributes)


def test_an_unknown_samesite_is_refused():
    """The error names what there is."""
    with pytest.raises(ValueError, match="Strict"):
        set_cookie("name", samesite="perhaps")


def test_deleting_sends_an_expired_cookie():
    """With the attributes that it was set with."""
    response = Response()

    response.delete_cookie("name", path="/shop", domain="example.com", secure=True)

    assert response.headers["Set-Cookie"] == (
        "name=; Domain=example.com; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure;"
        " Path=/shop"
    )


def test_a_cookie_that_is_too_large_warns():
    """Browsers drop it without a word."""
    with pytest.warns(UserWarning, match="too large"):
        set_cookie("name", "x" * 5000)


def test_a_subclass_may_set_the_size():
    """The number counts the whole header; 0 turns the warning off."""

    class Small(Response):
        max_cookie_size = 20

    class Unlimited(Response):
        max_cookie_size = 0

    with pytest.warns(UserWarning, match="limit is 20"):
        Small().set_cookie("name", "x" * 20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Unlimited().set_cookie("name", "x" * 5000)


def test_the_current_app_may_set_the_size():
    """Without an app the default holds; one response may have a size of its own."""
    app = Flask("cookies")
    app.config["MAX_COOKIE_SIZE"] = 20
    response = Response()
    assert response.max_cookie_size == 4093

    with app.app_context():
        assert response.max_cookie_size == 20
        response._max_cookie_size = 30
        assert response.max_cookie_size == 30
