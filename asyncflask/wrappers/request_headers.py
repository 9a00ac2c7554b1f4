"""What a request's headers say, as Python values. Knows nothing of bodies and apps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..datastructures import (
    Accept,
    Authorization,
    CharsetAccept,
    ETags,
    HeaderSet,
    IfRange,
    ImmutableList,
    ImmutableMultiDict,
    LanguageAccept,
    MIMEAccept,
    Range,
    RequestCacheControl,
    RequestHeaders,
)
from ..http import (
    parse_accept_header,
    parse_cache_control_header,
    parse_cookie,
    parse_date,
    parse_etags,
    parse_if_range_header,
    parse_list_header,
    parse_options_header,
    parse_range_header,
    parse_set_header,
)
from ..http.cookies import find_plain_cookie
from ..user_agent import UserAgent
from .lazy import lazy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ..datastructures import MultiDict


_COOKIE_ATTRIBUTES = frozenset({"cookies", "headers", "dict_storage_class"})

# The fields that tell of a request's body: whether it has one, and of what kind.
BODY_FIELDS = frozenset({b"content-length", b"content-type", b"expect", b"transfer-encoding"})


class HeaderValues:
    """The headers of a scope, parsed on first access."""

    scope: Mapping[str, Any]

    # The classes of cookies, access_route and user_agent, for subclasses to replace.
    dict_storage_class: type[MultiDict[str, Any]] = ImmutableMultiDict
    list_storage_class: type[list[Any]] = ImmutableList
    user_agent_class: type[UserAgent] = UserAgent

    # All Cookie headers joined, where somebody has gone through the headers already.
    _sent_cookies: bytes | None = None
    # Whether the cookies are those of the scope, in the usual class.
    _has_own_cookies = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not _COOKIE_ATTRIBUTES.isdisjoint(vars(cls)):
            cls._has_own_cookies = False

    @lazy
    def headers(self) -> RequestHeaders:
        """The headers, read-only."""
        return RequestHeaders(self.scope["headers"])

    @lazy
    def _body_fields(self) -> dict[bytes, bytes]:
        """The raw fields that tell of the body, the first of each name."""
        # PERF: an app has looked for them already, with all else that the head announces.
        return {
            name: value for name, value in reversed(self.scope["headers"]) if name in BODY_FIELDS
        }

    @property
    def last_event_id(self) -> str | None:
        """The id of the last server-sent event that the client got before it connected again."""
        sent = self.headers.get("Last-Event-ID")
        # SPEC: WHATWG HTML section 9.2.3: browsers send it in UTF-8.
        return None if sent is None else sent.encode("latin-1").decode("utf-8", "replace")

    # The body's

    @property
    def content_type(self) -> str | None:
        """The media type of the body with its parameters, as it was sent."""
        # PERF: from the raw fields; most requests with a body ask for this header and no other.
        value = self._body_fields.get(b"content-type")
        return None if value is None else value.decode("latin-1")

    @lazy
    def _media_type(self) -> tuple[str, dict[str, str]]:
        content_type = self._body_fields.get(b"content-type", b"").decode("latin-1")
        # PERF: 0.15 µs in place of 0.9 for what parses parameters.
        if ";" not in content_type:
            return content_type.strip().lower(), {}
        mimetype, parameters = parse_options_header(content_type)
        return mimetype.lower(), parameters

    @property
    def mimetype(self) -> str:
        """The media type of the body in lower case, without its parameters."""
        return self._media_type[0]

    @property
    def mimetype_params(self) -> dict[str, str]:
        """The parameters of the media type, such as charset."""
        return self._media_type[1]

    @property
    def is_json(self) -> bool:
        """Whether the media type is application/json or application/*+json."""
        mimetype = self.mimetype
        return mimetype == "application/json" or (
            mimetype.startswith("application/") and mimetype.endswith("+json")
        )

    @lazy
    def content_length(self) -> int | None:
        """The announced length of the body in bytes; None if it isn't said or chunked."""
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            return None
        announced = self.headers.get("Content-Length")
        if announced is None:
            return None
        # COMPAT: Flask takes a length that is no number for 0.
        digits = announced.strip()
        return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else 0

    @property
    def content_encoding(self) -> str | None:
        """The compression of the body, which nobody has undone."""
        return self.headers.get("Content-Encoding")

    @property
    def content_md5(self) -> str | None:
        """The checksum that an old client sends with its body."""
        return self.headers.get("Content-MD5")

    # The client's

    @lazy
    def cookies(self) -> MultiDict[str, str]:
        """The cookies that were sent along."""
        cookies = "; ".join(self.headers.getlist("Cookie"))
        return parse_cookie(cookies, self.dict_storage_class)

    def _find_cookie(self, name: str) -> str | None:
        """`cookies.get(name)`; the cookies are not parsed for it where a glance tells."""
        # PERF: 0.9 µs in place of 2.5 for the only cookie.
        if self._has_own_cookies and "cookies" not in self.__dict__:
            sent = self._sent_cookies
            if sent is None:
                found = [value for field, value in self.scope["headers"] if field == b"cookie"]
                sent = b"; ".join(found)
            value = find_plain_cookie(sent, name.encode())
            if value is not None or not sent:
                return value
        return self.cookies.get(name)

    @lazy
    def remote_addr(self) -> str | None:
        """The address of the client, or of the proxy nearest to the server."""
        client = self.scope.get("client")
        return client[0] if client else None

    @lazy
    def access_route(self) -> list[str]:
        """The addresses that the request went through, the client's first.

        They are what X-Forwarded-For says, which anybody can send.
        """
        forwarded = self.headers.get("X-Forwarded-For")
        if forwarded is not None:
            return self.list_storage_class(parse_list_header(forwarded))
        return self.list_storage_class([self.remote_addr] if self.remote_addr else [])

    @lazy
    def user_agent(self) -> UserAgent:
        """What the client says it is."""
        return self.user_agent_class(self.headers.get("User-Agent", ""))

    @lazy
    def authorization(self) -> Authorization | None:
        """The credentials of the Authorization header, by scheme."""
        return Authorization.from_header(self.headers.get("Authorization"))

    @property
    def referrer(self) -> str | None:
        """The page that the request comes from."""
        return self.headers.get("Referer")

    @property
    def origin(self) -> str | None:
        """The origin of the page that the request comes from."""
        return self.headers.get("Origin")

    @property
    def access_control_request_headers(self) -> HeaderSet | None:
        """The headers that a cross-origin request wants to send."""
        wanted = self.headers.get("Access-Control-Request-Headers")
        return None if wanted is None else parse_set_header(wanted)

    @property
    def access_control_request_method(self) -> str | None:
        """The method that a cross-origin request wants to use."""
        return self.headers.get("Access-Control-Request-Method")

    @lazy
    def date(self) -> datetime | None:
        """When the request was sent, as the client's clock has it."""
        return parse_date(self.headers.get("Date"))

    @lazy
    def max_forwards(self) -> int | None:
        """How many proxies a TRACE may pass on."""
        try:
            return int(self.headers.get("Max-Forwards", ""))
        except ValueError:
            return None

    # What the client would like

    @lazy
    def accept_mimetypes(self) -> MIMEAccept:
        """The media types that the client takes, best first."""
        return parse_accept_header(self.headers.get("Accept"), MIMEAccept)

    @lazy
    def accept_charsets(self) -> CharsetAccept:
        """The charsets that the client takes, best first."""
        return parse_accept_header(self.headers.get("Accept-Charset"), CharsetAccept)

    @lazy
    def accept_encodings(self) -> Accept:
        """The compressions that the client takes, best first."""
        return parse_accept_header(self.headers.get("Accept-Encoding"))

    @lazy
    def accept_languages(self) -> LanguageAccept:
        """The languages that the user reads, best first."""
        return parse_accept_header(self.headers.get("Accept-Language"), LanguageAccept)

    # Caches and conditions

    @lazy
    def cache_control(self) -> RequestCacheControl:
        """What caches on the way may do."""
        return parse_cache_control_header(
            self.headers.get("Cache-Control"), None, RequestCacheControl
        )

    @lazy
    def pragma(self) -> HeaderSet:
        """Directives for HTTP/1.0 caches."""
        return parse_set_header(self.headers.get("Pragma", ""))

    @lazy
    def if_match(self) -> ETags:
        """The entity tags of which one must fit."""
        return parse_etags(self.headers.get("If-Match"))

    @lazy
    def if_none_match(self) -> ETags:
        """The entity tags of which none may fit."""
        return parse_etags(self.headers.get("If-None-Match"))

    @lazy
    def if_modified_since(self) -> datetime | None:
        """Answer only if the resource has changed since."""
        return parse_date(self.headers.get("If-Modified-Since"))

    @lazy
    def if_unmodified_since(self) -> datetime | None:
        """Answer only if the resource has not changed since."""
        return parse_date(self.headers.get("If-Unmodified-Since"))

    @lazy
    def if_range(self) -> IfRange:
        """The entity tag or date for which `range` is meant."""
        return parse_if_range_header(self.headers.get("If-Range"))

    @lazy
    def range(self) -> Range | None:
        """The part of the resource that is wanted."""
        return parse_range_header(self.headers.get("Range"))
