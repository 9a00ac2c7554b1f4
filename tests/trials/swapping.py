"""Swaps the imports of Flask and Werkzeug for asyncflask's: in a source, a folder, a wheel."""

from __future__ import annotations

import ast
import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The longest name that fits decides. Werkzeug's test tools live beside Flask's.
PLACES = {"flask": "asyncflask", "werkzeug": "asyncflask", "werkzeug.test": "asyncflask.testing"}

Edit = tuple[int, int, bytes]


def swap_source(source: bytes) -> bytes:
    """Give `source` (UTF-8) with its import statements swapped and every other byte kept.

    Names stay bound as they were: `import flask` becomes `import asyncflask as flask`. Only
    statements are swapped; names inside strings (as for `mock.patch`) are not.

    Raises:
        SyntaxError: `source` is not Python.
    """
    starts = _line_starts(source)
    edits = [
        edit
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for edit in _edits(node, source, starts)
    ]
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text + source[end:]
    return source


def swap_folder(folder: Path) -> int:
    """Swap every Python file below `folder` in place; return how many changed."""
    changed = 0
    for path in folder.rglob("*.py"):
        before = path.read_bytes()
        after = swap_source(before)
        if after != before:
            path.write_bytes(after)
            changed += 1
    return changed


def swap_wheel(wheel: Path, folder: Path) -> Path:
    """Write a copy of `wheel` to `folder` that imports and requires neither Flask nor Werkzeug."""
    swapped = folder / wheel.name
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(swapped, "w") as target:
        for item in source.infolist():
            target.writestr(item, _swap_member(item.filename, source.read(item)))
    return swapped


def _swap_member(name: str, data: bytes) -> bytes:
    if name.endswith(".py"):
        return swap_source(data)
    if name.endswith(".dist-info/METADATA"):
        return re.sub(rb"(?im)^Requires-Dist: (flask|werkzeug)\b(?!-).*\n", b"", data)
    if name.endswith(".dist-info/RECORD"):
        # The sums no longer hold, and pip accepts rows without one.
        return re.sub(rb",sha256=[^,]*,\d*", b",,", data)
    return data


def _line_starts(source: bytes) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _edits(node: ast.Import | ast.ImportFrom, source: bytes, starts: list[int]) -> Iterator[Edit]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if place := _place(alias.name):
                start = starts[alias.lineno - 1] + alias.col_offset
                end = starts[(alias.end_lineno or alias.lineno) - 1] + (alias.end_col_offset or 0)
                yield start, end, _plain_import(alias, place).encode()
    elif node.level == 0 and node.module and (place := _place(node.module)):
        module = re.compile(rb"from[\s\\]+([\w.]+)").match(
            source, starts[node.lineno - 1] + node.col_offset
        )
        if module:
            yield *module.span(1), place.encode()


def _plain_import(alias: ast.alias, place: str) -> str:
    if alias.asname:
        return f"{place} as {alias.asname}"
    package, dot, _ = alias.name.partition(".")
    bound = f"{PLACES[package]} as {package}"
    return f"{place}, {bound}" if dot else bound


def _place(module: str) -> str | None:
    """Where `module` is in asyncflask; None for a module that is neither Flask's nor Werkzeug's."""
    for name in sorted(PLACES, key=len, reverse=True):
        if module == name or module.startswith(f"{name}."):
            return PLACES[name] + module[len(name) :]
    return None
