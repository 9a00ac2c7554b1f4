"""Bodies that are still to come when their request is answered."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from starlette.types import Message, Send

    from ..wrappers.request import Request


def may_be_unread(request: Request) -> bool:
    """Whether some of a body may still be to come; the request has one."""
    body = request._body
    return body is None or body.live is not None or body.error is not None


def send_beside_body(request: Request, send: Send) -> Send:
    """A `send` for the answer that drops the rest of the body while the last message is sent.

    Hypercorn's `send` then waits for room to tell of the end of the connection, in the short queue
    that `receive` takes from. Where a body fills that and nobody reads it, that were for ever, and
    neither the client nor its leaving would be seen again.
    """
    # Whoever else receives, such as an application that answers for a view, shares it too.
    request._share_receive()
    return partial(_send, request, send)


async def _send(request: Request, send: Send, message: Message) -> None:
    if message["type"] != "http.response.body" or message.get("more_body") or _is_read(request):
        await send(message)
        return
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_drop_body, request)
        # The task group would wrap the error.
        try:
            await send(message)
        except Exception as exc:
            failure = exc
        tasks.cancel_scope.cancel()
    if failure is not None:
        try:
            raise failure
        finally:
            del failure


def _is_read(request: Request) -> bool:
    body = request._body
    return body is not None and (body.error is None if body.live is None else body.live.is_complete)


async def _drop_body(request: Request) -> None:
    with suppress(Exception):
        await request._share_receive().watch(0)
