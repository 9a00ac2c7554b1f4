"""Lines about many requests at once, all of which wait a little."""

from __future__ import annotations

from line import Ask, Line, is_text
from work import HELLO

CROWDS = (
    Line(
        "sync_crowd",
        "100 sync views in flight (sleep 10 ms)",
        1.15,
        Ask(),
        is_text(HELLO),
        count=2,
        kind="crowd",
    ),
    Line(
        "async_crowd",
        "100 async views in flight (sleep 1 ms)",
        1.1,
        Ask(),
        is_text(HELLO),
        count=10,
        kind="crowd",
    ),
)
