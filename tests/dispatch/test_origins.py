"""Which pages may open a WebSocket."""

from __future__ import annotations

import pytest

from asyncflask.dispatch.origins import is_allowed_origin


@pytest.mark.parametrize(
    ("origin", "host", "is_allowed"),
    [
        ("http://example.org", "example.org", True),
        ("https://example.org", "example.org", True),
        ("https://EXAMPLE.org", "example.ORG", True),
        ("https://example.org", "example.org:443", True),
        ("https://example.org:443", "example.org", True),
        ("http://example.org:8000", "example.org:8000", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://example.org:8000", "example.org", False),
        ("http://example.org", "example.org:8000", False),
        ("http://sub.example.org", "example.org", False),
        ("http://example.org.evil.example", "example.org", False),
        ("http://evil.example?example.org", "example.org", False),
        ("http://example.org@evil.example", "example.org", False),
        ("http://example.org:port", "example.org", False),
        ("file://", "example.org", False),
        ("null", "example.org", False),
        ("", "example.org", False),
        ("http://", "", False),
    ],
)
def test_host_itself(origin, host, is_allowed):
    """By default host and port must be the same; the scheme's own port may be left out."""
    assert is_allowed_origin(origin, host, None) is is_allowed


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("https://example.org", True),
        ("https://example.org:443", True),
        ("https://Example.ORG", True),
        ("http://example.org", False),
        ("https://example.org:8443", False),
        ("https://example.org.evil.example", False),
        ("https://host.example", False),
        ("null", False),
    ],
)
def test_list(origin, is_allowed):
    """Of a list, whole origins count; the host itself must be in it too."""
    allowed = ["https://example.org/", "https://other.example"]

    assert is_allowed_origin(origin, "host.example", allowed) is is_allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("null", "*"),
        ("null", ["https://example.org", "*"]),
        ("null", ["null"]),
        ("https://example.org", "https://example.org"),
        ("https://example.org", ("https://example.org",)),
    ],
)
def test_other_ways_to_say_it(origin, allowed):
    """A star is everybody, one text one origin, and "null" pages without an origin."""
    assert is_allowed_origin(origin, "host.example", allowed)
