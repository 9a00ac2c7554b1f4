"""The close code that stands for an HTTP status."""

from __future__ import annotations

import pytest

from asyncflask import Response, WebSocketDisconnected
from asyncflask.dispatch.closing import (
    closing_for,
    closing_for_error,
    code_for_status,
    is_disconnect,
)
from asyncflask.exceptions import Forbidden, HTTPException, InternalServerError, NotFound


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, 1000),
        (302, 1000),
        (400, 1008),
        (401, 3000),
        (403, 3003),
        (404, 1008),
        (408, 3008),
        (413, 1009),
        (429, 1008),
        (500, 1011),
        (502, 1011),
        (503, 1013),
    ],
)
def test_codes(status, code):
    """Statuses with a counterpart have it; the others are the client's or the server's fault."""
    assert code_for_status(status) == code


def test_reason_is_the_name():
    """A general description talks of pages and URLs."""
    assert closing_for_error(NotFound()) == (1008, "Not Found")


def test_reason_is_an_own_description():
    """What a developer has written is for the client, on one line."""
    assert closing_for_error(Forbidden("Not\n you.")) == (3003, "Not you.")


def test_reason_has_a_limit():
    """It is cut between characters where a close frame has no room for more."""
    _, reason = closing_for_error(Forbidden("€" * 100))

    assert reason == "€" * 41


def test_original_error_is_not_told():
    """Nothing of an unhandled error reaches the client."""
    error = InternalServerError(original_exception=KeyError("secret"))

    assert closing_for_error(error) == (1011, "Internal Server Error")


def test_error_with_a_response_of_its_own():
    """`abort(response)` counts by its status."""
    assert closing_for_error(HTTPException(response=Response("no", 503)))[0] == 1013


def test_what_a_handler_returns():
    """Nothing is a normal end; of a response only the status counts."""

    def make_response(value):
        return Response(*value)

    assert closing_for(None, make_response) == (1000, "")
    assert closing_for(("no", 403), make_response) == (3003, "")
    assert closing_for(Forbidden("no"), make_response) == (3003, "no")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (WebSocketDisconnected(), True),
        (ExceptionGroup("", [WebSocketDisconnected(), WebSocketDisconnected()]), True),
        (ExceptionGroup("", [ExceptionGroup("", [WebSocketDisconnected()])]), True),
        (ExceptionGroup("", [WebSocketDisconnected(), KeyError()]), False),
        (KeyError(), False),
    ],
)
def test_disconnects(error, expected):
    """Tasks say it in groups; a group with another error says something else."""
    assert is_disconnect(error) is expected
