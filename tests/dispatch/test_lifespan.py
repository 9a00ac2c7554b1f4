"""The server's start-up and shutdown, and protocols that the app refuses."""

from __future__ import annotations

import pytest

from asyncflask import Flask


async def converse(scope_type, *messages):
    waiting, sent = [{"type": kind} for kind in messages], []

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    await Flask("life")({"type": scope_type}, receive, send)
    return sent


@pytest.mark.anyio
async def test_start_up_and_shutdown_are_confirmed():
    """The app returns after shutdown, and not before."""
    sent = await converse("lifespan", "lifespan.startup", "lifespan.shutdown")

    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
