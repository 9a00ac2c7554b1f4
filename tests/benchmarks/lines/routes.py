"""Lines about an app of many routes."""

from __future__ import annotations

from line import Answer, Ask, Line, is_text
from work import ROUTES as COUNT


def _is_missing(answer: Answer) -> bool:
    return answer.status == 404


ROUTES = (
    Line(
        "last_route",
        "1,000 routes, last parameterised one",
        2.4,
        Ask(f"/section{COUNT - 1}/7"),
        is_text("item 7"),
        count=100,
    ),
    Line("not_found", "1,000 routes, a 404", 4, Ask("/nowhere/7"), _is_missing, count=100),
)
