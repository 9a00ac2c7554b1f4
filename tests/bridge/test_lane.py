"""Threads that lend themselves."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from contextvars import ContextVar
from types import SimpleNamespace

import anyio
import pytest

from asyncflask.bridge import Lane, lane, lend_thread, run_in_worker, run_on_loop_thread

colour = ContextVar("colour", default="none")


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


def test_a_thread_that_only_waits_is_no_worker():
    """Sync code that the async function meets runs in another thread; even within a lent one."""

    async def ask_in_lane():
        return await run_in_worker(run_on_loop_thread, run_in_worker, threading.get_ident)

    idents = {run_on_loop_thread(run_in_worker, threading.get_ident), lend_thread(ask_in_lane)}

    assert threading.get_ident() not in idents


def test_waiting_brings_errors_and_context_variables():
    """As if the async function had been called here."""

    async def work():
        colour.set("red")
        raise LookupError("no tea")

    with pytest.raises(LookupError, match="no tea"):
        run_on_loop_thread(work)

    assert colour.get() == "red"


def test_an_interrupted_wait_ends_what_it_has_begun(monkeypatch):
    """Ctrl-C while a thread waits cancels the async code and passes on."""
    began, ended = threading.Event(), []

    async def work():
        try:
            began.set()
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    class Interrupted(threading.Event):
        def wait(self, timeout=None):
            if timeout is None:
                began.wait(20)
                raise KeyboardInterrupt
            return super().wait(timeout)

    monkeypatch.setattr(lane, "threading", SimpleNamespace(Event=Interrupted))

    with pytest.raises(KeyboardInterrupt):
        run_on_loop_thread(work)

    assert ended == [True]


@pytest.mark.parametrize("kind", ["EventStream", "Response"])
def test_a_stream_that_is_left_unread_keeps_no_process_from_ending(kind):
    """Its closing is sync code of the thread that has asked, which waits for the end by then."""
    program = textwrap.dedent(f"""
        from asyncflask import EventStream, Flask, Response

        def leave_unread():
            app = Flask("unread")
            app.add_url_rule("/", view_func=lambda: {kind}(["one", "two"]))
            client = app.test_client()
            response = client.get("/")
            print(response.status_code)

        leave_unread()
    """)

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=20
    )

    assert (ended.returncode, ended.stdout) == (0, "200\n")
