"""The lifespan of any ASGI application, as a server runs it: start-up first, shutdown last."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from ..typing import ASGIApp, Message

_PARTS = ("startup", "shutdown")


class Starter(Protocol):
    """What starts tasks: a task group, or a host of tasks."""

    def start_soon(self, func: Callable[..., Coroutine[Any, Any, None]], /) -> Any: ...


@asynccontextmanager
async def running(app: ASGIApp, state: dict[str, Any]) -> AsyncIterator[None]:
    """Within the block another ASGI app has started up; it shuts down when the block is left.

    An app that knows no lifespan is left alone. Enter and leave it in the same task.

    Args:
        state: what the app finds as `scope["state"]`, and may add to for its requests.
    Raises:
        RuntimeError: the app's answer is that start-up or shutdown has failed.
        Exception: what the app raised in start-up or shutdown.
    """
    lifespan = Lifespan(app, state)
    error: BaseException | None = None
    async with anyio.create_task_group() as tasks:
        try:
            await lifespan.start_up(tasks)
            try:
                yield
            finally:
                await lifespan.shut_down()
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as exc:
            # The task group would wrap it in an ExceptionGroup.
            error = exc
        tasks.cancel_scope.cancel()
    if error is not None:
        try:
            raise error
        finally:
            # A frame that holds the exception whose traceback holds the frame is a cycle.
            del error


class Lifespan:
    """Sends an ASGI app its lifespan messages.

    Attributes:
        state: what the app has put into its scope for its requests.
    """

    def __init__(self, app: ASGIApp, state: dict[str, Any] | None = None) -> None:
        self.state: dict[str, Any] = {} if state is None else state
        self._app = app
        self._error: BaseException | None = None
        self._parts = iter(_PARTS)
        self._was_received = self._has_failed = False
        self._answers: dict[str, Message] = {}
        self._is_asked = {part: anyio.Event() for part in _PARTS}
        self._has_answered = {part: anyio.Event() for part in _PARTS}
        self._has_ended = anyio.Event()

    async def start_up(self, starter: Starter) -> None:
        """Send lifespan.startup and wait for its answer.

        Args:
            starter: the app runs in a task of it, and may still do so after it has failed.
        Raises:
            RuntimeError: the app's answer is that start-up has failed.
            BaseException: what the app raised in start-up.
        """
        starter.start_soon(self._call)
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
            self._end()

    def _end(self) -> None:
        self._has_ended.set()
        for answered in self._has_answered.values():
            answered.set()

    async def _receive(self) -> Message:
        self._was_received = True
        part = next(self._parts, None)
        if part is None or self._has_failed:
            # Some apps go on to ask after their last word: nothing else will come of them.
            self._end()
            await anyio.sleep_forever()
        await self._is_asked[str(part)].wait()
        return {"type": f"lifespan.{part}"}

    async def _send(self, message: Message) -> None:
        self._has_failed = message["type"].endswith(".failed")
        self._answers[message["type"]] = message
        self._has_answered[message["type"].split(".")[1]].set()
