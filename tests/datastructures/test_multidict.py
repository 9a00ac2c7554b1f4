"""MultiDicts, alone and against Werkzeug's."""

from __future__ import annotations

import copy
import pickle

import pytest
import werkzeug.datastructures as reference
from hypothesis import given
from hypothesis import strategies as st

from asyncflask.datastructures import (
    CombinedMultiDict,
    ImmutableMultiDict,
    MultiDict,
    iter_multi_items,
    multidict,
)

PAIRS = [("a", "1"), ("b", "x"), ("a", "3")]
ANY_PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)))


def all_pairs(mapping):
    return list(mapping.items(multi=True))


def combined():
    return CombinedMultiDict(
        [MultiDict([("a", "x"), ("a", "2")]), MultiDict([("a", "3"), ("b", "y")])]
    )


@pytest.fixture
def items():
    return MultiDict(PAIRS)


@pytest.mark.parametrize(
    "source",
    [
        [("a", 1), ("a", 2), ("b", 3)],
        {"a": [1, 2], "b": 3},
        {"a": (1, 2), "b": {3}},
        MultiDict([("a", 1), ("a", 2), ("b", 3)]),
        iter([("a", 1), ("b", 3), ("a", 2)]),
    ],
)
def test_it_is_made_of_pairs_and_mappings(source):
    """Lists, tuples and sets of a mapping are several values."""
    assert all_pairs(MultiDict(source)) == [("a", 1), ("a", 2), ("b", 3)]


def test_an_empty_list_adds_no_key():
    """A key without values is not there."""
    assert "a" not in MultiDict({"a": []})


def test_a_plain_look_up_gives_the_first_value(items):
    """[] and get agree."""
    assert items["a"] == items.get("a") == "1"


def test_a_missing_key_is_a_key_error(items):
    """It may be caught as for any dict."""
    with pytest.raises(KeyError):
        items["missing"]


def test_the_error_of_a_missing_key_can_be_replaced(items, monkeypatch):
    """This is how the floor above makes it a 400 response."""

    class Missing(KeyError):
        pass

    monkeypatch.setattr(multidict, "missing_key_error", Missing)

    with pytest.raises(Missing):
        items["missing"]


def test_no_error_is_built_to_say_that_a_key_is_missing(items, monkeypatch):
    """`in` and get find out without making an exception."""
    monkeypatch.setattr(multidict, "missing_key_error", None)

    assert "missing" not in items
    assert items.get("missing", "default", type=int) == "default"


@pytest.mark.parametrize(("key", "expected"), [("a", 1), ("b", 7), ("missing", 7)])
def test_get_converts(items, key, expected):
    """The default stands in for what is missing or cannot be converted."""
    assert items.get(key, 7, type=int) == expected


def test_getlist_leaves_out_what_cannot_be_converted():
    """Only values that `type` takes are given."""
    items = MultiDict([("a", "1"), ("a", "x"), ("a", "3")])

    assert items.getlist("a") == ["1", "x", "3"]
    assert items.getlist("a", type=int) == [1, 3]
    assert items.getlist("missing") == []


def test_a_list_given_out_is_a_copy(items):
    """Changing it changes nothing else."""
    items.getlist("a").append("9")

    assert items.getlist("a") == ["1", "3"]


def test_setting_replaces_all_values(items):
    """[] sets one value, setlist several."""
    items["a"] = "new"
    items.setlist("b", ["y", "z"])

    assert items.to_dict(flat=False) == {"a": ["new"], "b": ["y", "z"]}


def test_adding_and_updating_keep_what_is_there(items):
    """Values are appended."""
    items.add("a", "4")
    items.update({"a": ["5", "6"], "c": "7"})

    assert items.getlist("a") == ["1", "3", "4", "5", "6"]
    assert items["c"] == "7"


def test_setdefault_gives_the_first_value(items):
    """A key that has no value yet gets the default."""
    assert items.setdefault("a", "9") == "1"
    assert items.setdefault("new", "9") == "9"


