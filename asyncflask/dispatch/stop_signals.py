"""Hearing of the signals that stop a server, beside the server. Knows no app."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_SIGNALS: Final = tuple(
    getattr(signal, name)
    for name in ("SIGTERM", "SIGINT", "SIGBREAK")  # the last one is Windows'
    if hasattr(signal, name)
)


@contextmanager
def telling_of_stop_signals(tell: Callable[[], object]) -> Iterator[None]:
    """Within the block, call `tell` for each signal that stops the server, and then the server.

    A server waits for open responses before it says that it stops; a stream that is to end by
    itself has to hear of it earlier. Does nothing outside of the main thread, where Python
    hears of no signals, and for signals that nobody handles, which end the process.

    Args:
        tell: may be called between any two steps of the main thread, and must take no lock.
    """
    chained = []
    if threading.current_thread() is threading.main_thread():
        chained = [_Chained(each, tell) for each in _SIGNALS if callable(signal.getsignal(each))]
    try:
        yield
    finally:
        for each in chained:
            each.end()


class _Chained:
    """A signal handler in front of the one that was there."""

    def __init__(self, number: signal.Signals, tell: Callable[[], object]) -> None:
        self._number = number
        self._tell: Callable[[], object] | None = tell
        # A bound method is made anew each time: this one is to be recognised.
        self._installed = self._handle
        self._server: Callable[[int, FrameType | None], object]
        # The wake-up of event loops does not depend on what the handler is.
        self._server = signal.signal(number, self._installed)  # type: ignore[assignment]  # callable

    def end(self) -> None:
        """Put back the server's handler, unless another one was put in front of this."""
        self._tell = None
        if signal.getsignal(self._number) is self._installed:
            signal.signal(self._number, self._server)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._tell is not None:
            self._tell()
        self._server(number, frame)
