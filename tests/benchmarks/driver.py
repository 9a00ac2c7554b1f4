"""Times the peers on one line: they take turns within each round, and every answer is checked."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from exchanges import WSGIExchange, asgi_client, websocket_client, wsgi_client
from lifespan import started
from line import Answer
from scopes import make_environ
from work import CROWD, HOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType

    from exchanges import Client, Exchange
    from line import Ask, Line

# A server goes round its event loop too: timers that were cancelled are dropped then.
_REQUESTS_A_LOOP = 20
_WSGI_THREADS = 40
_UNKNOWN = Answer(0, (), b"")


@dataclass(slots=True)
class Contender:
    """A peer's app for one line, what it is asked, and what it must answer.

    Attributes:
        times: seconds a request in each round: CPU time, and elapsed.
    """

    name: str
    app: Any
    line: Line
    ask: Ask
    is_wsgi: bool
    expected: Answer = _UNKNOWN
    times: list[tuple[float, float]] = field(default_factory=list)

    def client(self) -> Client:
        """What asks once each time it is called."""
        if self.is_wsgi:
            return wsgi_client(self.app, self.ask)
        if self.line.kind == "websocket":
            return websocket_client(self.app, self.ask)
        return asgi_client(self.app, self.ask)

    def check(self, exchange: Exchange) -> None:
        """See that an answer is the one that was found right at the start."""
        if not exchange.is_answered_by(self.expected):
            raise WrongAnswerError(self.name, self.line, exchange.answer())

    @property
    def seconds(self) -> list[float]:
        """Of each round, by the clock that suits the line."""
        clock = 1 if self.line.kind == "crowd" else 0
        return [spent[clock] for spent in self.times]


class WrongAnswerError(Exception):
    """A peer that does not do the line's work: its time means nothing."""

    def __init__(self, name: str, line: Line, answer: Answer) -> None:
        super().__init__(
            f"{name} answered {line.name!r} with {answer.status} {answer.body[:200]!r}, which is"
            f" not what the line asks for. Mend its app in peers/{name}.py."
        )


async def prepare(
    name: str, peer: ModuleType, line: Line, running: AsyncExitStack | None = None
) -> Contender:
    """Make a peer's app, start it up, and see that it answers rightly.

    Args:
        running: shuts the app down at its end; without it the app is not started up.
    """
    app = getattr(peer, line.name)()
    contender = Contender(name, app, line, line.ask, getattr(peer, "IS_WSGI", False))
    if running is not None and not contender.is_wsgi:
        await running.enter_async_context(started(app))
    if line.sends_cookie:
        first = (await contender.client()()).answer()
        contender.ask = replace(line.ask, headers=(*line.ask.headers, _cookie_of(first)))
    answer = (await contender.client()()).answer()
    if not line.accepts(answer):
        raise WrongAnswerError(name, line, answer)
    contender.expected = answer
    return contender


def _cookie_of(answer: Answer) -> tuple[bytes, bytes]:
    set_cookie = next(value for name, value in answer.headers if name.lower() == b"set-cookie")
    return b"cookie", set_cookie.partition(b";")[0]


async def time_line(
    line: Line, peers: Mapping[str, ModuleType], rounds: int, count: int | None = None
) -> list[Contender]:
    """Let every peer that can do the line's work take its turn in each round.

    Args:
        count: requests of a turn; the line's own number where it is None.
    """
    async with AsyncExitStack() as running:
        contenders = [
            await prepare(name, peer, line, running)
            for name, peer in peers.items()
            if hasattr(peer, line.name)
        ]
        # One round more than is counted, to warm up.
        for turn in range(rounds + 1):
            for contender in contenders:
                spent = await _take_turn(contender, count or line.count)
                if turn:
                    contender.times.append(spent)
    return contenders


async def _take_turn(contender: Contender, count: int) -> tuple[float, float]:
    """Seconds a request: CPU time of the process, and elapsed."""
    take = send_crowds if contender.line.kind == "crowd" else send_singly
    gc.collect()
    hooks_before = HOOKS.count
    cpu, elapsed = time.process_time(), time.perf_counter()

    await take(contender, count)

    cpu, elapsed = time.process_time() - cpu, time.perf_counter() - elapsed
    if HOOKS.count - hooks_before != count * contender.line.hook_calls:
        raise RuntimeError(f"{contender.name} ran {HOOKS.count - hooks_before} hooks too few.")
    requests = count * (CROWD if contender.line.kind == "crowd" else 1)
    return cpu / requests, elapsed / requests


async def send_singly(contender: Contender, count: int) -> None:
    send, check = contender.client(), contender.check
    for number in range(count):
        check(await send())
        if number % _REQUESTS_A_LOOP == 0:
            await asyncio.sleep(0)


async def send_crowds(contender: Contender, count: int) -> None:
    """Send `work.CROWD` requests at once, again and again."""
    send = contender.client()
    for _ in range(count):
        if contender.is_wsgi:
            exchanges = _crowd_wsgi(contender)
        else:
            exchanges = await asyncio.gather(*(send() for _ in range(CROWD)))
        for exchange in exchanges:
            contender.check(exchange)


def _crowd_wsgi(contender: Contender) -> Iterable[Exchange]:
    """As a threaded WSGI server would, with as many threads as the others have."""
    environs = [make_environ(contender.ask) for _ in range(CROWD)]
    with ThreadPoolExecutor(_WSGI_THREADS) as threads:
        return threads.map(WSGIExchange, [contender.app] * CROWD, environs)


def ratio(contender: Contender, to: Contender) -> float:
    """The median of the rounds' ratios between two peers' times."""
    return statistics.median(
        mine / theirs for mine, theirs in zip(contender.seconds, to.seconds, strict=True)
    )
