"""Which handler answers which error."""

from __future__ import annotations

import pytest

from asyncflask.dispatch.errors import ErrorTable, find_handler
from asyncflask.exceptions import HTTPException, NotFound


class Custom(NotFound):
    """A 404 of the user's own."""


def by_class(exc):
    return "class"


def by_code(exc):
    return "code"


def by_base(exc):
    return "base"


def in_blueprint(exc):
    return "blueprint"


SPEC = {
    None: {404: {NotFound: by_code}, None: {LookupError: by_base, KeyError: by_class}},
    "shop": {None: {LookupError: in_blueprint}},
}


@pytest.mark.parametrize(
    ("scopes", "exc_class", "code", "expected"),
    [
        ((None,), KeyError, None, by_class),
        ((None,), IndexError, None, by_base),
        (("shop", None), KeyError, None, in_blueprint),
        ((None,), NotFound, 404, by_code),
        ((None,), Custom, 404, by_code),
        (("shop", None), Custom, 404, by_code),
        ((None,), ValueError, None, None),
        ((None,), HTTPException, None, None),
        (("unknown", None), KeyError, None, by_class),
    ],
)
def test_the_handler_found(scopes, exc_class, code, expected):
    """Code before class, blueprint before app, nearest class of the MRO first."""
    assert find_handler(SPEC, scopes, exc_class, code) is expected


def test_a_table_looks_a_class_up_once():
    """Later errors of the class take the step that was found."""
    table = ErrorTable(SPEC, [])

    first, second = table.find(KeyError("a")), table.find(KeyError("b"))

    assert first is second
    assert first is not None
    assert first.function is by_class
    assert first.blocks


def test_an_error_without_a_handler_has_no_step():
    """None, also the second time."""
    table = ErrorTable(SPEC, ["shop"])

    assert table.find(ValueError()) is None
    assert table.find(ValueError()) is None
