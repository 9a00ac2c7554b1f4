"""The request as users see it: URL, headers, body, form and what routing has found.

It needs an ASGI scope and nothing else; what the framework adds is set on it afterwards.
"""

from __future__ import annotations

import json
from io import BytesIO
from types import EllipsisType
from typing import IO, TYPE_CHECKING, Any, Final, Literal, Protocol, cast, overload

from .. import bridge
from ..datastructures import CombinedMultiDict, MultiDict
from ..exceptions import BadRequest, HTTPException, RequestEntityTooLarge, UnsupportedMediaType
from .body import Body, parse_multipart
from .current import current_app
from .enctype import explain_missing_files
from .endpoint import Routed
from .environ import Environ
from .forms import (
    MAX_HEADER_SIZE,
    MULTIPART,
    URLENCODED,
    FormLimits,
    ParsedForm,
    open_spooled_file,
    parse_urlencoded,
)
from .json_depth import require_shallow
from .lazy import lazy
from .request_headers import HeaderValues
from .request_url import URLParts
from .scope_state import ScopeState
from .shared_receive import SharedReceive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType
    from typing import Self

    from starlette.types import Receive

    from ..datastructures import FileStorage
    from .forms import OpenFile
    from .live_form import LiveForm

    Fields = list[tuple[str, str]]
    Files = list[tuple[str, FileStorage]]

_UNSET: Final = object()

_DEFAULT_LIMITS = FormLimits()

_build: Callable[..., Any] | None = None


def bind_builder(build: Callable[..., Any]) -> None:
    """Let `Request.from_values` use `build`, which takes the class and what a builder takes."""
    global _build
    _build = build


class RequestApp(Protocol):
    """What a request asks of the application it is bound to."""

    json: Any
    debug: bool

    @property
    def config(self) -> Mapping[str, Any]: ...


