"""The map and its fast path."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

from asyncflask.exceptions import BadHost
from asyncflask.routing import BaseConverter, Map, Match, Rule, UnicodeConverter, ValidationError
from asyncflask.routing.tree import NOWHERE


def find(map_: Map, path: str, domain: str = "") -> Match | None:
    found = map_.find(domain, path, "GET")
    return Match(*found) if isinstance(found, tuple) else None


def endpoint(match: Match | None) -> Any:
    return match and match.rule.endpoint


def count_calls(map_: Map, path: str) -> int:
    calls = 0

    def count(frame: object, event: str, arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    map_.find("", path, "GET")
    sys.setprofile(count)
    try:
        map_.find("", path, "GET")
    finally:
        sys.setprofile(None)
    return calls


def test_a_match_has_the_rule_and_converted_arguments() -> None:
    """And the rule's defaults."""
    map_ = Map([Rule("/u/<int:id>", endpoint="u", defaults={"tab": "a"})])

    match = find(map_, "/u/5")

    assert match is not None
    assert (match.rule.endpoint, match.args) == ("u", {"id": 5, "tab": "a"})


@pytest.mark.parametrize("path", ["/", "/static", "/u/5"])
def test_each_match_has_a_dict_of_its_own(path: str) -> None:
    """What one request does to it, the next does not see."""
    rules = [Rule("/"), Rule("/static", defaults={"a": 1}), Rule("/u/<int:id>")]
    map_ = Map(rules)
    first, second = find(map_, path), find(map_, path)
    assert first is not None
    assert second is not None
    expected = dict(second.args)

    first.args["changed"] = True

    assert second.args == expected
    assert find(map_, path) == second


@pytest.mark.parametrize(("path", "calls"), [("/about", 1), ("/u/5", 2), ("/s/name", 2)])
def test_a_match_takes_few_calls(path: str, calls: int) -> None:
    """Those of `find` and the walk; a static path needs no walk."""
    rules = [Rule(rule, methods=["GET"]) for rule in ("/about", "/u/<int:id>", "/s/<name>")]

    assert count_calls(Map(rules), path) == calls


def test_several_slashes_at_the_start_are_one() -> None:
    """Also where the path could be looked up as it is; a missing one is added."""
    map_ = Map([Rule("/a", endpoint="a"), Rule("//b", endpoint="b", merge_slashes=False)])

    assert endpoint(find(map_, "//a")) == "a"
    assert endpoint(find(map_, "a")) == "a"
    assert find(map_, "//b") is None


def test_the_domain_is_part_of_the_match() -> None:
    """Static ones are looked up, those with variables matched."""
    map_ = Map(
        [
            Rule("/", endpoint="none"),
            Rule("/", endpoint="www", subdomain="www"),
            Rule("/", endpoint="any", subdomain="<user>"),
        ]
    )

    assert [endpoint(find(map_, "/", domain)) for domain in ("", "www", "x")] == [
        "none",
        "www",
        "any",
    ]


@pytest.mark.parametrize(
    "rule",
    [
        Rule("/a/"),
        Rule("/a", methods=["POST"]),
        Rule("/a", redirect_to="/b"),
        Rule("/a", alias=True),
        Rule("/a", websocket=True),
        Rule("/a", build_only=True),
        Rule("/<int:x>"),
    ],
)
def test_what_is_no_plain_match_is_left_to_the_adapter(rule: Rule) -> None:
    """As are redirects of every kind, and other methods."""
    assert find(Map([rule]), "/a") is None


@pytest.mark.parametrize("path", ["/nowhere", "/nowhere/", "/a/b", "/c/d", "//nowhere"])
def test_a_path_that_no_rule_has_leads_nowhere(path: str) -> None:
    """Whatever the method and the protocol."""
    map_ = Map([Rule("/a"), Rule("/b", methods=["POST"]), Rule("/c/<int:x>", websocket=True)])

    assert map_.find("", path, "GET") is NOWHERE


@pytest.mark.parametrize("path", ["/b", "/c/1", "/a//", "/c//1", "/d", "/e/0"])
def test_only_such_a_path_leads_nowhere(path: str) -> None:
    """Not one for another method or protocol, to be redirected, or with a wrong value."""
    rules = [
        Rule("/a"),
        Rule("/b", methods=["POST"]),
        Rule("/c/<int:x>", websocket=True),
        Rule("/d/"),
        Rule("/e/<int(min=1):x>"),
    ]

    assert Map(rules).find("", path, "GET") is None


