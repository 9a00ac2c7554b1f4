"""Receives a request's body from the server, within its limits of size and time."""

from __future__ import annotations

from functools import partial
from typing import IO, TYPE_CHECKING, Any

from ..bridge import run_io
from ..exceptions import HTTPException
from ..wrappers.body import BODY_MEMORY, Body, Refused
from ..wrappers.forms import MULTIPART
from .incoming import Incoming, announced_length, begin, waits_for_continue, whole_body
from .stream import BodyStream

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from starlette.types import Receive

    from ..wrappers.multipart_form import Kept, MultipartForm
    from ..wrappers.request import Request
    from .incoming import Begun

# Bytes that are written to disk, or parsed, in one go: each go costs a hop to a thread.
_BATCH = 512 * 1024

# Seconds without new data, where the configuration has no BODY_TIMEOUT.
_DEFAULT_TIMEOUT = 60.0

# The body of all requests that have none; nothing about it can change.
_NOTHING = Body.from_bytes(b"")


async def receive_body(request: Request) -> None:
    """Receive the body and attach it to the request.

    Without a body nothing is received. What goes wrong is kept in the body, to be raised when
    the request is asked for it. Up to 1 MiB stays in memory; past that the body moves to a
    temporary file, and a multipart form is parsed as it arrives.
    """
    rest = begin_body(request)
    if rest is not None:
        await rest


def begin_body(request: Request) -> Coroutine[Any, Any, None] | None:
    """`receive_body`, as far as that needs not wait; returns what receives the rest, if any."""
    length = announced_length(request.scope, request._body_fields)
    if length == 0:
        request._body = _NOTHING
        return None
    assert request._receive is not None
    begun: Begun | None = None
    limit = request.max_content_length
    if length is not None and length <= BODY_MEMORY and (limit is None or length <= limit):
        # PERF: a small body has mostly arrived with its headers: 1.2 µs in place of 3.
        try:
            begun = begin(request._receive)
            raw = whole_body(begun, length)
        except (HTTPException, OSError) as exc:
            request._body = Body(error=exc)
            return None
        if raw is not None:
            request._body = Body(raw, size=length)
            return None
    return _receive_rest(request, length, begun)


async def _receive_rest(request: Request, length: int | None, begun: Begun | None) -> None:
    incoming = _incoming(request, request._receive, length, begun)
    try:
        body = await _collect(request, incoming)
    except (HTTPException, OSError) as exc:
        body = Body(error=exc)
        if incoming.is_refused:
            body.refused = Refused(incoming.length or 0, partial(receive_body, request))
    body.size = incoming.size
    body.close_connection = incoming.close_connection
    request._body = body


async def receive_refused_body(request: Request) -> None:
    """Receive a body that was too long before a hook has raised the limit."""
    refused = None if request._body is None else request._body.refused
    if refused is not None and refused.is_within(request.max_content_length):
        await refused.receive()


def attach_stream(request: Request) -> None:
    """Attach the stream of a route with stream_body=True; nothing is received yet."""
    shared = request._share_receive()
    length = announced_length(request.scope, request._body_fields)
    request._body = Body(live=BodyStream(_incoming(request, shared.read, length)))


def receive_beside_body(request: Request) -> Receive:
    """The `receive` that tells a streamed response of the disconnect, and leaves it the body.

    A body that nobody reads for BODY_TIMEOUT is dropped then.
    """
    patience = request._setting("BODY_TIMEOUT", _DEFAULT_TIMEOUT)
    return partial(request._share_receive().watch, patience)


def must_close_connection(request: Request) -> bool:
    """Whether the response has to say `Connection: close` (in HTTP/1).

    It must when the client waits to be told to send the body, which nobody wants any more, or when
    too much of the body is still to come.
    """
    body = request._body
    if body is None:
        announced = announced_length(request.scope, request._body_fields)
        return announced != 0 and waits_for_continue(request._body_fields)
    return body.close_connection if body.live is None else body.live.close_connection


def _incoming(
    request: Request, receive: Any, length: int | None, begun: Begun | None = None
) -> Incoming:
    timeout = request._setting("BODY_TIMEOUT", _DEFAULT_TIMEOUT)
    limit = request.max_content_length
    return Incoming(request._body_fields, receive, length, limit, timeout, begun)


async def _collect(request: Request, incoming: Incoming) -> Body:
    if _is_long_form(request, incoming):
        return await _spool(request, incoming, [])
    chunks: list[bytes] = []
    while (chunk := await incoming.next_chunk()) is not None:
        if incoming.is_complete and not chunks and incoming.size <= BODY_MEMORY:
            return Body(raw=chunk)
        chunks.append(chunk)
        if incoming.size > BODY_MEMORY:
            return await _spool(request, incoming, [*chunks])
    return Body(raw=b"".join(chunks))


