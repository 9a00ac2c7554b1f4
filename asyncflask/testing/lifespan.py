"""The lifespan of an app, as a server runs it: start-up before the requests, shutdown after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

if TYPE_CHECKING:
    from .. import bridge
    from ..typing import ASGIApp, Message

_PARTS = ("startup", "shutdown")


class Lifespan:
    """Sends an ASGI app its lifespan messages.

    Attributes:
        state: what the app has put into its scope for its requests.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._error: BaseException | None = None
        self._parts = iter(_PARTS)
        self._was_received = False
        self._answers: dict[str, Message] = {}
        self._is_asked = {part: anyio.Event() for part in _PARTS}
        self._has_answered = {part: anyio.Event() for part in _PARTS}
        self._has_ended = anyio.Event()

    async def start_up(self, host: bridge.TaskHost) -> None:
        """Send lifespan.startup and wait for its answer.

        Raises:
            RuntimeError: the app's answer is that start-up has failed.
            BaseException: what the app raised in start-up.
        """
        host.start_soon(self._call)
        await self._ask("startup")

    async def shut_down(self) -> None:
        """Send lifespan.shutdown, and wait for its answer and for the app's return.

        Raises:
            RuntimeError: the app's answer is that shutdown has failed.
            BaseException: what the app raised in shutdown.
        """
        if not self._has_ended.is_set():
            await self._ask("shutdown")
            await self._has_ended.wait()
        self._raise_error()

    async def _ask(self, part: str) -> None:
        self._is_asked[part].set()
        await self._has_answered[part].wait()
        failed = self._answers.get(f"lifespan.{part}.failed")
        if failed is None:
            self._raise_error()
            return
        await self._has_ended.wait()
        message = failed.get("message") or "it gave no reason"
        raise RuntimeError(f"The application's {part} has failed: {message}") from self._error

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        # SPEC: ASGI "Lifespan Protocol": an app that raises at once does without.
        if error is not None and self._was_received:
            raise error

    # -- in the app's task

    async def _call(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self._app(scope, self._receive, self._send)
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as exc:
            self._error = exc
        finally:
            self._has_ended.set()
            for answered in self._has_answered.values():
                answered.set()

    async def _receive(self) -> Message:
        self._was_received = True
        part = next(self._parts, None)
        if part is None:
            await anyio.sleep_forever()
        await self._is_asked[str(part)].wait()
        return {"type": f"lifespan.{part}"}

    async def _send(self, message: Message) -> None:
        self._answers[message["type"]] = message
        self._has_answered[message["type"].split(".")[1]].set()
