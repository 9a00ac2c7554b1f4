"""The live registries: they behave as Flask's, and announce every change."""

from __future__ import annotations

import copy
import operator
import pickle
from collections import defaultdict

import pytest

from asyncflask.setup.hooks import LiveDict, LiveList, error_registry, list_registry


class Changes:
    """Counts the announcements."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def changes():
    return Changes()


@pytest.mark.parametrize(
    "mutate",
    [
        lambda functions: functions.append(9),
        lambda functions: functions.extend([9]),
        lambda functions: functions.insert(0, 9),
        lambda functions: functions.remove(1),
        lambda functions: functions.pop(),
        lambda functions: functions.clear(),
        lambda functions: functions.sort(key=operator.neg),
        lambda functions: functions.reverse(),
        lambda functions: functions.__setitem__(slice(None), [9]),
        lambda functions: functions.__delitem__(0),
        lambda functions: functions.__iadd__([9]),
        lambda functions: functions.__imul__(2),
    ],
)
def test_list_mutations_are_announced_once(mutate, changes):
    """Each method that changes a list does what a list does, and announces it once."""
    plain = [1, 2]
    live = LiveList([1, 2], on_change=changes)

    mutate(plain)
    mutate(live)

    assert live == plain
    assert changes.count == 1


@pytest.mark.parametrize(
    "mutate",
    [
        lambda registry: registry.__setitem__("b", 2),
        lambda registry: registry.__delitem__("a"),
        lambda registry: registry.pop("a"),
        lambda registry: registry.popitem(),
        lambda registry: registry.clear(),
        lambda registry: registry.update({"a": 2}, b=3),
        lambda registry: registry.update([("a", 2)]),
        lambda registry: registry.setdefault("b", 2),
        lambda registry: operator.ior(registry, {"b": 2}),
    ],
)
def test_dict_mutations_are_announced_once(mutate, changes):
    """Each method that changes a dict does what a dict does, and announces it once."""
    plain = {"a": 1}
    live = LiveDict({"a": 1}, on_change=changes)

    mutate(plain)
    mutate(live)

    assert live == plain
    assert changes.count == 1


def test_reading_is_not_announced(changes):
    """Asking for what is there, or is not, announces nothing."""
    registry = list_registry(changes)

    answers = (registry["shop"], registry.get("news"), "x" in registry, list(registry))

    assert answers == ([], None, False, ["shop"])
    assert changes.count == 0


def test_failed_mutation_is_announced(changes):
    """A list that was changed in part before an error has announced it."""
    functions = LiveList(on_change=changes)

    with pytest.raises(ZeroDivisionError):
        functions.extend(1 // divisor for divisor in (1, 0))

    assert functions == [1]
    assert changes.count == 1


def test_missing_scope_is_an_empty_live_list(changes):
    """A registry of functions makes a list where it has none, and keeps it."""
    registry = list_registry(changes)

    registry[None].append(len)

    assert registry == {None: [len]}
    assert changes.count == 1


def test_setdefault_gives_the_live_list(changes):
    """`setdefault(None, []).append(f)` changes the registry, as extensions expect."""
    registry = list_registry(changes)

    registry.setdefault(None, []).append(len)

    assert registry == {None: [len]}
    assert changes.count == 2


def test_plain_list_becomes_live(changes):
    """A list that replaces another announces its changes too."""
    registry = list_registry(changes)
    registry["shop"] = [len]
    before = changes.count

    registry["shop"].insert(0, min)

    assert registry["shop"] == [min, len]
    assert changes.count == before + 1


def test_augmented_assignment_announces(changes):
    """`registry[scope] += [f]` keeps one live list."""
    registry = list_registry(changes)
    functions = registry[None]

    registry[None] += [len]

    assert registry[None] is functions
    assert functions == [len]
    assert changes.count > 0


def test_without_default_a_missing_key_raises(changes):
    """A dict without default_factory raises KeyError, as any dict."""
    views = LiveDict(on_change=changes)

    with pytest.raises(KeyError, match="index"):
        views["index"]


def test_error_registry_nests(changes):
    """Handlers are set three levels deep without preparing any level."""
    registry = error_registry(changes)

    registry[None][404][LookupError] = len

    assert registry == {None: {404: {LookupError: len}}}
    assert changes.count == 1


def test_error_registry_ends_at_the_exception_class(changes):
    """Asking for a class without handler raises KeyError, as in Flask."""
    registry = error_registry(changes)

    with pytest.raises(KeyError):
        registry[None][404][LookupError]


def test_defaultdict_keeps_its_factory(changes):
    """A defaultdict that is put into a registry goes on making its defaults."""
    registry = error_registry(changes)
    registry["shop"] = defaultdict(dict)

    registry["shop"][500][ValueError] = len

    assert registry["shop"] == {500: {ValueError: len}}


def test_registries_do_not_share_lists():
    """What one registry copies from another announces to its own app only."""
    first, second = Changes(), Changes()
    mine, theirs = list_registry(first), list_registry(second)
    mine[None] = theirs[None]

    mine[None].append(len)

    assert theirs[None] == []
    assert (first.count, second.count) == (2, 0)


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]
)
def test_copies_are_plain(duplicate, changes):
    """A copy has the content of a registry, and none of its announcing."""
    registry = error_registry(changes)
    registry[None][404][LookupError] = len
    before = changes.count

    copied = duplicate(registry)
    copied["shop"] = {}

    assert type(copied) is dict
    assert copied[None] == {404: {LookupError: len}}
    assert changes.count == before


def test_copy_methods_are_plain(changes):
    """`.copy()` gives a dict or a list."""
    registry = list_registry(changes)

    copies = (type(registry.copy()), type(registry[None].copy()))

    assert copies == (dict, list)
