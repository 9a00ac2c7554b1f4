"""What apps may tell clients, and when."""

from __future__ import annotations

import pytest

from asyncflask.testing.websockets.dialogue import Denial, Dialogue
from asyncflask.testing.websockets.errors import ClientDisconnected

ACCEPT = {"type": "websocket.accept"}
SEND = {"type": "websocket.send", "text": "tea"}
CLOSE = {"type": "websocket.close"}
START = {"type": "websocket.http.response.start", "status": 401}
BODY = {"type": "websocket.http.response.body", "body": b"no"}


@pytest.fixture
def after():
    """A dialogue in which the app has said this."""

    def dialogue_after(*messages, subprotocols=()):
        dialogue = Dialogue(subprotocols)
        for message in messages:
            dialogue.hear(message)
        return dialogue

    return dialogue_after


# What is allowed


def test_accepting(after):
    """The client learns the headers and the subprotocol."""
    message = ACCEPT | {"subprotocol": "chat", "headers": [(b"x-place", b"shop")]}

    dialogue = after(message, subprotocols=["mqtt", "chat"])

    assert dialogue.was_accepted
    assert dialogue.accepted_subprotocol == "chat"
    assert dialogue.headers == [(b"x-place", b"shop")]


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ({"text": "tea"}, "tea"),
        ({"text": ""}, ""),
        ({"bytes": b"tea"}, b"tea"),
        ({"bytes": bytearray(b"tea"), "text": None}, b"tea"),
    ],
)
def test_sending(after, message, content):
    """Text is received as text, bytes as bytes, empty ones too."""
    dialogue = after(ACCEPT)

    assert dialogue.hear({"type": "websocket.send", **message}) == content


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        ({}, 1000, ""),
        ({"code": 4001, "reason": "Enough."}, 4001, "Enough."),
        ({"reason": None}, 1000, ""),
    ],
)
def test_closing(after, message, code, reason):
    """Without a code it is a normal end."""
    dialogue = after(ACCEPT, CLOSE | message)

    assert (dialogue.code, dialogue.reason) == (code, reason)


def test_closing_before_accepting_is_a_403(after):
    """As servers answer it."""
    dialogue = after(CLOSE)

    assert not dialogue.was_accepted
    assert dialogue.denial == Denial(403)


def test_a_response_in_place_of_the_websocket(after):
    """Its body may come in pieces."""
    dialogue = after(START | {"headers": [(b"x-place", b"shop")]}, BODY | {"more_body": True})
    was_closed = dialogue.code

    dialogue.hear(BODY)

    assert (was_closed, dialogue.code) == (None, 1006)
    assert (dialogue.denial.status, dialogue.denial.body) == (401, b"nono")
    assert dialogue.headers == [(b"x-place", b"shop")]


# What is not


@pytest.mark.parametrize(
    ("before", "message", "expected"),
    [
        ([], SEND, "sent 'websocket.send' before the websocket was accepted"),
        ([], BODY, "sent 'websocket.http.response.body' before the websocket was accepted"),
        ([ACCEPT], ACCEPT, "sent 'websocket.accept' while the websocket was open"),
        ([ACCEPT], START, "sent 'websocket.http.response.start' while the websocket was open"),
        ([ACCEPT, CLOSE], SEND, "'websocket.send' after the websocket was closed, where nothing"),
        ([ACCEPT, CLOSE], CLOSE, "sent 'websocket.close' after the websocket was closed"),
        ([CLOSE], ACCEPT, "sent 'websocket.accept' after the websocket was denied"),
        ([START], ACCEPT, "while the response that denies the websocket was incomplete"),
        ([START, BODY], BODY, "sent 'websocket.http.response.body' after the websocket was denied"),
    ],
)
def test_what_is_out_of_place(after, before, message, expected):
    """The error says what was sent, when, and what could have been."""
    dialogue = after(*before)

    with pytest.raises(RuntimeError, match=expected):
        dialogue.hear(message)


@pytest.mark.parametrize("message", [{"type": "http.response.start"}, {}, {"type": "websocket"}])
def test_unknown_messages(after, message):
    """The error names the types that there are."""
    dialogue = after(ACCEPT)

    with pytest.raises(RuntimeError, match=r"unknown type .* There are: websocket\.accept"):
        dialogue.hear(message)


@pytest.mark.parametrize(
    "content", [{}, {"text": "a", "bytes": b"a"}, {"text": b"a"}, {"bytes": "a"}, {"text": 1}]
)
def test_messages_that_are_neither_text_nor_bytes(after, content):
    """Exactly one of them is sent."""
    dialogue = after(ACCEPT)

    with pytest.raises(RuntimeError, match="Send one of them: text as str, or bytes"):
        dialogue.hear({"type": "websocket.send", **content})


def test_a_subprotocol_that_was_not_offered(after):
    """Browsers would end the connection."""
    with pytest.raises(RuntimeError, match=r"subprotocol 'chat', but the client has offered \[\]"):
        after(ACCEPT | {"subprotocol": "chat"})


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2000, 5000, "1000"])
def test_codes_that_no_close_frame_carries(after, code):
    """Real servers refuse them too."""
    dialogue = after(ACCEPT)

    with pytest.raises(RuntimeError, match="is no code to close with"):
        dialogue.hear(CLOSE | {"code": code})


@pytest.mark.parametrize("reason", ["x" * 124, "ü" * 62])
def test_reasons_that_no_close_frame_carries(after, reason):
    """The limit is one of bytes."""
    dialogue = after(ACCEPT)

    with pytest.raises(RuntimeError, match="has 123 bytes at most, this one 124"):
        dialogue.hear(CLOSE | {"reason": reason})


# The end


def test_sending_to_a_client_that_has_left(after):
    """An OSError, as from servers; the app need not catch it."""
    dialogue = after(ACCEPT)
    dialogue.leave(1000, "")

    with pytest.raises(ClientDisconnected):
        dialogue.hear(SEND)


def test_closing_when_the_client_has_left(after):
    """The app cannot know yet, so that this is no mistake."""
    dialogue = after(ACCEPT)
    dialogue.leave(1001, "")

    dialogue.hear(CLOSE | {"code": 4000})

    assert dialogue.code == 1001


def test_leaving_what_the_app_has_closed(after):
    """The code stays the app's."""
    dialogue = after(ACCEPT, CLOSE | {"code": 4000})

    dialogue.leave(1000, "")

    assert dialogue.code == 4000


@pytest.mark.parametrize(("code", "reason"), [(1005, ""), (1000, "x" * 124)])
def test_leaving_wrongly(after, code, reason):
    """The test's mistake is its own error."""
    dialogue = after(ACCEPT)

    with pytest.raises(ValueError):
        dialogue.leave(code, reason)


@pytest.mark.parametrize(("failed", "code"), [(False, 1000), (True, 1006)])
def test_an_app_that_ends_without_a_word(after, failed, code):
    """The server closes for it; where it has failed the connection just ends."""
    dialogue = after(ACCEPT)

    dialogue.app_has_ended(failed=failed)

    assert dialogue.code == code