def _is_long_form(request: Request, incoming: Incoming) -> bool:
    """Whether to parse a form from its first byte on, since its bytes will not be kept."""
    if incoming.length is None or incoming.length <= BODY_MEMORY or incoming.is_refused:
        return False
    return request.mimetype == MULTIPART and request._open_upload is None


async def _spool(request: Request, incoming: Incoming, head: list[bytes | Kept]) -> Body:
    """Receive a body that is too long for memory; `head` is what there is of it."""
    form = _form_of(request, incoming)
    sink = await (run_io(_FileSink, head) if form is None else _begin(form, incoming, head))
    head.clear()
    try:
        batch: list[bytes] = []
        held = 0
        while (chunk := await incoming.next_chunk()) is not None:
            # PERF: what goes to memory needs no thread: 30 µs less for a form of 1 MiB.
            if not batch and sink.stays_in_memory(len(chunk)):
                sink.write([chunk])
                continue
            batch.append(chunk)
            held += len(chunk)
            if held >= _BATCH:
                await run_io(sink.write, batch)
                batch, held = [], 0
        if not batch and sink.stays_in_memory(0):
            return sink.finish(batch)
        return await run_io(sink.finish, batch)
    except BaseException:
        sink.close()
        raise


def _form_of(request: Request, incoming: Incoming) -> MultipartForm | None:
    boundary = request.mimetype_params.get("boundary")
    if request.mimetype != MULTIPART or not boundary:
        return None
    # PERF: with the first such form: see `wrappers.body.parse_multipart`.
    from ..wrappers.multipart_form import MultipartForm

    limits, length = request._form_limits(), incoming.length
    return MultipartForm(boundary, limits, request._open_upload, length)


async def _begin(
    form: MultipartForm, incoming: Incoming, head: list[bytes | Kept]
) -> _FormSink | _FileSink:
    """Parse the start of a form; where that goes wrong, all of it goes to a file.

    A hook may still raise the limits before the form is asked for.
    """
    try:
        if await _feed(form, incoming, head):
            return _FormSink(form)
        sink = await run_io(_FileSink, head)
    except BaseException:
        form.close()
        raise
    form.close()
    return sink


async def _feed(form: MultipartForm, incoming: Incoming, head: list[bytes | Kept]) -> bool:
    """Feed a form what is in `head`, and what is added to it; false where it goes wrong."""
    if head and not await _feed_all(form, head):
        return False
    while incoming.size <= BODY_MEMORY and (chunk := await incoming.next_chunk()) is not None:
        part: bytes | Kept = chunk
        try:
            if form.stays_in_memory(len(chunk)):
                part = form.feed(chunk) or chunk
            else:
                await run_io(form.feed, chunk)
        except HTTPException:
            head.append(chunk)
            return False
        if not head or part is not head[-1]:
            head.append(part)
    return True


async def _feed_all(form: MultipartForm, head: list[bytes | Kept]) -> bool:
    try:
        await run_io(form.feed, b"".join(map(bytes, head)))
    except HTTPException:
        return False
    return True


class _FileSink:
    """A temporary file for the bytes of a body; all of it may wait for the disk."""

    def __init__(self, head: list[bytes | Kept]) -> None:
        # PERF: in a worker, with the first file: see `wrappers.body.parse_multipart`.
        from tempfile import TemporaryFile

        self.file: IO[bytes] = TemporaryFile()  # noqa: SIM115  # the request closes it
        self.file.writelines(map(bytes, head))

    def stays_in_memory(self, size: int) -> bool:
        return False

    def write(self, batch: list[bytes]) -> None:
        self.file.writelines(batch)

    def finish(self, batch: list[bytes]) -> Body:
        self.write(batch)
        self.file.seek(0)
        return Body(file=self.file)

    def close(self) -> None:
        self.file.close()


class _FormSink:
    """A multipart form: what does not stay in memory may wait for the disk."""

    def __init__(self, form: MultipartForm) -> None:
        self.form = form
        self.stays_in_memory = form.stays_in_memory

    def write(self, batch: list[bytes]) -> None:
        for data in batch:
            self.form.feed(data)

    def finish(self, batch: list[bytes]) -> Body:
        self.write(batch)
        return Body(form=self.form.finish())

    def close(self) -> None:
        self.form.close()
