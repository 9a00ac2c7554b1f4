"""What an app and a client have told each other, and what the app may say next.

Knows nothing of tasks, threads and waiting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NoReturn

from .errors import ClientDisconnected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...typing import Message

_LONGEST_REASON: Final = 123
ABNORMAL: Final = 1006
"""The code of a websocket that ended without a word of why."""


class State(Enum):
    """How far a websocket is; the value tells it in an error's sentence."""

    CONNECTING = "before the websocket was accepted"
    DENYING = "while the response that denies the websocket was incomplete"
    DENIED = "after the websocket was denied"
    OPEN = "while the websocket was open"
    CLOSED = "after the websocket was closed"
    LEFT = "after the client has left"


# SPEC: ASGI "WebSocket", and the extension "WebSocket Denial Response".
_ALLOWED: Final[dict[State, tuple[str, ...]]] = {
    State.CONNECTING: ("websocket.accept", "websocket.close", "websocket.http.response.start"),
    State.DENYING: ("websocket.http.response.body",),
    State.DENIED: (),
    State.OPEN: ("websocket.send", "websocket.close"),
    State.CLOSED: (),
}
_TYPES: Final = (
    "websocket.accept",
    "websocket.send",
    "websocket.close",
    "websocket.http.response.start",
    "websocket.http.response.body",
)


@dataclass(slots=True)
class Denial:
    """The status and body of the response that stands in place of a websocket."""

    status: int
    body: bytearray = field(default_factory=bytearray)


class Dialogue:
    """One websocket, as far as it has come.

    Attributes:
        was_accepted: whether the app has accepted it.
        accepted_subprotocol: the one that the app has chosen.
        headers: those that the app sent when it accepted or denied.
        denial: the response of an app that has not; None until there is one.
        code: with which the websocket was closed; None while it is not.
        reason: for closing it.
    """

    def __init__(self, subprotocols: Sequence[str]) -> None:
        self.state = State.CONNECTING
        self.was_accepted = False
        self.accepted_subprotocol: str | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.denial: Denial | None = None
        self.code: int | None = None
        self.reason = ""
        self._subprotocols = subprotocols

    # -- the client

    def leave(self, code: int, reason: str) -> None:
        """The client closes the websocket, or is lost; what was closed already stays as it is.

        Raises:
            ValueError: the code or the reason cannot be sent.
        """
        if problem := _problem_of(code, reason, ABNORMAL):
            raise ValueError(problem)
        if self.code is None:
            self.code, self.reason = code, reason
        self.state = State.LEFT

    def app_has_ended(self, *, failed: bool) -> None:
        """The app has returned or raised; a server then closes what the app left open."""
        if self.code is None:
            # SPEC: RFC 6455 section 7.4.1: 1006 where the connection ends without a word.
            self.code = ABNORMAL if failed else 1000
        if self.state is not State.LEFT:
            self.state = State.CLOSED

    # -- the app

    def hear(self, message: Message) -> str | bytes | None:
        """Take a message of the app's.

        Returns:
            What the client receives by it; None where that is nothing.
        Raises:
            RuntimeError: the app must not send this, or not now.
            ClientDisconnected: nobody is there to hear it.
        """
        kind = message.get("type")
        if kind not in _TYPES:
            raise RuntimeError(
                f"The application sent a message of the unknown type {kind!r} to a websocket."
                f" There are: {', '.join(_TYPES)}."
            )
        if self.state is State.LEFT:
            self._say_to_nobody(kind)
            return None
        if kind not in _ALLOWED[self.state]:
            self._refuse(kind)
        if kind == "websocket.send":
            return _content_of(message)
        self._turn(kind, message)
        return None

    def _turn(self, kind: str, message: Message) -> None:
        """Take a message that changes the websocket's state."""
        if kind == "websocket.accept":
            self._accept(message)
        elif kind == "websocket.close":
            self._close(message)
        elif kind == "websocket.http.response.start":
            self.denial = Denial(message["status"])
            self.headers = list(message.get("headers", ()))
            self.state = State.DENYING
        elif self.denial is not None:
            self.denial.body += message.get("body", b"")
            if not message.get("more_body", False):
                self._end(State.DENIED, ABNORMAL)

    def _say_to_nobody(self, kind: str) -> None:
        # An app may close while the client leaves: neither can know of the other.
        if kind != "websocket.close":
            raise ClientDisconnected("The client has disconnected.")

    def _refuse(self, kind: str) -> NoReturn:
        allowed = " or ".join(_ALLOWED[self.state]) or "nothing"
        raise RuntimeError(
            f"The application sent {kind!r} {self.state.value}, where {allowed} may be sent."
        )

    def _accept(self, message: Message) -> None:
        chosen = message.get("subprotocol")
        if chosen is not None and chosen not in self._subprotocols:
            raise RuntimeError(
                f"The application accepted the websocket with the subprotocol {chosen!r}, but the"
                f" client has offered {list(self._subprotocols)!r}. Choose one of those, or none;"
                " a test offers them with websocket_connect(..., subprotocols=[...])."
            )
        self.accepted_subprotocol = chosen
        self.headers = list(message.get("headers", ()))
        self.was_accepted = True
        self.state = State.OPEN

    def _close(self, message: Message) -> None:
        if self.state is State.CONNECTING:
            # SPEC: ASGI "Close - send event": closed before it is accepted is a 403.
            self.denial = Denial(403)
            self._end(State.DENIED, ABNORMAL)
            return
        code, reason = message.get("code", 1000), message.get("reason") or ""
        if problem := _problem_of(code, reason):
            raise RuntimeError(f"The application closed the websocket wrongly. {problem}")
        self._end(State.CLOSED, code, reason)

    def _end(self, state: State, code: int, reason: str = "") -> None:
        self.state, self.code, self.reason = state, code, reason


def _content_of(message: Message) -> str | bytes:
    text, data = message.get("text"), message.get("bytes")
    if isinstance(text, str) and data is None:
        return text
    if isinstance(data, (bytes, bytearray, memoryview)) and text is None:
        return bytes(data)
    raise RuntimeError(
        f"The application sent a message with text={text!r:.80} and bytes={data!r:.80}."
        " Send one of them: text as str, or bytes."
    )


def _problem_of(code: Any, reason: str, *others: int) -> str | None:
    """Why a websocket cannot be closed so; None where it can.

    Args:
        others: codes that may be given although none may be sent.
    """
    # SPEC: RFC 6455 section 7.4 and the IANA registry: what a close frame may carry.
    allowed = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000), *others}
    if code not in allowed:
        return f"{code!r} is no code to close with: use 1000 to 1003, 1007 to 1014, 3000 to 4999."
    size = len(reason.encode())
    if size > _LONGEST_REASON:
        return f"A reason has {_LONGEST_REASON} bytes at most, this one {size}: {reason!r:.80}."
    return None
