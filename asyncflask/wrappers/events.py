"""One server-sent event, and the bytes that it is on the wire. Knows nothing of responses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

Dumps = Callable[[Any], str]

KEEP_ALIVE: Final = b":\n\n"
"""A comment, which clients ignore."""

# SPEC: WHATWG HTML section 9.2.5: these end a line, and no other character does.
_split_lines = re.compile(r"\r\n|\r|\n").split


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """An event for a page's EventSource; None leaves a field out.

    Args:
        data: text, also of several lines; anything else is sent as the app's JSON.
        event: the type that the page listens for; without one it is "message".
        id: what the client sends as Last-Event-ID when it connects again; "" takes it back.
        retry: milliseconds that the client waits before it connects again.
        comment: text that clients ignore.
    Raises:
        ValueError: `event` or `id` has a line break or NUL, or `retry` is no number of
            milliseconds.
    """

    data: Any = None
    event: str | None = None
    id: str | int | None = None
    retry: int | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        _check_line("event", self.event)
        _check_line("id", self.id)
        if self.retry is not None and not _is_count(self.retry):
            raise ValueError(
                f"An event has retry={self.retry!r}, but browsers understand whole milliseconds"
                " alone. Give an integer from 0, such as retry=3000."
            )

    def encode(self, dumps: Dumps) -> bytes:
        """The event as it is sent, ended by an empty line; nothing where no field is set.

        Args:
            dumps: makes JSON of data that is no text.
        """
        lines = [f": {line}" for line in _lines(self.comment)]
        if self.event is not None:
            lines.append(f"event: {self.event}")
        if self.id is not None:
            lines.append(f"id: {self.id}")
        if self.retry is not None:
            lines.append(f"retry: {self.retry}")
        lines += [f"data: {line}" for line in _lines(self._text(dumps))]
        return "\n".join([*lines, "", ""]).encode() if lines else b""

    def _text(self, dumps: Dumps) -> str | None:
        if self.data is None:
            # SPEC: WHATWG HTML section 9.2.6: an event without data never reaches a listener.
            return None if self.event is None else ""
        if isinstance(self.data, str):
            return self.data
        if isinstance(self.data, (bytes, bytearray)):
            return self.data.decode()
        return dumps(self.data)


def encode_event(item: Any, dumps: Dumps) -> bytes:
    """An item of an event stream as bytes: what is no event is the data of one."""
    event = item if isinstance(item, ServerSentEvent) else ServerSentEvent(item)
    return event.encode(dumps)


def _lines(text: str | None) -> list[str]:
    return [] if text is None else _split_lines(text)


def _check_line(name: str, value: object) -> None:
    if value is None or (name == "id" and _is_count(value)):
        return
    if not isinstance(value, str):
        raise ValueError(
            f"An event has {name}={value!r}, of type {type(value).__name__!r}. Give a text."
        )
    if re.search(r"[\r\n\0]", value):
        raise ValueError(
            f"An event has {name}={value!r}, with a line break or NUL, which would end the field"
            " or void it. Take it out, or put the text into data, which may have several lines."
        )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
