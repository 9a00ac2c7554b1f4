"""The response that a view's return value becomes; it sends itself, as an ASGI application."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import anyio

from .. import bridge
from ..datastructures import ContentRange, Headers
from ..exceptions import HTTPException, bind_response_class
from ..http import HTTP_STATUS_CODES, generate_etag
from .chunks import close_body, encode_chunk, run_closing
from .conditional import scope_of, status_without_body, wanted_range
from .content_type import content_type_for
from .cookies import ResponseCookies
from .file_body import AsyncClipped, Clipped, FileBody
from .response_body import ResponseBody
from .response_headers import ResponseHeaders
from .sending import send_file_body, send_whole
from .stream import Streaming
from .uri import iri_to_uri

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable
    from http import HTTPStatus
    from types import EllipsisType, TracebackType
    from typing import Self

    from starlette.types import Message, Receive, Scope, Send

    from ..datastructures.headers import HeaderSource
    from .stream import StreamingApp

    Body = Iterable[bytes] | Iterable[str] | AsyncIterable[bytes] | AsyncIterable[str]

_CONDITIONS = frozenset(
    {b"if-match", b"if-none-match", b"if-modified-since", b"if-range", b"range"}
)
_BODILESS = frozenset([*range(100, 200), 204, 304])
_ADDRESSES = frozenset([b"location", b"content-location"])
# A Location, which has to be quoted first, is expected here; elsewhere it is looked for.
_NEEDS_CARE = _BODILESS | {201, *range(300, 400)}
_NOT_WITHOUT_BODY = frozenset([b"content-length", b"content-type"])
# SPEC: RFC 9110 section 15.4.5: a 304 says nothing of the content but what validates a copy.
_NOT_IN_304 = _NOT_WITHOUT_BODY | {
    b"allow",
    b"content-encoding",
    b"content-language",
    b"content-md5",
    b"content-range",
    b"last-modified",
}


class Response(ResponseBody, ResponseHeaders, ResponseCookies):
    """A response: status, headers, and a body that is at hand or produced while it is sent.

    Args:
        response: the body: text or bytes, or a sync or async iterable of them.
        status: a number, an HTTPStatus, or a number with a reason, as "404 NOT FOUND".
        headers: pairs or a mapping; a Headers object is used as it is.
        mimetype: the content type; text types get the charset added.
        content_type: the whole Content-Type header, in place of `mimetype`.
        direct_passthrough: the body is sent as it is and cannot be read before.
    Raises:
        ValueError: the status is empty, or a header contains a line break.
    """

    default_status: int = 200
    default_mimetype: str | None = "text/html"
    autocorrect_location_header = False

    timeout: float | EllipsisType | None = ...
    """Seconds that sending may take; None is no limit, `...` leaves what the request has left."""

    stays_as_it_is = False
    """Whether a view may return it where the app has a response class of its own."""

    # The framework sets it on what is streamed.
    _streaming_app: StreamingApp | None = None

    def __init__(
        self,
        response: Body | bytes | str | None = None,
        status: int | str | HTTPStatus | None = None,
        headers: HeaderSource = None,
        mimetype: str | None = None,
        content_type: str | None = None,
        direct_passthrough: bool = False,
    ) -> None:
        self.direct_passthrough = direct_passthrough
        if status is None:
            status = self.default_status
        if type(status) is int:
            self._status_code = status
            self._status: str | None = None
        else:
            self.status = status
        has_more = headers is not None or content_type is not None
        if has_more or not isinstance(response, (str, bytes)):
            self._assemble(response, headers, mimetype, content_type)
            return

        # PERF: most responses are a text and a MIME type: one call instead of seven.
        # A client's JSON may hold half a surrogate pair, which has no UTF-8.
        data = response.encode(errors="replace") if isinstance(response, str) else response
        self.response = [data]
        mimetype = self.default_mimetype if mimetype is None else mimetype
        pairs = [] if mimetype is None else [("Content-Type", content_type_for(mimetype))]
        if self.automatically_set_content_length:
            pairs.append(("Content-Length", str(len(data))))
        self.headers = Headers.trusted(pairs)

    def _assemble(
        self, body: Any, headers: HeaderSource, mimetype: str | None, content_type: str | None
    ) -> None:
        self.headers = headers if isinstance(headers, Headers) else Headers(headers)
        if mimetype is None and "Content-Type" not in self.headers:
            mimetype = self.default_mimetype
        if content_type is None and mimetype is not None:
            content_type = content_type_for(mimetype)
        if content_type is not None:
            self.headers["Content-Type"] = content_type
        if body is None:
            self.response = []
        elif isinstance(body, (str, bytes, bytearray)):
            self.set_data(body)
        else:
            self.response = body

    @classmethod
    def force_type(cls, response: Any, environ: Any = None) -> Self:
        """Make a response one of this class, in place; an HTTP error gives its response.

        Raises:
            TypeError: it is neither.
        """
        if isinstance(response, HTTPException):
            response = response.get_response(environ)
        if not isinstance(response, Response):
            raise TypeError(
                f"A {cls.__name__} can be made of another response or of an HTTP error, but not"
                f" of {response!r}. ASGI applications are called with scope, receive and send."
            )
        response.__class__ = cls
        return response  # type: ignore[return-value]  # its class was set in the line before

    def __repr__(self) -> str:
        if self.is_sequence:
            body = f"{sum(map(len, self.iter_encoded()))} bytes"
        else:
            body = "streamed" if self.is_streamed else "likely-streamed"
        return f"<{type(self).__name__} {body} [{self.status}]>"

    # Status

    @property
    def status_code(self) -> int:
        """The status as a number."""
        return self._status_code

    @status_code.setter
    def status_code(self, code: int) -> None:
        self.status = code

    @property
    def status(self) -> str:
        """The status with its reason, as "404 NOT FOUND". HTTP servers send their own reason."""
        if self._status is None:
            self._status = _describe_status(self._status_code)
        return self._status

    @status.setter
    def status(self, value: str | int | HTTPStatus) -> None:
        if isinstance(value, str):
            self._status, self._status_code = _parse_status(value)
        else:
            self._status, self._status_code = None, int(value)

    # Freezing and conditions

    def add_etag(self, overwrite: bool = False, weak: bool = False) -> None:
        """Set an ETag made of the body, unless there is one; `overwrite` replaces it."""
        if overwrite or "ETag" not in self.headers:
            self.set_etag(generate_etag(self.get_data()), weak)

    def freeze(self) -> None:
        """Make everything ready to be pickled or cached: a list of bytes, its size, its ETag."""
        self.make_sequence()
        self.response = list(self.iter_encoded())
        self.headers["Content-Length"] = str(sum(map(len, self.response)))
        self.add_etag()

    def make_conditional(
        self,
        request_or_scope: Any,
        accept_ranges: bool | str = False,
        complete_length: int | None = None,
    ) -> Self:
        """Answer a GET or HEAD request with 304, 412 or a 206 range where it asks for it.

        Set the ETag and Last-Modified headers first. Changes this response and returns it.
        The Date header, which caches need, is the server's to add: a second one would do harm.

        Args:
            accept_ranges: serve ranges; a text is sent as the Accept-Ranges header.
            complete_length: bytes of the whole body; without it no range can be served.
        Raises:
            RequestedRangeNotSatisfiable: the range is malformed or beyond the end.
        """
        scope = scope_of(request_or_scope)
        if scope.get("method") not in {"GET", "HEAD"}:
            return self
        # PERF: most requests state no condition, and one glance tells: 15 µs less.
        if not _CONDITIONS.isdisjoint(dict(scope["headers"])):
            self._meet_conditions(scope, accept_ranges, complete_length)
        if self.automatically_set_content_length and "Content-Length" not in self.headers:
            length = self.calculate_content_length()
            if length is not None:
                self.content_length = length
        return self

    def _meet_conditions(
        self, scope: Scope, accept_ranges: bool | str, complete_length: int | None
    ) -> None:
        is_range = False
        if accept_ranges and complete_length:
            is_range = self._take_range(scope, accept_ranges, complete_length)
        if not is_range and (status := status_without_body(scope, self.headers)):
            self.status_code = status

    def _take_range(self, scope: Scope, accept_ranges: bool | str, complete_length: int) -> bool:
        """Become the range that was asked for; False where none was."""
        found = wanted_range(scope, self.headers, complete_length)
        if found is None:
            return False
        start, stop = found
        self.response = _clip(self.response, start, stop)
        self.status_code = 206
        self.content_length = stop - start
        self.accept_ranges = accept_ranges if isinstance(accept_ranges, str) else "bytes"
        self.content_range = ContentRange("bytes", start, stop, complete_length)
        return True

    # Closing

    def close(self) -> None:
        """Close the body and run the functions of `call_on_close`, each once.

        Raises:
            RuntimeError: there is async code to run and this is the event loop's own thread.
        """
        _run_all(self._take_closing())

    async def aclose(self) -> None:
        """`close` for async code: sync functions run in a worker, async ones here.

        Raises:
            BaseException: the first error of them all, after the last has run.
        """
        functions = self._take_closing()
        if not functions:
            return
        error: BaseException | None = None
        with anyio.CancelScope(shield=True):
            for function in functions:
                try:
                    await run_closing(function)
                except BaseException as exc:
                    error = error or exc
        if error is not None:
            raise error

    def _take_closing(self) -> list[Callable[[], Any]]:
        """What is left to run at the end; nobody else gets it again."""
        functions, self._on_close = self._on_close, ()
        if self._is_body_closed:
            return list(functions)
        self._is_body_closed = True
        if hasattr(self.response, "aclose"):
            return [partial(close_body, self.response), *functions]
        if hasattr(self.response, "close"):
            return [self.response.close, *functions]
        return list(functions)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    # Sending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, as an ASGI application; then close it, whatever happens.

        A stream ends early, and is closed, when the client disconnects.

        Raises:
            Exception: an error of a streamed body; when it comes the head is sent already.
        """
        chunks = self.response
        # PERF: the ordinary response, all at hand and nothing special, in one glance.
        if (
            type(chunks) is list
            and len(chunks) == 1
            and type(chunks[0]) is bytes
            and not self._on_close
            and self._status_code not in _NEEDS_CARE
            and scope["type"] == "http"
            and scope["method"] != "HEAD"
        ):
            try:
                raw = self.headers.raw()
            except ValueError:
                # Perhaps it is an address, which is quoted below; if not, it is raised there.
                raw = []
            fields = dict(raw)
            if b"content-length" in fields and _ADDRESSES.isdisjoint(fields):
                start = {"type": "http.response.start", "status": self._status_code, "headers": raw}
                await send(start)
                await send({"type": "http.response.body", "body": chunks[0], "more_body": False})
                return
        try:
            await self._send(scope, receive, send)
        finally:
            await self.aclose()

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        # SPEC: a refused WebSocket handshake is answered with messages of the same shape.
        prefix = "websocket." if scope["type"] == "websocket" else ""
        start = {
            "type": f"{prefix}http.response.start",
            "status": self._status_code,
            "headers": self._wire_headers(scope),
        }
        body = self.response
        if self._status_code in _BODILESS or scope.get("method") == "HEAD":
            await send_whole(start, b"", send)
        elif isinstance(body, (list, tuple, str, bytes, bytearray)):
            await send_whole(start, b"".join(self.iter_encoded()), send)
        elif isinstance(body, FileBody):
            await send_file_body(body, start, (scope, receive, send), self._streaming_app)
        else:
            # From here on, whoever iterates over the body also closes it.
            self._is_body_closed = True
            streaming = self._streaming(start, receive, send)
            del start
            await streaming.run()

    def _streaming(self, start: Message, receive: Receive, send: Send) -> Streaming:
        """The sending of a body that is produced meanwhile."""
        return Streaming(self.response, start, receive, send, self._streaming_app)

    def _wire_headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """The headers as they are sent: addresses quoted, the body's size added, or left out."""
        headers = self.headers.copy()
        if "Location" in headers:
            headers["Location"] = self._location_from(scope, headers["Location"])
        if "Content-Location" in headers:
            headers["Content-Location"] = iri_to_uri(headers["Content-Location"])
        if self._status_code in _BODILESS:
            unwanted = _NOT_IN_304 if self._status_code == 304 else _NOT_WITHOUT_BODY
            return [pair for pair in headers.raw() if pair[0] not in unwanted]
        if (
            self.automatically_set_content_length
            and self.is_sequence
            and "Content-Length" not in headers
        ):
            headers["Content-Length"] = str(sum(map(len, self.iter_encoded())))
        return headers.raw()

    def _location_from(self, scope: Scope, location: str) -> str:
        uri = iri_to_uri(location)
        if not self.autocorrect_location_header:
            return uri
        # PERF: for whoever asks for it, as in `ServingHooks.state`.
        from starlette.datastructures import URL

        return urljoin(str(URL(scope=scope)), uri)


