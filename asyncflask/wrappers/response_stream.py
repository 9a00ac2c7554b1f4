"""A response's body written to like a file, for code that wants a file to write to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chunks import encode_chunk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .response_body import ResponseBody


class ResponseStream:
    """A write-only binary file whose content is the body of `response`."""

    mode = "wb+"
    encoding = "utf-8"

    def __init__(self, response: ResponseBody) -> None:
        self.response = response
        self.closed = False

    def write(self, value: bytes | str) -> int:
        """Append to the body, and drop the Content-Length that no longer holds.

        Raises:
            ValueError: the stream is closed.
        """
        if self.closed:
            raise ValueError("The response's stream is closed; take response.stream again.")
        self._chunks().append(encode_chunk(value))
        self.response.headers.pop("Content-Length", None)
        return len(value)

    def writelines(self, lines: Iterable[bytes | str]) -> None:
        for line in lines:
            self.write(line)

    def tell(self) -> int:
        """Bytes in the body so far."""
        self._chunks()
        return sum(map(len, self.response.iter_encoded()))

    def _chunks(self) -> list[bytes | str]:
        """The body as a list that can grow."""
        self.response.make_sequence()
        if not isinstance(self.response.response, list):
            self.response.response = list(self.response.response)
        return self.response.response

    def close(self) -> None:
        self.closed = True

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return False

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return not self.closed
