"""What the name of an endpoint says of the blueprints it belongs to."""

from __future__ import annotations


def blueprint_names(endpoint: str | None) -> list[str]:
    """The blueprints of an endpoint, innermost first: "a.b.view" gives ["a.b", "a"]."""
    names = []
    scope = (endpoint or "").rpartition(".")[0]
    while scope:
        names.append(scope)
        scope = scope.rpartition(".")[0]
    return names
