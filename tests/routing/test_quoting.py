"""Percent-encoding."""

from __future__ import annotations

import pytest

from asyncflask.datastructures import MultiDict
from asyncflask.routing.quoting import encode_query, quote_path, quote_url


def test_a_path_keeps_what_a_segment_may_hold() -> None:
    """And its slashes; a percent sign is one of the text."""
    assert quote_path("/a!$&'()*+,:;=@~/%2F é") == "/a!$&'()*+,:;=@~/%252F%20%C3%A9"


def test_a_quoted_url_is_not_quoted_twice() -> None:
    """Its percent escapes stay."""
    assert quote_url("http://h/a%20b?c=%C3%A9#d") == "http://h/a%20b?c=%C3%A9#d"


@pytest.mark.parametrize("character", ["\r", "\n", "\t", "\0", "\x7f", " ", "\\", '"', "<", "é"])
def test_a_quoted_url_fits_in_a_header(character: str) -> None:
    """Nothing in it ends the line, or is no ASCII."""
    assert character not in quote_url(f"http://h/{character}")


def test_lists_are_repeated_and_none_is_left_out() -> None:
    """In mappings; those of a MultiDict are."""
    assert encode_query({"a": [1, None, 2], "b": None, "c": ""}) == "a=1&a=2&c="
    assert encode_query(MultiDict([("a", "1"), ("b", "2"), ("a", "3")])) == "a=1&a=3&b=2"


def test_a_query_may_be_sorted() -> None:
    """By name, or by a key of the user's."""
    values = {"b": 1, "a": 2}

    assert encode_query(values, sort=True) == "a=2&b=1"
    assert encode_query(values, sort=True, key=lambda pair: pair[1]) == "b=1&a=2"


def test_values_are_quoted_for_a_query() -> None:
    """A slash may stand in one, an ampersand may not."""
    assert encode_query({"é": "a/b c&d=\r\n\ud800"}) == "%C3%A9=a/b+c%26d%3D%0D%0A?"
