"""Runs the Python samples of the documentation's pages, as they stand; clients for their apps."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "pages"
_find_samples = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL).finditer


@pytest.fixture
def samples_of():
    """A page's samples, each with so many empty lines before it that errors name its line."""

    def samples_of(page):
        text = page.read_text("utf-8")
        return [
            "\n" * text.count("\n", 0, found.start(1)) + found[1] for found in _find_samples(text)
        ]

    return samples_of


@pytest.fixture
def run_page(samples_of, tmp_path, monkeypatch):
    """Run a page's samples one after the other, as one module; returns the module."""

    def run_page(page):
        module = ModuleType(f"page_{page.stem.replace('-', '_')}")
        module.__file__ = str(tmp_path / f"{module.__name__}.py")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        for sample in samples_of(page):
            exec(compile(sample, str(page), "exec"), module.__dict__)
        return module

    return run_page


@pytest.fixture
def client_of(run_page):
    """A client for the app of a page."""

    def client_of(page):
        app = run_page(PAGES / f"{page}.md").app
        app.testing = True
        return app.test_client()

    return client_of
