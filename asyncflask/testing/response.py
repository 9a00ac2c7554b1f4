"""The response that a test gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..datastructures import Headers
from ..wrappers import Response

if TYPE_CHECKING:
    from ..wrappers import Request


class TestResponse(Response):
    """A response with the request that it answers, and the responses that redirected to it.

    Attributes:
        request: the request; its `path` is the one after redirects.
        history: the redirects that were followed, first to last.
    """

    __test__ = False
    default_mimetype = None
    request: Request
    history: tuple[TestResponse, ...]

    def __init__(
        self,
        response: Any,
        status: int | str,
        headers: Headers,
        request: Request,
        history: tuple[TestResponse, ...] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(response, status, headers, **kwargs)
        self.request = request
        self.history = history


class Chunks:
    """A response body that is still being sent: the app goes on while it is read."""

    def __init__(self, exchange: Any) -> None:
        self._exchange = exchange
        self._iterator = exchange.chunks()

    def __iter__(self) -> Chunks:
        return self

    def __next__(self) -> bytes:
        chunk: bytes = next(self._iterator)
        return chunk

    def close(self) -> None:
        """Disconnect from the app."""
        self._exchange.close()


def to_headers(pairs: list[tuple[bytes, bytes]]) -> Headers:
    """ASGI's header pairs with names as tests write them, whatever case the app has sent."""
    return Headers.trusted([(_title(name), value.decode("latin-1")) for name, value in pairs])


def _title(name: bytes) -> str:
    return "-".join(part.capitalize() for part in name.decode("latin-1").split("-"))
