"""Notices async code that blocks its event loop, and where: for debug mode, as it costs time."""

from __future__ import annotations

import os
import sys
import threading
import types
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from .hop import Traveller

T = TypeVar("T")

_PACKAGE: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

_PATIENCE: Final = 5.0
"""Seconds after which a stretch is told of although it goes on: it may never end."""

_LOOKS: Final = 4
"""How often a stretch is looked at until it has taken too long."""


@dataclass(frozen=True, slots=True)
class Place:
    """A function that was running, and the line that it was at."""

    function: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.function} ({self.file}:{self.line})"


@dataclass(frozen=True, slots=True)
class Blockage:
    """A stretch of code that kept an event loop for too long.

    Attributes:
        seconds: how long it took, or has taken so far where it is not over.
        caller: the outermost function that is not the framework's; None where none was seen.
        innermost: the function that was running.
    """

    seconds: float
    is_over: bool
    caller: Place | None
    innermost: Place | None


class Report(Protocol):
    """What is told of a blockage; from a thread of its own where that is not over."""

    def __call__(self, blockage: Blockage, /) -> None: ...


@types.coroutine
def watched(
    coroutine: Coroutine[Any, Any, T], traveller: Traveller, limit: float, report: Report
) -> Generator[Any, Any, T]:
    """Run a driven coroutine; `report` is called when it keeps its event loop for too long.

    What it does in a worker is its own affair.

    Args:
        limit: seconds that it may run without giving way to other tasks.
    """
    watchdog = _watchdog(limit)
    answer: Any = None
    error: BaseException | None = None
    try:
        while True:
            stretch = None if traveller.in_worker else watchdog.begin(report)
            try:
                signal = coroutine.send(answer) if error is None else coroutine.throw(error)
            finally:
                if stretch is not None:
                    watchdog.end(stretch)
            answer = error = None
            try:
                answer = yield signal
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as exc:
                error = exc
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # what the coroutine has returned
    finally:
        # A frame that holds the exception whose traceback holds the frame is a cycle.
        error = None


class _Stretch:
    """Code that runs on an event loop until it gives way to other tasks."""

    __slots__ = ("_report", "_seen", "began", "thread")

    def __init__(self, thread: int, report: Report) -> None:
        self.thread = thread
        self.began = monotonic()
        self._report: Report | None = report
        self._seen: Counter[tuple[Place | None, Place]] = Counter()

    def look(self) -> None:
        """From the watchdog's thread: note what is running."""
        seen = _look_at(sys._current_frames().get(self.thread))
        if seen is not None:
            self._seen[seen] += 1

    def tell(self, seconds: float, *, is_over: bool) -> None:
        """Report it, once."""
        report, self._report = self._report, None
        if report is None:
            return
        seen = self._seen.most_common(1)
        caller, innermost = seen[0][0] if seen else (None, None)
        report(Blockage(seconds, is_over, caller, innermost))


def _look_at(frame: types.FrameType | None) -> tuple[Place | None, Place] | None:
    """The outermost function within `watched` that is not the framework's, and the innermost.

    None where the thread runs something else by now.
    """
    innermost, caller = frame, None
    while frame is not None and frame.f_code is not _WATCHED:
        if not frame.f_code.co_filename.startswith(_PACKAGE):
            caller = frame
        frame = frame.f_back
    if frame is None or innermost is None:
        return None
    return None if caller is None else _place_of(caller), _place_of(innermost)


def _place_of(frame: types.FrameType) -> Place:
    return Place(frame.f_code.co_qualname, frame.f_code.co_filename, frame.f_lineno)


_WATCHED: Final = watched.__code__


class _Watchdog:
    """A thread that looks at stretches while there are any, and rests while there are none.

    Whoever runs a stretch takes no lock: each thread has an entry of its own.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._running: dict[int, _Stretch] = {}
        self._is_needed = threading.Event()
        threading.Thread(target=self._watch, name="asyncflask-watchdog", daemon=True).start()

    def begin(self, report: Report) -> _Stretch | None:
        """Begin a stretch in this thread; None where it is a part of one that runs already."""
        thread = threading.get_ident()
        if thread in self._running:
            return None
        stretch = self._running[thread] = _Stretch(thread, report)
        if not self._is_needed.is_set():
            self._is_needed.set()
        return stretch

    def end(self, stretch: _Stretch) -> None:
        """End it, and tell of it where it took too long."""
        del self._running[stretch.thread]
        seconds = monotonic() - stretch.began
        if seconds > self._limit:
            stretch.tell(seconds, is_over=True)

    def _watch(self) -> None:
        while True:
            self._is_needed.wait()
            sleep(self._limit / _LOOKS)
            self._is_needed.clear()
            self._look()

    def _look(self) -> None:
        for stretch in tuple(self._running.values()):
            self._is_needed.set()
            seconds = monotonic() - stretch.began
            # Even one that takes hardly longer than it may is to have been looked at.
            if seconds >= self._limit / 2:
                stretch.look()
            if seconds > max(_PATIENCE, self._limit):
                stretch.tell(seconds, is_over=False)


_watchdog: Callable[[float], _Watchdog] = lru_cache(maxsize=None)(_Watchdog)

if hasattr(os, "register_at_fork"):
    # The thread stays behind in the parent.
    os.register_at_fork(after_in_child=_watchdog.cache_clear)  # type: ignore[attr-defined]  # lru_cache's
