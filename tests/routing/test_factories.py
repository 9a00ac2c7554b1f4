"""Rules in bulk."""

from __future__ import annotations

import pytest

from asyncflask.routing import (
    EndpointPrefix,
    Map,
    Rule,
    RuleFactory,
    RuleTemplate,
    Subdomain,
    Submount,
)


def test_a_submount_puts_a_path_before_its_rules() -> None:
    """With one slash between."""
    map_ = Map([Submount("/blog/", [Rule("/", endpoint="i"), Rule("/<x>", endpoint="x")])])

    assert [rule.rule for rule in map_.iter_rules()] == ["/blog/", "/blog/<x>"]


def test_a_subdomain_leaves_the_rules_that_have_one() -> None:
    """Their own is nearer."""
    rules = [Rule("/", endpoint="a"), Rule("/", endpoint="b", subdomain="own")]

    map_ = Map([Subdomain("kb", rules)])

    assert [rule.subdomain for rule in map_.iter_rules()] == ["kb", "own"]


def test_factories_nest() -> None:
    """Each takes factories."""
    map_ = Map([EndpointPrefix("blog.", [Submount("/blog", [Rule("/x", endpoint="x")])])])

    (rule,) = map_.iter_rules()
    assert (rule.rule, rule.endpoint) == ("/blog/x", "blog.x")


def test_a_factory_leaves_its_rules_alone() -> None:
    """They can be used again, in another map."""
    factory = Submount("/a", [Rule("/b", endpoint="b")])

    maps = [Map([factory]), Map([factory])]

    assert [len(list(map_.iter_rules())) for map_ in maps] == [1, 1]


def test_a_factory_keeps_all_that_a_rule_says() -> None:
    """Werkzeug forgets `websocket` and `merge_slashes`."""
    map_ = Map([Submount("/a", [Rule("/b", endpoint="b", websocket=True, merge_slashes=False)])])

    (rule,) = map_.iter_rules()
    assert rule.websocket
    assert rule.merge_slashes is False


def test_a_template_is_filled_by_name() -> None:
    """In path, endpoint, subdomain, host and default values."""
    template = RuleTemplate(
        [
            Rule(
                "/${name}s/<id>",
                endpoint="$name.show",
                defaults={"kind": "$name", "page": 1},
                subdomain="$name",
                host="$name.example",
            )
        ]
    )

    (rule,) = Map([template(name="user")]).iter_rules()

    assert (rule.rule, rule.endpoint) == ("/users/<id>", "user.show")
    assert (rule.subdomain, rule.host) == ("user", "user.example")
    assert rule.defaults == {"kind": "user", "page": 1}


def test_a_template_wants_all_names() -> None:
    """A missing one is a KeyError."""
    with pytest.raises(KeyError, match="name"):
        Map([RuleTemplate([Rule("/$name", endpoint="x")])(other=1)])


def test_an_endpoint_that_is_no_text_is_left_alone() -> None:
    """A template fills strings only."""
    (rule,) = Map([RuleTemplate([Rule("/$x", endpoint=len)])(x="a")]).iter_rules()

    assert rule.endpoint is len


def test_a_factory_gives_rules() -> None:
    """A class that does not is incomplete."""
    with pytest.raises(NotImplementedError, match="RuleFactory has to define get_rules"):
        Map([RuleFactory()])
