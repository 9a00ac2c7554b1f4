"""Which headers go with the content, and which with the hop."""

from __future__ import annotations

from asyncflask.datastructures import Headers
from asyncflask.http import (
    is_entity_header,
    is_hop_by_hop_header,
    remove_entity_headers,
    remove_hop_by_hop_headers,
)


def test_entity_headers_are_known():
    """Case does not matter."""
    assert [is_entity_header(name) for name in ("Content-Type", "ALLOW", "etag")] == [1, 1, 0]


def test_hop_by_hop_headers_are_known():
    """Case does not matter."""
    assert [is_hop_by_hop_header(name) for name in ("Connection", "TE", "date")] == [1, 1, 0]


def test_entity_headers_are_removed_but_for_allowed_ones():
    """A 304 keeps Expires and Content-Location."""
    headers = Headers({"Content-Type": "a", "Expires": "b", "X": "c"})

    remove_entity_headers(headers)

    assert headers.to_wsgi_list() == [("Expires", "b"), ("X", "c")]


def test_hop_by_hop_headers_are_removed_from_plain_lists():
    """A list of pairs is changed in place."""
    headers = [("Connection", "close"), ("X", "c")]

    remove_hop_by_hop_headers(headers)

    assert headers == [("X", "c")]
