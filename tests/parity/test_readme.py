"""The README's table of behaviours tells the truth about which tests there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROWS = re.findall(
    r"^\| (\d+) \| .+ \| (.+) \|$",
    (Path(__file__).parent / "README.md").read_text(),
    flags=re.MULTILINE,
)


def test_every_behaviour_has_its_row():
    """The numbers run from 1 to 36, none is missing or doubled."""
    assert [int(number) for number, _ in ROWS] == list(range(1, 37))


@pytest.mark.parametrize(("number", "cell"), ROWS, ids=[number for number, _ in ROWS])
def test_named_tests_exist(number, cell):
    """Each row names tests, and each of them is a function of the file that it is said to be in."""
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", cell)

    missing = [f"{path}::{name}" for path, name in named if name not in functions_of(path)]

    assert len(named) == cell.count("`") // 2 > 0
    assert missing == []


def functions_of(path):
    """The names of a module's functions and methods; none where there is no such file."""
    file = TESTS / path
    tree = ast.parse(file.read_text() if file.exists() else "")
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
