"""Threads that lend themselves."""

from __future__ import annotations

import threading

import anyio
import pytest

from asyncflask.bridge import Lane, lane, lend_thread


def test_an_interrupted_thread_ends_what_it_has_begun(monkeypatch):
    """Ctrl-C while a thread waits cancels the async code and passes on."""
    ended = []

    async def work():
        try:
            lent.wake()
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    def interrupt():
        raise KeyboardInterrupt

    lent = Lane()
    monkeypatch.setattr(lane, "_nothing", interrupt)
    lent.start(work)

    with pytest.raises(KeyboardInterrupt):
        lent.serve()
    monkeypatch.undo()
    lent.cancel()

    assert ended == [True]


def test_an_interrupted_thread_does_not_wait_for_a_blocked_loop(monkeypatch):
    """After some patience it goes on, since the loop never hears of the cancellation."""
    blocked, release = threading.Event(), threading.Event()
    monkeypatch.setattr(lane, "_PATIENCE", 0.05)

    async def block():
        blocked.set()
        release.wait(20)

    lent = Lane()
    lent.start(block)
    blocked.wait(20)

    lent.cancel()
    release.set()

    assert lend_thread(_give, "the loop lives on") == "the loop lives on"


async def _give(value):
    return value
