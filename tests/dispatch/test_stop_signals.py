"""Hearing of a server's stop signals without keeping them from the server."""

from __future__ import annotations

import signal
import threading

import pytest

from asyncflask.dispatch.stop_signals import telling_of_stop_signals

pytestmark = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


@pytest.fixture
def heard(number):
    """A server's handler is installed; what it and others hear goes here."""
    heard = []
    before = signal.signal(number, lambda number, frame: heard.append(("server", number)))
    yield heard
    signal.signal(number, before)


def test_both_hear_of_it(heard, number):
    """The app is told before the server's own handler runs."""
    with telling_of_stop_signals(lambda: heard.append("app")):
        signal.raise_signal(number)

    assert heard == ["app", ("server", number)]


def test_server_hears_of_it_after_the_block(heard, number):
    """The server's handler is put back."""
    server = signal.getsignal(number)

    with telling_of_stop_signals(lambda: heard.append("app")):
        assert signal.getsignal(number) is not server
    signal.raise_signal(number)

    assert signal.getsignal(number) is server
    assert heard == [("server", number)]


def test_blocks_may_end_in_any_order(heard, number):
    """One that ends below another one hears no more, and the signal still gets through."""
    first = telling_of_stop_signals(lambda: heard.append("first"))
    second = telling_of_stop_signals(lambda: heard.append("second"))
    first.__enter__()
    second.__enter__()

    first.__exit__(None, None, None)
    signal.raise_signal(number)
    second.__exit__(None, None, None)

    assert heard == ["second", ("server", number)]


def test_handler_that_came_later_stays(heard, number):
    """A handler put in front of ours is not thrown away."""
    with telling_of_stop_signals(lambda: heard.append("app")):
        signal.signal(number, lambda *_: heard.append("later"))
    signal.raise_signal(number)

    assert heard == ["later"]


@pytest.mark.parametrize("nobody", [signal.SIG_DFL, signal.SIG_IGN])
def test_signal_without_a_handler_is_left_alone(heard, number, nobody):
    """What ends the process goes on to end it, what is ignored stays ignored."""
    signal.signal(number, nobody)

    with telling_of_stop_signals(lambda: heard.append("app")):
        assert signal.getsignal(number) == nobody


def test_other_threads_do_nothing(heard, number):
    """Only the main thread may install handlers."""
    server = signal.getsignal(number)
    seen = []

    def enter():
        with telling_of_stop_signals(lambda: heard.append("app")):
            seen.append(signal.getsignal(number))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join(20)

    assert seen == [server]
