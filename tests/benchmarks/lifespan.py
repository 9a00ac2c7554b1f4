"""Starting and stopping an ASGI application as a server does."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def started(app: Any) -> AsyncIterator[None]:
    """Start the app up, and shut it down at the end; one without a lifespan is left alone."""
    received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    received.put_nowait({"type": "lifespan.startup"})
    task = asyncio.ensure_future(app(scope, received.get, sent.put))
    answer = asyncio.ensure_future(sent.get())
    await asyncio.wait([task, answer], return_when=asyncio.FIRST_COMPLETED)
    answer.cancel()
    try:
        yield
    finally:
        received.put_nowait({"type": "lifespan.shutdown"})
        # An app that knows no lifespan has raised, as the specification allows.
        await asyncio.gather(task, return_exceptions=True)
