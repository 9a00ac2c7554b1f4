"""The notes on the board, in memory. Both applications use it, from threads and event loops."""

import asyncio
import threading
from contextlib import contextmanager
from datetime import datetime


class Board:
    """Notes, and whoever waits for new ones."""

    def __init__(self):
        self._notes = []
        self._readers = []
        self._lock = threading.Lock()

    def add(self, author, text):
        """Add a note; called from any thread, as a Flask view is."""
        note = {"author": author, "text": text, "time": f"{datetime.now():%H:%M}"}
        with self._lock:
            self._notes.append(note)
            for loop, news in self._readers:
                loop.call_soon_threadsafe(news.put_nowait, note)

    def notes(self):
        """All notes, the last one first."""
        with self._lock:
            return self._notes[::-1]

    @contextmanager
    def read(self):
        """Give an asyncio queue that each new note is put in; for code on an event loop."""
        reader = asyncio.get_running_loop(), asyncio.Queue()
        with self._lock:
            self._readers.append(reader)
        try:
            yield reader[1]
        finally:
            with self._lock:
                self._readers.remove(reader)


board = Board()
