"""The body of one request: its bytes, or what has been made of them, or what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import IO, TYPE_CHECKING, Protocol

from .forms import FormLimits, OpenFile, ParsedForm

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# Bytes of a body that stay in memory; past them it moves to a temporary file.
BODY_MEMORY = 1024 * 1024

# Bytes of a form that are parsed in one go: all of one that stayed in memory, without a copy.
_CHUNK = BODY_MEMORY


class LiveBody(Protocol):
    """What a body still at the server offers; the whole of it is `BodyStream`."""

    limit: int | None

    @property
    def is_complete(self) -> bool: ...

    @property
    def close_connection(self) -> bool: ...

    async def next_chunk(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Refused:
    """A body of `length` bytes, still at the server because the limit forbade to receive it."""

    length: int
    receive: Callable[[], Awaitable[None]]

    def is_within(self, limit: int | None) -> bool:
        """Whether a limit that was raised since then allows the body."""
        return limit is None or self.length <= limit


@dataclass(eq=False, slots=True)
class Body:
    """A body that has been received, or (`live`) is to be read from the server.

    Just one of `raw`, `file`, `form` and `live` is set; none of them beside `error`.

    Attributes:
        raw: all bytes, in memory.
        file: all bytes, in a temporary file.
        form: the parsed multipart form that was too long to keep its bytes too.
        live: the stream of a route with stream_body=True.
        error: why the body could not be received; raised wherever it is asked for.
        size: bytes that have been received.
        refused: how to receive it after all, where it was announced to be too long.
        close_connection: the connection can't be used for another request, because this one's body
            is still to come, or will never come.
    """

    raw: bytes | None = None
    file: IO[bytes] | None = None
    form: ParsedForm | None = None
    live: LiveBody | None = None
    error: Exception | None = None
    size: int = 0
    close_connection: bool = False
    refused: Refused | None = None

    @classmethod
    def from_bytes(cls, raw: bytes) -> Body:
        """Return a body that is already here, such as a test's."""
        return cls(raw=raw, size=len(raw))

    def require_received(self) -> None:
        """Raise what went wrong while the body was received.

        Raises:
            HTTPException: the error, the same one each time (an OSError if the disk failed).
            RuntimeError: the body is not received before the view.
        """
        if self.error is not None:
            # Without the frames of the last time, which would pile up.
            raise self.error.with_traceback(None)
        if self.live is not None:
            raise RuntimeError(
                "This route was registered with stream_body=True, so its body is not received"
                " before the view and request.form, .files, .json, .data and .get_data() have"
                " nothing to show. Read request.stream, or remove stream_body=True."
            )

    def open(self) -> IO[bytes]:
        """Return a file of the body's bytes, at its start.

        Raises:
            RuntimeError: the bytes of a long multipart form were not kept.
        """
        if self.form is not None:
            raise RuntimeError(
                f"The {self.size} bytes of this multipart form were parsed as they came and not"
                f" kept, as they are for forms up to {BODY_MEMORY} bytes. Use request.form and"
                " request.files, or register the route with stream_body=True and read"
                " request.stream."
            )
        if self.file is not None:
            self.file.seek(0)
            return self.file
        return BytesIO(self.raw or b"")

    def close(self) -> None:
        """Delete what the body has on disk."""
        if self.file is not None:
            self.file.close()
        if self.form is not None:
            self.form.close()


def parse_multipart(
    source: IO[bytes],
    size: int,
    boundary: str,
    limits: FormLimits,
    open_file: OpenFile | None,
) -> ParsedForm:
    """Parse a multipart form out of a file.

    Args:
        size: bytes in `source`.
    Raises:
        BadRequest: it is broken.
        RequestEntityTooLarge: it is over one of the limits.
    """
    if not size:
        return ParsedForm()
    # PERF: with the first such form: with tempfile, 5 ms and 0.6 MB at start-up.
    from .multipart_form import MultipartForm

    form = MultipartForm(boundary, limits, open_file, size)
    try:
        while chunk := source.read(_CHUNK):
            form.feed(chunk)
        return form.finish()
    except BaseException:
        form.close()
        raise
