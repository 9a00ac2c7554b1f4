"""Small files that are read by their path: in a thread, or at once where no disk is waited for."""

from __future__ import annotations

import os
from time import monotonic
from typing import Final

# Windows translates line ends otherwise.
_READING: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0)

# Linux only; other systems cannot promise not to wait.
_AT_ONCE: Final[int] = getattr(os, "RWF_NOWAIT", 0)

# A pipe that has taken the file's place since it was looked at is not waited for either.
_OPENING_AT_ONCE: Final = _READING | getattr(os, "O_NONBLOCK", 0)

_AT_HAND: Final = 10
"""Seconds after which a file that was read may have to be looked for on its disk again."""

_MOST_PATHS: Final = 512

_at_hand_until: dict[str, float] = {}

# Memory to read into, which only one reader has at a time.
_spare: list[bytearray] = []


def read_path(path: str, start: int, count: int) -> bytes:
    """Up to `count` bytes of a file, from `start` on; this may wait for a disk.

    PERF: 6 µs in place of 9 for a file object.

    Raises:
        OSError: the file is gone, or must not be read.
    """
    descriptor = os.open(path, _READING)
    try:
        if start:
            os.lseek(descriptor, start, os.SEEK_SET)
        data = os.read(descriptor, count)
        while len(data) < count and (more := os.read(descriptor, count - len(data))):
            data += more
        return data
    finally:
        os.close(descriptor)


def is_at_hand(path: str) -> bool:
    """Whether a file was read so lately that finding and reading it should wait for nothing."""
    return _at_hand_until.get(path, 0.0) > monotonic()


def note_read(path: str) -> None:
    """Remember that a file was read, if it is on a local disk whose system can read at once."""
    if not _AT_ONCE:
        return
    try:
        _read_at_once(path, bytearray(1), 0)
    except OSError:
        # Network shares, FUSE and the like do not know how.
        _at_hand_until.pop(path, None)
        return
    if len(_at_hand_until) >= _MOST_PATHS:
        _at_hand_until.clear()
    _at_hand_until[path] = monotonic() + _AT_HAND


def read_at_hand(path: str, start: int, count: int) -> bytes | None:
    """What `read_path` gives, if the system has it in memory; None where it has to be read.

    PERF: 8 µs in place of 40 with the hop to a thread, most of which the event loop pays.
    """
    memory = _spare.pop() if _spare else bytearray()
    if len(memory) < count:
        memory = bytearray(count)
    try:
        # Files grow and shrink: what is not exactly what was looked at is for the slow way.
        if _read_at_once(path, memoryview(memory)[:count], start) != count:
            return None
        _at_hand_until[path] = monotonic() + _AT_HAND
        return memoryview(memory)[:count].tobytes()
    except OSError:
        _at_hand_until.pop(path, None)
        return None
    finally:
        _spare.append(memory)


def _read_at_once(path: str, memory: bytearray | memoryview, start: int) -> int:
    descriptor = os.open(path, _OPENING_AT_ONCE)
    try:
        return os.preadv(descriptor, [memory], start, _AT_ONCE)
    finally:
        os.close(descriptor)
