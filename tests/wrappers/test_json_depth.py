"""How deeply the JSON of a request may be nested."""

from __future__ import annotations

import json

import pytest

from asyncflask.wrappers.json_depth import require_shallow


def nested(depth, opening="[", closing="]", inside=""):
    return (opening * depth + inside + closing * depth).encode()


@pytest.mark.parametrize(
    "data",
    [
        nested(500),
        nested(500, '{"a":', "}", "1"),
        b"[" + b"[]," * 10_000 + b"{}]",
        b'"' + b"[{" * 1000 + b'"',
        b'["' + b"[" * 1000 + b'"]',
    ],
)
def test_500_lists_and_objects_within_each_other_may_be(data):
    """However many there are beside each other, or in texts."""
    require_shallow(data, json.loads(data))


@pytest.mark.parametrize(
    "data",
    [
        nested(501),
        nested(501, '{"a":', "}", "1"),
        nested(501, '{"":', "}", "1"),
        nested(251, '[{"":', "}]", "1"),
        b"[1,2,{},[" + nested(250, '[1,{"a":', "},[]]", "1") + b"]]",
    ],
)
def test_deeper_ones_may_not(data):
    """Wherever the deepest one is."""
    with pytest.raises(ValueError, match="deeper than 500"):
        require_shallow(data, json.loads(data))
