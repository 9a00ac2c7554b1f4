"""Receives a request's body from the server, within its limits of size and time."""

from __future__ import annotations

from functools import partial
from typing import IO, TYPE_CHECKING, Protocol

from ..bridge import run_io
from ..exceptions import HTTPException
from ..wrappers.body import BODY_MEMORY, Body, Refused
from ..wrappers.forms import MULTIPART
from .incoming import Incoming, announced_length
from .stream import BodyStream

if TYPE_CHECKING:
    from starlette.types import Receive

    from ..wrappers.multipart_form import MultipartForm
    from ..wrappers.request import Request

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
    length = announced_length(request.scope)
    if length == 0:
        request._attach_body(_NOTHING)
        return
    assert request._receive is not None
    incoming = _incoming(request, request._receive, length)
    try:
        body = await _collect(request, incoming)
    except (HTTPException, OSError) as exc:
        body = Body(error=exc)
        if incoming.is_refused:
            body.refused = Refused(incoming.length or 0, partial(receive_body, request))
    body.size = incoming.size
    body.close_connection = incoming.close_connection
    request._attach_body(body)


async def receive_refused_body(request: Request) -> None:
    """Receive a body that was too long before a hook has raised the limit."""
    refused = None if request._body is None else request._body.refused
    if refused is not None and refused.is_within(request.max_content_length):
        await refused.receive()


def attach_stream(request: Request) -> None:
    """Attach the stream of a route with stream_body=True; nothing is received yet."""
    shared = request._share_receive()
    incoming = _incoming(request, shared.read, announced_length(request.scope))
    request._attach_body(Body(live=BodyStream(incoming)))


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
        return Incoming.waits_for_continue(request.scope) and announced_length(request.scope) != 0
    return body.close_connection if body.live is None else body.live.close_connection


def _incoming(request: Request, receive: Receive, length: int | None) -> Incoming:
    timeout = request._setting("BODY_TIMEOUT", _DEFAULT_TIMEOUT)
    return Incoming(request.scope, receive, length, request.max_content_length, timeout)


async def _collect(request: Request, incoming: Incoming) -> Body:
    chunks: list[bytes] = []
    while (chunk := await incoming.next_chunk()) is not None:
        if incoming.is_complete and not chunks and incoming.size <= BODY_MEMORY:
            return Body(raw=chunk)
        chunks.append(chunk)
        if incoming.size > BODY_MEMORY:
            return await _spool(request, incoming, b"".join(chunks))
    return Body(raw=b"".join(chunks))


async def _spool(request: Request, incoming: Incoming, head: bytes) -> Body:
    sink = await run_io(_open_sink, request, incoming.length, head)
    try:
        batch: list[bytes] = []
        held = 0
        while (chunk := await incoming.next_chunk()) is not None:
            batch.append(chunk)
            held += len(chunk)
            if held >= _BATCH:
                await run_io(sink.write, b"".join(batch))
                batch, held = [], 0
        return await run_io(sink.finish, b"".join(batch))
    except BaseException:
        sink.close()
        raise


class _Sink(Protocol):
    """Where the bytes go that are too many for memory. All of it may wait for the disk."""

    def write(self, data: bytes) -> None: ...

    def finish(self, data: bytes) -> Body: ...

    def close(self) -> None: ...


def _open_sink(request: Request, length: int | None, head: bytes) -> _Sink:
    boundary = request.mimetype_params.get("boundary")
    if request.mimetype == MULTIPART and boundary:
        # PERF: in a worker, with the first such form: see `wrappers.body.parse_form`.
        from ..wrappers.multipart_form import MultipartForm

        form = MultipartForm(boundary, request._form_limits(), request._get_file_stream, length)
        try:
            form.feed(head)
        except HTTPException:
            # Keep the bytes: a hook may still raise the limits before the form is asked for.
            form.close()
        except BaseException:
            form.close()
            raise
        else:
            return _FormSink(form)
    sink = _FileSink()
    sink.write(head)
    return sink


class _FileSink:
    """A temporary file."""

    def __init__(self) -> None:
        # PERF: in a worker, with the first file: see `wrappers.body.parse_form`.
        from tempfile import TemporaryFile

        self.file: IO[bytes] = TemporaryFile()  # noqa: SIM115  # the request closes it

    def write(self, data: bytes) -> None:
        self.file.write(data)

    def finish(self, data: bytes) -> Body:
        self.file.write(data)
        self.file.seek(0)
        return Body(file=self.file)

    def close(self) -> None:
        self.file.close()


class _FormSink:
    """A multipart form, whose files go to temporary files of their own."""

    def __init__(self, form: MultipartForm) -> None:
        self.form = form

    def write(self, data: bytes) -> None:
        self.form.feed(data)

    def finish(self, data: bytes) -> Body:
        self.form.feed(data)
        return Body(form=self.form.finish())

    def close(self) -> None:
        self.form.close()
