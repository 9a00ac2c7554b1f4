"""A response's headers as Python values: dates, numbers, sets and policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ..datastructures import (
    CallbackDict,
    ContentRange,
    ContentSecurityPolicy,
    HeaderSet,
    ResponseCacheControl,
    WWWAuthenticate,
)
from ..http import (
    COEP,
    COOP,
    dump_age,
    dump_header,
    dump_options_header,
    http_date,
    parse_age,
    parse_cache_control_header,
    parse_content_range_header,
    parse_csp_header,
    parse_date,
    parse_options_header,
    parse_set_header,
    quote_etag,
    unquote_etag,
)
from ..properties import header_property
from .content_type import content_type_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..datastructures import Headers


class _SetHeader:
    """A comma-separated header as a live set: changing the set changes the header."""

    def __init__(self, name: str, *, doc: str) -> None:
        self.name = name
        self.__doc__ = doc

    @overload
    def __get__(self, owner: None, owner_class: type) -> _SetHeader: ...
    @overload
    def __get__(self, owner: ResponseHeaders, owner_class: type) -> HeaderSet: ...
    def __get__(self, owner: ResponseHeaders | None, owner_class: type) -> _SetHeader | HeaderSet:
        if owner is None:
            return self

        def on_update(members: HeaderSet) -> None:
            _write_back(owner.headers, self.name, members)

        return parse_set_header(owner.headers.get(self.name), on_update)

    def __set__(self, owner: ResponseHeaders, value: str | Iterable[str] | None) -> None:
        if value:
            owner.headers[self.name] = _dump_set(value)
        else:
            owner.headers.pop(self.name, None)


class _PolicyHeader:
    """A content security policy as a live dict of its directives."""

    def __init__(self, name: str, *, doc: str) -> None:
        self.name = name
        self.__doc__ = doc

    @overload
    def __get__(self, owner: None, owner_class: type) -> _PolicyHeader: ...
    @overload
    def __get__(self, owner: ResponseHeaders, owner_class: type) -> ContentSecurityPolicy: ...
    def __get__(
        self, owner: ResponseHeaders | None, owner_class: type
    ) -> _PolicyHeader | ContentSecurityPolicy:
        if owner is None:
            return self

        def on_update(policy: ContentSecurityPolicy) -> None:
            _write_back(owner.headers, self.name, policy)

        policy = parse_csp_header(owner.headers.get(self.name), on_update)
        return policy if policy is not None else ContentSecurityPolicy(None, on_update)

    def __set__(self, owner: ResponseHeaders, value: ContentSecurityPolicy | str | None) -> None:
        if not value:
            owner.headers.pop(self.name, None)
        else:
            owner.headers[self.name] = value if isinstance(value, str) else value.to_header()


def _write_back(headers: Headers, name: str, value: Any) -> None:
    """Set the header to what a live value says now; an empty value removes it."""
    if value:
        headers[name] = value.to_header()
    else:
        headers.pop(name, None)


def _parse_retry_after(text: str) -> datetime | None:
    """The time meant by a date, or by a number of seconds from now."""
    if text.isdigit():
        return datetime.now(UTC) + timedelta(seconds=int(text))
    return parse_date(text)


def _dump_age(age: Any) -> str:
    return dump_age(int(age) if isinstance(age, str) else age) or ""


def _dump_retry_after(value: Any) -> str:
    return http_date(value) if isinstance(value, datetime) else str(value)


def _plain_set(name: str, doc: str) -> header_property[HeaderSet]:
    """A comma-separated header as a set that does not write back; None where it is missing."""
    return header_property(name, load_func=parse_set_header, dump_func=_dump_set, doc=doc)


def _dump_set(value: Any) -> str:
    return value if isinstance(value, str) else dump_header(value)


class ResponseHeaders:
    """The part of a response that reads and writes single headers."""

    headers: Headers

    # The content

    content_length = header_property(
        "Content-Length", load_func=int, doc="The body's size in bytes, as the header says it."
    )
    content_encoding = header_property[str](
        "Content-Encoding", doc="What the body is compressed with."
    )
    content_location = header_property[str](
        "Content-Location", doc="Where this very content can be had."
    )
    content_md5 = header_property[str]("Content-MD5", doc="The body's MD5 digest in base64.")
    content_language = _SetHeader("Content-Language", doc="The languages of the audience.")

    @property
    def content_type(self) -> str | None:
        """The Content-Type header as it is."""
        return self.headers.get("Content-Type")

    @content_type.setter
    def content_type(self, value: str | None) -> None:
        if value is None:
            self.headers.pop("Content-Type", None)
        else:
            self.headers["Content-Type"] = value

    @property
    def mimetype(self) -> str | None:
        """The Content-Type without its parameters; setting it adds the charset to text types."""
        content_type = self.headers.get("Content-Type")
        return content_type and content_type.partition(";")[0].strip()

    @mimetype.setter
    def mimetype(self, value: str) -> None:
        self.headers["Content-Type"] = content_type_for(value)

    @property
    def mimetype_params(self) -> dict[str, str]:
        """The Content-Type's parameters as a live dict: changing it changes the header."""

        def on_update(params: CallbackDict[str, str]) -> None:
            self.headers["Content-Type"] = dump_options_header(self.mimetype, params)

        params = parse_options_header(self.headers.get("Content-Type"))[1]
        return CallbackDict(params, on_update)

    # Where and when

    location = header_property[str](
        "Location", doc="Where the client is sent, or what was created."
    )
    age = header_property(
        "Age",
        load_func=parse_age,
        dump_func=_dump_age,
        doc="How long caches have held this, a timedelta.",
    )
    date = header_property(
        "Date", load_func=parse_date, dump_func=http_date, doc="When the response was made, in UTC."
    )
    expires = header_property(
        "Expires", load_func=parse_date, dump_func=http_date, doc="When it goes stale, in UTC."
    )
    last_modified = header_property(
        "Last-Modified",
        load_func=parse_date,
        dump_func=http_date,
        doc="When the resource last changed, in UTC.",
    )
    retry_after = header_property(
        "Retry-After",
        load_func=_parse_retry_after,
        dump_func=_dump_retry_after,
        doc="When to try again: set seconds or a datetime, get a datetime.",
    )
    vary = _SetHeader("Vary", doc="The request headers that the response depends on.")
    allow = _SetHeader("Allow", doc="The methods that the resource has.")

    # Caching and ranges

    accept_ranges = header_property[str](
        "Accept-Ranges", doc='"bytes" where ranges can be asked for.'
    )

    @property
    def cache_control(self) -> ResponseCacheControl:
        """The Cache-Control header as a live object: `response.cache_control.max_age = 60`."""

        def on_update(directives: ResponseCacheControl) -> None:
            _write_back(self.headers, "Cache-Control", directives)

        text = self.headers.get("Cache-Control")
        return parse_cache_control_header(text, on_update, ResponseCacheControl)

    def set_etag(self, etag: str, weak: bool = False) -> None:
        """Set the ETag header; `etag` is the bare tag.

        Raises:
            ValueError: it contains a double quote.
        """
        self.headers["ETag"] = quote_etag(etag, weak)

    def get_etag(self) -> tuple[str, bool] | tuple[None, None]:
        """The bare ETag and whether it is weak; (None, None) without one."""
        return unquote_etag(self.headers.get("ETag"))

    @property
    def content_range(self) -> ContentRange:
        """The Content-Range header as a live object; it is falsy where there is none."""

        def on_update(content_range: ContentRange) -> None:
            _write_back(self.headers, "Content-Range", content_range)

        found = parse_content_range_header(self.headers.get("Content-Range"), on_update)
        return found if found is not None else ContentRange(None, None, None, on_update=on_update)

    @content_range.setter
    def content_range(self, value: ContentRange | str | None) -> None:
        if not value:
            self.headers.pop("Content-Range", None)
        else:
            self.headers["Content-Range"] = value if isinstance(value, str) else value.to_header()

    # Authentication

    @property
    def www_authenticate(self) -> WWWAuthenticate:
        """The first WWW-Authenticate header as a live object, for basic authentication at first.

        Setting a list of them sends one header for each.
        """
        value = WWWAuthenticate.from_header(self.headers.get("WWW-Authenticate"))
        if value is None:
            value = WWWAuthenticate("basic")

        def on_update(challenge: WWWAuthenticate) -> None:
            self.headers["WWW-Authenticate"] = challenge.to_header()

        value._on_update = on_update
        return value

    @www_authenticate.setter
    def www_authenticate(self, value: WWWAuthenticate | list[WWWAuthenticate] | None) -> None:
        self.headers.pop("WWW-Authenticate", None)
        if not value:
            return
        challenges = value if isinstance(value, list) else [value]
        for challenge in challenges:
            self.headers.add("WWW-Authenticate", challenge.to_header())

    # What browsers may do with it

    content_security_policy = _PolicyHeader(
        "Content-Security-Policy", doc="What the page may load and do."
    )
    content_security_policy_report_only = _PolicyHeader(
        "Content-Security-Policy-Report-Only", doc="A policy that is reported, not enforced."
    )

    @property
    def cross_origin_opener_policy(self) -> COOP:
        """Whether the page shares its browsing context group with pages of other origins."""
        return _member(COOP, self.headers.get("Cross-Origin-Opener-Policy"), COOP.UNSAFE_NONE)

    @cross_origin_opener_policy.setter
    def cross_origin_opener_policy(self, value: COOP) -> None:
        self.headers["Cross-Origin-Opener-Policy"] = value.value

    @property
    def cross_origin_embedder_policy(self) -> COEP:
        """Whether the page may load what no other origin has allowed it to."""
        return _member(COEP, self.headers.get("Cross-Origin-Embedder-Policy"), COEP.UNSAFE_NONE)

    @cross_origin_embedder_policy.setter
    def cross_origin_embedder_policy(self, value: COEP) -> None:
        self.headers["Cross-Origin-Embedder-Policy"] = value.value

    # CORS

    access_control_allow_headers = _plain_set(
        "Access-Control-Allow-Headers", "The headers that requests may have."
    )
    access_control_allow_methods = _plain_set(
        "Access-Control-Allow-Methods", "The methods that requests may have."
    )
    access_control_allow_origin = header_property[str](
        "Access-Control-Allow-Origin", doc="The origin that may read the response, or '*'."
    )
    access_control_expose_headers = _plain_set(
        "Access-Control-Expose-Headers", "The response headers that scripts may read."
    )
    access_control_max_age = header_property(
        "Access-Control-Max-Age",
        load_func=int,
        doc="Seconds that a preflight answer may be cached.",
    )

    @property
    def access_control_allow_credentials(self) -> bool:
        """Whether the client may send cookies and other credentials."""
        return "Access-Control-Allow-Credentials" in self.headers

    @access_control_allow_credentials.setter
    def access_control_allow_credentials(self, value: bool | None) -> None:
        if value is True:
            self.headers["Access-Control-Allow-Credentials"] = "true"
        else:
            self.headers.pop("Access-Control-Allow-Credentials", None)


E_ = TypeVar("E_", COOP, COEP)


def _member(policies: type[E_], text: str | None, default: E_) -> E_:
    """The member of an enumeration that a header names; `default` for anything else."""
    try:
        return policies(text)
    except ValueError:
        return default