def test_a_redirect_for_defaults_is_no_plain_match() -> None:
    """The same rule with another value is."""
    map_ = Map(
        [Rule("/", endpoint="p", defaults={"n": 1}), Rule("/<int:n>", endpoint="p")],
    )

    assert find(map_, "/1") is None
    assert find(map_, "/2") is not None
    map_.redirect_defaults = False
    assert find(map_, "/1") is not None


@pytest.mark.parametrize("error", [ValidationError, ValueError])
def test_a_refused_text_is_no_plain_match(error: type[Exception]) -> None:
    """The adapter then tells a 404 from a converter's own failure."""

    class Refuse(BaseConverter):
        def to_python(self, value: str) -> Any:
            raise error

    map_ = Map([Rule("/<refuse:x>")], converters={"refuse": Refuse})

    assert find(map_, "/a") is None


def test_an_integer_of_thousands_of_digits_matches_nothing() -> None:
    """Python refuses to convert it."""
    assert find(Map([Rule("/<int:x>")]), "/" + "9" * 5000) is None


def test_rules_may_be_added_after_matching() -> None:
    """The next match knows them."""
    map_ = Map([Rule("/a", endpoint="a")])
    assert find(map_, "/b") is None

    map_.add(Rule("/b", endpoint="b"))

    assert endpoint(find(map_, "/b")) == "b"
    assert endpoint(find(map_, "/a")) == "a"


def test_rules_may_be_added_while_others_match() -> None:
    """A thread finds each rule that it has added itself, at once."""
    map_ = Map()
    lost: list[str] = []

    def add(name: str) -> None:
        for number in range(30):
            path = f"/{name}/{number}"
            map_.add(Rule(path, endpoint=path))
            if endpoint(find(map_, path)) != path:
                lost.append(path)
            if map_.bind("h").build(path) != path:
                lost.append(path)

    threads = [threading.Thread(target=add, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert lost == []
    assert len(list(map_.iter_rules())) == 120


def test_a_map_makes_its_lock_by_its_class() -> None:
    """A subclass may set another."""

    class Reentrant(Map):
        lock_class = threading.RLock

    assert isinstance(Reentrant()._remap_lock, type(threading.RLock()))


def test_converters_may_be_added_to_a_map() -> None:
    """At construction, or before the rules that use them; its class keeps its own."""

    class Upper(UnicodeConverter):
        def to_python(self, value: str) -> str:
            return value.upper()

    map_ = Map(converters={"upper": Upper})
    map_.converters["again"] = Upper

    map_.add(Rule("/<upper:x>/<again:y>"))

    match = find(map_, "/a/b")
    assert match is not None
    assert match.args == {"x": "A", "y": "B"}
    assert "upper" not in Map.default_converters


def test_rules_are_listed_by_endpoint() -> None:
    """All, or those of one; an unknown one is a KeyError."""
    map_ = Map([Rule("/a", endpoint="a"), Rule("/b", endpoint="b"), Rule("/<x>/c", endpoint="a")])

    assert [rule.rule for rule in map_.iter_rules()] == ["/<x>/c", "/a", "/b"]
    assert [rule.rule for rule in map_.iter_rules("b")] == ["/b"]
    with pytest.raises(KeyError, match="nope"):
        map_.iter_rules("nope")


def test_an_endpoint_expects_the_arguments_of_one_of_its_rules() -> None:
    """All of those asked for."""
    map_ = Map([Rule("/", endpoint="e"), Rule("/<a>/<b>", endpoint="e", defaults={"c": 1})])

    assert map_.is_endpoint_expecting("e", "a", "c")
    assert not map_.is_endpoint_expecting("e", "a", "d")
    with pytest.raises(KeyError):
        map_.is_endpoint_expecting("nope", "a")


def test_a_server_name_is_bound_in_ascii() -> None:
    """In lower case; its port is no part of the name."""
    assert Map().bind("É.Example:8080").server_name == "xn--9ca.example:8080"


@pytest.mark.parametrize("name", ["a..b", "x" * 64])
def test_a_malformed_server_name_is_refused(name: str) -> None:
    """With a 400."""
    with pytest.raises(BadHost):
        Map().bind(name)


def test_a_map_shows_its_rules() -> None:
    """Each as it shows itself."""
    assert repr(Map([Rule("/<x>", endpoint="e")])) == "Map([<Rule '/<x>' -> e>])"