def test_setlistdefault_gives_the_list_itself(items):
    """What is appended to it is in the dict."""
    items.setlistdefault("a").append("9")
    items.setlistdefault("new", ["x"]).append("y")

    assert items.getlist("a") == ["1", "3", "9"]
    assert items.getlist("new") == ["x", "y"]


def test_views_give_first_values_or_all(items):
    """items, values and lists agree about the order of keys."""
    assert list(items) == list(items.keys()) == ["a", "b"]
    assert list(items.items()) == [("a", "1"), ("b", "x")]
    assert list(items.items(multi=True)) == [("a", "1"), ("a", "3"), ("b", "x")]
    assert list(items.values()) == ["1", "x"]
    assert list(items.lists()) == [("a", ["1", "3"]), ("b", ["x"])]
    assert list(items.listvalues()) == [["1", "3"], ["x"]]


def test_it_becomes_a_plain_dict(items):
    """dict() and to_dict() take first values, flat=False takes lists."""
    assert dict(items) == items.to_dict() == {**items} == {"a": "1", "b": "x"}
    assert items.to_dict(flat=False) == {"a": ["1", "3"], "b": ["x"]}


def test_pop_removes_the_whole_list(items):
    """It gives the first value, or the default."""
    assert items.pop("a") == "1"
    assert items.pop("a", None) is None
    with pytest.raises(KeyError):
        items.pop("a")


def test_lists_are_popped_whole(items):
    """poplist and popitemlist give lists, popitem the first value."""
    assert items.popitem() == ("b", "x")
    assert items.poplist("a") == ["1", "3"]
    assert items.poplist("a") == []


@pytest.mark.parametrize("method", ["popitem", "popitemlist"])
def test_popping_from_an_empty_one_is_a_key_error(method):
    """As for any dict."""
    with pytest.raises(KeyError):
        getattr(MultiDict(), method)()


@pytest.mark.parametrize("duplicate", [MultiDict.copy, copy.copy])
def test_a_copy_has_lists_of_its_own(items, duplicate):
    """Values are shared, lists are not."""
    items.add("o", shared := object())

    copied = duplicate(items)
    copied.add("a", "9")

    assert items.getlist("a") == ["1", "3"]
    assert copied["o"] is shared


@pytest.mark.parametrize("duplicate", [MultiDict.deepcopy, copy.deepcopy])
def test_a_deep_copy_shares_nothing(duplicate):
    """Values are copied too."""
    items = MultiDict([("a", ["inner"])])

    duplicate(items)["a"].append("more")

    assert items["a"] == ["inner"]


@pytest.mark.parametrize("cls", [MultiDict, ImmutableMultiDict])
def test_it_is_pickled(cls):
    """All values come back, those that are lists included."""
    items = cls([("a", ["inner"]), ("a", 2)])

    loaded = pickle.loads(pickle.dumps(items))

    assert type(loaded) is cls
    assert all_pairs(loaded) == [("a", ["inner"]), ("a", 2)]


def test_equality_is_about_all_values(items):
    """The order of values counts, that of keys does not."""
    assert items == MultiDict([("b", "x"), ("a", "1"), ("a", "3")])
    assert items != MultiDict([("b", "x"), ("a", "3"), ("a", "1")])


def test_the_union_adds_values(items):
    """| makes a new one, |= changes the one there is."""
    union = items | {"a": ["5"], "c": "6"}
    items |= [("a", "7")]

    assert union.getlist("a") == ["1", "3", "5"]
    assert items.getlist("a") == ["1", "3", "7"]


@pytest.mark.parametrize("other", [3, [("a", "1")]])
def test_the_union_needs_a_mapping(items, other):
    """As for any dict."""
    with pytest.raises(TypeError, match="unsupported operand"):
        items | other


def test_all_pairs_of_any_source_are_iterated():
    """iter_multi_items takes what a MultiDict is made of."""
    pairs = [list(iter_multi_items(source)) for source in (MultiDict(PAIRS), {"a": [1, 2]}, PAIRS)]

    assert pairs == [[PAIRS[0], PAIRS[2], PAIRS[1]], [("a", 1), ("a", 2)], PAIRS]


