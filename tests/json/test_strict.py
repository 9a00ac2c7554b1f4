"""JSON by its standard."""

from __future__ import annotations

import pytest

from asyncflask.json.strict import parse_finite, read_strictly


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "[NaN]", '{"a": -Infinity}'])
def test_what_is_no_number_is_refused(text):
    """With the switch that lets it pass."""
    with pytest.raises(ValueError, match=r"is no JSON.*accept_nan = True"):
        read_strictly(text)


@pytest.mark.parametrize("text", ["1e309", "-1e309", "9" * 400 + ".0"])
def test_a_number_beyond_floats_is_refused(text):
    """It would be infinite."""
    with pytest.raises(ValueError, match="is too large"):
        parse_finite(text)


def test_other_json_is_read():
    """As the standard library reads it."""
    assert read_strictly('{"a": [1.5, 1e308, -0.0, "NaN", null]}') == {
        "a": [1.5, 1e308, -0.0, "NaN", None]
    }
