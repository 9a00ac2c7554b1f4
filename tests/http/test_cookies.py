"""Cookie and Set-Cookie headers, alone and against Werkzeug's."""

from __future__ import annotations

import warnings
from datetime import datetime, timedelta

import pytest
import werkzeug.http as reference
from hypothesis import given
from hypothesis import strategies as st

from asyncflask.datastructures import ImmutableMultiDict
from asyncflask.http import dump_cookie, parse_cookie, parse_date
from asyncflask.http.cookies import find_plain_cookie


def pairs(header):
    return list(parse_cookie(header).items(multi=True))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a=b; c=d", [("a", "b"), ("c", "d")]),
        ("a=1; a=2", [("a", "1"), ("a", "2")]),
        ('a="x;y"; b=c', [("a", "x;y"), ("b", "c")]),
        (r'a="\303\274\"\\\073"', [("a", 'ü"\\;')]),
        ('a="never closed; b=c', [("a", '"never closed'), ("b", "c")]),
        ('a="b" c; d=e', [("a", '"b" c'), ("d", "e")]),
        ("a=b=c; d; =e;; f=", [("a", "b=c"), ("d", ""), ("f", "")]),
        ("a=\xc3\xbc", [("a", "ü")]),
        ("a=\xff", [("a", "\ufffd")]),
        ("a=€", [("a", "€")]),
        ("", []),
        (None, []),
        ({}, []),
        ({"HTTP_COOKIE": "a=b"}, [("a", "b")]),
    ],
)
def test_cookies_are_parsed(header, expected):
    """Quoted, escaped, nameless, doubled and undecodable cookies are coped with."""
    assert pairs(header) == expected


def test_the_class_of_parsed_cookies_can_be_chosen():
    """A request's cookies are immutable."""
    cookies = parse_cookie("a=b", cls=ImmutableMultiDict)

    assert type(cookies) is ImmutableMultiDict


@given(st.text())
def test_any_value_round_trips(value):
    """Whatever text is put in a cookie comes back."""
    header = dump_cookie("name", value, max_size=0, path=None)

    assert pairs(header) == [("name", value)]


# Werkzeug leaves a few control characters as they are; browsers refuse them.
@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=30))
def test_values_are_quoted_as_werkzeug_quotes_them(value):
    """A cookie written here can be read there, and the other way round."""
    assert dump_cookie("a", value) == reference.dump_cookie("a", value)


@given(st.text(alphabet='a=;", \\01\t', max_size=24))
def test_parsing_agrees_with_werkzeug(header):
    """Whatever the client sends is read as Werkzeug reads it."""
    assert pairs(header) == list(reference.parse_cookie(header).items(multi=True))


@given(st.text(alphabet='ab=;", \\\xe4\xa0\x1f', max_size=24))
def test_what_a_glance_finds_is_what_parsing_finds(header):
    """A glance may find nothing, but never anything else."""
    found = find_plain_cookie(header.encode("latin-1"), b"a")

    assert found is None or found == parse_cookie(header).get("a")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (b"a=1", "1"),
        (b"b=2; a=1; c=3", "1"),
        (b'b=2; a= 1 ; c="x"', "1"),
        (b"a=", ""),
        (b"ba=1", None),
        (b"a =0; a=1", None),
        (b'b="; a=1"; a=2', None),
        (b'a="1"', None),
        (b"a=\xc3\xa4", None),
        (b"b=1", None),
        (b"", None),
    ],
)
def test_a_glance_finds_plain_cookies(header, value):
    """Quotes, other characters than ASCII and look-alikes of the name are left to parsing."""
    assert find_plain_cookie(header, b"a") == value


