"""Ranges of bytes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import werkzeug.datastructures as reference
from hypothesis import given
from hypothesis import strategies as st

from asyncflask.datastructures import ContentRange, IfRange, Range


@pytest.mark.parametrize(
    ("ranges", "length", "expected"),
    [
        ([(0, 5)], 10, (0, 5)),
        ([(0, 50)], 10, (0, 10)),
        ([(5, None)], 10, (5, 10)),
        ([(-5, None)], 10, (5, 10)),
        ([(15, 20)], 10, None),
        ([(-50, None)], 10, None),
        ([(0, 5)], None, None),
        ([(0, 5), (6, 7)], 10, None),
    ],
)
def test_a_range_is_fitted_to_a_length(ranges, length, expected):
    """None where it lies outside, or is not one range of something known."""
    assert Range("bytes", ranges).range_for_length(length) == expected


def test_other_units_than_bytes_are_not_fitted():
    """Their meaning is not known."""
    assert Range("rows", [(0, 5)]).range_for_length(10) is None


def test_a_range_makes_its_answer():
    """The Content-Range names the part within the whole."""
    wanted = Range("bytes", [(0, 50)])

    assert str(wanted.make_content_range(10)) == "bytes 0-9/10"
    assert wanted.to_content_range_header(10) == "bytes 0-9/10"
    assert wanted.to_content_range_header(None) is None


def test_a_range_becomes_a_header_again():
    """Stops are inclusive there."""
    wanted = Range("bytes", [(0, 500), (600, None), (-5, None)])

    assert str(wanted) == "bytes=0-499,600-,-5"
    assert repr(wanted) == "<Range 'bytes=0-499,600-,-5'>"


@pytest.mark.parametrize("pair", [(5, 3), (0, 0), (-3, 5), (None, 3)])
def test_a_backwards_range_is_refused(pair):
    """The error names it."""
    with pytest.raises(ValueError, match="is not a valid range"):
        Range("bytes", [pair])


@given(st.integers(-8, 8), st.none() | st.integers(1, 12), st.none() | st.integers(0, 10))
def test_ranges_are_fitted_as_by_werkzeug(start, stop, length):
    """Whatever is asked for of whatever length."""
    if stop is not None and not 0 <= start < stop:
        stop = None

    fitted = Range("bytes", [(start, stop)]).range_for_length(length)

    assert fitted == reference.Range("bytes", [(start, stop)]).range_for_length(length)


def test_a_content_range_is_set_by_parts():
    """Each change is reported."""
    seen = []
    content_range = ContentRange("bytes", 0, 5, 10, lambda changed: seen.append(str(changed)))

    content_range.start = 2
    content_range.length = None
    content_range.set(1, 2, 3)
    content_range.unset()

    assert seen == ["bytes 2-4/10", "bytes 2-4/*", "bytes 1-1/3", ""]


def test_a_content_range_may_tell_the_length_alone():
    """This is what a 416 response says."""
    content_range = ContentRange("bytes", None, None, 10)

    assert str(content_range) == "bytes */10"
    assert (content_range.start, content_range.stop, content_range.units) == (None, None, "bytes")


def test_an_unset_content_range_is_falsy():
    """It has no units and no header."""
    content_range = ContentRange(None, None, None)

    assert not content_range
    assert repr(content_range) == "<ContentRange ''>"


def test_an_impossible_content_range_is_refused():
    """The error names it."""
    with pytest.raises(
        ValueError, match=r"5-3 is not a range of something 10 bytes long. The start is below"
    ):
        ContentRange("bytes", 5, 3, 10)


@pytest.mark.parametrize(
    ("condition", "header"),
    [
        (IfRange("a"), '"a"'),
        (IfRange(date=datetime(2020, 1, 1, tzinfo=UTC)), "Wed, 01 Jan 2020 00:00:00 GMT"),
        (IfRange(), ""),
    ],
)
def test_if_range_becomes_a_header_again(condition, header):
    """A tag is quoted, a date formatted."""
    assert str(condition) == header
    assert repr(condition) == f"<IfRange {header!r}>"
