"""Factories: rules given a prefix, a subdomain or names in bulk, before a map binds them."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, Any

from .rules import Rule, RuleFactory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .map import Map


def _fresh_rules(factories: Iterable[RuleFactory], map: Map) -> Iterator[Rule]:
    for factory in factories:
        for rule in factory.get_rules(map):
            yield rule.empty()


class Subdomain(RuleFactory):
    """Rules of one subdomain, save those that name their own."""

    def __init__(self, subdomain: str, rules: Iterable[RuleFactory]) -> None:
        self.subdomain = subdomain
        self.rules = rules

    def get_rules(self, map: Map) -> Iterator[Rule]:
        """Yield copies of the rules."""
        for rule in _fresh_rules(self.rules, map):
            if rule.subdomain is None:
                rule.subdomain = self.subdomain
            yield rule


class Submount(RuleFactory):
    """Rules under a path."""

    def __init__(self, path: str, rules: Iterable[RuleFactory]) -> None:
        self.path = path.rstrip("/")
        self.rules = rules

    def get_rules(self, map: Map) -> Iterator[Rule]:
        """Yield copies of the rules."""
        for rule in _fresh_rules(self.rules, map):
            rule.rule = self.path + rule.rule
            yield rule


class EndpointPrefix(RuleFactory):
    """Rules whose endpoints, which must be strings, start with `prefix`."""

    def __init__(self, prefix: str, rules: Iterable[RuleFactory]) -> None:
        self.prefix = prefix
        self.rules = rules

    def get_rules(self, map: Map) -> Iterator[Rule]:
        """Yield copies of the rules."""
        for rule in _fresh_rules(self.rules, map):
            rule.endpoint = self.prefix + rule.endpoint
            yield rule


class RuleTemplate:
    """Rules with `$name` or `${name}` in them; called with the names, it makes a factory."""

    def __init__(self, rules: Iterable[RuleFactory]) -> None:
        self.rules = list(rules)

    def __call__(self, *args: Any, **kwargs: Any) -> RuleTemplateFactory:
        return RuleTemplateFactory(self.rules, dict(*args, **kwargs))


class RuleTemplateFactory(RuleFactory):
    """The rules of a template, with the names put in.

    They are put into the strings among path, endpoint, subdomain, host and default values.
    """

    def __init__(self, rules: Iterable[RuleFactory], context: dict[str, Any]) -> None:
        self.rules = rules
        self.context = context

    def get_rules(self, map: Map) -> Iterator[Rule]:
        """Yield copies of the rules.

        Raises:
            KeyError: a name was not given.
        """
        for rule in _fresh_rules(self.rules, map):
            defaults = rule.defaults or {}
            rule.rule = self._substitute(rule.rule)
            rule.endpoint = self._substitute(rule.endpoint)
            rule.subdomain = self._substitute(rule.subdomain)
            rule.host = self._substitute(rule.host)
            rule.defaults = {name: self._substitute(value) for name, value in defaults.items()}
            yield rule

    def _substitute(self, value: Any) -> Any:
        return Template(value).substitute(self.context) if isinstance(value, str) else value
