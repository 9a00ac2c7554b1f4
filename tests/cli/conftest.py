"""A project folder and the command line inside it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from asyncflask.cli import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder; the environment and the imported modules are put back after."""
    environment, modules = dict(os.environ), set(sys.modules)
    for name in environment:
        if name.startswith(("ASYNCFLASK_", "FLASK_")):
            del os.environ[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    yield tmp_path

    os.environ.clear()
    os.environ.update(environment)
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def write(project: Path) -> Callable[[str, str], Path]:
    """Write a file of the project, its folders too; gives its path."""

    def write_file(name: str, text: str) -> Path:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write_file


@pytest.fixture
def invoke(project: Path) -> Callable[..., Result]:
    """Run the `asyncflask` command line inside the project, in this process."""

    def invoke_cli(*args: str, **kwargs: object) -> Result:
        return CliRunner().invoke(cli, list(args), **kwargs)

    return invoke_cli
