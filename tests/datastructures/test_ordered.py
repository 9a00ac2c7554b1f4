"""MultiDicts that keep the order of values across keys."""

from __future__ import annotations

import copy
import pickle

import pytest

from asyncflask.datastructures import ImmutableOrderedMultiDict, MultiDict, OrderedMultiDict

PAIRS = [("a", 1), ("b", 2), ("a", 3)]


def all_pairs(mapping):
    return list(mapping.items(multi=True))


def test_the_order_of_all_pairs_is_kept():
    """Look-ups are a MultiDict's."""
    items = OrderedMultiDict(PAIRS)

    assert all_pairs(items) == PAIRS
    assert list(items.items()) == [("a", 1), ("b", 2)]
    assert items.getlist("a") == [1, 3]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda items: items.add("b", 4), [*PAIRS, ("b", 4)]),
        (lambda items: items.update({"c": [5, 6]}), [*PAIRS, ("c", 5), ("c", 6)]),
        (lambda items: items.__setitem__("a", 9), [("b", 2), ("a", 9)]),
        (lambda items: items.setlist("b", [7, 8]), [("a", 1), ("a", 3), ("b", 7), ("b", 8)]),
        (lambda items: items.__delitem__("b"), [("a", 1), ("a", 3)]),
        (lambda items: items.pop("a"), [("b", 2)]),
        (lambda items: items.poplist("a"), [("b", 2)]),
        (lambda items: items.popitem(), [("a", 1), ("a", 3)]),
        (lambda items: items.clear(), []),
    ],
)
def test_changes_keep_the_order(change, expected):
    """What is set anew comes last."""
    items = OrderedMultiDict(PAIRS)

    change(items)

    assert all_pairs(items) == expected


def test_the_list_itself_is_not_handed_out():
    """Its changes would not be seen, so the error says what to use."""
    with pytest.raises(TypeError, match="Use setlist and getlist"):
        OrderedMultiDict(PAIRS).setlistdefault("a")


def test_order_counts_among_ordered_ones():
    """Compared with an unordered one it does not."""
    items = OrderedMultiDict(PAIRS)

    assert items != OrderedMultiDict([("b", 2), ("a", 1), ("a", 3)])
    assert items == MultiDict(PAIRS)


@pytest.mark.parametrize("cls", [OrderedMultiDict, ImmutableOrderedMultiDict])
@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda items: pickle.loads(pickle.dumps(items))]
)
def test_duplicates_keep_the_order(cls, duplicate):
    """Copies and pickles have the pairs as they were."""
    duplicated = duplicate(cls(PAIRS))

    assert type(duplicated) is cls
    assert all_pairs(duplicated) == PAIRS


def test_an_immutable_one_is_hashable_and_copied_mutable():
    """copy() gives one that can be changed."""
    items = ImmutableOrderedMultiDict(PAIRS)

    assert hash(items) == hash(ImmutableOrderedMultiDict(PAIRS))
    assert type(items.copy()) is OrderedMultiDict
    with pytest.raises(TypeError, match="immutable"):
        items.add("a", 1)
