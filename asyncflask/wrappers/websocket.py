"""The WebSocket as users see it: what its handshake said, and its messages in sync and async code.

It needs an ASGI scope and nothing else, until there is something to be received or sent.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

from .. import bridge
from ..datastructures import Headers
from ..exceptions import BadRequest
from .channel import Channel, WebSocketDisconnected
from .current import current_app
from .endpoint import Routed
from .lazy import lazy
from .request_headers import HeaderValues
from .request_url import URLParts
from .scope_state import ScopeState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping


class InvalidMessage(BadRequest):
    """A message that is no JSON, though JSON was to be received.

    Where it leaves a handler, the WebSocket is closed with its `close_code`.
    """

    close_code = 1007  # SPEC: RFC 6455 section 7.4.1: data that does not fit the message's type


class _Nowhere:
    """In place of the connection, where there is none."""

    __slots__ = ()

    def __getattr__(self, name: str) -> NoReturn:
        raise RuntimeError(
            "This WebSocket has no connection: it was made of its scope alone. Messages can be sent"
            " and received where a server or a test client has opened it."
        )


_NOWHERE: Final[Any] = _Nowhere()


class WebSocketApp(Protocol):
    """What a WebSocket asks of the application it is bound to."""

    json: Any
    debug: bool

    @property
    def config(self) -> Mapping[str, Any]: ...


class WebSocket(Routed, ScopeState, URLParts, HeaderValues):
    """A WebSocket: its handshake, which is an HTTP request, and the messages that follow.

    In async code `accept`, `receive`, `send`, `close` and their kin are awaited, and messages are
    iterated over with `async for`. In sync code the same methods block, and a plain `for` will do.

    Args:
        scope: the ASGI scope.
    """

    # PERF: looked at for each message: 0.01 µs in place of 0.03.
    __slots__ = ("_channel", "_home", "_thread")

    # A handshake is a GET request as far as routing is concerned.
    method = "GET"

    # A module with `dumps` and `loads`, for subclasses to set; None is the app's JSON provider.
    json_module: Any = None

    _app: WebSocketApp | None = None
    _body: None = None

    # The framework's own: what watches the handler, how the connection ends, and what the session
    # was when the client was last told of it.
    _watch: Any = None
    _closing: tuple[int, str] | None = None
    _saved_session: dict[str, Any] | None = None

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.scope = scope
        # PERF: set here, and not explained by a __getattr__ of the class: 0.1 µs a message.
        self._channel: Channel = _NOWHERE
        self._home: bridge.Home = _NOWHERE
        self._thread: int | None = None

    def __repr__(self) -> str:
        try:
            url = self.url
        except Exception as exc:  # a repr must not fail, whatever the Host header is
            url = f"(invalid URL: {exc})"
        return f"<{type(self).__name__} {url!r}>"

    def _connect(self, channel: Channel) -> None:
        """Give it the connection; this is called on the event loop that serves it."""
        self._channel = channel
        self._home = bridge.current_home()
        self._thread = self._home.thread

    # The handshake

    @lazy
    def scheme(self) -> str:
        """The protocol's name: ws or wss."""
        return str(self.scope.get("scheme", "ws"))

    @property
    def requested_subprotocols(self) -> list[str]:
        """The subprotocols that the client offers, its favourite first."""
        return list(self.scope.get("subprotocols") or ())

    def _get_trusted_hosts(self) -> Iterable[str] | None:
        if self.trusted_hosts is not None or self._app is None:
            return self.trusted_hosts
        return self._app.config.get("TRUSTED_HOSTS")

    def accept(self, subprotocol: str | None = None, headers: Any = None) -> Any:
        """Accept the handshake. The first message does it where this is not called.

        The session is saved now: later changes of it cannot reach the client.

        Args:
            subprotocol: one of `requested_subprotocols`.
            headers: pairs or a mapping, to be sent along.
        Raises:
            RuntimeError: it was accepted before.
            ValueError: the client did not offer the subprotocol, or a header cannot be sent.
        """
        return self._in_colour(self._channel.accept, subprotocol, list(Headers(headers)))

    # Messages

    def receive(self) -> Any:
        """The next message: a str or bytes.

        Raises:
            WebSocketDisconnected: the client has gone.
        """
        # PERF: _in_colour in place, as in send; 0.1 µs for each message.
        if bridge.this_thread() == self._thread:
            return self._channel.receive()
        return self._home.wait_for(self._channel.receive)

    def receive_json(self) -> Any:
        """The value that the next message says in JSON.

        Raises:
            InvalidMessage: it is no JSON.
            WebSocketDisconnected: the client has gone.
        """
        if bridge.this_thread() == self._thread:
            return self._receive_json()
        return self._loads(self.receive())

    async def _receive_json(self) -> Any:
        return self._loads(await self._channel.receive())

    def send(self, data: str | bytes) -> Any:
        """Send a message.

        Raises:
            TypeError: `data` is neither text nor bytes.
            WebSocketDisconnected: the client has gone.
        """
        if bridge.this_thread() == self._thread:
            return self._channel.send(data)
        return self._home.wait_for(self._channel.send, data)

    def send_json(self, *args: Any, **kwargs: Any) -> Any:
        """Send a message of JSON text, of what `jsonify` takes: a value, several, or keywords.

        Raises:
            TypeError: there are both values and keywords, or JSON has no type for one.
            WebSocketDisconnected: the client has gone.
        """
        return self.send(self._dumps(args, kwargs))

    def close(self, code: int = 1000, reason: str = "") -> Any:
        """Close the connection; before it was accepted, deny the handshake with 403.

        Args:
            code: 1000, or another that may be sent; your own are from 4000 to 4999.
            reason: at most 123 bytes in UTF-8.
        Raises:
            ValueError: no such code may be sent, or the reason is too long.
        """
        return self._in_colour(self._channel.close, code, reason)

    def __aiter__(self) -> _Messages:
        """The messages, until the client goes."""
        return _Messages(self._channel)

    def __iter__(self) -> Iterator[str | bytes]:
        """The messages, until the client goes."""
        if bridge.this_thread() == self._thread:
            raise RuntimeError(
                "A WebSocket cannot be iterated over with a plain `for` in async code, where"
                " waiting for a message must not block. Use `async for message in websocket`."
            )
        return self._messages()

    def _messages(self) -> Iterator[str | bytes]:
        has_told = self._channel.has_told
        while True:
            try:
                message: str | bytes = self.receive()
            except WebSocketDisconnected:
                if has_told:
                    raise
                return
            yield message

    def _in_colour(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Run a function of the channel's: an awaitable of it in async code, else its result."""
        if bridge.this_thread() == self._thread:
            return function(*args)
        return self._home.wait_for(function, *args)

    # JSON

    def _json(self) -> Any:
        return self.json_module or getattr(self._app or current_app(), "json", json)

    def _dumps(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        if args and kwargs:
            raise TypeError(
                "send_json() takes either values or keywords, not both. Got"
                f" {len(args)} values and the keywords {', '.join(sorted(kwargs))}."
            )
        value = args[0] if len(args) == 1 else list(args) or kwargs or None
        text: str = self._json().dumps(value)
        return text

    def _loads(self, message: str | bytes) -> Any:
        try:
            return self._json().loads(message)
        except RecursionError:
            # Its traceback has as many frames as there are brackets: it is not kept.
            raise InvalidMessage("The JSON is nested too deeply.") from None
        except ValueError as exc:
            raise InvalidMessage("The message is not valid JSON.") from exc


class _Messages:
    """The messages of a channel, for `async for`."""

    __slots__ = ("_channel", "_has_told")

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._has_told = channel.has_told

    def __aiter__(self) -> _Messages:
        return self

    async def __anext__(self) -> str | bytes:
        try:
            return await self._channel.receive()
        except WebSocketDisconnected:
            # Who has been told that it is over, and still asks, would ask for ever.
            if self._has_told:
                raise
            raise StopAsyncIteration from None
