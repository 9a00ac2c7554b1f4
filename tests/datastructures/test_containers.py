"""Immutable containers, converting look-ups, and dicts that report changes."""

from __future__ import annotations

import copy
import pickle

import pytest

from asyncflask.datastructures import (
    CallbackDict,
    ImmutableDict,
    ImmutableList,
    ImmutableTypeConversionDict,
    TypeConversionDict,
)

LIST_CHANGES = [
    lambda items: items.append(3),
    lambda items: items.clear(),
    lambda items: items.extend([3]),
    lambda items: items.insert(0, 3),
    lambda items: items.pop(),
    lambda items: items.remove(1),
    lambda items: items.reverse(),
    lambda items: items.sort(),
    lambda items: items.__setitem__(0, 3),
    lambda items: items.__delitem__(0),
    lambda items: items.__iadd__([3]),
    lambda items: items.__imul__(2),
]

DICT_CHANGES = [
    lambda items: items.clear(),
    lambda items: items.pop("a"),
    lambda items: items.pop("missing", None),
    lambda items: items.popitem(),
    lambda items: items.setdefault("a"),
    lambda items: items.update(b=1),
    lambda items: items.__setitem__("a", 2),
    lambda items: items.__delitem__("a"),
    lambda items: items.__ior__({"b": 1}),
]


@pytest.mark.parametrize("change", LIST_CHANGES)
def test_an_immutable_list_refuses_changes(change):
    """Every method that changes a list raises, and says what to do."""
    items = ImmutableList([1, 2])

    with pytest.raises(TypeError, match="'ImmutableList' objects are immutable"):
        change(items)

    assert items == [1, 2]


@pytest.mark.parametrize("cls", [ImmutableDict, ImmutableTypeConversionDict])
@pytest.mark.parametrize("change", DICT_CHANGES)
def test_an_immutable_dict_refuses_changes(cls, change):
    """Every method that changes a dict raises."""
    items = cls(a=1)

    with pytest.raises(TypeError, match="objects are immutable"):
        change(items)

    assert items == {"a": 1}


@pytest.mark.parametrize("make", [lambda: ImmutableList([1]), lambda: ImmutableDict(a=1)])
def test_immutable_containers_are_hashable(make):
    """Equal containers have equal hashes, and may be keys."""
    assert {make(): "found"}[make()] == "found"


@pytest.mark.parametrize("items", [ImmutableList([1]), ImmutableDict(a=1)])
def test_immutable_containers_are_pickled(items):
    """They come back equal and immutable."""
    loaded = pickle.loads(pickle.dumps(items))

    assert loaded == items
    assert type(loaded) is type(items)


def test_copies_of_immutable_containers_are_mutable():
    """copy() is how to change what is in them; copy.copy() has nothing to copy."""
    items = ImmutableDict(a=1)

    assert type(items.copy()) is dict
    assert copy.copy(items) is items
    assert type(ImmutableTypeConversionDict(a=1).copy()) is TypeConversionDict


def test_an_immutable_dict_is_made_of_keys():
    """fromkeys gives its own class."""
    assert ImmutableDict.fromkeys("ab", 1) == ImmutableDict(a=1, b=1)


def test_containers_show_their_class():
    """The representation can be told from a plain container's."""
    shown = [repr(items) for items in (ImmutableList([1]), ImmutableDict(a=1))]

    assert shown == ["ImmutableList([1])", "ImmutableDict({'a': 1})"]


def test_a_value_is_converted():
    """`type` gets the value that is there."""
    assert TypeConversionDict(a="1").get("a", type=int) == 1


@pytest.mark.parametrize("key", ["broken", "missing"])
def test_the_default_stands_in_for_what_cannot_be_converted(key):
    """A missing key and a ValueError both give the default."""
    assert TypeConversionDict(broken="x").get(key, 7, int) == 7


def test_a_type_error_gives_the_default():
    """A converter that cannot take the value's type counts as failing."""
    assert TypeConversionDict(a=None).get("a", 7, int) == 7


def test_other_errors_of_a_converter_are_raised():
    """A converter's own mistake is not hidden."""
    with pytest.raises(ZeroDivisionError):
        TypeConversionDict(a=0).get("a", type=lambda value: 1 // value)


@pytest.mark.parametrize(
    "change",
    [
        lambda items: items.__setitem__("a", 2),
        lambda items: items.__delitem__("a"),
        lambda items: items.pop("a"),
        lambda items: items.popitem(),
        lambda items: items.clear(),
        lambda items: items.update(b=1),
        lambda items: items.setdefault("b", 1),
        lambda items: items.__ior__({"b": 1}),
    ],
)
def test_a_change_is_reported(change):
    """The callback gets the dict after each change, once."""
    seen = []
    items = CallbackDict({"a": 1}, seen.append)

    change(items)

    assert len(seen) == 1
    assert seen[0] is items


@pytest.mark.parametrize(
    "read",
    [
        lambda items: items.setdefault("a", 2),
        lambda items: items.pop("missing", None),
        lambda items: items.get("a"),
    ],
)
def test_what_changes_nothing_is_not_reported(read):
    """Reading, and writing that finds nothing to do, is silent."""
    seen = []
    items = CallbackDict({"a": 1}, seen.append)

    read(items)

    assert seen == []


def test_a_callback_dict_pops_like_a_dict():
    """A missing key without a default is an error."""
    with pytest.raises(KeyError):
        CallbackDict().pop("missing")
