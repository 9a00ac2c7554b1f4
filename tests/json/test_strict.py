"""JSON by its standard."""

from __future__ import annotations

import json

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


@pytest.mark.parametrize("text", ["1", " 1", "1\n", '\t{"a": [1]} \r\n', '"\ud83d\ude00"', "[ ]"])
def test_white_space_around_a_value(text):
    """White space may stand before and after a value, as for `json.loads`."""
    assert read_strictly(text) == json.loads(text)


@pytest.mark.parametrize("text", ["", " ", "{} x", "{}\n x", "1\u00a0", "[1", "{} {}", "\ufeff1"])
def test_what_is_no_json_is_explained(text):
    """What is no JSON raises the error of `json.loads`, at the same place."""
    with pytest.raises(json.JSONDecodeError) as expected:
        json.JSONDecoder().decode(text)

    with pytest.raises(json.JSONDecodeError) as raised:
        read_strictly(text)

    assert str(raised.value) == str(expected.value)
