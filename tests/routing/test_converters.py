"""The converters by themselves; what they match in rules is compared with Werkzeug's elsewhere."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from asyncflask.routing import (
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    Map,
    PathConverter,
    Rule,
    UnicodeConverter,
    UUIDConverter,
    ValidationError,
)
from asyncflask.routing.converters import reader_of


@pytest.fixture(name="map_")
def make_map() -> Map:
    return Map()


def test_a_regex_with_a_slash_makes_a_converter_span_segments() -> None:
    """Unless the class says otherwise; subclasses inherit it."""

    class Pair(BaseConverter):
        regex = r"\d+/\d+"

    class Child(Pair):
        pass

    class Stubborn(BaseConverter):
        regex = "[^/]+x"
        part_isolating = True

    assert not Pair.part_isolating
    assert not Child.part_isolating
    assert Stubborn.part_isolating


def test_the_exact_length_overrides_the_bounds(map_: Map) -> None:
    """`length` wins over `minlength` and `maxlength`."""
    assert UnicodeConverter(map_, minlength=9, length=2).regex == "[^/]{2}"


def test_lengths_may_be_texts_of_digits(map_: Map) -> None:
    """As they are if a rule has them in quotes."""
    assert UnicodeConverter(map_, "2", "3").regex == "[^/]{2,3}"  # type: ignore[arg-type]  # the point


@pytest.mark.parametrize("value", ["1", "-12", "12345"])
def test_a_wrong_number_of_digits_is_no_match(map_: Map, value: str) -> None:
    """fixed_digits counts characters; a sign is one."""
    converter = IntegerConverter(map_, fixed_digits=2, signed=True)

    with pytest.raises(ValidationError):
        converter.to_python(value)


def test_a_signed_number_may_have_a_minus(map_: Map) -> None:
    """Subclasses find the pattern for it as `signed_regex`."""
    converter = IntegerConverter(map_, signed=True)

    assert converter.regex == IntegerConverter(map_).signed_regex == r"-?\d+"


@pytest.mark.parametrize("value", ["1", "6"])
def test_a_number_out_of_bounds_is_no_match(map_: Map, value: str) -> None:
    """min and max are inclusive."""
    converter = IntegerConverter(map_, min=2, max=5)

    with pytest.raises(ValidationError):
        converter.to_python(value)
    assert [converter.to_python(bound) for bound in ("2", "5")] == [2, 5]


def test_an_integer_that_python_refuses_is_no_match(map_: Map) -> None:
    """Thousands of digits make a 404, not a 500."""
    with pytest.raises(ValidationError):
        IntegerConverter(map_).to_python("9" * 5000)


@pytest.mark.parametrize(("digits", "matches"), [(308, True), (309, False), (5000, False)])
def test_no_float_is_infinite(map_: Map, digits: int, matches: bool) -> None:
    """A number that might be is a 404."""
    pattern = re.compile(FloatConverter(map_).regex)

    assert bool(pattern.fullmatch("9" * digits + ".5")) is matches


def test_numbers_are_filled_with_zeros_in_urls(map_: Map) -> None:
    """Up to fixed_digits."""
    assert IntegerConverter(map_, fixed_digits=4).to_url("7") == "0007"


def test_a_float_has_a_point_in_urls(map_: Map) -> None:
    """So that the URL matches again."""
    assert FloatConverter(map_).to_url(1) == "1.0"


def test_any_builds_none_but_its_texts(map_: Map) -> None:
    """The error lists them, sorted."""
    with pytest.raises(ValueError, match="'c' is not one of 'a', 'b'"):
        AnyConverter(map_, "b", "a").to_url("c")


def test_any_quotes_its_texts_in_urls(map_: Map) -> None:
    """Its texts may have spaces."""
    assert AnyConverter(map_, "a b").to_url("a b") == "a%20b"


def test_any_takes_numbers_as_texts(map_: Map) -> None:
    """`any(1, 2)` matches "1" and "2"."""
    assert Map([Rule("/<any(1,2):x>", endpoint="e")]).find("", "/2", "GET") is not None


def test_a_uuid_is_a_uuid_in_python(map_: Map) -> None:
    """And a text in URLs."""
    value = uuid.uuid4()

    assert UUIDConverter(map_).to_python(str(value)) == value
    assert UUIDConverter(map_).to_url(value) == str(value)


def test_values_are_quoted_but_for_what_a_path_may_hold(map_: Map) -> None:
    """Slashes stay, control characters never do."""
    assert PathConverter(map_).to_url("a/b c?\r\n\\é;=@") == "a/b%20c%3F%0D%0A%5C%C3%A9;=@"


def test_a_lone_surrogate_does_not_keep_a_url_from_being_built(map_: Map) -> None:
    """It becomes a question mark."""
    assert BaseConverter(map_).to_url("a\udcff") == "a%3F"


def test_the_plainest_converters_are_read_without_python_code(map_: Map) -> None:
    """Text is taken as it is; unbounded numbers are made by int and float."""
    readers = [reader_of(converter(map_)) for converter in (UnicodeConverter, PathConverter)]

    assert readers == [str, str]
    assert reader_of(IntegerConverter(map_, signed=True)) is int
    assert reader_of(FloatConverter(map_)) is float


def test_a_converter_with_a_mind_of_its_own_is_asked(map_: Map) -> None:
    """So are bounded numbers, and classes or instances with a `to_python` of their own."""

    class Shout(BaseConverter):
        def to_python(self, value: str) -> Any:
            return value.upper()

    class Negative(IntegerConverter):
        num_convert = staticmethod(lambda text: -int(text))

    bounded = IntegerConverter(map_, max=3)
    patched = BaseConverter(map_)
    patched.to_python = str.title  # type: ignore[method-assign]  # the point

    assert reader_of(Shout(map_))("a") == "A"
    assert reader_of(Negative(map_))("1") == -1
    assert reader_of(bounded) == bounded.to_python
    assert reader_of(patched)("a") == "A"
