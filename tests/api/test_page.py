"""That the documentation shows the list of differences as it is."""

import runpy
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
PAGE = runpy.run_path(str(HERE / "page.py"))


def test_page_shows_the_list():
    """Every difference is on the page with its reason, and no other is."""
    listed = tomllib.loads((HERE / "differences.toml").read_text("utf-8"))
    page = PAGE["PAGE"].read_text("utf-8")

    assert page == PAGE["with_list"](page, listed), "Run: python tests/api/page.py"
