"""How much Python a warm request runs. Counted, not timed, so that no machine is too slow."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import pytest

import asyncflask
from asyncflask import Flask

PACKAGE = str(Path(asyncflask.__file__).parent)


@pytest.mark.asyncio
async def test_a_warm_request_stays_within_its_budget(exchange):
    """GET /u/5 with an async view: at most 40 calls over 10 files of the package."""
    app = Flask("budget")

    @app.get("/u/<int:id>")
    async def user(id):
        return f"user {id}"

    await exchange(app, "/u/1")
    called = []

    def note(frame, event, argument):
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            called.append(frame.f_code.co_filename)

    sys.setprofile(note)
    try:
        answer = await exchange(app, "/u/5")
    finally:
        sys.setprofile(None)

    switches = sum(first != second for first, second in pairwise(called))
    assert answer.body == b"user 5"
    assert len(called) <= 40
    assert len(set(called)) <= 10
    assert switches <= 16, called
