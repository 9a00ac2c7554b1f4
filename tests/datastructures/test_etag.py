"""Sets of entity tags."""

from __future__ import annotations

import pytest

from asyncflask.datastructures import ETags
from asyncflask.syntax import generate_etag


@pytest.fixture
def etags():
    return ETags(["a"], ["b"])


def test_strong_and_weak_tags_are_told_apart(etags):
    """Weak comparison takes both."""
    assert [etags.is_strong("a"), etags.is_weak("b"), etags.is_strong("b")] == [True, True, False]
    assert [etags.contains("a"), etags.contains("b")] == [True, False]
    assert [etags.contains_weak("a"), etags.contains_weak("b")] == [True, True]


@pytest.mark.parametrize(
    ("raw", "found"), [('"a"', True), ('W/"b"', True), ('"b"', False), ("", False)]
)
def test_quoted_tags_are_compared(etags, raw, found):
    """A weak tag matches a weak one only."""
    assert etags.contains_raw(raw) is found


def test_it_is_a_collection_of_its_strong_tags(etags):
    """So are as_set and len; include_weak adds the rest."""
    assert (list(etags), len(etags), "a" in etags, "b" in etags) == (["a"], 1, True, False)
    assert etags.as_set(include_weak=True) == {"a", "b"}


def test_a_call_takes_a_tag_or_data(etags):
    """The data's tag is generated; with neither it cannot answer."""
    assert etags("a")
    assert etags("b", include_weak=True)
    assert ETags([generate_etag(b"x")])(data=b"x")
    with pytest.raises(TypeError, match="'data' is required"):
        etags()


def test_a_star_matches_everything():
    """It is a header of its own, and names no tag."""
    star = ETags(["a"], star_tag=True)

    assert star.contains("x")
    assert star.contains_raw('W/"x"')
    assert (star.is_strong("a"), star.to_header(), bool(star)) == (False, "*", True)


def test_it_becomes_a_header_again(etags):
    """Weak tags are marked; none at all is an empty, falsy header."""
    assert str(etags) == '"a", W/"b"'
    assert repr(etags) == '<ETags \'"a", W/"b"\'>'
    assert (str(ETags()), bool(ETags())) == ("", False)
