"""What all tests share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest


@pytest.fixture(
    params=[
        pytest.param(("asyncio", {"use_uvloop": False}), id="asyncio"),
        pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"),
        pytest.param(("trio", {}), id="trio"),
    ]
)
def anyio_backend(request: pytest.FixtureRequest) -> object:
    """Every event loop that the package promises to run on."""
    return request.param


@dataclass
class Exchange:
    """What an ASGI application sent for one request."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])


@pytest.fixture
def exchange() -> Any:
    """Call an ASGI application as a server does, and keep what it sends.

    The client waits for the answer for ever; `receive` and `send` may be given to do otherwise.
    """

    async def exchange(
        app: Any,
        path: str = "/",
        *,
        headers: dict[str, str] | None = None,
        receive: Any = anyio.sleep_forever,
        send: Any = None,
        **changes: Any,
    ) -> Exchange:
        answer = Exchange()

        async def keep(message: dict[str, Any]) -> None:
            answer.messages.append(message)
            if send is not None:
                await send(message)

        scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "root_path": "",
            "query_string": b"",
            "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
            "server": ("localhost", 80),
        }
        await app(scope | changes, receive, keep)
        return answer

    return exchange
