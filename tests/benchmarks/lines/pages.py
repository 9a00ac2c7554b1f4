"""Lines about what pages are made of: templates, sessions, hooks."""

from __future__ import annotations

from line import Answer, Ask, Line, is_text
from work import HELLO, ROWS


def _has_rows(answer: Answer) -> bool:
    text = answer.body.decode()
    return answer.status == 200 and text.count("<tr") == len(ROWS) and "Item &lt;19&gt;" in text


def _counts_visits(answer: Answer) -> bool:
    sets_cookie = any(name.lower() == b"set-cookie" for name, _ in answer.headers)
    return answer.status == 200 and answer.body == b"2" and sets_cookie


PAGES = (
    Line("template", "template, 20 rows, inheritance", 1.05, Ask(), _has_rows, count=100),
    Line(
        "session",
        "signed session read + written",
        1.5,
        Ask(),
        _counts_visits,
        sends_cookie=True,
    ),
    Line(
        "hooks",
        "3 before + 3 after functions",
        2.8,
        Ask(),
        is_text(HELLO),
        hook_calls=6,
    ),
)
