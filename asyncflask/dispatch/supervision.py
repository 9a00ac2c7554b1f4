"""Ends a request that takes too long, or whose client has gone; most requests do without."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import anyio

from .. import bridge
from ..exceptions import ClientDisconnected, HTTPException, ServiceUnavailable
from .pipeline import outlives_request
from .responses import to_response

if TYPE_CHECKING:
    from ..ctx import AppContext
    from ..typing import Message, Receive, Scope, Send
    from ..wrappers import Response
    from .pipeline import Pipeline

    Connection = tuple[Scope, Receive, Send]

# Seconds in which async code that was cancelled may clean up before it is answered without it.
_PATIENCE: Final = 0.25


def deadline_after(seconds: float | None) -> float:
    """The time of the event loop's clock in so many seconds; None is never."""
    return math.inf if seconds is None else anyio.current_time() + seconds


async def send_until(
    deadline: float, app: Any, ctx: AppContext, response: Response, connection: Connection
) -> None:
    """Send a response; what is not sent at `deadline` never is, and the connection is cut.

    Args:
        deadline: by the event loop's clock.
    """
    scope, receive, send = connection
    is_complete = False

    async def send_and_note(message: Message) -> None:
        nonlocal is_complete
        await send(message)
        is_complete = not message.get("more_body", message["type"].endswith(".start"))

    with anyio.CancelScope(deadline=deadline) as sending:
        await app.send_response(ctx, response, (scope, receive, send_and_note))
    if sending.cancelled_caught and not is_complete:
        # A server closes a connection whose application returns with its response incomplete.
        app.logger.warning(_describe_cut(ctx))


def _describe_cut(ctx: AppContext) -> str:
    request = ctx.require_request()
    # Escaped, so that nobody writes lines of their own, or colours, into the log.
    path = request.path if request.path.isprintable() else repr(request.path)[1:-1]
    return (
        f"The response to {path} [{request.method}] was not complete in time and was cut off. To"
        " allow more, set RESPONSE_TIMEOUT, timeout on the route, or timeout on the response."
    )


class Supervision:
    """One request, whose view is cancelled when its time is over or when its client goes.

    Async code is cancelled, and then the error handlers and after functions give the answer in
    its place. A worker thread cannot be interrupted: the answer is given beside it, on a copy of
    the context; what comes of the thread later is dropped, and its context torn down then.
    """

    def __init__(
        self, app: Any, ctx: AppContext, pipeline: Pipeline, connection: Connection
    ) -> None:
        self._app = app
        self._ctx = ctx
        self._pipeline = pipeline
        self._connection = connection
        rule = ctx.require_request().url_rule
        self._limit: float | None = pipeline.timeout
        if rule is not None and rule.timeout is not ...:
            self._limit = rule.timeout
        self._cancels_on_disconnect = rule is not None and rule.cancel_on_disconnect
        self._deadline = deadline_after(self._limit)
        self._scope = anyio.CancelScope()
        self._has_ended = anyio.Event()
        self._was_answered: anyio.Event | None = None
        self._reason: HTTPException | None = None
        self._failure: BaseException | None = None

    async def run(self) -> None:
        """Answer the request; its context is torn down in the end."""
        error: BaseException | None = None
        try:
            response = await self._in_time()
            if response is not None:
                await self._send(self._ctx, response)
        except BaseException as exc:
            error = exc
            raise
        finally:
            if not self._ctx.torn_down:
                with anyio.CancelScope(shield=True):
                    reason = self._reason or error
                    await bridge.drive(self._app.tear_down(self._ctx, reason), self._ctx)
            error = None

    async def _in_time(self) -> Response | None:
        """The response; None where it was sent already, or where nobody is left to send it to."""
        response = await self._run_pipeline()
        if self._failure is not None:
            raise self._failure
        if self._was_answered is not None:
            if response is not None:
                await response.aclose()
            return None
        if response is None and isinstance(self._reason, ServiceUnavailable):
            return await self._give_answer(self._ctx, self._reason)
        return response

    async def _run_pipeline(self) -> Response | None:
        """What the pipeline gives; None where it was cancelled."""
        response: Response | None = None
        async with anyio.create_task_group() as tasks:
            if self._limit is not None:
                tasks.start_soon(self._expire)
            if self._cancels_on_disconnect:
                tasks.start_soon(self._watch)
            # A task group would wrap the error that leaves it.
            try:
                with self._scope:
                    response = await bridge.drive(self._pipeline.run(self._ctx), self._ctx)
            except BaseException as exc:
                if not bridge.is_error(exc):
                    raise
                self._failure = exc
            self._has_ended.set()
            if self._was_answered is not None:
                await self._was_answered.wait()
            tasks.cancel_scope.cancel()
        return response

    def _give_up(self, reason: HTTPException) -> bool:
        """Cancel the pipeline; False where that was done before."""
        if self._reason is not None:
            return False
        self._reason = reason
        self._ctx.given_up = True
        self._scope.cancel()
        return True

    async def _watch(self) -> None:
        await self._ctx.require_request()._share_receive().watch()
        self._give_up(ClientDisconnected())

    async def _expire(self) -> None:
        await anyio.sleep_until(self._deadline)
        late = ServiceUnavailable()
        if not self._give_up(late):
            return
        if not self._ctx.in_worker:
            with anyio.move_on_after(_PATIENCE):
                await self._has_ended.wait()
        if not self._has_ended.is_set():
            await self._answer_beside(late)

    async def _answer_beside(self, late: HTTPException) -> None:
        """Answer while a thread still runs the request's code."""
        self._was_answered = anyio.Event()
        beside = self._ctx.copy()
        # The request, and so its teardown, is the thread's; so is a session that it may be using.
        beside.torn_down = True
        beside.opened_session = None
        beside.may_have_session = self._ctx.may_have_session
        beside.g = self._ctx.g
        try:
            with beside.as_current():
                # Every thread of the pool may be what the request waited for.
                bridge.leave_pool()
                await self._send(beside, await self._give_answer(beside, late))
        except Exception as exc:
            self._failure = exc
        finally:
            self._was_answered.set()

    async def _give_answer(self, ctx: AppContext, late: HTTPException) -> Response:
        """What error handlers and after functions make of it, if they are quick enough."""
        with anyio.move_on_after(self._limit):
            response = await bridge.drive(self._pipeline.run_failed(ctx, late), ctx)
            if not outlives_request(response):
                await bridge.drive(self._app.tear_down(ctx, None), ctx)
            return response
        return to_response(self._app, ctx.request, late)

    async def _send(self, ctx: AppContext, response: Response) -> None:
        if self._deadline <= anyio.current_time():
            self._deadline = deadline_after(self._limit)
        deadline = self._deadline
        if response.timeout is not ...:
            deadline = deadline_after(response.timeout)
        await send_until(deadline, self._app, ctx, response, self._connection)
