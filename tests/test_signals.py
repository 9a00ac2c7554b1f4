"""The signals: which there are, and that nobody else's receivers hear them."""

from __future__ import annotations

import blinker
import pytest

from asyncflask import signals

NAMES = [
    "template_rendered",
    "before_render_template",
    "request_started",
    "request_finished",
    "request_tearing_down",
    "got_request_exception",
    "appcontext_tearing_down",
    "appcontext_pushed",
    "appcontext_popped",
    "message_flashed",
]


@pytest.mark.parametrize("name", NAMES)
def test_each_of_flasks_signals_exists(name):
    """The signal is named like its variable, with hyphens."""
    signal = getattr(signals, name)

    assert isinstance(signal, blinker.NamedSignal)
    assert signal.name == name.replace("_", "-")


def test_receivers_get_the_sender_and_the_details():
    """A receiver connected for one sender hears that sender only."""
    app, other = object(), object()
    heard = []

    def receive(sender, **details):
        heard.append((sender, details))

    with signals.message_flashed.connected_to(receive, app):
        signals.message_flashed.send(other, message="no", category="x")
        signals.message_flashed.send(app, message="yes", category="x")

    assert heard == [(app, {"message": "yes", "category": "x"})]


def test_the_namespace_is_the_packages_own():
    """blinker's default namespace has none of them, so other libraries' names cannot clash."""
    assert blinker.signal("request-started") is not signals.request_started
