"""What the tests of bad input share."""

from __future__ import annotations

import anyio
import pytest


@pytest.fixture
def exchange_sync(exchange):
    """`exchange` for tests without an event loop; header values may be any Latin-1 or UTF-8."""

    def exchange_sync(app, path, headers):
        pairs = [(name.lower().encode(), to_bytes(value)) for name, value in headers.items()]

        async def with_headers(scope, receive, send):
            await app({**scope, "headers": pairs}, receive, send)

        return anyio.run(exchange, with_headers, path)

    return exchange_sync


def to_bytes(text):
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()
