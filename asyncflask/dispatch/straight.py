"""The short way of requests without sync hooks whose answer is all at hand.

Where no after function sees the answer, a view's text, bytes, dict or list is written straight
to the server and never becomes a response. Everything else about the request is as ever, and
whatever else is returned or raised takes the pipeline's ordinary way from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, TypeAlias

from .. import bridge
from ..json.provider import DefaultJSONProvider
from ..signals import (
    appcontext_popped,
    appcontext_tearing_down,
    request_finished,
    request_started,
    request_tearing_down,
)
from ..wrappers.content_type import content_type_for
from ..wrappers.response import Response
from .body import must_close_connection, receive_refused_body
from .responses import messages_of, to_response
from .sendable import messages_of_file, read_ahead
from .steps import is_awaitable
from .straight_session import add_session, save_into

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ..ctx import AppContext
    from ..typing import Message
    from ..wrappers.request import Request
    from .pipeline import Pipeline

# A response to HEAD has no body, and OPTIONS may be answered without the view.
_OTHER_METHODS = frozenset({"HEAD", "OPTIONS"})

# Who listens to what a request announces: the signals' own dicts.
_AUDIENCES = tuple(
    signal.receivers
    for signal in (
        request_started,
        request_finished,
        request_tearing_down,
        appcontext_tearing_down,
        appcontext_popped,
    )
)


# What is sent; or None, and what begins what is left to be done in the ordinary way.
Outcome: TypeAlias = (
    "tuple[tuple[Message, Message] | None, Callable[[], Coroutine[Any, Any, Response]] | None]"
)


@dataclass(frozen=True, slots=True)
class Straight:
    """How an endpoint's answers are written.

    Attributes:
        function: the view.
        blocks: whether it is sync and needs a worker; no hooks are around it then.
        text_type: the Content-Type header of text and bytes; of JSON, `json_type`.
        status: of all answers.
        to_json: the app's own encoder, None where its provider makes responses of its own.
        before: the before functions, up to the first that returns something.
        after: the after functions, for which a response is made.
    """

    function: Callable[..., Any]
    blocks: bool
    text_type: tuple[bytes, bytes]
    json_type: tuple[bytes, bytes]
    status: int
    to_json: Callable[[Any], bytes] | None
    before: tuple[Callable[..., Any], ...]
    after: tuple[Callable[..., Any], ...]

    async def call(self, request: Request) -> Any:
        """What a before function or the view returns."""
        for function in self.before:
            value = await function()
            if value is not None:
                return value
        body = request._body
        if body is not None and body.refused is not None:
            await receive_refused_body(request)
        return await self.function(**(request.view_args or {}))

    def encode(self, value: Any) -> tuple[Message, Message] | None:
        """What is sent for a returned value; None if it says more than a body."""
        kind = type(value)
        content_type = self.text_type
        if kind is str:
            # PERF: the argument costs 0.03 µs, and only half a surrogate pair needs it.
            body = value.encode() if value.isascii() else value.encode(errors="replace")
        elif (kind is dict or kind is list) and self.to_json is not None:
            body, content_type = self.to_json(value), self.json_type
        elif kind is bytes:
            body = value
        elif kind is Response:
            return messages_of_file(value)
        else:
            return None
        headers = [content_type, (b"content-length", b"%d" % len(body))]
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        return start, {"type": "http.response.body", "body": body}


def straight_way(
    app: Any,
    view: Callable[..., Any] | None,
    before: tuple[Callable[..., Any], ...] = (),
    after: tuple[Callable[..., Any], ...] = (),
) -> Straight | None:
    """How the answers of a view are written straight, or None where they are not."""
    response_class = app.response_class
    if view is None or response_class is not Response:
        return None
    blocks = not (before or after) and bridge.blocks(view)
    if not blocks and not all(map(iscoroutinefunction, (view, *before, *after))):
        return None
    provider = app.json
    is_own = type(provider).dumps is DefaultJSONProvider.dumps and (
        type(provider).response is DefaultJSONProvider.response
    )
    return Straight(
        function=view,
        blocks=blocks,
        text_type=_content_type(response_class.default_mimetype or ""),
        json_type=_content_type(provider.mimetype if is_own else ""),
        status=response_class.default_status,
        to_json=provider.encode_response if is_own else None,
        before=before,
        after=after,
    )


def _content_type(mimetype: str) -> tuple[bytes, bytes]:
    return b"content-type", content_type_for(mimetype).encode()


async def finish(ctx: AppContext, pipeline: Pipeline, value: Any) -> Outcome:
    """Let the after functions see the response of a value, and settle what is sent."""
    straight: Any = pipeline.straight
    if ctx._after is not None:
        return None, partial(pipeline.run_from_view, ctx, value)
    try:
        response = to_response(ctx.app, ctx.request, value)
        for function in straight.after:
            response = await function(response)
        answer = _save_and_write(ctx, response)
    except BaseException as exc:
        return None, partial(pipeline.run_from_response, ctx, None, exc)
    return answer, None if answer else partial(pipeline.run_from_response, ctx, response)


def settle_answer(ctx: AppContext, pipeline: Pipeline, value: Any) -> Outcome:
    """Settle what is sent for a value that no after function is to see."""
    straight: Any = pipeline.straight
    if ctx._after is not None:
        return None, partial(pipeline.run_from_view, ctx, value)
    try:
        answer = straight.encode(value)
        if answer is not None:
            if add_session(ctx, answer[0]):
                return answer, None
            return None, partial(pipeline.run_from_view, ctx, value)
        response = to_response(ctx.app, ctx.request, value)
        if ctx.in_worker:
            read_ahead(ctx, response)
        answer = _save_and_write(ctx, response)
    except BaseException as exc:
        return None, partial(pipeline.run_from_response, ctx, None, exc)
    return answer, None if answer else partial(pipeline.run_from_response, ctx, response)


def _save_and_write(ctx: AppContext, response: Response) -> tuple[Message, Message] | None:
    """Save the session; what is sent of the response, None where it needs the ordinary way."""
    save_into(ctx, response)
    return messages_of(response) or (
        messages_of_file(response) if type(response) is Response else None
    )


async def answer_in_worker(ctx: AppContext, pipeline: Pipeline) -> Outcome:
    """Call a sync view in a thread, and settle there what is sent."""
    try:
        return await bridge.run_in_worker(_answer_in_worker, ctx, pipeline)
    except BaseException as exc:
        # Not the view's: the hop was cancelled.
        return None, partial(pipeline.run_from_view, ctx, None, exc)


def _answer_in_worker(ctx: AppContext, pipeline: Pipeline) -> Outcome:
    straight: Any = pipeline.straight
    request: Any = ctx.request
    ctx.in_worker = True
    try:
        value = straight.function(**request.view_args)
        if is_awaitable(value):
            return None, partial(pipeline.run_from_view, ctx, value)
    except BaseException as exc:
        return None, partial(pipeline.run_from_view, ctx, None, exc, in_worker=True)
    else:
        return settle_answer(ctx, pipeline, value)
    finally:
        ctx.in_worker = False


def may_go_straight(ctx: AppContext, request: Request) -> bool:
    """Whether nothing about this request needs a response that can be looked at."""
    return not (
        request.method in _OTHER_METHODS
        or (ctx.may_have_body and must_close_connection(request))
        or any(_AUDIENCES)
    )
