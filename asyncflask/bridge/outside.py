"""Running code of one task with other context variables than the task's own.

Servers go on from within their `send` and `receive`: uvicorn makes the task of the next pipelined
request there, and asyncio keeps the context in which a connection is read on. The next request
would have the variables that this one has set.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, TypeVar

from .awaiting import steps_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator
    from contextvars import Context
    from typing import Any

    from starlette.types import Message, Receive, Send

T = TypeVar("T")


@types.coroutine
def run_with(variables: Context, awaitable: Awaitable[T]) -> Generator[Any, Any, T]:
    """Await something, in this task, with these variables; what it sets is set there."""
    steps = steps_of(awaitable)
    answer: Any = None
    error: BaseException | None = None
    try:
        while True:
            if error is None:
                signal = variables.run(steps.send, answer)
            else:
                signal = variables.run(steps.throw, error)
            error = None
            # Whatever is thrown goes on to what is awaited, GeneratorExit too.
            try:
                answer = yield signal
            except BaseException as exc:
                error = exc
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # what was awaited
    finally:
        # A frame that holds the exception whose traceback holds the frame is a cycle.
        error = None


class OutsideSend:
    """A server's `send` for a response, the last message with the variables around the request.

    Attributes:
        has_begun: whether a message has been sent.
        plain: the server's own, for messages between the first and the last.
    """

    __slots__ = ("_variables", "has_begun", "plain")

    def __init__(self, variables: Context | None, send: Send) -> None:
        self._variables = variables
        self.plain = send
        self.has_begun = False

    def __call__(self, message: Message) -> Awaitable[None]:
        self.has_begun = True
        sending = self.plain(message)
        if self._variables is None or message.get("more_body"):
            return sending
        return run_with(self._variables, sending)


def receive_outside(variables: Context, receive: Receive) -> Awaitable[Message]:
    """Receive a message with the variables around the request."""
    return run_with(variables, receive())
