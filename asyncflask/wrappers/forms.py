"""What forms become and may use, and urlencoded ones from their bytes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from ..exceptions import RequestEntityTooLarge
from .request_url import parse_query

if TYPE_CHECKING:
    from ..datastructures import FileStorage

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

# Bytes of an uploaded file that stay in memory; past them it moves to a temporary file. Files of up
# to 1 MiB are not uncommon, and their end comes with what follows them, in as much as is received
# at once.
FILE_MEMORY = (1024 + 256) * 1024

# Bytes that one header of a part may have.
MAX_HEADER_SIZE = 16 * 1024

# (length of the whole body, media type, file name, length of the file) -> a binary file to fill
OpenFile = Callable[[int | None, str | None, str | None, int | None], IO[bytes]]


@dataclass(frozen=True, slots=True)
class FormLimits:
    """What a form may use: bytes of its fields in memory, and number of parts; None is no limit."""

    memory: int | None = 500_000
    parts: int | None = 1000


@dataclass(slots=True)
class ParsedForm:
    """The fields and files of a form, in their order."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, FileStorage]] = field(default_factory=list)
    # What the limits are for: bytes of the fields' values and of long headers, and number of parts.
    memory: int = 0
    parts: int = 0

    def require_within(self, limits: FormLimits) -> None:
        """Hold the form against limits that were lowered after it had been parsed.

        Raises:
            RequestEntityTooLarge: it is over one of them.
        """
        if limits.memory is not None and self.memory > limits.memory:
            raise too_much_in_fields(limits.memory)
        if limits.parts is not None and self.parts > limits.parts:
            raise too_many_parts(limits.parts)

    def close(self) -> None:
        """Close the files, which deletes them from the disk."""
        for _, file in self.files:
            # A user may have closed it, or put another object in its place.
            with suppress(Exception):
                file.close()


def too_much_in_fields(limit: int) -> RequestEntityTooLarge:
    """The 413 for a form whose fields have more than `limit` bytes."""
    error = RequestEntityTooLarge()
    error.add_note(
        f"The form's fields are longer than {limit} bytes. To accept more, raise"
        " MAX_FORM_MEMORY_SIZE."
    )
    return error


def too_many_parts(limit: int) -> RequestEntityTooLarge:
    """The 413 for a form of more than `limit` parts."""
    error = RequestEntityTooLarge()
    error.add_note(f"The form has more than {limit} parts. To accept more, raise MAX_FORM_PARTS.")
    return error


def open_spooled_file(
    total_content_length: int | None,
    content_type: str | None,
    filename: str | None = None,
    content_length: int | None = None,
) -> IO[bytes]:
    """Open a file that stays in memory while it is small."""
    # PERF: with the first file, as the parser of its form.
    from tempfile import SpooledTemporaryFile

    return SpooledTemporaryFile(FILE_MEMORY, "w+b")


def parse_urlencoded(
    body: bytes, most_memory: int | None, most_parts: int | None
) -> list[tuple[str, str]]:
    """Parse `a=b&c=d`.

    Args:
        most_memory: bytes that it may have.
        most_parts: number of fields that it may have.
    Raises:
        RequestEntityTooLarge: it has more.
    """
    if most_memory is not None and len(body) > most_memory:
        raise too_much_in_fields(most_memory)
    # Counted before they are parsed, which is what takes time and memory.
    if most_parts is not None and body and body.count(b"&") >= most_parts:
        raise too_many_parts(most_parts)
    return parse_query(body)