@given(
    expires=st.none() | st.datetimes() | st.integers(0, 2**31) | st.just("tomorrow"),
    path=st.none() | st.text(max_size=10),
    domain=st.sampled_from([None, ".example.com", "localhost:5000", "b\xfccher.example"]),
    secure=st.booleans(),
    httponly=st.booleans(),
    samesite=st.sampled_from([None, "lax", "STRICT", "None"]),
    partitioned=st.booleans(),
)
def test_attributes_are_those_of_werkzeug(**attributes):
    """All attributes together are written as Werkzeug writes them; only their order is ours."""
    expected = reference.dump_cookie("a", "b", **attributes)

    header = dump_cookie("a", "b", **attributes)

    assert sorted(header.split("; ")) == sorted(expected.split("; "))


def test_every_attribute_is_written():
    """The header names each attribute once."""
    header = dump_cookie(
        "a",
        "b",
        max_age=timedelta(minutes=1),
        expires=datetime(2020, 1, 1),
        path="/x y",
        domain=".example.com",
        secure=True,
        httponly=True,
        samesite="lax",
        partitioned=True,
    )

    assert header == (
        "a=b; Domain=example.com; Expires=Wed, 01 Jan 2020 00:00:00 GMT; Max-Age=60; Secure;"
        " HttpOnly; Path=/x%20y; SameSite=Lax; Partitioned"
    )


def test_a_partitioned_cookie_is_secure():
    """Browsers take Partitioned only with Secure, so it is added."""
    assert dump_cookie("a", "b", partitioned=True, path=None) == "a=b; Secure; Partitioned"


def test_max_age_sets_expires_for_old_browsers():
    """Both attributes tell the same end."""
    before = datetime.now().astimezone()

    header = dump_cookie("a", "b", max_age=3600)

    after = datetime.now().astimezone()
    expires = parse_date(header.split("Expires=")[1].split(";")[0])
    # The header has whole seconds.
    assert before - timedelta(seconds=1) <= expires - timedelta(hours=1) <= after


def test_expires_can_be_left_to_max_age():
    """sync_expires=False writes Max-Age alone."""
    header = dump_cookie("a", "b", max_age=10, sync_expires=False, path=None)

    assert header == "a=b; Max-Age=10"


def test_an_unknown_samesite_is_refused():
    """The error names the value and the choices."""
    with pytest.raises(ValueError, match="'Strict', 'Lax', or 'None', but it is 'maybe'"):
        dump_cookie("a", "b", samesite="maybe")


@pytest.mark.parametrize("key", ["", " ", "a=b", "=", "__Host-a=b"])
def test_a_key_that_would_be_another_one_is_refused(key):
    """A browser reads the name up to the first sign."""
    with pytest.raises(ValueError, match="must not be empty, and cannot contain '='"):
        dump_cookie(key, "value")


def test_max_age_is_a_number():
    """Text that is none cannot add attributes."""
    with pytest.raises(ValueError, match="invalid literal"):
        dump_cookie("a", "b", max_age="0; Domain=evil.example", sync_expires=False)


@pytest.mark.parametrize(
    "arguments",
    [{"key": "a;b"}, {"key": "a\r\n"}, {"domain": "a;b"}, {"expires": "a; Secure"}],
)
def test_nothing_can_end_its_attribute(arguments):
    """A semicolon or newline that would add attributes or headers is refused."""
    with pytest.raises(ValueError, match="cannot contain"):
        dump_cookie(**{"key": "a", "value": "b"} | arguments)


def test_a_large_cookie_warns():
    """Browsers drop large cookies silently, so the developer is told."""
    with pytest.warns(UserWarning, match="'a' cookie is too large: its value takes 4084") as told:
        dump_cookie("a", "b" * 4084)

    assert told[0].filename == __file__


@pytest.mark.parametrize(("size", "max_size"), [(4083, 4093), (5000, 0)])
def test_a_cookie_within_the_limit_does_not_warn(size, max_size):
    """A header of exactly the limit is fine, and 0 lifts the limit."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        header = dump_cookie("a", "b" * size, max_size=max_size)

    assert len(header) == size + len("a=; Path=/")
