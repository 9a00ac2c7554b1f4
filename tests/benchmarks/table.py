"""The figures as a Markdown table, or as JSON."""

from __future__ import annotations

import platform
import statistics
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from driver import ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driver import Contender
    from line import Line

OURS, YARDSTICK = "asyncflask", "bare"


def figures(line: Line, contenders: Sequence[Contender]) -> dict[str, Any]:
    """One line's figures: of each peer the microseconds a request, and the ratio to bare."""
    bare = next((peer for peer in contenders if peer.name == YARDSTICK), None)
    return {
        "line": line.name,
        "title": line.title,
        "target": line.target,
        "clock": "elapsed" if line.kind == "crowd" else "cpu",
        "peers": {
            peer.name: {
                "cpu_us": statistics.median(cpu for cpu, _ in peer.times) * 1e6,
                "elapsed_us": statistics.median(elapsed for _, elapsed in peer.times) * 1e6,
                "ratio": None if bare is None else ratio(peer, bare),
            }
            for peer in contenders
        },
    }


def head(peers: Iterable[str]) -> list[str]:
    """The two lines that open the table."""
    names = [name for name in peers if name != YARDSTICK]
    cells = ["work, a request", "bare, µs", *names, "target"]
    return [row(cells), "|---" + "|---:" * (len(cells) - 1) + "|"]


def body(measured: dict[str, Any], peers: Iterable[str]) -> str:
    """A line of the table: ratios to bare, or microseconds where bare did not take part."""
    clock = f"{measured['clock']}_us"
    known = measured["peers"]
    cells = [measured["title"], f"{known[YARDSTICK][clock]:.1f}" if YARDSTICK in known else "–"]
    for name in peers:
        if name != YARDSTICK:
            cells.append(_cell(known.get(name), clock))
    return row([*cells, _verdict(measured)])


def row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(peer: dict[str, Any] | None, clock: str) -> str:
    if peer is None:
        return "–"
    return f"{peer[clock]:.1f} µs" if peer["ratio"] is None else f"{peer['ratio']:.3g}"


def _verdict(measured: dict[str, Any]) -> str:
    target, ours = measured["target"], measured["peers"].get(OURS)
    if ours is None or ours["ratio"] is None:
        return f"≤ {target}"
    return f"≤ {target} met" if ours["ratio"] <= target else f"**≤ {target} missed**"


def versions(peers: Iterable[str]) -> str:
    """What was measured on what."""
    parts = [f"{platform.python_implementation()} {platform.python_version()}"]
    for name in ("uvloop", *peers):
        try:
            parts.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join([*parts, f"{platform.system()} {platform.machine()}"])
