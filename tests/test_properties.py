"""Properties that are kept, and properties that are headers."""

import pytest

from asyncflask.datastructures import Headers
from asyncflask.properties import cached_property, header_property


class Counted:
    def __init__(self):
        self.calls = 0

    @cached_property
    def value(self):
        """Counts its calls."""
        self.calls += 1
        return self.calls


class Slotted:
    __slots__ = ("_cache_value", "calls")

    def __init__(self):
        self.calls = 0

    @cached_property
    def value(self):
        """Counts its calls."""
        self.calls += 1
        return self.calls


@pytest.mark.parametrize("counted_class", [Counted, Slotted])
class TestCachedProperty:
    def test_computed_once(self, counted_class):
        """The function runs at the first access only."""
        counted = counted_class()

        assert (counted.value, counted.value) == (1, 1)

    def test_set(self, counted_class):
        """A value that is set is kept in place of the computed one."""
        counted = counted_class()

        counted.value = "mine"

        assert counted.value == "mine"
        assert counted.calls == 0

    def test_delete(self, counted_class):
        """After deletion the function runs again."""
        counted = counted_class()
        assert counted.value == 1

        del counted.value

        assert counted.value == 2

    def test_delete_nothing(self, counted_class):
        """Deleting what is not kept is an error."""
        with pytest.raises((KeyError, AttributeError)):
            del counted_class().value

    def test_on_the_class(self, counted_class):
        """The class shows the property, its name and its docstring."""
        assert counted_class.value.__name__ == "value"
        assert counted_class.value.__doc__ == "Counts its calls."


class Answer:
    age = header_property("Age", default=0, load_func=int, dump_func=str, doc="In seconds.")
    server = header_property("Server", read_only=True)
    location = header_property("Location")

    def __init__(self, **headers):
        self.headers = Headers(headers)


class TestHeaderProperty:
    def test_loads(self):
        """The header's text is turned into a value."""
        assert Answer(Age="5").age == 5

    @pytest.mark.parametrize("headers", [{}, {"Age": "old"}])
    def test_default(self, headers):
        """The default stands in for a header that is missing or malformed."""
        assert Answer(**headers).age == 0

    def test_text(self):
        """Without functions the property is the header's text."""
        answer = Answer()

        answer.location = "/next"

        assert answer.location == answer.headers["Location"] == "/next"

    def test_dumps(self):
        """A value that is set is turned into the header's text."""
        answer = Answer()

        answer.age = 7

        assert answer.headers["Age"] == "7"

    def test_delete(self):
        """Deleting the property removes the header, and may be repeated."""
        answer = Answer(Age="5")

        del answer.age
        del answer.age

        assert "Age" not in answer.headers

    def test_none(self):
        """Setting None removes the header."""
        answer = Answer(Age="5")

        answer.age = None

        assert "Age" not in answer.headers

    def test_read_only(self):
        """A read-only property can neither be set nor deleted."""
        answer = Answer(Server="x")

        with pytest.raises(
            AttributeError, match=r"'Server' is read only. Change the header itself"
        ):
            answer.server = "y"
        with pytest.raises(
            AttributeError, match=r"'Server' is read only. Change the header itself"
        ):
            del answer.server

    def test_on_the_class(self):
        """The class shows the property and its docstring."""
        assert repr(Answer.age) == "<header_property Age>"
        assert Answer.age.__doc__ == "In seconds."
