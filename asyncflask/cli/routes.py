"""The routes command: a table of the application's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from .. import ctx
from ..setup.commands import with_appcontext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..setup.mounts import Mount

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
    """Show every rule with its endpoint and methods, and what is mounted beside them."""
    app = ctx.require_app_context().app
    url_map, mounts = app.url_map, app._mounts
    hidden = frozenset() if all_methods else _AUTOMATIC
    rows = [_row(rule, hidden, url_map.host_matching) for rule in url_map.iter_rules()]
    if rows:
        _show(_rule_columns(sorted(rows, key=_SORT_KEYS[sort]), url_map.host_matching))
    if rows and mounts:
        click.echo()
    if mounts:
        _show(_mount_columns(mounts))
    if not (rows or mounts):
        click.echo("No routes were registered.")


def _row(rule: Any, hidden: frozenset[str], host_matching: bool) -> _Row:
    methods = sorted((rule.methods or set()) - hidden)
    return _Row(
        endpoint=str(rule.endpoint),
        methods="WEBSOCKET" if rule.websocket else ", ".join(methods),
        domain=(rule.host if host_matching else rule.subdomain) or "",
        rule=rule.rule,
    )


def _rule_columns(rows: Sequence[_Row], host_matching: bool) -> Mapping[str, Sequence[str]]:
    """The cells by title; a column of domains only where there are any."""
    columns = {
        "Endpoint": [row.endpoint for row in rows],
        "Methods": [row.methods for row in rows],
        "Host" if host_matching else "Subdomain": [row.domain for row in rows],
        "Rule": [row.rule for row in rows],
    }
    return {title: cells for title, cells in columns.items() if any(cells)}


def _mount_columns(mounts: Sequence[Mount]) -> Mapping[str, Sequence[str]]:
    return {
        "Mounted at": [mount.prefix or "/" for mount in mounts],
        "Kind": ["WSGI" if mount.is_wsgi else "ASGI" for mount in mounts],
        "Application": [_name_of(mount.app) for mount in mounts],
    }


def _name_of(app: Any) -> str:
    named = app if hasattr(app, "__qualname__") else type(app)
    name = f"{named.__module__}.{named.__qualname__}"
    return f"{name} {app.name!r}" if isinstance(getattr(app, "name", None), str) else name


def _show(columns: Mapping[str, Sequence[str]]) -> None:
    """Print lines of padded columns under a header."""
    widths = [max(map(len, (title, *cells))) for title, cells in columns.items()]
    click.echo(_line(columns, widths))
    click.echo(_line(["-" * width for width in widths], widths))
    for cells in zip(*columns.values(), strict=True):
        click.echo(_line(cells, widths))


def _line(cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()
