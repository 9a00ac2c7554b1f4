"""Headers parsed to the containers of `datastructures`. Broken headers give empty ones or None."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ..datastructures import (
    Accept,
    ContentRange,
    ContentSecurityPolicy,
    ETags,
    HeaderSet,
    IfRange,
    Range,
    RequestCacheControl,
)
from ..syntax import (
    dump_options_header,
    parse_date,
    parse_dict_header,
    parse_list_header,
    parse_options_header,
    split_etags,
    split_list,
    unquote_etag,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..datastructures.cache_control import CacheControl

AcceptT = TypeVar("AcceptT", bound=Accept)
CacheControlT = TypeVar("CacheControlT", bound="CacheControl")
PolicyT = TypeVar("PolicyT", bound=ContentSecurityPolicy)

_is_quality = re.compile(r"\d*\.?\d+|\d+\.", re.ASCII).fullmatch
# More digits than any size has: int() refuses thousands of them with an error.
_is_number = re.compile(r"\d{1,30}", re.ASCII).fullmatch

# SPEC: RFC 9110 section 14.2 lets a server ignore a Range that asks for many small parts.
_MOST_RANGES = 100


@overload
def parse_accept_header(value: str | None) -> Accept: ...
@overload
def parse_accept_header(value: str | None, cls: None) -> Accept: ...
@overload
def parse_accept_header(value: str | None, cls: type[AcceptT]) -> AcceptT: ...
def parse_accept_header(value: str | None, cls: type[Any] | None = None) -> Any:
    """Parse an Accept header; members with a malformed quality are left out."""
    accept_class = cls or Accept
    if not value:
        return accept_class(None)
    pairs = map(_parse_accepted, split_list(value))
    return accept_class(pair for pair in pairs if pair is not None)


def _parse_accepted(item: str) -> tuple[str, float] | None:
    main, options = parse_options_header(item)
    if not main:
        return None
    quality = options.pop("q", "").strip()
    if not quality:
        return dump_options_header(main, options), 1
    if not _is_quality(quality) or float(quality) > 1:
        return None
    return dump_options_header(main, options), float(quality)


@overload
def parse_cache_control_header(
    value: str | None, on_update: Callable[[Any], None] | None = None
) -> RequestCacheControl: ...
@overload
def parse_cache_control_header(
    value: str | None,
    on_update: Callable[[Any], None] | None = None,
    *,
    cls: type[CacheControlT],
) -> CacheControlT: ...
@overload
def parse_cache_control_header(
    value: str | None, on_update: Callable[[Any], None] | None, cls: type[CacheControlT]
) -> CacheControlT: ...
def parse_cache_control_header(
    value: str | None,
    on_update: Callable[[Any], None] | None = None,
    cls: type[Any] | None = None,
) -> Any:
    """Parse a Cache-Control header, to a RequestCacheControl unless `cls` says otherwise."""
    return (cls or RequestCacheControl)(parse_dict_header(value or ""), on_update)


@overload
def parse_csp_header(
    value: str | None, on_update: Callable[[Any], None] | None = None
) -> ContentSecurityPolicy: ...
@overload
def parse_csp_header(
    value: str | None, on_update: Callable[[Any], None] | None = None, *, cls: type[PolicyT]
) -> PolicyT: ...
@overload
def parse_csp_header(
    value: str | None, on_update: Callable[[Any], None] | None, cls: type[PolicyT]
) -> PolicyT: ...
def parse_csp_header(
    value: str | None,
    on_update: Callable[[Any], None] | None = None,
    cls: type[Any] | None = None,
) -> Any:
    """Parse a Content-Security-Policy header; a directive without a value has ""."""
    policy: dict[str, str] = {}
    for directive in (value or "").split(";"):
        name, _, sources = directive.strip().partition(" ")
        if name:
            policy[name] = sources.strip()
    return (cls or ContentSecurityPolicy)(policy, on_update)


def dump_csp_header(header: ContentSecurityPolicy) -> str:
    """Format a policy as a header value."""
    return header.to_header()


def parse_set_header(
    value: str | None, on_update: Callable[[HeaderSet], None] | None = None
) -> HeaderSet:
    """Parse a list header such as Vary or Allow to a set."""
    return HeaderSet(parse_list_header(value) if value else (), on_update)


def parse_etags(value: str | None) -> ETags:
    """Parse an If-Match or If-None-Match header."""
    return ETags(*split_etags(value)) if value else ETags()


def parse_if_range_header(value: str | None) -> IfRange:
    """Parse an If-Range header, a date or an entity tag; weak tags count as strong ones."""
    if not value:
        return IfRange()
    date = parse_date(value)
    return IfRange(date=date) if date is not None else IfRange(unquote_etag(value)[0])


def parse_range_header(value: str | None, make_inclusive: bool = True) -> Range | None:
    """Parse a Range header; None where it is malformed, unordered, overlapping or over 100 ranges.

    Args:
        make_inclusive: ignored, as in Werkzeug; the stops in the result are exclusive.
    """
    units, equals, specs = (value or "").partition("=")
    if not equals:
        return None
    ranges: list[tuple[int, int | None]] = []
    end: int | None = 0
    pieces = specs.split(",", _MOST_RANGES)
    if len(pieces) > _MOST_RANGES:
        return None
    for spec in pieces:
        found = _parse_byte_range(spec.strip())
        # Nothing may follow a range that reaches to the end, nor start before the last one ended.
        if found is None or end is None or 0 <= found[0] < end:
            return None
        ranges.append(found)
        end = found[1]
    return Range(units.strip().lower(), ranges)


def _parse_byte_range(spec: str) -> tuple[int, int | None] | None:
    first, dash, last = (part.strip() for part in spec.partition("-"))
    if not dash or not (first or last):
        return None
    if (first and not _is_number(first)) or (last and not _is_number(last)):
        return None
    if not first:
        return -int(last), None
    start = int(first)
    if not last:
        return start, None
    return (start, int(last) + 1) if start <= int(last) else None


def parse_content_range_header(
    value: str | None, on_update: Callable[[ContentRange], None] | None = None
) -> ContentRange | None:
    """Parse a Content-Range header; None where it is malformed."""
    units, space, rest = (value or "").strip().partition(" ")
    span, slash, total = rest.strip().partition("/")
    if not (space and slash) or (total != "*" and not _is_number(total)):
        return None
    length = None if total == "*" else int(total)
    if span == "*":
        return ContentRange(units, None, None, length, on_update)
    first, _, last = span.partition("-")
    if not (_is_number(first) and _is_number(last)):
        return None
    try:
        return ContentRange(units, int(first), int(last) + 1, length, on_update)
    except ValueError:
        return None
