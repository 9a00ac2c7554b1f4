"""A multipart form whose parts are read one after the other while the client still sends them."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

import anyio
from multipart import (  # type: ignore[import-untyped]  # it has no py.typed
    MultipartError,
    ParserLimitReached,
)

from .. import bridge
from ..exceptions import RequestEntityTooLarge
from ..syntax import parse_options_header
from .forms import too_many_parts, too_much_in_fields
from .multipart_form import broken_form, decode_field, make_parser, read_head

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from multipart import MultipartSegment

    from ..datastructures import Headers

    Path = str | os.PathLike[str]

# Bytes that `save` writes in one go: each go costs a hop to a thread.
_BATCH: Final = 512 * 1024

_END: Final = object()


class Chunks(Protocol):
    """Where a form's bytes come from; the end is an empty chunk."""

    async def next_chunk(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class PartLimits:
    """What the parts of a form may use; None is no limit.

    Attributes:
        size: bytes of one part.
        parts: number of parts.
        memory: bytes of all fields together, and of what is read of a part at once.
        header: bytes of one header of a part.
    """

    size: int | None
    parts: int | None
    memory: int | None
    header: int


class LiveForm:
    """The parts of a form: `async for` in async code, a plain `for` that blocks in sync code.

    Asking for the next part skips what is left of the last one.

    Raises, wherever bytes are awaited:
        BadRequest: they are no multipart form.
        RequestEntityTooLarge: a limit is exceeded.
        HTTPException: what the body itself raises: 400 for a client that has gone, 408, 413.
    """

    def __init__(self, source: Chunks, boundary: str, limits: PartLimits) -> None:
        self.limits = limits
        self._source = source
        self._parser = make_parser(boundary, limits.header)
        self._events: Iterator[Any] = iter(())
        self._part: Part | None = None
        self._parts = self._in_fields = 0
        self._has_begun = self._is_over = False
        self._error: Exception | None = None

    def __aiter__(self) -> AsyncIterator[Part]:
        return self

    async def __anext__(self) -> Part:
        part = await self._next_part()
        if part is None:
            raise StopAsyncIteration
        return part

    def __iter__(self) -> Iterator[Part]:
        _require_thread("request.multipart()", "part in request.multipart()")
        return self

    def __next__(self) -> Part:
        part = bridge.wait_for(self._next_part)
        if part is None:
            raise StopIteration
        return part

    async def _next_part(self) -> Part | None:
        if self._part is not None:
            self._part._is_left = True
        while (event := await self.next_event()) is not _END:
            if event is not None and not isinstance(event, (bytes, bytearray)):
                self._part = self._begin(event)
                return self._part
        return None

    def _begin(self, segment: MultipartSegment) -> Part:
        name, filename, headers = read_head(segment)
        return Part(self, name, filename, headers)

    async def next_event(self) -> Any:
        """What the parser has next: the head of a part, bytes of it, None for its end, or _END."""
        while not self._is_over:
            if self._error is not None:
                raise self._error.with_traceback(None)
            try:
                event = next(self._events, _END)
                if event is not _END:
                    self._count(event)
                    return event
                self._feed(await self._source.next_chunk())
            except ParserLimitReached as exc:
                self._error = RequestEntityTooLarge()
                raise self._error from exc
            except MultipartError as exc:
                self._error = broken_form(exc)
                raise self._error from exc
            except RequestEntityTooLarge as exc:
                self._error = exc
                raise
        return _END

    def _feed(self, chunk: bytes) -> None:
        if chunk:
            self._has_begun = True
            self._events = self._parser.parse(chunk)
            return
        # What follows the last boundary was read too: only now the body is known to be complete.
        if self._has_begun:
            self._parser.close()
        self._is_over = True

    def _count(self, event: Any) -> None:
        limits, part = self.limits, self._part
        if event is None:
            return
        if not isinstance(event, (bytes, bytearray)):
            self._parts += 1
            if limits.parts is not None and self._parts > limits.parts:
                raise too_many_parts(limits.parts)
        elif part is not None:
            part.size += len(event)
            if limits.size is not None and part.size > limits.size:
                raise _too_large(part, limits.size)
            if part.filename is None:
                self._in_fields += len(event)
                if limits.memory is not None and self._in_fields > limits.memory:
                    raise too_much_in_fields(limits.memory)


class Part:
    """A field or file of a form that is read while the client sends it.

    Async code iterates with `async for chunk in part` and awaits the methods; in sync code they
    block. Each gives what is left of the part, which is never kept.

    Attributes:
        name: of the form field; "" where it has none.
        filename: as the client sent it, so never to be trusted as a path; None for a field.
        headers: of the part.
        size: bytes of the part that have come so far.
    """

    def __init__(self, form: LiveForm, name: str, filename: str | None, headers: Headers) -> None:
        self.name = name
        self.filename = filename
        self.headers = headers
        self.size = 0
        self._form = form
        self._buffer = bytearray()
        self._is_over = self._is_left = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} {self.filename!r} ({self.content_type!r})>"

    @property
    def content_type(self) -> str | None:
        """The Content-Type with its parameters, as it was sent."""
        return self.headers.get("Content-Type")

    @property
    def mimetype(self) -> str:
        """The Content-Type in lower case without its parameters; "" where it was not sent."""
        return parse_options_header(self.content_type)[0].lower()

    @property
    def mimetype_params(self) -> dict[str, str]:
        """The parameters of the Content-Type."""
        return parse_options_header(self.content_type)[1]

    # In either colour

    def read(self, size: int = -1) -> Any:
        """Read up to `size` bytes, fewer only at the end; all where it is negative.

        Raises:
            RequestEntityTooLarge: all of it was asked for, and is more than MAX_FORM_MEMORY_SIZE.
            RuntimeError: the next part has been asked for.
        """
        return self._in_colour(self._read, -1 if size is None else size)

    def text(self) -> Any:
        """Read all as text, in the charset that the part names or else in UTF-8; as `read`."""
        return self._in_colour(self._text)

    def save(self, dst: Path | IO[bytes]) -> Any:
        """Write the rest to a path, or to a binary file, which stays open.

        Writing waits for the disk in a thread. A file at a path is deleted again where not all of
        the part comes, or it cannot be written.

        Raises:
            OSError: the file cannot be opened or written.
            HTTPException: what reading raises.
        """
        return self._save(dst) if bridge.is_on_event_loop() else self._save_here(dst)

    def _in_colour(self, read: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        return read(*args) if bridge.is_on_event_loop() else bridge.wait_for(read, *args)

    # Async code's

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self._next_chunk():
            yield chunk

    # Sync code's

    def __iter__(self) -> Iterator[bytes]:
        _require_thread("A part", "chunk in part")
        while chunk := bridge.wait_for(self._next_chunk):
            yield chunk

    async def _next_chunk(self) -> bytes:
        """The next bytes as they came; empty at the end."""
        self._require_here()
        return self._take(len(self._buffer)) if self._buffer else await self._pull()

    async def _pull(self) -> bytes:
        self._require_here()
        if self._is_over:
            return b""
        event = await self._form.next_event()
        self._is_over = event is None
        return bytes(event or b"")

    def _require_here(self) -> None:
        if self._is_left:
            raise RuntimeError(
                f"The part {self.name!r} cannot be read any more: its bytes went by when the next"
                " part was asked for. Read or save each part before going on to the next."
            )

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    async def _read(self, size: int) -> bytes:
        if size < 0:
            return await self._read_all()
        while len(self._buffer) < size and (chunk := await self._pull()):
            self._buffer += chunk
        self._require_here()
        return self._take(size)

    async def _read_all(self) -> bytes:
        limit = self._form.limits.memory
        chunks: list[bytes] = []
        held = 0
        while chunk := await self._next_chunk():
            chunks.append(chunk)
            held += len(chunk)
            if limit is not None and held > limit:
                raise _too_much_at_once(self, limit)
        return b"".join(chunks)

    async def _text(self) -> str:
        return decode_field(await self._read_all(), self.content_type)

    # Saving

    async def _next_batch(self) -> bytes:
        chunks: list[bytes] = []
        held = 0
        while held < _BATCH and (chunk := await self._next_chunk()):
            chunks.append(chunk)
            held += len(chunk)
        return b"".join(chunks)

    async def _save(self, dst: Path | IO[bytes]) -> None:
        self._require_here()
        if not isinstance(dst, (str, os.PathLike)):
            await self._copy_to(dst)
            return
        file = await bridge.run_io(open, dst, "wb")
        try:
            await self._copy_to(file)
            await bridge.run_io(file.close)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await bridge.run_io(_discard, file, dst)
            raise

    async def _copy_to(self, file: Any) -> None:
        is_async = bridge.is_async(file.write)
        while batch := await self._next_batch():
            await (file.write(batch) if is_async else bridge.run_io(file.write, batch))

    def _save_here(self, dst: Path | IO[bytes]) -> None:
        self._require_here()
        if not isinstance(dst, (str, os.PathLike)):
            self._copy_here(dst)
            return
        file = open(dst, "wb")  # noqa: SIM115  # it is closed below, or discarded
        try:
            self._copy_here(file)
            file.close()
        except BaseException:
            _discard(file, dst)
            raise

    def _copy_here(self, file: IO[bytes]) -> None:
        while batch := bridge.wait_for(self._next_batch):
            file.write(batch)


def _discard(file: IO[bytes], path: Path) -> None:
    """Close a file that is not complete and delete it; a device is only closed."""
    with suppress(OSError, ValueError):
        file.close()
    with suppress(OSError):
        if stat.S_ISREG(os.stat(path).st_mode):
            os.unlink(path)


def _require_thread(what: str, loop: str) -> None:
    if bridge.is_on_event_loop():
        raise RuntimeError(
            f"{what} cannot be iterated with a plain `for` in async code, where waiting for data"
            f" must not block. Use `async for {loop}`."
        )


def _too_large(part: Part, limit: int) -> RequestEntityTooLarge:
    error = RequestEntityTooLarge()
    error.add_note(
        f"The part {part.name!r} is longer than {limit} bytes. To accept more, raise"
        " max_part_size of request.multipart()."
    )
    return error


def _too_much_at_once(part: Part, limit: int) -> RequestEntityTooLarge:
    error = RequestEntityTooLarge()
    error.add_note(
        f"The part {part.name!r} was read at once and has more than {limit} bytes. Iterate over it"
        " or save it; to hold more in memory, raise MAX_FORM_MEMORY_SIZE."
    )
    return error
