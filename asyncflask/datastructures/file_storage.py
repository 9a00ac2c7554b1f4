"""Uploaded files: a stream with the name and headers that came with it."""

from __future__ import annotations

import os
from contextlib import suppress
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, cast

from ..syntax import parse_options_header
from .headers import Headers
from .multidict import MultiDict

if TYPE_CHECKING:
    from collections.abc import Iterator


class FileStorage:
    """An uploaded file. What it lacks itself (`read`, `seek`, ...) is its stream's.

    Args:
        stream: an open binary file; an empty one in memory where it is None.
        filename: as the client sent it: never trust it as a path; the stream's own where None.
        name: of the form field.
        content_length: in bytes, as the client sent it.
        headers: of the part of the body; the two arguments above are put into them.
    """

    def __init__(
        self,
        stream: IO[bytes] | None = None,
        filename: str | None = None,
        name: str | None = None,
        content_type: str | None = None,
        content_length: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.name = name
        self.stream: IO[bytes] = BytesIO() if stream is None else stream
        self.filename = _name_of(self.stream) if filename is None else os.fsdecode(filename)
        self.headers = Headers() if headers is None else headers
        if content_type is not None:
            self.headers["Content-Type"] = content_type
        if content_length is not None:
            self.headers["Content-Length"] = content_length

    @property
    def content_type(self) -> str | None:
        """The Content-Type with its parameters, as it was sent."""
        return self.headers.get("content-type")

    @property
    def content_length(self) -> int:
        """The Content-Length in bytes; 0 where it was not sent, as browsers do not."""
        return self.headers.get("content-length", 0, type=int)

    @property
    def mimetype(self) -> str:
        """The Content-Type in lower case without its parameters; "" where it was not sent."""
        return parse_options_header(self.content_type)[0].lower()

    @property
    def mimetype_params(self) -> dict[str, str]:
        """The parameters of the Content-Type."""
        return parse_options_header(self.content_type)[1]

    def save(self, dst: str | os.PathLike[str] | IO[bytes], buffer_size: int = 16384) -> None:
        """Copy the rest of the stream to a path, or to a binary file, which stays open.

        Args:
            buffer_size: bytes to copy at a time.
        """
        # PERF: with the first file, for it brings all kinds of archives: 2 ms at start-up.
        from shutil import copyfileobj

        if isinstance(dst, (str, os.PathLike)):
            with open(dst, "wb") as file:
                copyfileobj(self.stream, file, buffer_size)
        else:
            copyfileobj(self.stream, dst, buffer_size)

    def close(self) -> None:
        """Close the stream, which removes its temporary file."""
        with suppress(Exception):
            self.stream.close()

    def __getattr__(self, name: str) -> Any:
        # An object that is being unpickled or copied has no stream yet.
        if name == "stream":
            raise AttributeError(name)
        return getattr(self.stream, name)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.stream)

    def __bool__(self) -> bool:
        """Whether a file was chosen: browsers send a nameless, empty one otherwise."""
        return bool(self.filename)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.filename!r} ({self.content_type!r})>"


def _name_of(stream: IO[bytes]) -> str | None:
    """Return a file's own name; temporary files and descriptors have none."""
    name = getattr(stream, "name", None)
    if not isinstance(name, (str, bytes)):
        return None
    name = os.fsdecode(name)
    return None if name.startswith("<") and name.endswith(">") else name


class FileMultiDict(MultiDict[str, FileStorage]):
    """A MultiDict of files that can be filled from paths and streams."""

    def add_file(
        self,
        name: str,
        file: str | os.PathLike[str] | IO[bytes] | FileStorage,
        filename: str | None = None,
        content_type: str | None = None,
    ) -> None:
        """Add a file under `name`.

        Args:
            file: a path, which is opened; a binary stream; or a FileStorage, taken as it is.
            filename: the path where it is None and a path was given.
            content_type: guessed from the file name where it is None.
        """
        if isinstance(file, FileStorage):
            self.add(name, file)
            return
        if isinstance(file, (str, os.PathLike)):
            filename = os.fspath(file) if filename is None else filename
            stream: IO[bytes] = open(file, "rb")  # noqa: SIM115  # it lives on in the FileStorage
        else:
            stream = cast("IO[bytes]", file)
        if filename and content_type is None:
            # PERF: files are added in tests; uploads say what they are.
            from mimetypes import guess_type

            content_type = guess_type(filename)[0] or "application/octet-stream"
        self.add(name, FileStorage(stream, filename, name, content_type))
