"""Multipart forms from their bytes, piece by piece. The parser is imported with the first form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

from multipart import (  # type: ignore[import-untyped]  # it has no py.typed
    MultipartError,
    ParserLimitReached,
    PushMultipartParser,
)

from ..datastructures import FileStorage, Headers
from ..exceptions import BadRequest, HTTPException, RequestEntityTooLarge
from ..syntax import parse_options_header, parse_part_options
from .forms import (
    FILE_MEMORY,
    MAX_HEADER_SIZE,
    FormLimits,
    OpenFile,
    ParsedForm,
    too_many_parts,
    too_much_in_fields,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from multipart import MultipartSegment

# How many headers one part may have.
_MAX_HEADERS = 32

# Bytes of one part's headers that do not count as data: an ordinary part has no more.
_FREE_HEADERS = 1024

# Bytes of an uploaded file from which on there is memory for all that it may be.
_FEW = 256 * 1024

# COMPAT: the charsets that Flask accepts for a part; others are read as UTF-8.
_PART_CHARSETS = frozenset({"ascii", "us-ascii", "utf-8", "iso-8859-1"})


class MultipartForm:
    """A multipart form that is fed the bytes of its body as they come.

    BadRequest is raised for bytes that are no such form, RequestEntityTooLarge for a form over its
    limits. `feed` may write to disk. After an error call `close`.

    Args:
        open_file: opens the files that uploads are written to; None keeps them in memory while
            they are small.
        content_length: bytes of the whole body; None where unknown.
    """

    def __init__(
        self,
        boundary: str,
        limits: FormLimits,
        open_file: OpenFile | None = None,
        content_length: int | None = None,
    ) -> None:
        self.limits = limits
        self.open_file = open_file
        self.content_length = content_length
        self.form = ParsedForm()
        self._parser = make_parser(boundary)
        self._part: _Field | _File | _MemoryFile | None = None

    def stays_in_memory(self, size: int) -> bool:
        """Whether the next `size` bytes can be fed without writing to disk."""
        held = 0 if self._part is None else self._part.size
        return self.open_file is None and held + size <= FILE_MEMORY

    def feed(self, data: bytes) -> Kept | None:
        """Take the next bytes of the body.

        Returns:
            where they are, if all of them became a piece of an upload that is in memory.
        """
        # What follows the last boundary means nothing.
        if not data or self._parser.closed:
            return None
        event: Any = None
        try:
            for event in self._parser.parse(data):
                # PERF: most events are pieces of a file: 0.6 µs less for each.
                if type(event) is bytes:
                    self._part.write(event)  # type: ignore[union-attr]  # it comes before its bytes
                elif event is None:
                    self._end_part()
                else:
                    self._start_part(event)
        except ParserLimitReached as exc:
            raise RequestEntityTooLarge() from exc
        except MultipartError as exc:
            raise broken_form(exc) from exc
        if event is data and type(self._part) is _MemoryFile:
            return self._part.keep(len(data))
        return None

    def finish(self) -> ParsedForm:
        """Return the form, when the whole body has been fed."""
        try:
            self._parser.close()
        except MultipartError as exc:
            raise broken_form(exc) from exc
        return self.form

    def close(self) -> None:
        """Drop what has been parsed."""
        if self._part is not None:
            self._part.close()
        self.form.close()

    def _start_part(self, segment: MultipartSegment) -> None:
        self.form.parts += 1
        if self.limits.parts is not None and self.form.parts > self.limits.parts:
            raise too_many_parts(self.limits.parts)
        # Headers stay in memory as fields do, be they a file's.
        size = sum(len(name) + len(value) for name, value in segment.headerlist)
        self._hold(max(size - _FREE_HEADERS, 0))
        name, filename, headers = read_head(segment)
        if filename is None:
            self._part = _Field(name, headers, self._hold)
        elif self.open_file is None:
            self._part = _MemoryFile(name, filename, headers, self.content_length)
        else:
            self._part = _File(name, filename, headers, self.open_file, self.content_length)

    def _hold(self, size: int) -> None:
        self.form.memory += size
        if self.limits.memory is not None and self.form.memory > self.limits.memory:
            raise too_much_in_fields(self.limits.memory)

    def _end_part(self) -> None:
        part, self._part = self._part, None
        if isinstance(part, _Field):
            self.form.fields.append((part.name, part.text()))
        elif part is not None:
            self.form.files.append((part.name, part.storage()))


def make_parser(boundary: str, max_header_size: int = MAX_HEADER_SIZE) -> PushMultipartParser:
    """A parser that is fed a form's bytes.

    Args:
        max_header_size: bytes that one header of a part may have.
    Raises:
        BadRequest: no form can have this boundary.
    """
    try:
        # Latin-1 takes any byte: undecodable names are no reason to refuse a form.
        return PushMultipartParser(
            boundary.encode("latin-1", "replace"),
            max_header_size=max_header_size,
            max_header_count=_MAX_HEADERS,
            header_charset="latin-1",
        )
    except MultipartError as exc:
        raise broken_form(exc) from exc


def broken_form(exc: MultipartError) -> HTTPException:
    """The 400 for what the parser says of a form."""
    return BadRequest(f"The multipart form is broken: {exc}.")


def read_head(segment: MultipartSegment) -> tuple[str, str | None, Headers]:
    """The name of a part, its file name, which is None for a field, and its headers.

    Raises:
        BadRequest: a header is of several lines.
    """
    # The parser notices only some of them, which depends on how the body is cut into chunks.
    if any("\n" in value or "\r" in value for _, value in segment.headerlist):
        raise BadRequest("The multipart form is broken: a header has a line break.")
    headers = Headers.trusted([(name, _to_text(value)) for name, value in segment.headerlist])
    options = parse_part_options(headers["Content-Disposition"])
    return options.get("name", ""), options.get("filename"), headers


def decode_field(value: bytes, content_type: str | None) -> str:
    """The text of a field, in the charset that its part names or else in UTF-8."""
    if content_type is None:
        return value.decode("utf-8", "replace")
    charset = parse_options_header(content_type)[1].get("charset", "").lower()
    return value.decode(charset if charset in _PART_CHARSETS else "utf-8", "replace")


def _to_text(value: str) -> str:
    return value if value.isascii() else value.encode("latin-1").decode("utf-8", "replace")


class _Field:
    """A part that is no file, kept in memory."""

    size = 0  # of what may move to the disk

    def __init__(self, name: str, headers: Headers, hold: Callable[[int], None]) -> None:
        self.name = name
        self.content_type: str | None = headers.get("Content-Type")
        self.pieces: list[bytes] = []
        self._hold = hold

    def write(self, data: bytes) -> None:
        self._hold(len(data))
        self.pieces.append(data)

    def text(self) -> str:
        return decode_field(b"".join(self.pieces), self.content_type)

    def close(self) -> None:
        self.pieces.clear()


class _File:
    """A part with a file name, written to a file that the request has opened for it."""

    size = 0

    def __init__(
        self,
        name: str,
        filename: str,
        headers: Headers,
        open_file: OpenFile,
        total_length: int | None,
    ) -> None:
        self.name = name
        self.filename = filename
        self.headers = headers
        content_type: str | None = headers.get("Content-Type")
        length: Any = headers.get("Content-Length", type=int)
        self.stream = open_file(total_length, content_type, filename, length)

    def write(self, data: bytes) -> None:
        self.stream.write(data)

    def storage(self) -> FileStorage:
        self.stream.seek(0)
        return FileStorage(self.stream, self.filename, self.name, headers=self.headers)

    def close(self) -> None:
        self.stream.close()


class _MemoryFile:
    """A part with a file name, kept in memory while it is small, in a temporary file past that.

    PERF: 1 MiB costs 30 µs so, and 310 on disk. Memory of the right size is asked for once: what
    grows, or is collected and then put together, takes twice as much, and whatever malloc has to
    get from the system costs 2 µs for each 4 KiB.

    Args:
        most: bytes that the file can have; None where unknown.
    """

    def __init__(self, name: str, filename: str, headers: Headers, most: int | None) -> None:
        self.name = name
        self.filename = filename
        self.headers = headers
        self.size = 0
        self._most = most
        self._pieces: list[bytes] = []
        self._stream: IO[bytes] | None = None
        self._move_at: float = _FEW
        self._kept: Kept | None = None

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._move_at:
            self._move(self.size - len(data))
        if self._stream is None:
            self._pieces.append(data)
        else:
            self._stream.write(data)

    def _move(self, written: int) -> None:
        """Find another place for a file that gets larger."""
        before = self.content(0, written)
        if self.size > FILE_MEMORY:
            self._stream, self._move_at = _open_on_disk(), math.inf
        else:
            self._move_at = FILE_MEMORY
            # Only now: a client that announces much and sends little would get it for nothing.
            if self._most is None or not before:
                return
            self._stream = BytesIO(bytes(min(self._most, FILE_MEMORY)))
        self._pieces.clear()
        self._stream.write(before)

    def keep(self, size: int) -> Kept:
        """Where the last `size` bytes are, and those before them that came without a break."""
        kept, start = self._kept, self.size - size
        if kept is None or kept.stop != start:
            self._kept = kept = Kept(self, start, start)
        kept.stop = self.size
        return kept

    def content(self, start: int, stop: int) -> bytes:
        """What has been written, from one byte to another; nothing can be added after that."""
        if self._stream is None:
            return b"".join(self._pieces)[start:stop]
        self._stream.seek(start)
        return self._stream.read(stop - start)

    def storage(self) -> FileStorage:
        if self._stream is None:
            self._stream = BytesIO(b"".join(self._pieces))
            self._pieces.clear()
        elif isinstance(self._stream, BytesIO):
            self._stream.truncate()
            # It gives back what it has too much, so that reading all of it copies nothing.
            self._stream.getvalue()
        self._stream.seek(0)
        return FileStorage(self._stream, self.filename, self.name, headers=self.headers)

    def close(self) -> None:
        self._pieces.clear()
        if self._stream is not None:
            self._stream.close()


def _open_on_disk() -> IO[bytes]:
    # PERF: with the first file, as in `forms.open_spooled_file`.
    from tempfile import SpooledTemporaryFile

    file = SpooledTemporaryFile(FILE_MEMORY, "w+b")  # noqa: SIM115  # whose it is closes it
    file.rollover()
    return file


@dataclass(slots=True)
class Kept:
    """Bytes of a form that are in one of its uploads, and need not be kept beside it."""

    file: _MemoryFile
    start: int
    stop: int

    def __bytes__(self) -> bytes:
        return self.file.content(self.start, self.stop)
