"""Lines about answers in many pieces."""

from __future__ import annotations

from line import Answer, Ask, Line
from work import CHUNK, CHUNKS, ECHOES

ECHO = "a message of a few words"


def _is_stream(answer: Answer) -> bool:
    return answer.status == 200 and answer.body == CHUNK * CHUNKS


def _is_echo(answer: Answer) -> bool:
    return answer.status == 101 and answer.body == ECHO.encode() * ECHOES


STREAMS = (
    Line("generator", "async generator, 1,000 × 1 KiB", 1.5, Ask(), _is_stream, count=8),
    Line(
        "websocket",
        "WebSocket, 1,000 echoes",
        1.6,
        Ask(body=ECHO.encode()),
        _is_echo,
        count=5,
        kind="websocket",
    ),
)
