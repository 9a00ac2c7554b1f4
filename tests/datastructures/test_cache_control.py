"""Cache-Control as a dict with typed attributes."""

from __future__ import annotations

import pytest
import werkzeug.datastructures as reference
from hypothesis import given
from hypothesis import strategies as st

from asyncflask.datastructures import RequestCacheControl, ResponseCacheControl

ATTRIBUTES = [
    "immutable",
    "max_age",
    "must_revalidate",
    "must_understand",
    "no_cache",
    "no_store",
    "no_transform",
    "private",
    "proxy_revalidate",
    "public",
    "s_maxage",
    "stale_if_error",
    "stale_while_revalidate",
]


def test_directives_are_attributes():
    """Ages are ints, switches bools, field names strings."""
    control = ResponseCacheControl(
        {"max-age": "60", "public": None, "no-cache": "set-cookie", "private": None}
    )

    assert (control.max_age, control.public, control.no_store) == (60, True, False)
    assert (control.no_cache, control.private, control.s_maxage) == ("set-cookie", True, None)


def test_setting_attributes_writes_the_header():
    """True adds a directive without a value, None and False remove it."""
    control = ResponseCacheControl({"public": None, "no-store": None})

    control.max_age = 60
    control.no_cache = True
    control.private = "a, b"
    control.public = False
    del control.no_store

    assert control.to_header() == str(control) == 'max-age=60, no-cache, private="a, b"'


def test_an_age_that_is_no_number_reads_as_none():
    """What a client sends is never an error."""
    assert RequestCacheControl({"max-age": "soon"}).max_age is None


def test_an_age_that_is_no_number_cannot_be_set():
    """What a program sets is."""
    with pytest.raises(ValueError, match="invalid literal"):
        ResponseCacheControl().max_age = "soon"


def test_max_stale_without_a_value_takes_anything():
    """It reads as True."""
    assert RequestCacheControl({"max-stale": None}).max_stale is True
    assert RequestCacheControl({"max-stale": "5"}).max_stale == 5


def test_changes_are_reported():
    """This is how a response's header follows."""
    seen = []
    control = ResponseCacheControl(on_update=lambda changed: seen.append(str(changed)))

    control.max_age = 1
    control.public = False
    control["x"] = "y"

    assert seen == ["max-age=1", "max-age=1, x=y"]


def test_a_requests_directives_cannot_be_changed():
    """They are what the client sent."""
    with pytest.raises(TypeError, match="immutable"):
        RequestCacheControl().max_age = 5


def test_it_shows_its_directives():
    """Sorted, for logs and the debugger."""
    control = ResponseCacheControl({"public": None, "max-age": "5"})

    assert repr(control) == "<ResponseCacheControl max-age='5' public=None>"


@given(
    st.lists(st.tuples(st.sampled_from(ATTRIBUTES), st.sampled_from([True, False, None, 0, 1, 60])))
)
def test_attributes_are_set_as_in_werkzeug(changes):
    """A series of changes leaves the same header, and reads the same."""
    mine, theirs = ResponseCacheControl(), reference.ResponseCacheControl()

    for control in (mine, theirs):
        for name, value in changes:
            setattr(control, name, value)

    assert mine.to_header() == theirs.to_header()
    assert [getattr(mine, name) for name in ATTRIBUTES] == [
        getattr(theirs, name) for name in ATTRIBUTES
    ]
