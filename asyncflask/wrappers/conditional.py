"""Which part of a resource a request wants: all of it, a range, or nothing it already has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..datastructures import RequestHeaders
from ..exceptions import RequestedRangeNotSatisfiable
from ..http import is_resource_modified, parse_etags, parse_range_header

if TYPE_CHECKING:
    from starlette.types import Scope

    from ..datastructures import Headers, Range


def scope_of(request_or_scope: Any) -> Scope:
    """The ASGI scope of a request, or the scope itself.

    Raises:
        TypeError: it is neither.
    """
    scope = getattr(request_or_scope, "scope", request_or_scope)
    if isinstance(scope, dict):
        return scope
    raise TypeError(
        f"A request or an ASGI scope is needed to answer conditionally, not {request_or_scope!r}."
    )


def status_without_body(scope: Scope, headers: Headers) -> int | None:
    """The status that spares the body: 304, 412, or None where the body is due.

    Args:
        headers: the response's, with the ETag and Last-Modified that it would be sent with.
    """
    if _is_needed(scope, headers):
        return None
    return 412 if parse_etags(RequestHeaders(scope["headers"]).get("If-Match")) else 304


def _is_needed(scope: Scope, headers: Headers, *, ignore_if_range: bool = True) -> bool:
    return is_resource_modified(
        scope,
        etag=headers.get("ETag"),
        last_modified=headers.get("Last-Modified"),
        ignore_if_range=ignore_if_range,
    )


def wanted_range(scope: Scope, headers: Headers, complete_length: int) -> tuple[int, int] | None:
    """The bytes asked for as (start, stop), stop exclusive; None for the whole.

    Raises:
        RequestedRangeNotSatisfiable: the range is malformed, or lies beyond the end.
    """
    wanted = RequestHeaders(scope["headers"])
    text = wanted.get("Range")
    if text is None:
        return None
    # A part helps only who has other parts of this very version.
    if "If-Range" in wanted and _is_needed(scope, headers, ignore_if_range=False):
        return None
    asked = parse_range_header(text)
    found = None if asked is None else _range_within(asked, complete_length)
    if found is None:
        raise RequestedRangeNotSatisfiable(complete_length)
    return found


def _range_within(asked: Range, length: int) -> tuple[int, int] | None:
    if asked.units == "bytes" and len(asked.ranges) == 1:
        start, stop = asked.ranges[0]
        # SPEC: RFC 9110 section 14.1.2: a suffix longer than the whole means the whole.
        if stop is None and start < -length:
            return 0, length
    return asked.range_for_length(length)