class Request(Routed, ScopeState, URLParts, HeaderValues):
    """An HTTP request.

    Args:
        scope: the ASGI scope.
        populate_request: accepted for Flask's sake; the scope never refers to its request.
        shallow: forbid reading the body.
    """

    # A module with `loads`, for subclasses to set; None is the application's JSON provider.
    json_module: Any = None

    # COMPAT: WSGI's description of its server.
    is_multithread = True
    is_multiprocess = False
    is_run_once = False

    _app: RequestApp | None = None
    _receive: Receive | None = None
    _shared_receive: SharedReceive | None = None
    _body: Body | None = None
    _cached_data: bytes | None = None
    _cached_json: tuple[Any, Any] = (_UNSET, _UNSET)
    _form_error: HTTPException | None = None
    _is_read_in_parts = False
    _max_content_length: Any = _UNSET
    _max_form_memory_size: Any = _UNSET
    _max_form_parts: Any = _UNSET

    def __init__(
        self, scope: Mapping[str, Any], populate_request: bool = True, shallow: bool = False
    ) -> None:
        # PERF: the one call that every request pays for; everything else is read when asked for.
        self.scope = scope
        self.method: str = scope.get("method", "GET").upper()
        self.shallow = shallow

    @classmethod
    def from_values(cls, *args: Any, **kwargs: Any) -> Self:
        """Make a request of no app and no server, from what `testing.EnvironBuilder` takes."""
        assert _build is not None
        return cast("Self", _build(cls, *args, **kwargs))

    def __repr__(self) -> str:
        try:
            url = self.url
        except Exception as exc:  # a repr must not fail, whatever the Host header is
            url = f"(invalid URL: {exc})"
        return f"<{type(self).__name__} {url!r} [{self.method}]>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close uploaded files and delete what the body has on disk."""
        body = self._body
        if body is not None and body.raw is None:
            body.close()
        files = self.__dict__.get("files")
        if files:
            for same_named in MultiDict(files).listvalues():
                for file in same_named:
                    file.close()

    @lazy
    def environ(self) -> Environ:
        """The scope in the shape of WSGI's environ, read-only."""
        return Environ(self.scope, lambda: self.stream)

    @lazy
    def remote_user(self) -> str | None:
        """The user that a server or middleware in front has authenticated."""
        user: str | None = self.environ.get("REMOTE_USER")
        return user

    # Limits: the instance's over the configuration's over the default

    @property
    def max_content_length(self) -> int | None:
        """The most bytes that the body may have, else 413. None is no limit.

        It may be lowered and raised in before functions and in sync views. An async view is too
        late to raise it, since its body is received before: give the route max_content_length=.
        """
        own: Any = self._max_content_length
        limit: int | None = self._setting("MAX_CONTENT_LENGTH", None) if own is _UNSET else own
        return limit

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    @property
    def max_form_memory_size(self) -> int | None:
        """The most bytes that a form's fields may have, files excepted, else 413."""
        own: Any = self._max_form_memory_size
        default = _DEFAULT_LIMITS.memory
        limit: int | None = self._setting("MAX_FORM_MEMORY_SIZE", default) if own is _UNSET else own
        return limit

    @max_form_memory_size.setter
    def max_form_memory_size(self, value: int | None) -> None:
        self._max_form_memory_size = value

    @property
    def max_form_parts(self) -> int | None:
        """The most fields and files that a multipart form may have, else 413."""
        own: Any = self._max_form_parts
        default = _DEFAULT_LIMITS.parts
        limit: int | None = self._setting("MAX_FORM_PARTS", default) if own is _UNSET else own
        return limit

    @max_form_parts.setter
    def max_form_parts(self, value: int | None) -> None:
        self._max_form_parts = value

    def _setting(self, key: str, default: Any) -> Any:
        app = self._app or current_app()
        return default if app is None else app.config.get(key, default)

    def _form_limits(self) -> FormLimits:
        return FormLimits(self.max_form_memory_size, self.max_form_parts)

    def _get_trusted_hosts(self) -> Iterable[str] | None:
        if self.trusted_hosts is not None or self._app is None:
            return self.trusted_hosts
        return self._app.config.get("TRUSTED_HOSTS")

    # The body

    def _attach_body(self, body: Body) -> None:
        self._body = body

    def _share_receive(self) -> SharedReceive:
        """The server's messages for more than one who wants them; from now on, all take this."""
        if self._shared_receive is None:
            assert self._receive is not None
            self._shared_receive = SharedReceive(self._receive)
            self._receive = self._shared_receive.read
        return self._shared_receive

    def is_disconnected(self) -> Any:
        """Whether the client has left; awaited in async code, a plain call in sync code.

        The server notices a client that leaves once the body has been received, or read.
        Always false where there is no server, as in `app.test_request_context()`.
        """
        if bridge.is_on_event_loop():
            return self._is_disconnected()
        return bridge.wait_for(self._is_disconnected)

    async def _is_disconnected(self) -> bool:
        return self._receive is not None and await self._share_receive().is_disconnected()

    def _received_body(self) -> Body:
        """Return the body, if it has come without error and is within the limit."""
        if self.shallow:
            raise RuntimeError(
                "This request was made with shallow=True, which forbids reading its body."
                " Make it with shallow=False."
            )
        body = self._body
        if body is None:
            body = self._body = Body.from_bytes(b"")
        limit = self.max_content_length
        refused = body.refused
        if refused is not None and refused.is_within(limit) and not bridge.is_on_event_loop():
            bridge.wait_for(refused.receive)
            body = self._body or body
        if body.error is not None or body.live is not None:
            body.require_received()
        if limit is not None and body.size > limit:
            raise RequestEntityTooLarge()
        return body

    @lazy
    def stream(self) -> Any:
        """The body as a binary file; parsing the form or `get_data` reads it to its end.

        On a route with stream_body=True it is a `BodyStream`, which reads from the server.
        """
        live = None if self._body is None else self._body.live
        if live is None:
            return self._received_body().open()
        live.limit = self.max_content_length
        return live

    @property
    def input_stream(self) -> Any:
        """The same as `stream`."""
        return self.stream

    @property
    def want_form_data_parsed(self) -> bool:
        """Whether the body has a content type, so that a form may be looked for in it."""
        return bool(self.content_type)

    @lazy
    def data(self) -> bytes:
        """The body's bytes; empty where they were a form's."""
        return self.get_data(parse_form_data=True)

    @overload
    def get_data(
        self, cache: bool = ..., as_text: Literal[False] = ..., parse_form_data: bool = ...
    ) -> bytes: ...
    @overload
    def get_data(
        self, cache: bool = ..., as_text: bool = ..., parse_form_data: bool = ...
    ) -> str: ...
    def get_data(
        self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
    ) -> bytes | str:
        """Return the body's bytes, or with `as_text` their text.

        Args:
            cache: keep the bytes, so that they can be got again and the form parsed later.
            parse_form_data: parse a form first; then its bytes are gone.
        Raises:
            HTTPException: the body could not be received: 400, 408 or 413.
            RuntimeError: the bytes were not kept (see `Body.open`) or not received.
        """
        data = self._cached_data
        if data is None:
            body = self._received_body()
            if parse_form_data:
                self._load_form()
            data = self._take_whole(body)
            if data is None:
                data = self._open_stream(body).read()
            if cache:
                self._cached_data = data
        return data.decode(errors="replace") if as_text else data

    def _take_whole(self, body: Body) -> bytes | None:
        """All bytes, where they are in memory and nobody has opened them; the stream is at its end.

        PERF: 0.15 µs in place of 0.5 for a file that is read once.
        """
        if body.raw is not None and "stream" not in self.__dict__:
            self.__dict__["stream"] = BytesIO()
            return body.raw
        return None

    def _open_stream(self, body: Body) -> IO[bytes]:
        stream: IO[bytes] | None = self.__dict__.get("stream")
        if stream is None:
            stream = self.__dict__["stream"] = body.open()
        return stream

    # JSON

    @property
    def json(self) -> Any:
        """The parsed JSON of the body.

        Raises:
            UnsupportedMediaType: the content type is not JSON's.
            BadRequest: the body is no JSON.
        """
        return self.get_json()

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Parse the body as JSON.

        Args:
            force: whatever the content type is.
            silent: return None where `json` would raise UnsupportedMediaType or BadRequest.
            cache: keep the result for the next call.
        """
        if cache and self._cached_json[silent] is not _UNSET:
            return self._cached_json[silent]
        if not (force or self.is_json):
            return None if silent else self.on_json_loading_failed(None)
        data = self.get_data(cache=cache)
        try:
            value = self._json_loads(data)
        except ValueError as exc:
            value = None if silent else self.on_json_loading_failed(exc)
            if cache:
                self._cached_json = _replace(self._cached_json, silent, value)
        else:
            if cache:
                self._cached_json = (value, value)
        return value

    def _json_loads(self, data: bytes) -> Any:
        loader = self.json_module
        if loader is None:
            loader = json if self._app is None else self._app.json
        try:
            value = loader.loads(data)
        except RecursionError:
            # Its traceback has as many frames as there are brackets: it is not kept.
            raise ValueError("The JSON is nested too deeply.") from None
        require_shallow(data, value)
        return value

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Say what `get_json` does about a failure: here it raises. What is returned, it returns.

        Args:
            e: the parser's error; None if the content type was not JSON's.
        Raises:
            UnsupportedMediaType: the content type was not JSON's.
            BadRequest: the body is no JSON; in debug mode it says where.
        """
        if e is None:
            raise UnsupportedMediaType(
                "The body was not read as JSON, because the request's Content-Type is"
                f" {self.mimetype or 'missing'} and not 'application/json'."
            )
        if self._app is not None and self._app.debug:
            raise BadRequest(f"Failed to decode JSON object: {e}") from e
        raise BadRequest() from e

    # Forms

    @lazy
    def form(self) -> MultiDict[str, str]:
        """The fields of the form in the body."""
        self._load_form()
        form: MultiDict[str, str] = self.__dict__["form"]
        return form

    @lazy
    def files(self) -> MultiDict[str, FileStorage]:
        """The files of the form in the body."""
        self._load_form()
        files: MultiDict[str, FileStorage] = self.__dict__["files"]
        return files

    @lazy
    def values(self) -> CombinedMultiDict[str, str]:
        """The parameters of the query and, for POST, PUT and PATCH, the fields of the form."""
        sources = [self.args]
        if self.method in {"POST", "PUT", "PATCH"}:
            sources.append(self.form)
        return CombinedMultiDict(
            [each if isinstance(each, MultiDict) else MultiDict(each) for each in sources]
        )

    def multipart(
        self,
        *,
        max_part_size: int | None = None,
        max_parts: int | EllipsisType | None = ...,
        max_header_size: int = MAX_HEADER_SIZE,
    ) -> LiveForm:
        """The parts of a form as the client sends them, on a route with stream_body=True.

        Iterate with `async for`, in sync code with a plain `for`. No part is kept.

        Args:
            max_part_size: bytes of any one part, else 413; None leaves it to the body's limit.
            max_parts: number of parts, else 413; None is no limit, by default `max_form_parts`.
            max_header_size: bytes of one header of a part, else 413.
        Raises:
            UnsupportedMediaType: the body is no multipart form.
            BadRequest: the Content-Type has no boundary.
            RuntimeError: the body is not streamed, or the parts were asked for before.
        """
        # PERF: where a form is read like this, as in `body.parse_multipart`.
        from .live_form import LiveForm, PartLimits

        boundary = self._require_live_form()
        self._is_read_in_parts = True
        parts = self.max_form_parts if isinstance(max_parts, EllipsisType) else max_parts
        limits = PartLimits(max_part_size, parts, self.max_form_memory_size, max_header_size)
        return LiveForm(self.stream, boundary, limits)

    def _require_live_form(self) -> str:
        if self._body is None or self._body.live is None:
            raise RuntimeError(
                "request.multipart() reads a body as it comes, but this one was received before"
                " the view. Register the route with stream_body=True, or use request.form and"
                " request.files."
            )
        if self._is_read_in_parts:
            raise RuntimeError(
                "request.multipart() was called before in this request, and parts can be read"
                " only once. Keep what it returned, and go on with that."
            )
        if self.mimetype != MULTIPART:
            raise UnsupportedMediaType(
                f"This URL takes a form as {MULTIPART!r}, but the request's Content-Type is"
                f" {self.mimetype or 'missing'}."
            )
        if not (boundary := self.mimetype_params.get("boundary")):
            raise BadRequest("The Content-Type of the multipart form has no boundary.")
        return boundary

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Open the file that an upload is written to; it must be writable, readable, seekable.

        For subclasses to override. A long form's files are opened in an I/O thread.
        """
        return open_spooled_file(total_content_length, content_type, filename, content_length)

    @property
    def _open_upload(self) -> OpenFile | None:
        """`_get_file_stream` where it has been overridden."""
        is_own = getattr(self._get_file_stream, "__func__", None) is Request._get_file_stream
        return None if is_own else self._get_file_stream

    def _load_form(self) -> None:
        """Parse the form, once, into `form` and `files`.

        Raises:
            HTTPException: it is broken or over a limit; the same one each time.
        """
        shown = self.__dict__
        if "form" in shown and "files" in shown:
            return
        body = self._received_body()
        if self._form_error is not None:
            raise self._form_error.with_traceback(None)
        try:
            fields, files = self._parse_form(body)
        except HTTPException as exc:
            self._form_error = exc
            raise
        self._show_form(fields, files)

    def _parse_form(self, body: Body) -> tuple[Fields, Files]:
        mimetype = self.mimetype
        if mimetype == URLENCODED:
            return self._parse_urlencoded(body), []
        if mimetype == MULTIPART:
            parsed = self._parse_multipart(body)
            return parsed.fields, parsed.files
        return [], []

    def _parse_urlencoded(self, body: Body) -> Fields:
        memory = self.max_form_memory_size
        data = self._cached_data or self._take_whole(body)
        if data is None:
            # One byte more than the limit is enough to be refused.
            data = self._open_stream(body).read(-1 if memory is None else memory + 1)
        return parse_urlencoded(data, memory, self.max_form_parts)

    def _parse_multipart(self, body: Body) -> ParsedForm:
        limits = self._form_limits()
        if body.form is not None:
            body.form.require_within(limits)
            # Its bytes are gone, as they are where the form is parsed out of them.
            self.__dict__.setdefault("stream", BytesIO())
            return body.form
        boundary = self.mimetype_params.get("boundary")
        if not boundary:
            return ParsedForm()
        data = self._cached_data
        source = self._open_stream(body) if data is None else BytesIO(data)
        return parse_multipart(source, body.size, boundary, limits, self._open_upload)

    def _show_form(self, fields: Fields, sent: Files) -> None:
        storage_class = self.parameter_storage_class
        form, files = storage_class(fields), storage_class(sent)
        if not sent and self._app is not None and self._app.debug and self.mimetype != MULTIPART:
            files = explain_missing_files(files, form, self.mimetype)
        # What a user has put in their place stays.
        self.__dict__.setdefault("form", form)
        self.__dict__.setdefault("files", files)


def _replace(pair: tuple[Any, Any], second: bool, value: Any) -> tuple[Any, Any]:
    return (pair[0], value) if second else (value, pair[1])
