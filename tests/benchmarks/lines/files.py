"""Lines about static files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from line import Answer, Ask, Line
from work import LARGE_FILE, SMALL_FILE, STATIC

if TYPE_CHECKING:
    from collections.abc import Callable


def _is_file(name: str) -> Callable[[Answer], bool]:
    content = Path(STATIC, name).read_bytes()
    return lambda answer: answer.status == 200 and answer.body == content


FILES = (
    Line(
        "static_small",
        "static file 4 KiB",
        6,
        Ask(f"/static/{SMALL_FILE}"),
        _is_file(SMALL_FILE),
        count=100,
    ),
    Line(
        "static_large",
        "static file 1 MiB",
        2.5,
        Ask(f"/static/{LARGE_FILE}"),
        _is_file(LARGE_FILE),
        count=10,
    ),
)
