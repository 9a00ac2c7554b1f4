"""What tests are told of websockets that were denied or have closed."""

from __future__ import annotations

from typing import Any


class WebSocketDenied(Exception):
    """The app has answered the handshake with a response of HTTP.

    Attributes:
        response: that response, of the client's own kind.
    """

    def __init__(self, response: Any) -> None:
        super().__init__(
            f"The application denied the websocket with status {response.status_code}:"
            f" {response.text!r:.200}"
        )
        self.response = response

    @property
    def status_code(self) -> int:
        """The status of the response; 403 where the app has just closed the websocket."""
        return int(self.response.status_code)


class WebSocketClosed(Exception):
    """The websocket is closed, and nothing is left to receive.

    Attributes:
        code: of RFC 6455: 1000 for a normal end.
        reason: that was given, or "".
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"The websocket is closed with code {code}{reason and f': {reason}'}")
        self.code = code
        self.reason = reason


class ClientDisconnected(OSError):
    """An app sends to a client that has left; whether it catches this is its own affair."""


def is_disconnect(error: BaseException) -> bool:
    """Whether an error, or each of a group, only says that the client has left."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(ClientDisconnected)[1] is None
    return isinstance(error, ClientDisconnected)
