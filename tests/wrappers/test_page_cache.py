"""Files that are read where they are in the system's memory, and those that are not."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from asyncflask.wrappers import page_cache
from asyncflask.wrappers.page_cache import is_at_hand, note_read, read_at_hand, read_path


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "digits.txt"
    path.write_bytes(b"0123456789")
    return str(path)


def test_a_file_that_was_read_is_at_hand(disk, path):
    """For others nobody knows how long their disk takes."""
    before = is_at_hand(path)

    note_read(path)

    assert (before, is_at_hand(path)) == (False, True)


def test_a_file_is_at_hand_for_a_while(disk, path, monkeypatch):
    """The system may drop what it knows of it; each reading begins anew."""
    now = 100.0
    monkeypatch.setattr(page_cache, "monotonic", lambda: now)
    note_read(path)

    now = 109.0
    read_at_hand(path, 0, 10)
    now = 118.0
    is_there = is_at_hand(path)
    now = 120.0

    assert is_there
    assert not is_at_hand(path)


def test_a_file_system_that_cannot_read_at_once(disk, path):
    """As a network share."""
    disk.state = "unable"

    note_read(path)

    assert not is_at_hand(path)


def test_a_system_that_cannot_read_at_once(disk, path, monkeypatch):
    """As Windows and macOS."""
    monkeypatch.setattr(page_cache, "_AT_ONCE", 0)

    note_read(path)

    assert not is_at_hand(path)


@pytest.mark.parametrize(
    ("start", "count", "data"), [(0, 10, b"0123456789"), (3, 4, b"3456"), (0, 0, b"")]
)
@pytest.mark.parametrize("read", [read_at_hand, read_path])
def test_a_part_is_read(disk, path, read, start, count, data):
    """From a byte on, so many of them."""
    assert read(path, start, count) == data


@pytest.mark.parametrize("state", ["cold", "unable"])
def test_a_file_that_is_not_in_memory(disk, path, state):
    """It is not at hand any more."""
    note_read(path)
    disk.state = state

    data = read_at_hand(path, 0, 10)

    assert data is None
    assert not is_at_hand(path)


@pytest.mark.parametrize(("state", "count"), [("partly cold", 10), ("ready", 11)])
def test_a_file_of_which_less_is_there(disk, path, state, count):
    """Only all of it will do."""
    disk.state = state

    assert read_at_hand(path, 0, count) is None


def test_a_file_that_is_gone(disk, path):
    """The thread is to meet the error."""
    os.unlink(path)

    assert read_at_hand(path, 0, 10) is None


def test_a_pipe_in_place_of_the_file_is_not_waited_for(disk, path):
    """Nobody ever writes to it."""
    os.unlink(path)
    os.mkfifo(path)

    assert read_at_hand(path, 0, 10) is None


def test_what_was_read_stays_as_it_is(disk, path, tmp_path):
    """Though the memory that it was read into is used again."""
    other = tmp_path / "letters.txt"
    other.write_bytes(b"abcdefghij")
    first = read_at_hand(path, 0, 10)

    second = read_at_hand(str(other), 0, 10)

    assert (first, second) == (b"0123456789", b"abcdefghij")


def test_not_all_files_are_remembered(disk, tmp_path, monkeypatch):
    """However many there are."""
    monkeypatch.setattr(page_cache, "_MOST_PATHS", 3)
    paths = [tmp_path / str(number) for number in range(10)]

    for path in paths:
        path.write_bytes(b"")
        note_read(str(path))

    assert sum(is_at_hand(str(path)) for path in paths) <= 3


def test_a_system_that_gives_less_at_a_time_is_asked_again(path, monkeypatch):
    """Until there is no more."""

    def read_some(descriptor, count):
        return os.read(descriptor, min(count, 4))

    monkeypatch.setattr(page_cache, "os", SimpleNamespace(**{**vars(os), "read": read_some}))

    assert read_path(path, 1, 100) == b"123456789"
