"""Server-sent events as bytes, read again as the standard says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncflask import ServerSentEvent
from asyncflask.wrappers.events import encode_event


def encode(event):
    return event.encode(json.dumps).decode()


def parse(stream):
    """What a browser makes of a stream: WHATWG HTML section 9.2.6, step by step."""
    events, data, kind, last_id, retry = [], [], "", "", None
    lines = stream.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line in lines[:-1]:
        if not line:
            if data:
                events.append(("\n".join(data), kind or "message", last_id, retry))
            data, kind = [], ""
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                kind = value
            elif field == "data":
                data.append(value)
            elif field == "id" and "\0" not in value:
                last_id = value
            elif field == "retry" and value.isascii() and value.isdigit():
                retry = int(value)
    return events


@pytest.mark.parametrize(
    ("event", "sent"),
    [
        (ServerSentEvent("hello"), "data: hello\n\n"),
        (ServerSentEvent(""), "data: \n\n"),
        (ServerSentEvent(" padded"), "data:  padded\n\n"),
        (ServerSentEvent("a\nb\r\nc\rd\n"), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"),
        (ServerSentEvent("a\u2028b\x0bc\x85d"), "data: a\u2028b\x0bc\x85d\n\n"),
        (ServerSentEvent({"a": [1, None]}), 'data: {"a": [1, null]}\n\n'),
        (ServerSentEvent(5), "data: 5\n\n"),
        (ServerSentEvent(b"tea"), "data: tea\n\n"),
        (ServerSentEvent("x", event="tick"), "event: tick\ndata: x\n\n"),
        (ServerSentEvent("x", id="7"), "id: 7\ndata: x\n\n"),
        (ServerSentEvent("x", id=7), "id: 7\ndata: x\n\n"),
        (ServerSentEvent("x", id=""), "id: \ndata: x\n\n"),
        (ServerSentEvent("x", retry=3000), "retry: 3000\ndata: x\n\n"),
        (ServerSentEvent(retry=0), "retry: 0\n\n"),
        (ServerSentEvent(comment="one\ntwo"), ": one\n: two\n\n"),
        (ServerSentEvent(event="ping"), "event: ping\ndata: \n\n"),
        (ServerSentEvent(), ""),
    ],
)
def test_encoding(event, sent):
    """Each field is a line, data as many as it has; an empty line ends the event."""
    assert encode(event) == sent


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\r\nb", "a\0b", "\n"])
def test_nothing_can_be_smuggled_in(field, text):
    """A line break would begin another field; the error names the field and the value."""
    with pytest.raises(ValueError, match=f"{field}=.*line break or NUL"):
        ServerSentEvent("x", **{field: text})


@pytest.mark.parametrize("field", ["event", "id"])
def test_a_field_of_one_line_is_a_text(field):
    """What is no text is a mistake, rather than what `str` makes of it."""
    with pytest.raises(ValueError, match="of type 'bytes'"):
        ServerSentEvent("x", **{field: b"7"})


@pytest.mark.parametrize("retry", [-1, 1.5, "3000", True])
def test_retry_is_whole_milliseconds(retry):
    """Browsers ignore anything else."""
    with pytest.raises(ValueError, match="whole milliseconds"):
        ServerSentEvent(retry=retry)


@pytest.mark.parametrize(
    ("item", "sent"),
    [("text", b"data: text\n\n"), ({"a": 1}, b'data: {"a": 1}\n\n'), (None, b"")],
)
def test_an_item_that_is_no_event_is_the_data_of_one(item, sent):
    """Text as it is, the rest as JSON; None is nothing."""
    assert encode_event(item, json.dumps) == sent


line = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))


@given(
    data=st.text(),
    event=st.none() | line,
    id=st.none() | line,
    retry=st.none() | st.integers(0),
    comment=st.none() | st.text(),
)
def test_a_browser_gets_what_was_sent(data, event, id, retry, comment):
    """Whatever the text: lines end where they ended, and one event stays one."""
    data = data.encode("utf-8", "replace").decode()
    comment = comment and comment.encode("utf-8", "replace").decode()

    received = parse(encode(ServerSentEvent(data, event, id, retry, comment)))

    lines = data.replace("\r\n", "\n").replace("\r", "\n")
    assert received == [(lines, event or "message", id or "", retry)]
