"""Rules compiled to steps."""

from __future__ import annotations

import pytest

from asyncflask.routing import Map
from asyncflask.routing.converters import (
    BaseConverter,
    IntegerConverter,
    PathConverter,
    UnicodeConverter,
)
from asyncflask.routing.parsing import parse_rule
from asyncflask.routing.steps import Dynamic, Step, compile_check, compile_steps, find_groups


@pytest.fixture(name="converters")
def make_converters() -> dict[str, BaseConverter]:
    map_ = Map()
    return {
        "x": UnicodeConverter(map_),
        "n": IntegerConverter(map_),
        "p": PathConverter(map_),
    }


def steps_of(rule: str, converters: dict[str, BaseConverter]) -> list[Step]:
    return list(compile_steps(parse_rule(rule), converters))


def dynamic(rule: str, converters: dict[str, BaseConverter]) -> Dynamic:
    (step,) = [step for step in steps_of(rule, converters) if isinstance(step, Dynamic)]
    return step


def test_each_segment_is_a_step(converters: dict[str, BaseConverter]) -> None:
    """An empty one at the start, and at the end if the rule ends in a slash."""
    first, a, _, last = steps_of("/a/<x>/", converters)

    assert (first, a, last) == ("", "a", "")


def test_a_boundless_variable_takes_all_that_follows(converters: dict[str, BaseConverter]) -> None:
    """Its slashes are in its pattern."""
    *_, step = steps_of("/a/b<p>/c/<x>", converters)

    assert isinstance(step, Dynamic)
    assert step.is_final
    assert compile_check(step, in_path=True)("b1/2/c/3")[2] == "3"


def test_the_last_slash_of_a_boundless_rule_is_a_step(
    converters: dict[str, BaseConverter],
) -> None:
    """So that it can be required as any other."""
    *_, step, last = steps_of("/<p>/", converters)

    assert isinstance(step, Dynamic)
    assert step.is_suffixed
    assert last == ""


def test_longer_texts_and_fewer_variables_weigh_less(converters: dict[str, BaseConverter]) -> None:
    """Texts count first, then their lengths, then the weights of converters."""
    ordered = ["/ab<x>", "/a<n>", "/a<x>", "/<n>", "/<x>", "/<p>"]

    weights = [dynamic(rule, converters).weight for rule in ordered]

    assert weights == sorted(weights)


def test_a_plain_variable_is_checked_without_a_regex(converters: dict[str, BaseConverter]) -> None:
    """With the same result."""
    text, digits = dynamic("/<x>", converters), dynamic("/<n>", converters)

    assert compile_check(text, in_path=True) is bool
    assert compile_check(digits, in_path=True) is str.isdecimal
    assert find_groups(text) is None


def test_a_variable_in_a_domain_is_checked_for_slashes(
    converters: dict[str, BaseConverter],
) -> None:
    """Unlike a path, a domain is not split at them."""
    check = compile_check(dynamic("<x>", converters), in_path=False)

    assert check("a")
    assert not check("a/b")


def test_groups_within_a_users_regex_are_not_values() -> None:
    """Nor are they in the way of backreferences to variables that follow."""

    class Grouped(BaseConverter):
        regex = "(a)(b)?"

    converters: dict[str, BaseConverter] = {"x": Grouped(Map()), "y": Grouped(Map())}
    step = dynamic("/<x>-<y>", converters)
    groups = find_groups(step)

    assert groups is not None
    assert compile_check(step, in_path=True)("ab-a").group(*groups)[2:] == ("ab", "a")


def test_many_variables_in_a_segment_keep_their_order() -> None:
    """Werkzeug mixes up those from the eleventh on."""
    map_ = Map()
    names = [f"v{number}" for number in range(12)]
    rule = "/" + "-".join(f"<{name}>" for name in names)
    step = dynamic(rule, {name: UnicodeConverter(map_) for name in names})
    groups = find_groups(step)
    texts = [str(number) for number in range(12)]

    assert groups is not None
    assert compile_check(step, in_path=True)("-".join(texts)).group(*groups)[2:] == tuple(texts)
