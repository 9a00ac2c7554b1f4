"""Rooms: who is in them, what was said last, and what each member has yet to be sent.

Knows nothing of the web.
"""

import time
from collections import OrderedDict, deque
from contextlib import contextmanager

import anyio


class Member:
    """One open page. What it is sent waits in `inbox`; one that falls behind is let go."""

    def __init__(self, name, backlog):
        self.name = name
        self.fell_behind = False
        self._outbox, self.inbox = anyio.create_memory_object_stream(backlog)
        self._scope = anyio.CancelScope()

    @contextmanager
    def staying(self):
        """What is done for the member, until it leaves or falls behind."""
        with self._scope:
            yield

    def tell(self, event):
        try:
            self._outbox.send_nowait(event)
        except anyio.WouldBlock:
            # Whoever does not read must cost the others neither time nor memory.
            self.fell_behind = True
            self.leave()

    def leave(self):
        self._scope.cancel()

    def close(self):
        self._outbox.close()
        self.inbox.close()


class Room:
    """Members and the last messages; every member is told of each event."""

    def __init__(self, history, backlog):
        self.members = []
        self._history = deque(maxlen=history)
        self._backlog = backlog

    @contextmanager
    def joined(self, name):
        """A member for as long as the block lasts; the others are told at both ends."""
        member = Member(name, self._backlog)
        if name not in self.names:
            self.tell("join", name=name, names=sorted({*self.names, name}))
        self.members.append(member)
        member.tell({"kind": "welcome", "names": self.names, "history": list(self._history)})
        try:
            yield member
        finally:
            self.members.remove(member)
            member.close()
            # The same person may have the room open in another tab.
            if name not in self.names:
                self.tell("leave", name=name, names=self.names)

    @property
    def names(self):
        return sorted({member.name for member in self.members})

    def say(self, name, text):
        """Send a message to all members, the one who says it included."""
        self._history.append(self.tell("message", name=name, text=text))

    def tell(self, kind, **event):
        event = {"kind": kind, "time": time.time(), **event}
        for member in self.members:
            member.tell(event)
        return event


class Rooms:
    """Rooms by name, made when they are asked for; so many empty ones keep their history."""

    def __init__(self, empty=100, history=50, backlog=100):
        self._rooms = OrderedDict()
        self._empty = empty
        self._room_options = {"history": history, "backlog": backlog}

    def __getitem__(self, name):
        if name not in self._rooms:
            self._forget_the_oldest()
            self._rooms[name] = Room(**self._room_options)
        self._rooms.move_to_end(name)
        return self._rooms[name]

    def __contains__(self, name):
        return name in self._rooms

    def _forget_the_oldest(self):
        empty = [name for name, room in self._rooms.items() if not room.members]
        for name in empty[: len(empty) - self._empty + 1]:
            del self._rooms[name]
