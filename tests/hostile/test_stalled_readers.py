"""Clients that ask for a stream and do not read it."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack

import pytest

from asyncflask import EventStream, Flask, bridge

HOST = "Host: localhost"
READERS = bridge.DEFAULT_WORKERS + 5
ITEM = b"x" * 1024
# What the system takes of one connection for itself, at the most, and what we make ahead.
MOST_BUFFERED = 8 * 1024 * 1024


class Endless:
    """Streams without an end, in each colour, counted."""

    def __init__(self):
        self.made = 0
        self.closed = 0
        self._has_closed = threading.Condition()

    def make_app(self):
        app = Flask("endless")
        app.add_url_rule("/sync", "sync", self.items)
        app.add_url_rule("/async", "async", self.items_async)
        app.add_url_rule("/events", "events", lambda: EventStream(self.items_async()))
        app.add_url_rule("/next", "next", lambda: "next")
        return app

    def items(self):
        try:
            while True:
                self.made += 1
                yield ITEM
        finally:
            self._note_closed()

    async def items_async(self):
        try:
            while True:
                self.made += 1
                yield ITEM
        finally:
            self._note_closed()

    def _note_closed(self):
        with self._has_closed:
            self.closed += 1
            self._has_closed.notify()

    def wait_until_closed(self, count):
        with self._has_closed:
            return self._has_closed.wait_for(lambda: self.closed == count, timeout=20)


@pytest.fixture
def endless():
    return Endless()


def open_stalled(server, path):
    """A connection on which nothing but the head is read, with the smallest of buffers."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(20)
    connection.connect(server.address)
    connection.sendall(f"GET {path} HTTP/1.1\r\n{HOST}\r\n\r\n".encode())
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection


def settle(server, endless):
    """Ask for a sync view until no stream goes on any more; gives its answers."""
    answers, made = [], -1
    while made != endless.made:
        made = endless.made
        answers += [server.ask("GET /next HTTP/1.1", HOST).text for _ in range(20)]
    return set(answers)


@pytest.mark.parametrize("path", ["/sync", "/async", "/events"])
def test_stalled_readers_stop_their_streams(serve, endless, path):
    """They hold no worker, though they are more than there are; all end when they leave."""
    server = serve(endless.make_app())

    with ExitStack() as stack:
        for _ in range(READERS):
            stack.enter_context(open_stalled(server, path))
        answers = settle(server, endless)

    assert answers == {"next"}
    assert endless.made * len(ITEM) <= READERS * MOST_BUFFERED
    assert endless.wait_until_closed(READERS)


@pytest.mark.parametrize("path", ["/sync", "/async", "/events"])
def test_a_reader_that_goes_on_gets_the_rest(serve, endless, path):
    """A stream that has rested is resumed where it was."""
    server = serve(endless.make_app())

    with open_stalled(server, path) as connection:
        settle(server, endless)
        made_at_rest = endless.made
        received = 0
        while received < 2 * made_at_rest * len(ITEM):
            received += len(connection.recv(65536))

    assert endless.made > made_at_rest
    assert endless.wait_until_closed(1)
