"""Awaitables that are no coroutines."""

from __future__ import annotations

import pytest

from asyncflask import bridge


class Compiled:
    """An awaitable as compiled servers have them: an iterator, and nothing more."""

    def __init__(self, *signals, result=None):
        self._signals = list(signals)
        self._result = result

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        if self._signals:
            return self._signals.pop(0)
        raise StopIteration(self._result)


def test_a_coroutine_is_stepped_through_as_it_is():
    """It can be sent to already."""

    async def answer():
        return 42

    steps = bridge.steps_of(answer())

    with pytest.raises(StopIteration) as ended:
        steps.send(None)
    assert ended.value.value == 42


def test_a_mere_iterator_can_be_sent_to():
    """Its signals come one by one, then its result."""
    steps = bridge.steps_of(Compiled("first", "second", result="value"))

    signals = [next(steps), steps.send(None)]

    with pytest.raises(StopIteration) as ended:
        steps.send(None)
    assert signals == ["first", "second"]
    assert ended.value.value == "value"


def test_a_mere_iterator_can_be_thrown_into():
    """The error is raised where it is awaited."""
    steps = bridge.steps_of(Compiled("first"))
    next(steps)

    with pytest.raises(LookupError, match="gone"):
        steps.throw(LookupError("gone"))
