"""The walk down the tree, where an order of trying or a way back matters."""

from __future__ import annotations

import pytest

from asyncflask.routing import Map, Rule
from asyncflask.routing.tree import NEEDS_SLASH, Miss, Node, plant, walk


def grow(*rules: Rule, **options: bool) -> Node:
    Map(rules, **options)
    return plant(rules)


def find(root: Node, path: str, method: str = "GET", miss: Miss | None = None) -> object:
    passed = [] if miss is None else miss.passed
    rule, _ = walk(root, ["", *path.split("/")], method, False, passed)
    return getattr(rule, "endpoint", rule)


def test_a_static_segment_comes_before_a_variable() -> None:
    """Whichever was added first."""
    root = grow(Rule("/<x>", endpoint="x"), Rule("/a", endpoint="a"))

    assert find(root, "/a") == "a"


def test_a_static_way_that_ends_nowhere_is_left_again() -> None:
    """The variable is tried where the static segment has led astray."""
    root = grow(Rule("/a/b/c", endpoint="static"), Rule("/<x>/b/d", endpoint="x"))

    assert find(root, "/a/b/d") == "x"


def test_the_texts_of_a_way_left_are_forgotten() -> None:
    """Only those of the way that succeeds count."""
    root = grow(Rule("/<int:a>/<b>/x", endpoint="i"), Rule("/<c>/y/<path:d>", endpoint="s"))

    rule, texts = walk(root, ["", "", "1", "y", "z"], "GET", False, [])

    assert rule is not None
    assert texts == ("1", "z")


def test_a_static_way_for_another_method_is_left_again() -> None:
    """The variable's rule answers the method."""
    root = grow(Rule("/a", endpoint="post", methods=["POST"]), Rule("/<x>", endpoint="get"))

    assert find(root, "/a", "GET") == "get"
    assert find(root, "/a", "POST") == "post"


def test_lighter_variables_are_tried_first() -> None:
    """Texts first, then numbers, then strings, then paths."""
    root = grow(
        Rule("/<path:x>", endpoint="path"),
        Rule("/<x>", endpoint="string"),
        Rule("/<int:x>", endpoint="int"),
        Rule("/v<x>", endpoint="text"),
    )

    assert [find(root, path) for path in ("/v1", "/1", "/a", "/a/b")] == [
        "text",
        "int",
        "string",
        "path",
    ]


def test_the_first_of_equal_rules_answers() -> None:
    """In the order in which they were added."""
    root = grow(Rule("/<a>", endpoint="first"), Rule("/<b>", endpoint="second"))

    assert find(root, "/x") == "first"


def test_equal_variables_share_an_edge() -> None:
    """So that a path's cost does not grow with the number of rules."""
    root = grow(*(Rule(f"/<int:x{number}>/{number}") for number in range(50)))

    assert len(root.static[""].static[""].edges) == 1


def test_a_missing_slash_is_noticed() -> None:
    """Where the rule is strict; else it answers."""
    root = grow(Rule("/a/", endpoint="a"), Rule("/b/", endpoint="b", strict_slashes=False))

    assert find(root, "/a") is NEEDS_SLASH
    assert find(root, "/b") == "b"


def test_a_slash_too_many_fits_a_lenient_rule_last() -> None:
    """After all others that go on from the same place."""
    lenient = Rule("/a", endpoint="lenient", strict_slashes=False)
    root = grow(lenient, Rule("/a/<string(minlength=0):x>", endpoint="empty"))
    alone = grow(Rule("/a", endpoint="lenient", strict_slashes=False))

    assert find(root, "/a/") == "empty"
    assert find(alone, "/a/") == "lenient"
    assert find(alone, "/a//") is None


def test_a_boundless_variable_leaves_the_last_slash() -> None:
    """If its rule ends in one."""
    root = grow(Rule("/<path:x>/", endpoint="p"))

    assert find(root, "/a/b") is NEEDS_SLASH
    assert walk(root, ["", "", "a", "b", ""], "GET", False, [])[1] == ("a/b",)


def test_rules_that_only_build_are_not_in_the_tree() -> None:
    """They never match."""
    assert find(grow(Rule("/a", build_only=True)), "/a") is None


def test_websockets_find_their_own_rules() -> None:
    """And requests theirs, on the same path."""
    root = grow(Rule("/a", endpoint="ws", websocket=True), Rule("/a", endpoint="http"))

    rule, _ = walk(root, ["", "", "a"], "GET", True, [])

    assert rule is not None
    assert getattr(rule, "endpoint", None) == "ws"
    assert find(root, "/a") == "http"


def test_a_miss_collects_methods_from_all_ways() -> None:
    """Of every rule that fits the path."""
    root = grow(Rule("/a", methods=["POST"]), Rule("/<x>", methods=["PUT"]))
    miss = Miss("GET", websocket=False)

    find(root, "/a", miss=miss)

    assert miss.explain() == ({"POST", "PUT"}, False)


def test_a_miss_notices_the_other_protocol() -> None:
    """If a rule for it would have answered the method."""
    miss = Miss("GET", websocket=False)

    find(grow(Rule("/a", websocket=True)), "/a", miss=miss)

    assert miss.explain() == (set(), True)


@pytest.mark.parametrize("path", ["", "/", "/" * 3000, "/a" * 3000, "/\ud800", "/\0"])
def test_no_path_breaks_the_walk(path: str) -> None:
    """However long or odd."""
    root = grow(Rule("/<int:a>/<b>/x"), Rule("/a/a/a/<path:x>/y"))

    assert find(root, path) is None
