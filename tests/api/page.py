"""Writes the list of differences into the documentation.

Running this file does it: `python tests/api/page.py`. A test makes sure that it was run.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "pages" / "differences.md"
MARK = "<!-- What follows is written by tests/api/page.py. -->\n"

TITLES = {
    "module": "Modules that are not here",
    "missing": "Names that are not here",
    "parameters": "Other parameters",
    "kind": "Other kinds of object",
    "base": "Other base classes",
}


def write(listed: dict[str, list[dict[str, Any]]]) -> str:
    """The sections of the page, a bullet for each entry of the list."""
    entries = [("module", entry) for entry in listed["module"]]
    entries += [(entry["change"], entry) for entry in listed["difference"]]
    sections = []
    for change, title in TITLES.items():
        bullets = [_bullet(entry) for of, entry in entries if of == change]
        if bullets:
            sections.append(f"\n### {title}\n\n" + "\n".join(bullets) + "\n")
    return "".join(sections)


def _bullet(entry: dict[str, Any]) -> str:
    names = ", ".join(f"`{name}`" for name in entry["names"])
    return f"- {names}: {_uncapitalised(entry['reason'])}"


def _uncapitalised(sentence: str) -> str:
    first = sentence.split()[0]
    return sentence if first in {"WSGI", "JSON"} else sentence[0].lower() + sentence[1:]


def with_list(page: str, listed: dict[str, list[dict[str, Any]]]) -> str:
    """The page with the list as it ought to be."""
    return page.partition(MARK)[0] + MARK + write(listed)


def main() -> None:
    listed = tomllib.loads((HERE / "differences.toml").read_text("utf-8"))
    PAGE.write_text(with_list(PAGE.read_text("utf-8"), listed), "utf-8")


if __name__ == "__main__":
    main()
