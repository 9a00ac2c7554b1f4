"""Whether a conditional request is answered with the whole resource (RFC 9110, section 13)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..datastructures import RequestHeaders
from ..syntax import generate_etag, parse_date, unquote_etag
from .parsing import parse_etags, parse_if_range_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..datastructures import IfRange


def is_resource_modified(
    environ: Mapping[str, Any],
    etag: str | None = None,
    data: bytes | None = None,
    last_modified: datetime | str | None = None,
    ignore_if_range: bool = True,
) -> bool:
    """Whether the client needs the resource, because the one it has is not this one.

    Args:
        environ: a WSGI environ or an ASGI scope, of a GET or HEAD request: others give False.
        etag: of the resource, quoted or not.
        data: to generate the etag of.
        last_modified: of the resource; an HTTP date, or a datetime (UTC where it is naive).
        ignore_if_range: False where a Range header will be honoured, so that If-Range decides.
    Raises:
        TypeError: both `etag` and `data` are given.
    """
    if etag is not None and data is not None:
        raise TypeError("Both data and etag were given. Pass only one of them.")
    method, header = _read_request(environ)
    if method not in {"GET", "HEAD"}:
        return False
    if data is not None:
        etag = generate_etag(data)
    if_range = None
    if not ignore_if_range and header("Range") is not None:
        if_range = parse_if_range_header(header("If-Range"))
    unmodified = _is_date_current(header, if_range, last_modified)
    tag, _ = unquote_etag(etag)
    if tag is not None:
        by_tag = _is_tag_current(header, if_range, tag)
        unmodified = unmodified if by_tag is None else by_tag
    return not unmodified


def _read_request(environ: Mapping[str, Any]) -> tuple[str, Callable[[str], str | None]]:
    if "headers" in environ:
        return environ.get("method", "GET"), RequestHeaders(environ["headers"]).get
    return environ["REQUEST_METHOD"], lambda name: environ.get(
        "HTTP_" + name.upper().replace("-", "_")
    )


def _is_date_current(
    header: Callable[[str], str | None], if_range: IfRange | None, date: datetime | str | None
) -> bool:
    """Whether the resource has not changed since the date that the client states."""
    if isinstance(date, str):
        date = parse_date(date)
    if date is None:
        return False
    since = if_range.date if if_range else None
    since = parse_date(header("If-Modified-Since")) if since is None else since
    date = date.replace(tzinfo=UTC) if date.tzinfo is None else date
    # HTTP dates have no fractions of a second.
    return since is not None and date.replace(microsecond=0) <= since


def _is_tag_current(
    header: Callable[[str], str | None], if_range: IfRange | None, tag: str
) -> bool | None:
    """Whether the client has the resource with this tag; None where it states no tags."""
    if if_range and if_range.etag is not None:
        return if_range.etag == tag
    current = None
    if none_match := parse_etags(header("If-None-Match")):
        current = none_match.contains_weak(tag)
    if match := parse_etags(header("If-Match")):
        current = not match.is_strong(tag)
    return current
