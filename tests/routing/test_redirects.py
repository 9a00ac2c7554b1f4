"""Where `redirect_to` leads."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from asyncflask.routing import Map
from asyncflask.routing.converters import BaseConverter, PathConverter
from asyncflask.routing.redirects import (
    check_redirect_template,
    follow_function,
    follow_template,
)

BASE = "http://h/app/"

HOSTILE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "//[",
    " https://evil.example",
    "ht\ntps://evil.example",
    "a\r\nSet-Cookie: a=b",
]


def converters() -> dict[str, BaseConverter]:
    return {"x": PathConverter(Map())}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("b/<x>", "http://h/app/b/1"),
        ("/b/<x>", "http://h/b/1"),
        ("?x=<x>", "http://h/app/?x=1"),
        ("../<x>", "http://h/1"),
        ("", "http://h/app/"),
        ("https://other.example/<x>", "https://other.example/1"),
        ("//other.example/<x>", "http://other.example/1"),
    ],
)
def test_a_template_is_joined_to_the_applications_url(template: str, expected: str) -> None:
    """It may name another host itself."""
    assert follow_template(BASE, template, converters(), {"x": "1"}) == expected


@pytest.mark.parametrize("template", ["<x>", "/<x>", "./<x>"])
@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_does_not_lead_to_another_host(template: str, value: str) -> None:
    """Whatever the path had in it, and no control character gets into the URL."""
    url = follow_template(BASE, template, converters(), {"x": value})

    assert urlsplit(url)[:2] == ("http", "h")
    assert url.isprintable()
    assert "\\" not in url


@pytest.mark.parametrize("target", HOSTILE[1:])
def test_a_function_leaves_the_host_only_by_a_whole_url(target: str) -> None:
    """What merely starts with slashes, or has another scheme, is a path."""
    url = follow_function(BASE, target)

    assert urlsplit(url)[:2] == ("http", "h")
    assert url.isprintable()


def test_a_function_may_give_a_whole_url() -> None:
    """Its author answers for where it leads."""
    assert follow_function(BASE, "https://other.example/é") == "https://other.example/%C3%A9"


def test_a_function_may_give_nothing() -> None:
    """Which leads to the application's root."""
    assert follow_function(BASE, None) == BASE


@pytest.mark.parametrize("template", ["/<y>", "/<int:x>"])
def test_a_template_names_the_rules_variables(template: str) -> None:
    """By their plain names; else the rule cannot be added."""
    with pytest.raises(ValueError, match="has no variable"):
        check_redirect_template(template, converters(), "/<x>")
