"""What the commands have in common: how lines and peers are chosen."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from lines import LINES
from peers import PEERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from line import Line

_LINES = {line.name: line for line in LINES}


def make_parser(
    description: str | None, *, lines: str | None = None, peers: str | None = None
) -> argparse.ArgumentParser:
    """A command line with `--lines` and `--peers`, whose defaults are given; None is all."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", default=lines, help=f"some of {','.join(_LINES)}")
    parser.add_argument("--peers", default=peers, help=f"some of {','.join(PEERS)}")
    return parser


def chosen_lines(options: argparse.Namespace) -> list[Line]:
    return [_LINES[name] for name in _choose(options.lines, _LINES, "line")]


def chosen_peers(options: argparse.Namespace) -> list[str]:
    return _choose(options.peers, PEERS, "peer")


def _choose(text: str | None, known: Iterable[str], kind: str) -> list[str]:
    """The names in a comma-separated list, in the order in which they are known."""
    names = list(known)
    if text is None:
        return names
    chosen = text.split(",")
    for name in chosen:
        if name not in names:
            sys.exit(f"There is no {kind} {name!r}. There are: {', '.join(names)}.")
    return [name for name in names if name in chosen]
