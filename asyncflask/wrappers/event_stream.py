"""The response that sends server-sent events: it is kept alive, and ends when the server does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

from .. import bridge
from .events import KEEP_ALIVE, encode_event
from .response import Response
from .stream import ClientDisconnectedError, Streaming

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable
    from http import HTTPStatus
    from types import EllipsisType

    from starlette.types import Message, Receive, Send

    from ..datastructures.headers import HeaderSource
    from .events import Dumps
    from .stream import StreamingApp

_HEADERS = {
    # What is stored, or held back until there is more of it, is not heard when it happens.
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}
_KEEP_ALIVE = 15.0


class EventStream(Response):
    """A response of server-sent events, for a page's EventSource.

    Args:
        events: a sync or async iterable of `ServerSentEvent`, or of what is the data of one:
            text, or anything that the app's JSON takes. Bytes are sent as they are: events that
            another server has made.
        status: EventSource takes 200 alone; 204 tells it not to connect again.
        headers: added to the ones that a stream of events needs, or in place of them.
        keep_alive: seconds of silence after which a comment is sent, so that no proxy takes the
            connection for dead; None sends none, by default EVENT_STREAM_KEEP_ALIVE.
    Raises:
        ValueError: `keep_alive` is no time.
    """

    default_mimetype = "text/event-stream"
    implicit_sequence_conversion = False
    stays_as_it_is = True
    timeout: float | None = None
    """An endless response has no time to be over in: RESPONSE_TIMEOUT is not for it."""

    def __init__(
        self,
        events: Iterable[Any] | AsyncIterable[Any] = (),
        status: int | str | HTTPStatus | None = None,
        headers: HeaderSource = None,
        *,
        keep_alive: float | EllipsisType | None = ...,
    ) -> None:
        # A list has a known end, and still is sent as events.
        super().__init__(_as_stream(events), status, headers)
        for name, value in _HEADERS.items():
            self.headers.setdefault(name, value)
        if keep_alive is not ... and keep_alive is not None and keep_alive <= 0:
            raise ValueError(
                f"An EventStream has keep_alive={keep_alive!r}, which is no time to wait. Give"
                " seconds above 0, or None to send nothing but the events."
            )
        self.keep_alive = keep_alive

    def _streaming(self, start: Message, receive: Receive, send: Send) -> Streaming:
        app = self._streaming_app
        keep_alive = self.keep_alive
        if keep_alive is ...:
            keep_alive = _KEEP_ALIVE if app is None else app.config["EVENT_STREAM_KEEP_ALIVE"]
        dumps = self.json_module.dumps if app is None else app.json.dumps
        return EventStreaming(self.response, start, receive, send, app, keep_alive, dumps)


def _as_stream(events: Any) -> Any:
    return events if hasattr(events, "__aiter__") else iter(events)


class EventStreaming(Streaming):
    """Events on their way to one client.

    The head goes out at once, for the client to know that it is connected. When the server
    stops, the items end and the response is completed, for the client to connect again.
    """

    def __init__(
        self,
        events: Any,
        start: Message,
        receive: Receive,
        send: Send,
        app: StreamingApp | None,
        keep_alive: float | None,
        dumps: Dumps,
    ) -> None:
        super().__init__(events, start, receive, self._send_in_turn, app)
        self._send_to_server = send
        self._turn = anyio.Lock(fast_acquire=True)
        self._last_sent = 0.0
        self._ending = anyio.CancelScope()
        self._silence = keep_alive
        self._dumps = dumps

    def encode(self, item: Any) -> bytes:
        return item if type(item) is bytes else encode_event(item, self._dumps)

    async def _send_in_turn(self, message: Message) -> None:
        async with self._turn:
            await self._send_to_server(message)
        self._last_sent = anyio.current_time()

    async def _send_all(self) -> None:
        with self._ending:
            await bridge.cancel_once(self._send_items(), self._keep_watch)
        seconds = None if self.app is None else self.app.config["STREAM_SHUTDOWN_TIMEOUT"]
        with anyio.move_on_after(seconds):
            await self._send_chunk(b"", more=False)

    async def _send_items(self) -> None:
        await super()._begin()
        # SPEC: ASGI: a server may hold the head back until there is a message of the body.
        await self._send_chunk(b"")
        await super()._send_items()

    async def _begin(self) -> None:
        """The head has gone out before the first item was asked for."""

    def _keep_watch(self) -> None:
        super()._keep_watch()
        if self._silence is not None:
            self._tasks.start_soon(self._keep_alive, self._silence)

    async def _keep_alive(self, seconds: float) -> None:
        try:
            while True:
                left = self._last_sent + seconds - anyio.current_time()
                if self._turn.locked():
                    # What is being sent may be the end, after which nothing may come.
                    await anyio.sleep(seconds)
                elif left > 0:
                    await anyio.sleep(left)
                else:
                    await self._send_chunk(KEEP_ALIVE)
        except ClientDisconnectedError:
            self._tasks.cancel_scope.cancel()

    def _end_with_server(self, app: StreamingApp, now: float) -> None:
        self._ending.cancel()
