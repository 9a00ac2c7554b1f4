"""The clock example: ticks for many clients, and for those who were away."""

from __future__ import annotations

import json
import re
import sys
import threading
from itertools import islice

import anyio
import pytest


def events_of(response):
    """The id and the data of each event of a stream."""
    number = None
    for line in response.iter_lines():
        field, _, value = line.partition(": ")
        if field == "id":
            number = int(value)
        elif field == "data":
            yield number, json.loads(value)


def hear(client, count, last=None):
    """So many ticks, after the one that was the client's last."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    with client.stream("GET", "/ticks", headers=headers) as response:
        return list(islice(events_of(response), count))


@pytest.fixture
def clock(load):
    """The module of the clock alone."""
    return sys.modules[load("sse_clock").Clock.__module__]


@pytest.mark.anyio
async def test_a_listener_gets_what_it_has_missed(clock):
    """As far as it is kept, in its order, and then what comes."""
    ticking = clock.Clock(1)
    first = ticking.number
    for _ in range(clock.KEPT + 5):
        ticking.tick()
    listener = ticking.after(first)

    numbers = [(await anext(listener)).number for _ in range(clock.KEPT)]

    async def tick():
        ticking.tick()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tick)
        numbers.append((await anext(listener)).number)
    await listener.aclose()

    assert numbers == list(range(first + 6, first + clock.KEPT + 7))
    assert ticking.listeners == 0


def test_page(load):
    """It names the stream."""
    page = load("sse_clock").app.test_client().get("/").text

    assert 'data-ticks="/ticks"' in page


def test_many_clients_hear_the_same_ticks(serve):
    """A tick that has five listeners is the same one to all of them."""
    client = serve("sse_clock", FLASK_TICK=0.05)
    heard = []

    def listen():
        with client.stream("GET", "/ticks") as response:
            heard.append(next(each for each in events_of(response) if each[1]["pages"] == 5))

    listeners = [threading.Thread(target=listen) for _ in range(5)]
    for listener in listeners:
        listener.start()
    for listener in listeners:
        listener.join()

    assert len(heard) == 5
    assert all(each == heard[0] for each in heard)


def test_a_client_that_comes_back_has_missed_nothing(serve):
    """It says what its last tick was, and gets the next one first."""
    client = serve("sse_clock", FLASK_TICK=0.02)

    first = [number for number, _ in hear(client, 3)]
    hear(client, 5)
    second = [number for number, _ in hear(client, 3, last=first[-1])]

    assert first + second == list(range(first[0], first[0] + 6))


@pytest.mark.parametrize("last", ["", "x", "-1", "9" * 30, "9" * 15, "\xb2"])
def test_nonsense_for_a_last_tick(serve, last):
    """It is answered with the next tick."""
    client = serve("sse_clock", FLASK_TICK=0.02)
    newest = hear(client, 1)[0][0]

    with client.stream("GET", "/ticks", headers={"Last-Event-ID": last.encode()}) as response:
        number, _ = next(events_of(response))

    assert response.status_code == 200
    assert newest < number < newest + 1000


def test_two_pages_in_a_browser(serve, browser):
    """Both show the time and each other, and reconnect without missing a tick."""
    client = serve("sse_clock", FLASK_TICK=0.05, FLASK_TICKS_PER_CONNECTION=3)
    pages = [browser, browser.open_tab()]

    for page in pages:
        page.visit(client.base_url)
    for page in pages:
        page.wait_until("seen.connections >= 3 && seen.ticks >= 8")

    assert [page.text("#missed") for page in pages] == ["0", "0"]
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d", page.text("#time")) for page in pages)
