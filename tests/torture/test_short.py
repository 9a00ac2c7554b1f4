"""The torture, each thing done a few times; `python -m tests.torture` does them in earnest.

Its limits of time are wide here, so that only what hangs is beyond them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture import points as points
from tests.torture.case import CASES, Bench

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="descriptors are counted in /proc, which is Linux's"
)

KINDS = ("h11", "httptools")
# What depends on how a server deals with its connections; the rest is shared out.
ON_BOTH = {12, 13, 17, 18, 20}
TURNS = [
    pytest.param(kind, each, id=f"{kind}-{each.name}")
    for turn, kind in enumerate(KINDS)
    for number, each in enumerate(CASES)
    if each.point in ON_BOTH or number % 2 == turn
]


@pytest.fixture(scope="module")
def bench_of():
    """The bench of a kind of server; its server lives as long as the module."""
    benches = {kind: Bench(kind, is_short=True) for kind in KINDS}

    yield benches.__getitem__

    for bench in benches.values():
        bench.close()


@pytest.mark.parametrize(("kind", "each"), TURNS)
def test_all_is_well(bench_of, kind, each):
    """Whatever is done to the server, it answers, and nothing is left."""
    rows = list(each.run(bench_of(kind)))

    assert rows
    assert [row for row in rows if not row.is_good] == []
