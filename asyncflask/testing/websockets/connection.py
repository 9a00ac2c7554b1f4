"""One websocket between a test and the app in a task of its own; on one event loop throughout."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final, NoReturn

import anyio
import anyio.lowlevel

from ... import bridge
from .dialogue import ABNORMAL, Dialogue
from .errors import WebSocketClosed, is_disconnect

if TYPE_CHECKING:
    from typing import Self

    from ...ctx import AppContext
    from ...typing import ASGIApp, Message, Scope

PATIENCE: Final = 10.0
"""Seconds that the app may take for the handshake, for a message and for its end."""

# Messages that the app may be ahead of the test, as it may be ahead of a server's socket.
_BUFFERED_MESSAGES: Final = 64
_GRACE: Final = 5.0
"""Seconds that a cancelled app may take to end."""

_NO_ANSWER: Final = (
    "The application has not answered the websocket's handshake for {} seconds. It has to accept"
    " before it waits for the first message."
)
_WITHOUT_ANSWER: Final = (
    "The application returned without answering the websocket's handshake. It has to send"
    " websocket.accept, websocket.close or websocket.http.response.start; look for middleware"
    " around app.asgi_app that knows HTTP only."
)
_NO_MESSAGE: Final = (
    "The application has sent no message for {} seconds. If it needs longer, pass timeout= to"
    " receive(); if it waits for one itself, send that first."
)
_STILL_RUNS: Final = (
    "The application still ran {} seconds after the websocket had ended, and was cancelled. It has"
    " to return when it is told of the disconnect; look for code that waits for something else."
)


class Connection:
    """Calls an ASGI app for one websocket and speaks with it.

    What the test sends waits for the app without bound; the app waits when it is ahead.

    Args:
        caller: whose task the app counts as; `bridge.task_of_caller()` of the test.
        patience: seconds that the handshake and the end of the app may take; None for ever.

    Attributes:
        ended_context: the context of the websocket, once it has ended.
    """

    ended_context: AppContext | None = None

    _host: bridge.TaskHost | None = None
    _error: BaseException | None = None

    def __init__(self, app: ASGIApp, scope: Scope, caller: object, patience: float | None) -> None:
        self.dialogue = Dialogue(scope["subprotocols"])
        self.patience = patience
        self._app = app
        self._scope = {**scope, "asyncflask.preserve_context": self._on_context_end}
        self._caller = caller
        self._cancellation = anyio.CancelScope()
        self._is_answered = anyio.Event()
        self._has_ended = anyio.Event()
        to_test = anyio.create_memory_object_stream[str | bytes](_BUFFERED_MESSAGES)
        self._from_app, self._received = to_test
        self._sent, self._to_app = anyio.create_memory_object_stream[dict[str, Any]](inf)

    @classmethod
    async def open(
        cls,
        app: ASGIApp,
        scope: Scope,
        caller: object,
        patience: float | None,
        host: bridge.TaskHost | None = None,
    ) -> Self:
        """Start the app and wait until it has accepted the websocket, or denied it.

        Args:
            host: runs the app; the connection has one of its own where it is None.
        Raises:
            BaseException: what the app raised, where it has not accepted.
            RuntimeError: the app sent what it must not, or nothing.
            TimeoutError: the app has not answered in time.
        """
        own_host = host or await bridge.TaskHost.start()
        connection = cls(app, scope, caller, patience)
        if host is None:
            connection._host = own_host
        connection._sent.send_nowait({"type": "websocket.connect"})
        own_host.start_soon(connection._call)
        await connection._shake_hands()
        return connection

    async def _shake_hands(self) -> None:
        try:
            with anyio.fail_after(self.patience):
                await self._is_answered.wait()
        except TimeoutError:
            await self._end()
            raise TimeoutError(_NO_ANSWER.format(self.patience)) from None
        except BaseException:
            await self._end()
            raise
        if not self.dialogue.was_accepted:
            await self.leave()
            if self.dialogue.denial is None:
                raise RuntimeError(_WITHOUT_ANSWER)

    async def send(self, message: dict[str, Any]) -> None:
        """Send the app a message.

        Raises:
            WebSocketClosed: the websocket is closed.
            BaseException: what the app has raised.
        """
        await anyio.lowlevel.checkpoint()
        if self.dialogue.code is not None:
            self._raise_end()
        self._sent.send_nowait(message)

    async def receive(self, patience: float | None) -> str | bytes:
        """The next message of the app; waits for it.

        Raises:
            WebSocketClosed: the websocket is closed, and all messages have been received.
            BaseException: what the app has raised.
            TimeoutError: none has come in `patience` seconds.
        """
        await anyio.lowlevel.checkpoint()
        try:
            return self._received.receive_nowait()
        except anyio.WouldBlock:
            return await self._wait_for_message(patience)
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._raise_end()

    async def _wait_for_message(self, patience: float | None) -> str | bytes:
        try:
            with anyio.fail_after(patience):
                return await self._received.receive()
        except TimeoutError:
            raise TimeoutError(_NO_MESSAGE.format(patience)) from None
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._raise_end()

    def close(self, code: int, reason: str) -> None:
        """Disconnect; the app has this to hear after what was sent before.

        Raises:
            ValueError: the code or the reason cannot be sent.
        """
        self.dialogue.leave(code, reason)
        for stream in (self._sent, self._from_app, self._received):
            stream.close()

    async def leave(self, reason: BaseException | None = None) -> None:
        """Disconnect unless that has been done, and wait for the end of the app.

        Args:
            reason: the error that ends the test's use of the websocket; the app's own is noted
                in it, but takes its place where it only tells that the websocket is closed.
        Raises:
            BaseException: what the app raised, unless the test has seen it.
            TimeoutError: the app has not ended in time.
        """
        self.close(1000, "")
        is_urgent = reason is not None and not isinstance(reason, Exception)
        try:
            with anyio.move_on_after(0 if is_urgent else self.patience):
                await self._has_ended.wait()
        finally:
            must_tell = not self._has_ended.is_set() and not is_urgent
            await self._end()
        if reason is None or isinstance(reason, WebSocketClosed):
            self._raise_error()
            if must_tell:
                raise TimeoutError(_STILL_RUNS.format(self.patience))
        elif self._error is not None:
            reason.add_note(f"The application has raised {self._error!r}.")
            self._error = None

    async def _end(self) -> None:
        """Cancel the app where it still runs, and wait for its end."""
        if not self._has_ended.is_set():
            self.close(ABNORMAL, "")
            self._cancellation.cancel()
            with anyio.move_on_after(_GRACE, shield=True):
                await self._has_ended.wait()
        host, self._host = self._host, None
        # Where a thread of the app blocks for ever, to wait for it would be no help.
        if host is not None and self._has_ended.is_set():
            await host.stop()

    def _raise_end(self) -> NoReturn:
        self._raise_error()
        code = ABNORMAL if self.dialogue.code is None else self.dialogue.code
        raise WebSocketClosed(code, self.dialogue.reason)

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is None:
            return
        try:
            raise error
        finally:
            del error

    def _on_context_end(self, ctx: AppContext) -> None:
        self.ended_context = ctx

    # -- in the app's task

    async def _call(self) -> None:
        bridge.act_for(self._caller)
        failed = True
        try:
            with self._cancellation:
                await self._app(self._scope, self._receive, self._send)
            failed = self._error is not None
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as exc:
            # KeyboardInterrupt and the like too: they are for the test, not for the host.
            if not is_disconnect(exc):
                self._error = self._error or exc
        finally:
            self.dialogue.app_has_ended(failed=failed)
            for stream in (self._sent, self._from_app, self._to_app):
                stream.close()
            self._has_ended.set()
            self._is_answered.set()
            # What a connection no longer needs, it must not keep alive.
            del self._app

    async def _receive(self) -> Message:
        try:
            return await self._to_app.receive()
        except anyio.EndOfStream:
            pass
        dialogue = self.dialogue
        return {"type": "websocket.disconnect", "code": dialogue.code, "reason": dialogue.reason}

    async def _send(self, message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        try:
            content = self.dialogue.hear(message)
        except RuntimeError as exc:
            # The test is told, whatever the app makes of it.
            self._error = self._error or exc
            self._from_app.close()
            self._is_answered.set()
            raise
        if content is not None:
            await self._say(content)
        elif self.dialogue.code is not None:
            self._sent.close()
            self._from_app.close()
        if self.dialogue.was_accepted or self.dialogue.code is not None:
            self._is_answered.set()

    async def _say(self, content: str | bytes) -> None:
        try:
            await self._from_app.send(content)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            # It was waiting for the test, which has left.
            self.dialogue.hear({"type": "websocket.send", "text": ""})
