"""Conditional requests, alone and against Werkzeug's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import werkzeug.http as reference
from hypothesis import given
from hypothesis import strategies as st

from asyncflask.http import generate_etag, http_date, is_resource_modified

NOW = datetime(2020, 5, 17, 12, 30, tzinfo=UTC)
DATES = st.sampled_from([http_date(NOW + timedelta(hours=hours)) for hours in (-1, 0, 1)])
TAGS = st.sampled_from(['"a"', 'W/"a"', '"b"', "*", '"b", W/"a"', "broken date"])


def environ(**headers):
    names = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return {"REQUEST_METHOD": "GET", **names}


def test_without_conditions_the_resource_is_sent():
    """A client that has nothing needs everything."""
    assert is_resource_modified(environ(), etag="a", last_modified=NOW) is True


def test_a_known_tag_is_not_sent_again():
    """If-None-Match compares weakly."""
    assert is_resource_modified(environ(if_none_match='W/"a"'), etag='"a"') is False


def test_the_tag_can_be_made_of_the_data():
    """`data` stands in for a tag."""
    request = environ(if_none_match=f'"{generate_etag(b"abc")}"')

    assert is_resource_modified(request, data=b"abc") is False


def test_a_tag_and_data_together_are_refused():
    """It would not be clear which of them counts."""
    with pytest.raises(TypeError, match="Both data and etag were given"):
        is_resource_modified(environ(), etag="a", data=b"abc")


@pytest.mark.parametrize("last_modified", [NOW, NOW.replace(tzinfo=None), http_date(NOW)])
def test_an_unchanged_resource_is_not_sent_again(last_modified):
    """If-Modified-Since compares whole seconds in UTC."""
    request = environ(if_modified_since=http_date(NOW))

    assert is_resource_modified(request, last_modified=last_modified) is False


def test_only_get_and_head_are_conditional():
    """Other methods are never answered with 304."""
    request = environ() | {"REQUEST_METHOD": "POST"}

    assert is_resource_modified(request, etag="a") is False


def test_an_asgi_scope_will_do():
    """A scope has the same conditions as an environ."""
    scope = {"type": "http", "method": "GET", "headers": [(b"if-none-match", b'"a"')]}

    assert is_resource_modified(scope, etag="a") is False


@given(
    request=st.fixed_dictionaries(
        {},
        optional={
            "if_none_match": TAGS,
            "if_match": TAGS,
            "if_modified_since": DATES,
            "if_range": DATES | TAGS.filter(lambda tags: tags != "*"),
            "range": st.just("bytes=0-5"),
        },
    ),
    etag=st.sampled_from([None, "a", '"a"', 'W/"a"', "b"]),
    last_modified=st.sampled_from([None, NOW]),
    ignore_if_range=st.booleans(),
)
def test_conditions_agree_with_werkzeug(request, etag, last_modified, ignore_if_range):
    """Every combination of conditions is decided as Werkzeug decides it."""
    arguments = (environ(**request), etag, None, last_modified, ignore_if_range)

    assert is_resource_modified(*arguments) is reference.is_resource_modified(*arguments)
