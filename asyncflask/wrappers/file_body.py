"""A file, or a part of one, as a response's body: read in slices, off the event loop."""

from __future__ import annotations

import io
import os
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final

from .. import bridge
from .page_cache import note_read, read_at_hand, read_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

SLICE: Final = 512 * 1024
"""Bytes read at once: large enough that the change of threads does not count."""

SMALL: Final = 1024 * 1024
"""Bytes up to which a file is read in one go and sent in one message, as other bodies are.

PERF: 1 MiB costs 110 µs so, in slices with a watch over the client 730.
"""


class FileBody:
    """Bytes of a file, to be iterated over once, in sync or async code.

    A path is opened when the reading starts, so a response that is never sent leaves no open
    file behind. A file object is read on from where it stands, and closed at the end.

    Args:
        source: a path, or a file object open for reading in binary mode.
        size: bytes from the start (of a path) or from where it stands (of a file object) to
            the end; None where unknown.

    Attributes:
        content: all that is wanted, while it is loaded and nothing of it was read.
    """

    def __init__(self, source: str | IO[bytes], size: int | None = None) -> None:
        self.source = source
        self.size = size
        self.path = source if isinstance(source, str) else None
        self._file: Any = None if isinstance(source, str) else source
        self._skip = 0
        self._left = size
        self.content: bytes | None = None
        # What is in memory already is not worth a thread.
        self._is_in_memory = isinstance(source, io.BytesIO)

    def clip(self, start: int, stop: int) -> None:
        """Keep only the bytes from `start` to `stop`, exclusive; before anything is read."""
        self._skip = start
        self._left = stop - start
        self.content = None

    @property
    def is_whole_path(self) -> bool:
        """Whether this is all of a file that a server could open by itself."""
        if self.path is None or not os.path.isabs(self.path):
            return False
        return not self._skip and self._left == self.size

    def is_sent_by_path(self, scope: Mapping[str, Any]) -> bool:
        """Whether the server is to open the file: it can, and all of it is wanted."""
        return "http.response.pathsend" in (scope.get("extensions") or ()) and self.is_whole_path

    @property
    def is_small(self) -> bool:
        return self._left is not None and self._left <= SMALL

    def open(self) -> None:
        """Open the path and go to the first byte that is wanted.

        Raises:
            OSError: the file is gone, or must not be read.
        """
        if self._file is None and self.path is not None:
            self._file = open(self.path, "rb", buffering=0)  # noqa: SIM115  # close() closes it
        skip, self._skip = self._skip, 0
        if skip:
            self._skip_bytes(skip)

    def _skip_bytes(self, count: int) -> None:
        if _can_seek(self._file):
            self._file.seek(count, os.SEEK_CUR)
            return
        while count > 0 and (passed := self._file.read(min(count, SLICE))):
            count -= len(passed)

    def read(self, most: int = SLICE) -> bytes:
        """The next slice, of `most` bytes, empty at the end."""
        wanted = most if self._left is None else min(most, self._left)
        data: bytes = self._file.read(wanted) if wanted else b""
        self.content = None
        if self._left is not None:
            self._left -= len(data)
        return data

    def read_all(self) -> bytes:
        """All that is left of a small file, which is opened and closed."""
        if self._file is None and self.path is not None and self._left is not None:
            return read_path(self.path, self._skip, self._left)
        try:
            self.open()
            return b"".join(iter(partial(self.read, SMALL), b""))
        finally:
            self.close()

    def load(self) -> None:
        """Take a small file into memory, to be read from there later."""
        self._keep(self.read_all())
        if self.path is not None:
            note_read(self.path)

    def load_at_hand(self) -> bool:
        """`load` for the event loop: false, and nothing is done, where it would have to wait."""
        if self.path is None or self._left is None:
            return False
        data = read_at_hand(self.path, self._skip, self._left)
        if data is None:
            return False
        self._keep(data)
        return True

    def _keep(self, data: bytes) -> None:
        self._file, self._skip, self._left = io.BytesIO(data), 0, len(data)
        self._is_in_memory = True
        self.content = data

    @bridge.inline
    def close(self) -> None:
        """Close the file; a path that was not opened yet stays closed."""
        file, self._file = self._file, None
        close = getattr(file, "close", None)
        if close is not None:
            close()

    def __iter__(self) -> Iterator[bytes]:
        try:
            self.open()
            while data := self.read():
                yield data
        finally:
            self.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            await self.on_thread(self.open)
            while data := await self.on_thread(self.read):
                yield data
        finally:
            self.close()

    async def on_thread(self, function: Any) -> Any:
        """Run one of this file's blocking methods where it blocks nobody."""
        return function() if self._is_in_memory else await bridge.run_io(function)


def _can_seek(file: Any) -> bool:
    seekable = getattr(file, "seekable", None)
    return bool(seekable()) if seekable is not None else hasattr(file, "seek")


class Clipped:
    """A sync iterable of chunks cut to the bytes from `start` to `stop`, exclusive."""

    def __init__(self, chunks: Any, start: int, stop: int) -> None:
        self._chunks = chunks
        self._start = start
        self._stop = stop

    def __iter__(self) -> Iterator[bytes]:
        position = 0
        for chunk in self._chunks:
            data = chunk.encode() if isinstance(chunk, str) else chunk
            if piece := data[max(self._start - position, 0) : self._stop - position]:
                yield piece
            position += len(data)
            if position >= self._stop:
                return

    def close(self) -> None:
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()


class AsyncClipped:
    """An async iterable of chunks cut to the bytes from `start` to `stop`, exclusive."""

    def __init__(self, chunks: Any, start: int, stop: int) -> None:
        self._chunks = chunks
        self._start = start
        self._stop = stop

    async def __aiter__(self) -> AsyncIterator[bytes]:
        position = 0
        async for chunk in self._chunks:
            data = chunk.encode() if isinstance(chunk, str) else chunk
            if piece := data[max(self._start - position, 0) : self._stop - position]:
                yield piece
            position += len(data)
            if position >= self._stop:
                return

    async def aclose(self) -> None:
        aclose = getattr(self._chunks, "aclose", None)
        if aclose is not None:
            await aclose()
