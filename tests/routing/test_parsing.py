"""The language of rules."""

from __future__ import annotations

from typing import Any

import pytest

from asyncflask.routing.parsing import Variable, parse_converter_args, parse_rule


def test_a_rule_is_split_into_texts_slashes_and_variables() -> None:
    """Each slash is a piece of its own."""
    pieces = parse_rule("/a/<int(min=1):id>.html")

    assert pieces == ["/", "a", "/", Variable("id"), ".html"]


def test_a_variable_keeps_its_converter_and_arguments() -> None:
    """They are kept as text, to be read when a map knows the converter."""
    (variable,) = parse_rule("<int(min=1):id>")

    assert isinstance(variable, Variable)
    assert (variable.converter, variable.arguments) == ("int", "min=1")


def test_a_quoted_argument_may_contain_what_ends_a_variable() -> None:
    """A closing parenthesis, colon or angle bracket in quotes is a part of the argument."""
    (variable,) = parse_rule('<any("a):b", "<c>"):x>')

    assert isinstance(variable, Variable)
    assert parse_converter_args(variable.arguments)[0] == ("a):b", "<c>")


@pytest.mark.parametrize("rule", ["/<1x>", "/<x", "/< x>", "/<int:x >", "/<:x>", "/a<b", "/<é>"])
def test_a_bracket_that_opens_no_variable_is_an_error(rule: str) -> None:
    """The error shows the rule."""
    with pytest.raises(ValueError, match="Malformed URL rule") as caught:
        parse_rule(rule)

    assert repr(rule) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("1, 2.5, .5", (1, 2.5, 0.5)),
        ("True,False,None", (True, False, None)),
        ("true, word, x.y, é", ("true", "word", "x.y", "é")),
        ("'a b', \"c,d\", ''", ("a b", "c,d", "")),
        ("nan, inf, 0x1", ("nan", "inf", "0x1")),
        ("'True', '2'", ("True", "2")),
        ("a,", ("a",)),
    ],
)
def test_arguments_are_read_as_python_reads_them(text: str, expected: tuple[Any, ...]) -> None:
    """Constants and numbers are what they say; words and what is in quotes are strings."""
    assert parse_converter_args(text) == (expected, {})


def test_integers_next_to_a_comma_are_two_integers() -> None:
    """Werkzeug reads "1,2" as one string."""
    assert parse_converter_args("1,2") == ((1, 2), {})


def test_numbers_may_be_negative() -> None:
    """As the bounds of a signed number must be able to be; Werkzeug refuses them."""
    assert parse_converter_args("min=-4, max=-.5") == ((), {"min": -4, "max": -0.5})


def test_named_and_positional_arguments_mix() -> None:
    """Spaces do not matter."""
    assert parse_converter_args(" 2 , max = 'x' ") == ((2,), {"max": "x"})


@pytest.mark.parametrize("text", ["a b", "a-b", '"a', "a=", "a==1", ",", "+1", "a,,b"])
def test_arguments_that_cannot_be_read_are_an_error(text: str) -> None:
    """The error says to use quotes."""
    with pytest.raises(ValueError, match="in quotes"):
        parse_converter_args(text)