@given(ANY_PAIRS, ANY_PAIRS)
def test_it_behaves_as_werkzeugs(pairs, more):
    """A series of changes leaves the same values in the same order."""
    mine, theirs = MultiDict(pairs), reference.MultiDict(pairs)

    for items in (mine, theirs):
        items.update(more)
        items.poplist("c")
        items.setlist("b", [8, 9])
        items.setdefault("c", 7)

    assert all_pairs(mine) == all_pairs(theirs)
    assert repr(mine) == repr(theirs)


@pytest.mark.parametrize(
    "change",
    [
        lambda items: items.add("a", 1),
        lambda items: items.setlist("a", [1]),
        lambda items: items.setlistdefault("a"),
        lambda items: items.poplist("a"),
        lambda items: items.popitemlist(),
        lambda items: items.pop("a", None),
        lambda items: items.update({}),
        lambda items: items.clear(),
        lambda items: items.__setitem__("a", 1),
        lambda items: items.__ior__({"a": 1}),
    ],
)
@pytest.mark.parametrize("make", [lambda: ImmutableMultiDict(PAIRS), combined])
def test_an_immutable_one_refuses_changes(make, change):
    """So does a combined one."""
    items = make()

    with pytest.raises(TypeError, match="objects are immutable"):
        change(items)


def test_an_immutable_one_is_hashable():
    """The order of keys does not matter."""
    items = ImmutableMultiDict(PAIRS)

    assert hash(items) == hash(ImmutableMultiDict([("b", "x"), ("a", "1"), ("a", "3")]))


def test_a_copy_of_an_immutable_one_can_be_changed():
    """copy() and | give MultiDicts."""
    items = ImmutableMultiDict(PAIRS)

    assert type(items.copy()) is type(items | {}) is MultiDict
    assert copy.copy(items) is items


def test_a_combined_one_asks_in_order():
    """The first dict that has a key answers; getlist asks all."""
    items = combined()

    assert items["a"] == items.get("a") == "x"
    assert items.getlist("a") == ["x", "2", "3"]
    assert items.get("missing", "default") == "default"
    with pytest.raises(KeyError):
        items["missing"]


def test_a_combined_one_converts_what_can_be_converted():
    """A dict whose value `type` refuses is passed over."""
    items = combined()

    assert items.get("a", type=int) == 3
    assert items.getlist("a", type=int) == [2, 3]
    assert items.get("b", 7, int) == 7


def test_a_combined_one_is_seen_as_a_whole():
    """Keys, values and lists are those of the union."""
    items = combined()

    assert list(items) == list(items.keys()) == ["a", "b"]
    assert list(items.items()) == [("a", "x"), ("b", "y")]
    assert all_pairs(items) == [("a", "x"), ("a", "2"), ("a", "3"), ("b", "y")]
    assert list(items.values()) == ["x", "y"]
    assert list(items.listvalues()) == [["x", "2", "3"], ["y"]]
    assert dict(items) == items.to_dict() == {"a": "x", "b": "y"}
    assert (len(items), "b" in items, list(reversed(items))) == (2, True, ["b", "a"])


def test_a_combined_one_equals_its_union():
    """It is compared by what it shows; an empty dict is not equal to it."""
    items = combined()

    assert items == items.copy() == combined()
    assert items != {}
    assert hash(items) == hash(combined())


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda items: pickle.loads(pickle.dumps(items))]
)
def test_a_combined_one_is_copied_and_pickled(duplicate):
    """It keeps its parts."""
    duplicated = duplicate(combined())

    assert duplicated.dicts == combined().dicts


def test_a_combined_one_follows_its_parts():
    """It is a view: what changes in a part is seen."""
    part = MultiDict()
    items = CombinedMultiDict([part])

    part.add("late", "1")

    assert items["late"] == "1"


def test_a_combined_one_cannot_be_made_of_keys():
    """There would be no part to put them in."""
    with pytest.raises(TypeError, match="Combine existing MultiDicts"):
        CombinedMultiDict.fromkeys(["a"])
