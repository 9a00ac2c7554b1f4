"""A response's body read, replaced and turned into a list; sending it is not known here."""

from __future__ import annotations

import json
from inspect import isgenerator
from typing import TYPE_CHECKING, Any, Literal, overload

from .. import bridge
from .chunks import chunks_of, encode_chunk
from .response_stream import ResponseStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    from ..datastructures import Headers

    F = TypeVar("F", bound=Callable[[], Any])


class ResponseBody:
    """The part of a response that holds the body."""

    # The framework puts the app's JSON in place of this.
    json_module: Any = json
    implicit_sequence_conversion = True
    automatically_set_content_length = True

    headers: Headers
    response: Any
    direct_passthrough: bool
    mimetype: str | None
    _on_close: Sequence[Callable[[], Any]] = ()
    _is_body_closed = False

    # Bytes and text

    @overload
    def get_data(self, as_text: Literal[False] = False) -> bytes: ...
    @overload
    def get_data(self, as_text: Literal[True]) -> str: ...
    @overload
    def get_data(self, as_text: bool) -> bytes | str: ...
    def get_data(self, as_text: bool = False) -> bytes | str:
        """The whole body; a streamed one is run to its end and kept.

        Raises:
            RuntimeError: the body must not be read here. The message names the reason.
        """
        self._ensure_sequence()
        data = b"".join(self.iter_encoded())
        return data.decode() if as_text else data

    def set_data(self, value: bytes | bytearray | str) -> None:
        """Replace the body, and set Content-Length to its size."""
        data = encode_chunk(value)
        self.response = [data]
        if self.automatically_set_content_length:
            self.headers["Content-Length"] = str(len(data))

    @property
    def data(self) -> bytes:
        """The whole body as bytes; may be replaced by text, too."""
        return self.get_data()

    @data.setter
    def data(self, value: bytes | str) -> None:
        self.set_data(value)

    @property
    def text(self) -> str:
        """The whole body as text."""
        return self.get_data(as_text=True)

    # JSON

    @property
    def is_json(self) -> bool:
        """Whether the MIME type is JSON's or one built on it, as "application/ld+json"."""
        mimetype = (self.mimetype or "").lower()
        return mimetype == "application/json" or (
            mimetype.startswith("application/") and mimetype.endswith("+json")
        )

    @property
    def json(self) -> Any:
        """The body parsed as JSON; None if the MIME type is not JSON's."""
        return self.get_json()

    def get_json(self, force: bool = False, silent: bool = False) -> Any:
        """The body parsed as JSON.

        Args:
            force: parse it whatever the MIME type is, which otherwise gives None.
            silent: give None where the body is no JSON.
        Raises:
            ValueError: the body is no JSON.
        """
        if not (force or self.is_json):
            return None
        try:
            return self.json_module.loads(self.get_data())
        except ValueError:
            if not silent:
                raise
            return None

    # The body as an iterable

    @property
    def is_sequence(self) -> bool:
        """Whether the body is a list or tuple, which can be sent, and read, more than once."""
        return isinstance(self.response, (list, tuple))

    @property
    def is_streamed(self) -> bool:
        """Whether the body is produced while it is sent: it has no known number of items."""
        return not hasattr(self.response, "__len__")

    def iter_encoded(self) -> Iterator[bytes]:
        """The body's items as bytes. An async body has to be made a sequence first."""
        body = self.response
        if isinstance(body, (str, bytes, bytearray)):
            body = [body]
        return map(encode_chunk, body)

    def make_sequence(self) -> None:
        """Run a streamed body to its end and keep it as a list.

        Raises:
            RuntimeError: the body is async and this is the event loop's own thread.
        """
        if self.is_sequence:
            return
        body = self.response
        if hasattr(body, "__aiter__") and not hasattr(body, "__iter__"):
            self._wait_for_sequence()
            return
        self.response = list(self.iter_encoded())
        # An exhausted generator has nothing left to close.
        if hasattr(body, "close") and not isgenerator(body):
            self.call_on_close(body.close)

    def _wait_for_sequence(self) -> None:
        if bridge.is_on_event_loop():
            raise RuntimeError(
                f"The body is the async iterable {self.response!r}, which cannot be read without"
                " awaiting it. Call `await response.amake_sequence()` first."
            )
        bridge.wait_for(self.amake_sequence)

    async def amake_sequence(self) -> None:
        """`make_sequence` for async code: sync iterables run in a worker, async ones here."""
        if self.is_sequence:
            return
        # Replaced first: what is read here is closed here, and nowhere else.
        body, self.response = self.response, []
        async with chunks_of(body) as chunks:
            self.response = [encode_chunk(chunk) async for chunk in chunks]

    def _ensure_sequence(self) -> None:
        if self.is_sequence:
            return
        if self.direct_passthrough:
            raise RuntimeError(
                "The body is passed through as it is, so it cannot be read here."
                " Set response.direct_passthrough = False to read it nevertheless."
            )
        if not self.implicit_sequence_conversion:
            raise RuntimeError(
                "The body is streamed, and implicit_sequence_conversion is off."
                " Call response.make_sequence() to keep it as a list."
            )
        self.make_sequence()

    def calculate_content_length(self) -> int | None:
        """The body's size in bytes; None where it cannot be known before the body is sent."""
        try:
            self._ensure_sequence()
        except RuntimeError:
            return None
        return sum(map(len, self.iter_encoded()))

    @property
    def stream(self) -> ResponseStream:
        """The body as a file to write to."""
        return ResponseStream(self)

    # The end

    def call_on_close(self, func: F) -> F:
        """Run `func`, sync or async, once the response is sent or has failed; a decorator."""
        self._on_close = [*self._on_close, func]
        return func
