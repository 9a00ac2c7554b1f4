"""Lines about views that only answer."""

from __future__ import annotations

from line import Ask, Line, is_json, is_text
from work import HELLO, MESSAGE

VIEWS = (
    Line("plaintext", "plaintext, async view", 2.0, Ask(), is_text(HELLO)),
    Line("json", "dict → JSON", 1.8, Ask(), is_json(MESSAGE)),
    Line(
        "user",
        "`/user/<int:id>?q=x` → JSON",
        1.7,
        Ask("/user/5", query=b"q=x"),
        is_json({"id": 5, "q": "x"}),
    ),
    Line("sync", "sync view (bare: one anyio hop)", 1.1, Ask(), is_text(HELLO), count=100),
)
