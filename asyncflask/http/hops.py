"""Which headers describe the content, and which end at the next hop."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..datastructures import Headers

# SPEC: RFC 2616 section 7.1.
_ENTITY_HEADERS = frozenset(
    {
        "allow",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-md5",
        "content-range",
        "content-type",
        "expires",
        "last-modified",
    }
)
# SPEC: RFC 2616 section 13.5.1.
_HOP_BY_HOP_HEADERS = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def is_entity_header(header: str) -> bool:
    """Whether a header describes the content of a message."""
    return header.lower() in _ENTITY_HEADERS


def is_hop_by_hop_header(header: str) -> bool:
    """Whether a header is meant for the next hop only, and never sent by an application."""
    return header.lower() in _HOP_BY_HOP_HEADERS


def remove_entity_headers(
    headers: Headers | list[tuple[str, str]],
    allowed: Iterable[str] = ("expires", "content-location"),
) -> None:
    """Remove the headers that describe the content, in place, but for `allowed` ones.

    The two allowed by default are the ones that a 304 response carries.
    """
    kept = {name.lower() for name in allowed}
    headers[:] = [
        (name, value)
        for name, value in headers
        if not is_entity_header(name) or name.lower() in kept
    ]


def remove_hop_by_hop_headers(headers: Headers | list[tuple[str, str]]) -> None:
    """Remove the headers that are meant for the next hop only, in place."""
    headers[:] = [(name, value) for name, value in headers if not is_hop_by_hop_header(name)]
