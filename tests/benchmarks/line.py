"""What a line of the table is: what it asks, and what a right answer looks like."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, the same each time; `headers` come after the ten that every request has."""

    path: str = "/"
    method: str = "GET"
    query: bytes = b""
    headers: Headers = ()
    body: bytes = b""


class Answer(NamedTuple):
    """A whole answer; a WebSocket's status is 101 and its body all that was echoed."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    Attributes:
        name: for the command line; a peer's function of this name makes its app.
        target: the most that asyncflask may need, as a multiple of bare.
        accepts: whether a peer's first answer is right; its others must be equal to it.
        count: how often one turn asks.
        kind: "crowd" sends `work.CROWD` requests at once and takes elapsed time, which threads
            that wait for each other lengthen; the others send one by one and take CPU time.
        hook_calls: before and after functions that must run for each request.
        sends_cookie: ask with the cookie that the answer to a first request has set.
    """

    name: str
    title: str
    target: float
    ask: Ask
    accepts: Callable[[Answer], bool]
    count: int = 400
    kind: Literal["http", "websocket", "crowd"] = "http"
    hook_calls: int = 0
    sends_cookie: bool = False


def is_text(expected: str) -> Callable[[Answer], bool]:
    """An answer of 200 whose body is `expected`."""
    return lambda answer: answer.status == 200 and answer.body == expected.encode()


def is_json(expected: object) -> Callable[[Answer], bool]:
    """An answer of 200 whose body is `expected` as JSON, whatever its spaces."""

    def accepts(answer: Answer) -> bool:
        try:
            return answer.status == 200 and bool(json.loads(answer.body) == expected)
        except ValueError:
            return False

    return accepts
