"""What the fuzzer checks, checked for the seeds and for some bytes of hypothesis's."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from types import ModuleType


def _load() -> ModuleType:
    # The folder is a command, not a package: its files find each other by their own names.
    spec = importlib.util.spec_from_file_location("targets", Path(__file__).parent / "targets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TARGETS = _load().TARGETS
# Bytes that mean something to the parsers, and any.
PIECES = st.sampled_from(
    [b"=", b"&", b";", b'"', b"\\", b"\r\n", b"--fuzz", b"%", b"/", b"..", b",", b"-", b"\0", b"*="]
)
INPUTS = st.lists(PIECES | st.binary(max_size=6), max_size=12).map(b"".join)


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_hold(name):
    """What the fuzzer starts from, whole and cut off anywhere."""
    check, seeds = TARGETS[name]

    for seed in seeds:
        for end in range(len(seed) + 1):
            check(seed[:end])


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=INPUTS)
def test_other_inputs_hold(name, data):
    """Also behind a seed, where a parser has already begun."""
    check, seeds = TARGETS[name]

    check(data)
    check(seeds[0] + data)
