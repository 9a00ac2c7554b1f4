"""Urlencoded forms from their bytes."""

from __future__ import annotations

import pytest

from asyncflask.exceptions import RequestEntityTooLarge
from asyncflask.wrappers.forms import FormLimits, parse_urlencoded

NO_LIMITS = FormLimits(None, None)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", []),
        (b"a=b", [("a", "b")]),
        (b"a=1&a=2&b", [("a", "1"), ("a", "2"), ("b", "")]),
        (b"+a=+%20&=x", [(" a", "  "), ("", "x")]),
        (b"a=%zz&b=%ff&c=\xff&d=%C3%BC", [("a", "%zz"), ("b", "%FF"), ("c", "%FF"), ("d", "ü")]),
        (b"a=\\x41%41&b=%5Cn&c=\\", [("a", "\\x41A"), ("b", "\\n"), ("c", "\\")]),
        (b"a=%26%3d&b%3D=%3D", [("a", "&="), ("b=", "=")]),
    ],
)
def test_urlencoded_forms_never_raise_for_their_text(body, fields):
    """Blank values are kept; what cannot be decoded stays as percent escapes."""
    assert parse_urlencoded(body, None, None) == fields


def test_an_urlencoded_form_over_the_limit_is_refused():
    """The limit counts the bytes of the body, and the error's note names the setting."""
    with pytest.raises(RequestEntityTooLarge) as caught:
        parse_urlencoded(b"a=bc", 3, None)

    assert parse_urlencoded(b"a=b", 3, None) == [("a", "b")]
    assert "MAX_FORM_MEMORY_SIZE" in caught.value.__notes__[0]
