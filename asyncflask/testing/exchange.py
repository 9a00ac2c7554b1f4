"""One request in flight between a waiting thread and the app on the loop thread."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.from_thread
from anyio.lowlevel import checkpoint, current_token

from .. import bridge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..typing import ASGIApp, Message, Scope

WITHOUT_RESPONSE: Final = (
    "The application returned without sending a response. Every request needs one: look for"
    " middleware around app.asgi_app that does not call the app, or does not await it."
)

INCOMPLETE: Final = (
    "The application returned before its response was complete, so that a server would cut the"
    " connection. Look for a response that exceeded its timeout, or for middleware that does not"
    " send the last part of a body."
)

_TURNS: Final = 10  # of the event loop


class Exchange:
    """Calls an ASGI app from sync code; sync code of the app runs in the calling thread.

    Attributes:
        status: of the response; None until it has started.
        headers: the response's header pairs, as the app sent them.
    """

    def __init__(self, app: ASGIApp, scope: Scope, body: bytes) -> None:
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self._app = app
        self._scope = scope
        self._request: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self._chunks: deque[bytes] = deque()
        self._is_streaming = self._is_over = self._is_incomplete = False
        self._error: BaseException | None = None
        self._gone: tuple[anyio.Event, Any] | None = None
        self._lane = bridge.Lane()

    def run(self) -> None:
        """Run the app until its response is complete or has begun to stream.

        Raises:
            BaseException: what the app raised.
            RuntimeError: the app returned without a response.
        """
        self._lane.start(self._call)
        self._serve(lambda: self._is_streaming)
        if self._is_streaming:
            bridge.run_on_loop_thread(_let_others_end)
        else:
            self._raise_error()
        if self.status is None:
            raise RuntimeError(WITHOUT_RESPONSE)

    def chunks(self) -> Iterator[bytes]:
        """The body's pieces; waits for the app where there is none yet."""
        while True:
            if self._chunks:
                yield self._chunks.popleft()
                continue
            if self._is_over:
                break
            self._serve(lambda: bool(self._chunks))
        self._raise_error()

    def close(self) -> None:
        """Disconnect, and let the app end what it still does."""
        if self._is_over:
            # COMPAT: the body of a response that is complete can be read after it was closed.
            return
        if self._gone is not None:
            event, token = self._gone
            anyio.from_thread.run_sync(event.set, token=token)
            self._serve(lambda: False)
        self._chunks.clear()

    def _serve(self, until: Any) -> None:
        try:
            self._lane.serve(until)
        except BaseException:
            # Ctrl-C while the app runs: it is ended before the test goes on.
            self._lane.cancel()
            raise

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is None:
            return
        if str(error) == "coroutine raised StopIteration" and error.__cause__ is not None:
            # COMPAT: coroutines cannot raise it, so that Python wraps it on its way here.
            error = error.__cause__
        try:
            raise error
        finally:
            del error

    async def _call(self) -> None:
        self._gone = (anyio.Event(), current_token())
        try:
            await self._app(self._scope, self._receive, self._send)
            if self._is_incomplete and not self._gone[0].is_set():
                self._error = RuntimeError(INCOMPLETE)
        except anyio.get_cancelled_exc_class() as exc:
            # Perhaps the app's own, which is for the caller as well.
            self._error = exc
            raise
        except BaseException as exc:
            # KeyboardInterrupt and the like too: they are for the caller, not for the loop.
            self._error = exc
        finally:
            self._is_over = True
            # What an exchange no longer needs, it must not keep alive.
            del self._app

    async def _receive(self) -> Message:
        request, self._request = self._request, None
        if request is not None:
            return request
        assert self._gone is not None
        await self._gone[0].wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
            self._is_incomplete = True
        elif message["type"] == "http.response.body":
            self._is_incomplete = message.get("more_body", False)
            if chunk := message.get("body", b""):
                self._chunks.append(bytes(chunk))
            if self._is_incomplete:
                self._is_streaming = True
                self._lane.wake()


async def _let_others_end() -> None:
    """Let an app end that has sent all, where middleware passes it on as if there were more.

    Starlette's BaseHTTPMiddleware does, with the app in a task of its own: a test that goes on at
    once would look for a context that has not ended. A real stream may never end, so that there
    is nothing to be waited for.
    """
    for _ in range(_TURNS):
        await checkpoint()