def _parse_status(text: str) -> tuple[str, int]:
    """Complete a status given as text, and read its number.

    Returns:
        the status with its reason, and the number: 0 where the text does not start with one.
    """
    status = text.strip()
    if not status:
        raise ValueError('The status is empty. Give a number, or a text such as "404 NOT FOUND".')
    code, _, reason = status.partition(" ")
    if not (code.isascii() and code.isdecimal()):
        return f"0 {status}", 0
    if not reason:
        return _describe_status(int(code)), int(code)
    return status, int(code)


def _describe_status(code: int) -> str:
    return f"{code} {HTTP_STATUS_CODES.get(code, 'Unknown').upper()}"


def _clip(body: Any, start: int, stop: int) -> Any:
    """The bytes of a body from `start` to `stop`, exclusive, in the body's own way."""
    if isinstance(body, FileBody):
        body.clip(start, stop)
        return body
    if isinstance(body, (list, tuple)):
        return [b"".join(map(encode_chunk, body))[start:stop]]
    clipped = AsyncClipped if hasattr(body, "__aiter__") else Clipped
    return clipped(body, start, stop)


def _run_all(functions: Iterable[Callable[[], Any]]) -> None:
    """Run sync and async functions from sync code; then raise the first error of them all."""
    error: BaseException | None = None
    for function in functions:
        try:
            if bridge.is_async(function):
                bridge.wait_for(function)
            else:
                function()
        except BaseException as exc:
            error = error or exc
    if error is not None:
        raise error


bind_response_class(Response)
