"""The routes command: a table of the application's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from .. import ctx
from ..setup.commands import with_appcontext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_AUTOMATIC = frozenset({"HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class _Row:
    """One rule as text."""

    endpoint: str
    methods: str
    domain: str
    rule: str


# 'match' keeps the order in which the router tries the rules.
_SORT_KEYS: dict[str, Callable[[_Row], str]] = {
    "endpoint": lambda row: row.endpoint,
    "methods": lambda row: row.methods,
    "domain": lambda row: row.domain,
    "rule": lambda row: row.rule,
    "match": lambda row: "",
}


@click.command("routes", short_help="Show the application's routes.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice(list(_SORT_KEYS)),
    default="endpoint",
    help="What to sort by; 'match' is the order in which rules are tried.",
)
@click.option("--all-methods", is_flag=True, help="Show HEAD and OPTIONS too.")
@with_appcontext
def routes_command(sort: str, all_methods: bool) -> None:
    """Show every rule with its endpoint and methods."""
    url_map = ctx.require_app_context().app.url_map
    hidden = frozenset() if all_methods else _AUTOMATIC
    rows = [_row(rule, hidden, url_map.host_matching) for rule in url_map.iter_rules()]
    if not rows:
        click.echo("No routes were registered.")
        return
    for line in _table(sorted(rows, key=_SORT_KEYS[sort]), url_map.host_matching):
        click.echo(line)


def _row(rule: Any, hidden: frozenset[str], host_matching: bool) -> _Row:
    methods = sorted((rule.methods or set()) - hidden)
    return _Row(
        endpoint=str(rule.endpoint),
        methods="WEBSOCKET" if rule.websocket else ", ".join(methods),
        domain=(rule.host if host_matching else rule.subdomain) or "",
        rule=rule.rule,
    )


def _table(rows: Sequence[_Row], host_matching: bool) -> Iterable[str]:
    """Lines of padded columns under a header; a domain column only where there are domains."""
    columns = {
        "Endpoint": [row.endpoint for row in rows],
        "Methods": [row.methods for row in rows],
        "Host" if host_matching else "Subdomain": [row.domain for row in rows],
        "Rule": [row.rule for row in rows],
    }
    shown = {title: cells for title, cells in columns.items() if any(cells)}
    widths = [max(map(len, (title, *cells))) for title, cells in shown.items()]

    yield _line(shown, widths)
    yield _line(["-" * width for width in widths], widths)
    for cells in zip(*shown.values(), strict=True):
        yield _line(cells, widths)


def _line(cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()
