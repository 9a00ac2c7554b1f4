"""Rules as users make and read them."""

from __future__ import annotations

from typing import Any

import pytest

from asyncflask.routing import BaseConverter, Map, Rule, ValidationError
from asyncflask.routing.tree import NOWHERE


def bound(string: str, **options: Any) -> Rule:
    rule = Rule(string, **options)
    Map([rule])
    return rule


def test_a_rule_starts_with_a_slash() -> None:
    """The error names the rule."""
    with pytest.raises(ValueError, match=r"'a' must start with a slash. Write '/a'"):
        Rule("a")


def test_methods_are_a_list() -> None:
    """A single string would be taken for a list of letters."""
    with pytest.raises(TypeError, match="list of strings"):
        Rule("/", methods="GET")


def test_methods_are_in_capitals_and_head_follows_get() -> None:
    """POST brings nothing along."""
    assert Rule("/", methods=["get"]).methods == {"GET", "HEAD"}
    assert Rule("/", methods=["post"]).methods == {"POST"}
    assert Rule("/").methods is None


def test_a_websocket_rule_has_no_other_methods() -> None:
    """A handshake is a GET."""
    with pytest.raises(ValueError, match=r"WebSocket .* Leave out \['POST'\]"):
        Rule("/", websocket=True, methods=["POST"])


def test_a_leaf_has_no_slash_at_its_end() -> None:
    """A branch has."""
    assert (Rule("/a").is_leaf, Rule("/a").is_branch) == (True, False)
    assert (Rule("/a/").is_leaf, Rule("/a/").is_branch) == (False, True)


def test_arguments_are_variables_and_defaults() -> None:
    """Of host or subdomain too, once the rule is bound."""
    rule = bound("/<a>", defaults={"b": 1}, subdomain="<c>")

    assert rule.arguments == {"a", "b", "c"}


def test_what_is_left_open_comes_from_the_map() -> None:
    """What the rule says itself stays."""
    rule, own = Rule("/a"), Rule("/b", strict_slashes=True, subdomain="x", merge_slashes=True)

    Map([rule, own], strict_slashes=False, merge_slashes=False, default_subdomain="www")

    assert (rule.strict_slashes, rule.merge_slashes, rule.subdomain) == (False, False, "www")
    assert (own.strict_slashes, own.merge_slashes, own.subdomain) == (True, True, "x")


def test_a_rule_belongs_to_one_map() -> None:
    """A copy may be added to another."""
    rule = bound("/a", endpoint="a")

    with pytest.raises(RuntimeError, match="already bound"):
        Map([rule])
    assert len(list(Map([rule.empty()]).iter_rules())) == 1


def test_an_empty_copy_has_all_settings() -> None:
    """But is bound to no map."""
    rule = bound("/<a>", endpoint="e", defaults={"b": 1}, websocket=True, host="h", alias=True)

    copy = rule.empty()

    assert copy.map is None
    assert copy.get_empty_kwargs() == rule.get_empty_kwargs()


def test_an_empty_copy_is_of_the_same_class() -> None:
    """With the keyword arguments that the class adds."""

    class Tagged(Rule):
        def __init__(self, *args: Any, tag: str = "", **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.tag = tag

        def get_empty_kwargs(self) -> dict[str, Any]:
            return {**super().get_empty_kwargs(), "tag": self.tag}

    copy = Tagged("/", tag="x").empty()

    assert isinstance(copy, Tagged)
    assert copy.tag == "x"


def test_an_unknown_converter_is_a_lookup_error() -> None:
    """The error says where to add it."""
    with pytest.raises(LookupError, match="'foo' of '/<foo:x>' does not exist"):
        bound("/<foo:x>")


def test_a_variable_is_used_once() -> None:
    """Not in path and subdomain both, either."""
    with pytest.raises(ValueError, match=r"'x' twice. Rename one"):
        bound("/<x>/<x>")
    with pytest.raises(ValueError, match=r"'x' twice. Rename one"):
        bound("/<x>", subdomain="<x>")


def test_converters_are_made_by_get_converter() -> None:
    """Which a subclass may override."""

    class Typed(Rule):
        def get_converter(
            self, variable_name: str, converter_name: str, args: Any, kwargs: Any
        ) -> BaseConverter:
            name = "int" if variable_name.endswith("_id") else converter_name
            return super().get_converter(variable_name, name, args, kwargs)

    map_ = Map([Typed("/<user_id>", endpoint="e")])

    assert map_.find("", "/x", "GET") is NOWHERE
    assert map_.find("", "/5", "GET") == (map_._added[0], {"user_id": 5})


def test_a_refused_value_builds_nothing() -> None:
    """A ValidationError in `to_url` leaves it to the next rule."""

    class Never(BaseConverter):
        def to_url(self, value: Any) -> str:
            raise ValidationError

    rule = Rule("/<never:x>", endpoint="e")
    Map([rule], converters={"never": Never})

    assert rule.build({"x": 1}) is None


def test_a_rule_builds_domain_and_path() -> None:
    """With a query of what is no argument, if asked to."""
    rule = bound("/<a>", endpoint="e", subdomain="<b>")
    values = {"a": "x", "b": "y", "c": [1, 2]}

    assert rule.build(values) == ("y", "/x?c=1&c=2")
    assert rule.build(values, append_unknown=False) == ("y", "/x")


def test_defaults_are_no_part_of_the_query() -> None:
    """They are implied."""
    assert bound("/", defaults={"a": 1}).build({"a": 1}) == ("", "/")


def test_a_rule_suits_values_that_agree_with_its_defaults() -> None:
    """And that leave none of its variables out."""
    rule = bound("/<a>", defaults={"b": 1}, methods=["POST"])

    assert rule.suitable_for({"a": 1})
    assert rule.suitable_for({"a": 1, "b": 1}, "POST")
    assert not rule.suitable_for({"a": 1, "b": 2})
    assert not rule.suitable_for({"b": 1})
    assert not rule.suitable_for({"a": 1}, "GET")


def test_a_rule_can_be_compiled_again() -> None:
    """After an attribute was changed."""
    rule = Rule("/a", endpoint="e")
    map_ = Map([rule])
    rule.rule = "/b"

    rule.refresh()

    assert rule.build({}) == ("", "/b")
    assert map_.find("", "/b", "GET") is not None


def test_rules_of_the_same_texts_and_variables_are_equal() -> None:
    """Whatever methods and endpoints they have; being mutable, they have no hash."""
    assert bound("/<int:a>", methods=["GET"]) == bound("/<a>", methods=["POST"])
    assert bound("/<a>") != bound("/<b>")
    with pytest.raises(TypeError, match="unhashable"):
        hash(Rule("/"))


def test_a_rule_shows_what_it_is() -> None:
    """Its text is its path."""
    rule = bound("/<int:a>/b", endpoint="e", methods=["GET"], subdomain="s")

    assert repr(rule) == "<Rule 's|/<a>/b' (GET, HEAD) -> e>"
    assert repr(Rule("/")) == "<Rule (unbound)>"
    assert str(rule) == "/<int:a>/b"


def test_flask_may_set_how_options_is_answered() -> None:
    """`add_url_rule` does."""
    rule = Rule("/")

    rule.provide_automatic_options = True

    assert rule.provide_automatic_options
