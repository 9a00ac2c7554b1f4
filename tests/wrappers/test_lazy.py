"""Attributes that are computed when they are first read."""

from __future__ import annotations

import pytest

from asyncflask.wrappers.lazy import lazy


class Counter:
    def __init__(self):
        self.count = 0

    @lazy
    def value(self):
        """The count after one more."""
        self.count += 1
        if self.count == 2:
            raise ValueError
        return self.count


def test_the_value_is_computed_once():
    """A second read gives the kept value."""
    counter = Counter()

    values = [counter.value, counter.value]

    assert values == [1, 1]


def test_an_assigned_value_is_kept():
    """Assignment replaces the value, computed or not."""
    counter = Counter()

    counter.value = 10

    assert counter.value == 10
    assert counter.count == 0


def test_a_deleted_value_is_computed_again_and_errors_are_not_kept():
    """After `del` the next read computes, and one that raises leaves nothing behind."""
    counter = Counter()
    _ = counter.value

    del counter.value
    with pytest.raises(ValueError):
        _ = counter.value

    assert counter.value == 3


def test_the_class_shows_the_docstring():
    """Read from the class, it is itself, with the function's docstring."""
    assert Counter.value.__doc__ == "The count after one more."
