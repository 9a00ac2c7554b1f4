"""Ordered sets of header members."""

from __future__ import annotations

import pytest

from asyncflask.datastructures import HeaderSet


@pytest.fixture
def members():
    return HeaderSet(["Foo", "bar"])


def test_case_does_not_matter(members):
    """Members keep the case they were added with."""
    members.add("FOO")

    assert "foo" in members
    assert list(members) == ["Foo", "bar"]


def test_members_are_removed(members):
    """discard is content where remove raises."""
    members.remove("FOO")
    members.discard("missing")

    assert list(members) == ["bar"]
    with pytest.raises(KeyError):
        members.remove("foo")


def test_members_have_positions(members):
    """They are read, replaced and deleted by them."""
    assert (members[0], members.find("BAR"), members.find("missing")) == ("Foo", 1, -1)
    members[0] = "New"
    del members[1]
    assert list(members) == ["New"]
    with pytest.raises(IndexError, match="'missing' is not in 'New'"):
        members.index("missing")


def test_it_becomes_plain_sets(members):
    """In lower case unless told otherwise."""
    assert members.as_set() == {"foo", "bar"}
    assert members.as_set(preserve_casing=True) == {"Foo", "bar"}


def test_it_becomes_a_header_again():
    """Members are quoted where needed."""
    assert str(HeaderSet(["a b", "c"])) == '"a b", c'


def test_it_is_a_set(members):
    """Operators and comparisons work."""
    assert members == HeaderSet(["BAR", "foo"])
    assert members | {"x"} == {"Foo", "bar", "x"}
    assert (len(members), bool(HeaderSet())) == (2, False)


def test_changes_are_reported():
    """What changes nothing is not."""
    seen = []
    members = HeaderSet(["a"], lambda changed: seen.append(str(changed)))

    members.add("A")
    members.update(["b", "c"])
    members.discard("missing")
    members.remove("b")
    members[0] = "x"
    del members[0]
    members.clear()

    assert seen == ["a, b, c", "a, c", "x, c", "c", ""]
