"""The benchmarks can be run: each line is asked a few times. What they measure is not tested."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
PEERS = ("bare", "starlette", "asyncflask")


def run(*arguments: str) -> str:
    """Run a Python file of the benchmarks, or all of them; what it prints."""
    command = [sys.executable, str(FOLDER.joinpath(arguments[0])), *arguments[1:]]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=50)
    return done.stdout


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    """The figures of all lines, each asked twice by the peers that tests have."""
    names = ",".join(PEERS)
    printed = run("", "--json", "--rounds", "1", "--requests", "2", "--peers", names)
    return json.loads(printed)  # type: ignore[no-any-return]


def test_every_line_is_measured(measured):
    """Each of the eighteen lines has a time for bare and asyncflask: both answered rightly."""
    timed = [line["peers"].keys() for line in measured["lines"]]

    assert len(timed) == 18
    assert all(peers >= {"bare", "asyncflask"} for peers in timed)


def test_a_peer_is_measured_where_it_can_do_the_work(measured):
    """Starlette takes part in all lines, but for forms where its parser is not installed."""
    without = {line["line"] for line in measured["lines"] if "starlette" not in line["peers"]}

    assert without <= {"form", "multipart"}


def test_the_table_is_markdown():
    """One row is printed for a line, with a cell for each peer."""
    printed = run("", "--rounds", "1", "--requests", "2", "--lines", "json", "--peers", "bare")

    assert "| dict → JSON |" in printed


def test_start_up_is_measured():
    """The import's time and memory are printed for each peer."""
    printed = run("startup.py", "--rounds", "1", "--peers", "asyncflask,starlette")

    assert "| asyncflask |" in printed or "Nothing was measured" in printed


def test_idle_connections_are_weighed():
    """What an idle WebSocket and an idle stream hold is printed for each peer."""
    printed = run("memory.py", "idle", "--count", "5", "--peers", "asyncflask")

    assert "| idle_stream | asyncflask |" in printed or "Nothing was measured" in printed
