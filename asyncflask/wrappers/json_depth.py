"""How deeply the JSON of a request may be nested. Knows no parser."""

from __future__ import annotations

from typing import Any

# Python reads deeper JSON than it can write, and how deep varies with its version and with the
# height of the stack: what a client sends could be parsed here and fail anywhere later.
MAX_DEPTH = 500


def require_shallow(data: bytes, value: Any) -> None:
    """Make sure that a parsed value is not nested deeper than 500 lists and dicts.

    Args:
        data: what `value` was parsed from.
    Raises:
        ValueError: it is nested deeper.
    """
    # PERF: a short body has no room for so many brackets, and most others have fewer in all, which
    # takes 0.7 µs to count in 1 KiB.
    if len(data) <= 2 * MAX_DEPTH or data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    level = [value] if isinstance(value, (list, dict)) else []
    for _ in range(MAX_DEPTH):
        level = [
            item
            for outer in level
            for item in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(item, (list, dict))
        ]
        if not level:
            return
    raise ValueError(f"The JSON is nested deeper than {MAX_DEPTH} lists and objects.")
