"""The HTTP errors as exceptions, and `abort`; the response class is bound here from above.

HTTPException
├── BadRequest 400
│   ├── BadRequestKeyError   (a KeyError too)
│   ├── ClientDisconnected
│   ├── SecurityError
│   └── BadHost
├── Unauthorized 401, Forbidden 403, NotFound 404, ...   one class for each status
└── InternalServerError 500, ...
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from markupsafe import Markup, escape

from .datastructures import WWWAuthenticate, multidict
from .http import HTTP_STATUS_CODES, http_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.types import Receive, Scope, Send

    HeaderList = list[tuple[str, str]]
    MaybeScope = Mapping[str, Any] | None
    # Any, not a protocol: users go on to edit this response (`response.data = ...`).
    ResponseClass = Callable[[str, int | None, HeaderList], Any]


def _no_response_class(body: str, status: int | None, headers: list[tuple[str, str]]) -> NoReturn:
    raise RuntimeError(
        "An HTTP error cannot become a response yet: no response class is bound."
        " Import asyncflask.wrappers.response (or asyncflask) first."
    )


_response_class: ResponseClass = _no_response_class


def bind_response_class(response_class: ResponseClass) -> None:
    """Let errors build their responses with `response_class(body, status, headers)`."""
    global _response_class
    _response_class = response_class


def _paragraph(text: str) -> str:
    return f"<p>{escape(text).replace(chr(10), Markup('<br>'))}</p>"


# PERF: 0.1 µs in place of 3; `typed` tells Markup from text.
_own_paragraph = lru_cache(maxsize=128, typed=True)(_paragraph)


class HTTPException(Exception):
    """An error that answers the request; an ASGI application in its own right.

    Args:
        description: what the page says, in place of the class's own words. Plain text is
            escaped, Markup is not.
        response: sent as it is, in place of the page.
    """

    code: int | None = None
    description: str | None = None

    def __init__(self, description: str | None = None, response: Any = None) -> None:
        super().__init__()
        if description is not None:
            self.description = description
        self.response = response

    @classmethod
    def wrap(
        cls, exception: type[BaseException], name: str | None = None
    ) -> type[_WrappingException]:
        """Make a class that is this error and `exception` at once.

        Its first argument goes to `exception`, the others to the HTTP error. `show_exception`
        set to True adds the message of `exception` to the description.
        """
        name = name or f"{cls.__name__}{exception.__name__}"
        return type(name, (_WrappingException, cls, exception), {"_wrapped": exception})

    @property
    def name(self) -> str:
        """The reason phrase of the status."""
        return HTTP_STATUS_CODES.get(self.code or 0, "Unknown Error")

    def get_description(self, environ: Any = None, scope: MaybeScope = None) -> str:
        """The description as an HTML paragraph, its newlines as `<br>`."""
        text = "" if self.description is None else self.description
        # A text of the user's own may hold anything, and is not to be kept.
        is_own = text is type(self).description
        return _own_paragraph(text) if is_own else _paragraph(text)

    def get_body(self, environ: Any = None, scope: MaybeScope = None) -> str:
        """The HTML page."""
        name = escape(self.name)
        return (
            "<!doctype html>\n"
            "<html lang=en>\n"
            f"<title>{self.code} {name}</title>\n"
            f"<h1>{name}</h1>\n"
            f"{self.get_description(environ, scope)}\n"
        )

    def get_headers(self, environ: Any = None, scope: MaybeScope = None) -> HeaderList:
        """The headers of the page, in a list of the caller's own."""
        return [("Content-Type", "text/html; charset=utf-8")]

    def get_response(self, environ: Any = None, scope: MaybeScope = None) -> Any:
        """The response given at construction, or one made of the page and its headers.

        Raises:
            RuntimeError: no response class is bound yet.
        """
        if self.response is not None:
            return self.response
        headers = self.get_headers(environ, scope)
        return _response_class(self.get_body(environ, scope), self.code, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, as an ASGI application."""
        await self.get_response(scope=scope)(scope, receive, send)

    def __str__(self) -> str:
        code = "???" if self.code is None else self.code
        return f"{code} {self.name}: {self.description}"

    def __repr__(self) -> str:
        code = "???" if self.code is None else self.code
        return f"<{type(self).__name__} '{code}: {self.name}'>"


class _WrappingException(HTTPException):
    """An HTTP error that is another exception too; shows its message only where allowed to."""

    _wrapped: ClassVar[type[BaseException]] = Exception
    _own_description: str | None = None
    show_exception = False

    def __init__(self, arg: object = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The wrapped exception's arguments, which the HTTP error's own constructor has emptied.
        self.args = () if arg is None else (arg,)

    @property  # computed here, so that show_exception may be set late
    def description(self) -> str | None:
        text = self._own_description
        if text is None:
            text = super().description
        if not self.show_exception:
            return text
        return f"{text}\n{self._wrapped.__name__}: {self._wrapped.__str__(self)}"

    @description.setter
    def description(self, value: str | None) -> None:
        self._own_description = value


class BadRequest(HTTPException):
    """The request makes no sense to the application or the server."""

    code = 400
    description = "The server could not make sense of the request it was sent."


# mypy wants a property and an attribute of one name told apart; the first base decides here.
class BadRequestKeyError(_WrappingException, BadRequest, KeyError):  # type: ignore[misc]
    """A key that a request's form, query or the like lacks: a 400 and a KeyError at once.

    The key is named in the description only when `show_exception` is set, as in debug mode.
    """

    _wrapped = KeyError


multidict.missing_key_error = BadRequestKeyError


class ClientDisconnected(BadRequest):
    """The client went away before the whole request had come."""


class SecurityError(BadRequest):
    """The request does something that is refused for safety's sake."""


class BadHost(BadRequest):
    """The Host header is malformed."""


class Unauthorized(HTTPException):
    """Credentials are missing or wrong.

    Args:
        www_authenticate: one challenge or several; each becomes a WWW-Authenticate header.
    """

    code = 401
    description = (
        "You need to sign in to see this page. Either the credentials that were sent are wrong"
        " (a mistyped password, for instance), or your browser cannot send the kind needed here."
    )

    def __init__(
        self,
        description: str | None = None,
        response: Any = None,
        www_authenticate: WWWAuthenticate | Iterable[WWWAuthenticate] | None = None,
    ) -> None:
        super().__init__(description, response)
        if isinstance(www_authenticate, WWWAuthenticate):
            www_authenticate = (www_authenticate,)
        self.www_authenticate = www_authenticate

    def get_headers(self, environ: Any = None, scope: MaybeScope = None) -> HeaderList:
        headers = super().get_headers(environ, scope)
        challenges = self.www_authenticate or ()
        return headers + [("WWW-Authenticate", str(challenge)) for challenge in challenges]


class Forbidden(HTTPException):
    """Whoever asks is known, or need not be, and still may not have this."""

    code = 403
    description = (
        "You are not allowed to see this resource. It may be protected,"
        " or the server itself may not be able to read it."
    )


class NotFound(HTTPException):
    """Nothing lives at this URL."""

    code = 404
    description = (
        "There is nothing at this URL on the server. If you typed it by hand,"
        " please look for a spelling mistake and try again."
    )


class MethodNotAllowed(HTTPException):
    """The URL exists, but not for this method.

    Args:
        valid_methods: the methods it does exist for; sent as the Allow header.
    """

    code = 405
    description = "This URL does not answer to the method that was used."

    def __init__(
        self,
        valid_methods: Iterable[str] | None = None,
        description: str | None = None,
        response: Any = None,
    ) -> None:
        super().__init__(description, response)
        self.valid_methods = valid_methods

    def get_headers(self, environ: Any = None, scope: MaybeScope = None) -> HeaderList:
        headers = super().get_headers(environ, scope)
        if self.valid_methods:
            headers.append(("Allow", ", ".join(self.valid_methods)))
        return headers


class NotAcceptable(HTTPException):
    """No representation fits the request's Accept headers."""

    code = 406
    description = (
        "The server has this resource only in forms that the request's Accept headers rule out."
    )


class _RetryAfter(HTTPException):
    """An error that may pass.

    Args:
        retry_after: when to try again, in seconds from now or as a datetime (naive means UTC).
    """

    def __init__(
        self,
        description: str | None = None,
        response: Any = None,
        retry_after: datetime | int | None = None,
    ) -> None:
        super().__init__(description, response)
        self.retry_after = retry_after

    def get_headers(self, environ: Any = None, scope: MaybeScope = None) -> HeaderList:
        headers = super().get_headers(environ, scope)
        if self.retry_after:
            moment = self.retry_after
            value = http_date(moment) if isinstance(moment, datetime) else str(moment)
            headers.append(("Retry-After", value))
        return headers


class RequestTimeout(HTTPException):
    """The request did not come in time."""

    code = 408
    description = (
        "The browser took too long to send its request, so the server has closed the connection."
    )


class Conflict(HTTPException):
    """The request and the state of the resource contradict each other."""

    code = 409
    description = (
        "The request conflicts with the present state of the resource."
        " Something may have changed it while the request was on its way."
    )


class Gone(HTTPException):
    """There was something at this URL, and it will not come back."""

    code = 410
    description = (
        "What was at this URL has been removed for good and has no new address."
        " If a link brought you here, please tell the author of the page it is on."
    )


class LengthRequired(HTTPException):
    """The request has a body but does not say how long it is."""

    code = 411
    description = "A request with this method needs a valid Content-Length header."


class PreconditionFailed(HTTPException):
    """An If-Match, If-Unmodified-Since or like condition does not hold."""

    code = 412
    description = "A condition that the request sets for this URL does not hold."


class RequestEntityTooLarge(HTTPException):
    """The body, or a part of it, is over its limit."""

    code = 413
    description = "The request carries more data than the server accepts."


class RequestURITooLarge(HTTPException):
    """The URL is over its limit."""

    code = 414
    description = "The requested URL is longer than the server accepts, so it was not processed."


class UnsupportedMediaType(HTTPException):
    """The body is of a type that the resource cannot take."""

    code = 415
    description = "The server cannot handle the media type that the request was sent in."


class RequestedRangeNotSatisfiable(HTTPException):
    """No part of the requested range exists.

    Args:
        length: the length of the whole resource, in `units`; sent in the Content-Range header.
    """

    code = 416
    description = "The server does not have the range that was asked for."

    def __init__(
        self,
        length: int | None = None,
        units: str = "bytes",
        description: str | None = None,
        response: Any = None,
    ) -> None:
        super().__init__(description, response)
        self.length = length
        self.units = units

    def get_headers(self, environ: Any = None, scope: MaybeScope = None) -> HeaderList:
        headers = super().get_headers(environ, scope)
        if self.length is not None:
            headers.append(("Content-Range", f"{self.units} */{self.length}"))
        return headers


class ExpectationFailed(HTTPException):
    """The Expect header asks for what the server cannot do."""

    code = 417
    description = "The server cannot do what the request's Expect header asks for."


class ImATeapot(HTTPException):
    """The server is a teapot (RFC 2324)."""

    code = 418
    description = "Coffee cannot be brewed here: this server is a teapot."


class MisdirectedRequest(HTTPException):
    """The request reached a server that does not answer for its scheme and host."""

    code = 421
    description = "This server cannot give the answer to a request for that scheme and host."


class UnprocessableEntity(HTTPException):
    """The body is well formed, and what it says cannot be done."""

    code = 422
    description = "The request is well formed, but what it contains cannot be carried out."


class Locked(HTTPException):
    """The resource is locked."""

    code = 423
    description = "The resource is locked at present."


class FailedDependency(HTTPException):
    """An action that this one depends on has failed."""

    code = 424
    description = "The request depends on another action, and that one failed."


class PreconditionRequired(HTTPException):
    """The request must be conditional, so that no update gets lost."""

    code = 428
    description = (
        "This request must be conditional. Send it again with an"
        ' "If-Match" or "If-Unmodified-Since" header.'
    )


class TooManyRequests(_RetryAfter):
    """The client is over its rate."""

    code = 429
    description = "You have sent more requests than you may at present. Please try again later."


class RequestHeaderFieldsTooLarge(HTTPException):
    """One header, or all together, are over their limit."""

    code = 431
    description = "The request's headers, or one of them, are larger than the server accepts."


class UnavailableForLegalReasons(HTTPException):
    """The law forbids to show the resource."""

    code = 451
    description = "This resource cannot be shown for legal reasons."


class InternalServerError(HTTPException):
    """The application failed.

    Args:
        original_exception: the error that nobody handled, for handlers of this one to look at.
    """

    code = 500
    description = (
        "The server met an error and could not complete your request."
        " It is overloaded, or there is a mistake in the application."
    )

    def __init__(
        self,
        description: str | None = None,
        response: Any = None,
        original_exception: BaseException | None = None,
    ) -> None:
        super().__init__(description, response)
        self.original_exception = original_exception


class NotImplemented(HTTPException):
    """The server lacks what it takes for this request."""

    code = 501
    description = "The server has no means to do what the browser asked for."


class BadGateway(HTTPException):
    """The server behind this one answered badly."""

    code = 502
    description = "This server passed the request on and got an invalid response back."


class ServiceUnavailable(_RetryAfter):
    """The server is overloaded or under maintenance."""

    code = 503
    description = (
        "The server cannot answer right now: it is overloaded or down for maintenance."
        " Please try again later."
    )


class GatewayTimeout(HTTPException):
    """The server behind this one did not answer in time."""

    code = 504
    description = "This server passed the request on and got no response in time."


class HTTPVersionNotSupported(HTTPException):
    """The request's HTTP version is not spoken here."""

    code = 505
    description = "The server does not speak the version of HTTP that the request uses."


def _classes_by_code() -> dict[int, type[HTTPException]]:
    classes: dict[int, type[HTTPException]] = {}
    for value in list(globals().values()):
        if isinstance(value, type) and issubclass(value, HTTPException) and value.code is not None:
            # The first definition wins: 400 is BadRequest, not one of its special cases below it.
            classes.setdefault(value.code, value)
    return classes


default_exceptions: dict[int, type[HTTPException]] = _classes_by_code()


class Aborter:
    """Raises the error for a status code: `abort` with a table of its own.

    Args:
        mapping: status codes to exception classes, in place of `default_exceptions`.
        extra: added to (and over) `mapping`.
    """

    def __init__(
        self,
        mapping: Mapping[int, type[HTTPException]] | None = None,
        extra: Mapping[int, type[HTTPException]] | None = None,
    ) -> None:
        classes = default_exceptions if mapping is None else mapping
        self.mapping: dict[int, type[HTTPException]] = {**classes, **(extra or {})}

    def __call__(self, code: Any, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise the error for the status `code`, made with the other arguments, or a response.

        Raises:
            HTTPException: always, unless the code is unknown.
            LookupError: no class is known for the status code.
        """
        if not isinstance(code, int):
            _raise_response(code)
        if code not in self.mapping:
            raise LookupError(
                f"There is no exception for the status code {code!r}. Pass a response with that"
                " status to abort(), or give an Aborter of yours a class for it:"
                f" Aborter(extra={{{code!r}: YourError}})."
            )
        raise self.mapping[code](*args, **kwargs)


def _raise_response(response: Any) -> NoReturn:
    if not callable(response):
        raise LookupError(f"There is no exception for {response!r}. Pass an int or a response.")
    raise HTTPException(response=response)


_aborter = Aborter()


def abort(status: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Raise the error for a status code, or a response as it is.

        abort(404)
        abort(404, description="No such product.")
        abort(redirect("/login"))

    Raises:
        HTTPException: always, unless the code is unknown.
        LookupError: no class is known for the status code.
    """
    _aborter(status, *args, **kwargs)
