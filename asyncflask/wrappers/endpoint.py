"""What routing has found, and what an endpoint's name says of the blueprints it belongs to."""

from __future__ import annotations

from typing import Any


def blueprint_names(endpoint: str | None) -> list[str]:
    """The blueprints of an endpoint, innermost first: "a.b.view" gives ["a.b", "a"]."""
    names = []
    scope = (endpoint or "").rpartition(".")[0]
    while scope:
        names.append(scope)
        scope = scope.rpartition(".")[0]
    return names


class Routed:
    """What routing has found for a request or a WebSocket; the framework sets it on the instance.

    Attributes:
        url_rule: the rule that matched; None before routing and where none did.
        view_args: the values of the rule's arguments.
        routing_exception: what is raised in place of calling the view.
    """

    url_rule: Any = None
    view_args: dict[str, Any] | None = None
    routing_exception: Exception | None = None

    @property
    def endpoint(self) -> str | None:
        """The endpoint of the rule that matched; None before routing and where none did."""
        return None if self.url_rule is None else self.url_rule.endpoint

    @property
    def blueprint(self) -> str | None:
        """The full name of the blueprint that the endpoint belongs to."""
        return (self.endpoint or "").rpartition(".")[0] or None

    @property
    def blueprints(self) -> list[str]:
        """The names of the blueprint and of those it is nested in, innermost first."""
        return blueprint_names(self.endpoint)
