"""Templates of URLs."""

from __future__ import annotations

import pytest

from asyncflask.routing import Map
from asyncflask.routing.building import Template, compile_template
from asyncflask.routing.converters import IntegerConverter, UnicodeConverter
from asyncflask.routing.parsing import parse_rule


def template(rule: str, **defaults: object) -> Template:
    map_ = Map()
    converters = {"n": IntegerConverter(map_), "x": UnicodeConverter(map_)}
    return compile_template(parse_rule(rule), converters, defaults)


def test_values_are_put_in_by_their_converters() -> None:
    """And quoted by them."""
    assert template("/a/<n>/<x>").fill({"n": "07", "x": "é"}) == "/a/7/%C3%A9"


def test_the_texts_of_a_rule_are_quoted() -> None:
    """Once, when it is compiled."""
    assert template("/é b").text == "/%C3%A9%20b"


def test_a_variable_with_a_default_is_constant() -> None:
    """Whatever value is given."""
    compiled = template("/<n>/x", n=3)

    assert compiled.text == "/3/x"
    assert compiled.fill({"n": 4}) == "/3/x"


def test_neighbouring_texts_become_one() -> None:
    """So that filling joins as few as may be."""
    assert len(template("/a/b/<n>/c").fillings) == 3


def test_a_missing_value_is_a_key_error() -> None:
    """Rules make sure that it does not happen."""
    with pytest.raises(KeyError, match="n"):
        template("/<n>").fill({})
