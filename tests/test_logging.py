"""The app's logger: where messages go, and when it leaves logging alone."""

from __future__ import annotations

import io
import itertools
import logging
import sys
from dataclasses import dataclass

from asyncflask.logging import (
    create_logger,
    default_handler,
    has_level_handler,
    wsgi_errors_stream,
)

numbers = itertools.count()


@dataclass
class App:
    name: str
    debug: bool = False


def bare_root():
    """A logger that stands for the root: nothing above it, no handlers on it.

    Made inside the test: before it starts, pytest puts handlers on every logger that has
    no other way to be captured.
    """
    root = logging.getLogger(f"asyncflask-test-{next(numbers)}")
    root.propagate = False
    return root


def fresh_name():
    """The name of an app below such a root, used by no other test."""
    return f"{bare_root().name}.app"


def test_the_logger_is_named_for_the_app():
    """Other code finds the logger under the app's name."""
    name = fresh_name()

    assert create_logger(App(name)) is logging.getLogger(name)


def test_it_gets_the_default_handler():
    """Where nobody configured logging, messages are shown by the default handler."""
    logger = create_logger(App(fresh_name()))

    assert logger.handlers == [default_handler]
    assert logger.level == logging.NOTSET


def test_made_twice_it_has_one_handler():
    """Two apps of one name log each message once."""
    name = fresh_name()
    create_logger(App(name))

    logger = create_logger(App(name))

    assert logger.handlers == [default_handler]


def test_debug_mode_sets_the_level():
    """In debug mode everything is logged."""
    assert create_logger(App(fresh_name(), debug=True)).level == logging.DEBUG


def test_debug_mode_keeps_a_level():
    """A level that was set before is respected."""
    name = fresh_name()
    logging.getLogger(name).setLevel(logging.ERROR)

    assert create_logger(App(name, debug=True)).level == logging.ERROR


def test_a_configured_root_is_enough():
    """With a handler on the root no other is added."""
    root = bare_root()
    root.addHandler(logging.StreamHandler())

    assert create_logger(App(f"{root.name}.app")).handlers == []


def test_a_handler_for_graver_messages_does_not_count():
    """A handler that lets only errors through leaves the logger's warnings unseen."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.ERROR)
    logger = logging.getLogger(fresh_name())
    logger.addHandler(handler)

    assert not has_level_handler(logger)
    logger.setLevel(logging.ERROR)
    assert has_level_handler(logger)


def test_a_logger_that_does_not_propagate_is_alone():
    """Handlers above a logger count only if its messages get there."""
    name = fresh_name()
    logging.getLogger(name).addHandler(logging.StreamHandler())
    child = logging.getLogger(f"{name}.child")

    assert has_level_handler(child)
    child.propagate = False
    assert not has_level_handler(child)


def test_messages_go_to_the_current_stderr(monkeypatch):
    """Replacing sys.stderr after the logger was made redirects its messages."""
    logger = create_logger(App(fresh_name()))
    first, second = io.StringIO(), io.StringIO()

    monkeypatch.setattr(sys, "stderr", first)
    logger.error("one")
    monkeypatch.setattr(sys, "stderr", second)
    logger.error("two")

    assert "ERROR in test_logging: one\n" in first.getvalue()
    assert "ERROR in test_logging: two\n" in second.getvalue()
    assert "one" not in second.getvalue()


def test_the_stream_is_the_current_stderr_in_all_respects(monkeypatch):
    """Attributes, flushing and repr are those of the stream that is there now."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    written = wsgi_errors_stream.write("text")
    wsgi_errors_stream.flush()

    assert written == 4
    assert wsgi_errors_stream.getvalue() == "text"
    assert repr(wsgi_errors_stream) == repr(stream)
