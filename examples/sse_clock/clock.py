"""A clock that many listen to."""

import time
from collections import deque
from dataclasses import dataclass

import anyio

KEPT = 100  # ticks, for listeners that were away


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick: its number, the seconds since 1970, and how many pages were listening."""

    number: int
    time: float
    pages: int


class Clock:
    """Ticks every so many seconds, and keeps its last ticks for those who have missed them."""

    def __init__(self, seconds):
        self.seconds = seconds
        # Counted from 1970, so that numbers go on after a restart.
        self.number = int(time.time() / seconds)
        self.listeners = 0
        self._ticks = deque(maxlen=KEPT)
        self._next = anyio.Event()

    async def run(self):
        while True:
            await anyio.sleep(self.seconds)
            self.tick()

    def tick(self):
        self.number += 1
        self._ticks.append(Tick(self.number, time.time(), self.listeners))
        ticked, self._next = self._next, anyio.Event()
        ticked.set()

    async def after(self, number):
        """The ticks after `number` as far as they are kept, and then those to come."""
        self.listeners += 1
        try:
            while True:
                missed = [tick for tick in self._ticks if tick.number > number]
                for tick in missed:
                    yield tick
                    number = tick.number
                if not missed:
                    await self._next.wait()
        finally:
            self.listeners -= 1
