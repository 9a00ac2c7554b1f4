"""The swap of imports, on which the trials stand; they themselves are a command of their own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(scope="module")
def swapping() -> ModuleType:
    """The trials' module: they are a program, no package."""
    spec = importlib.util.spec_from_file_location(
        "trials_swapping", Path(__file__).with_name("swapping.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from flask import Flask", "from asyncflask import Flask"),
        ("from flask.json.provider import A", "from asyncflask.json.provider import A"),
        ("from werkzeug.exceptions import abort", "from asyncflask.exceptions import abort"),
        ("from werkzeug.test import Client", "from asyncflask.testing import Client"),
        ("from werkzeug import exceptions", "from asyncflask import exceptions"),
        ("import flask", "import asyncflask as flask"),
        ("import flask as f, os", "import asyncflask as f, os"),
        ("import flask.json as j", "import asyncflask.json as j"),
        ("import flask.views", "import asyncflask.views, asyncflask as flask"),
        ("import os, werkzeug", "import os, asyncflask as werkzeug"),
        ("from flask import (\n    g,  # kept\n)", "from asyncflask import (\n    g,  # kept\n)"),
        ("é = 1; from flask import g", "é = 1; from asyncflask import g"),
        ("if é:\r\n    from  flask import g\r\n", "if é:\r\n    from  asyncflask import g\r\n"),
    ],
)
def test_imports_are_swapped(swapping: ModuleType, before: str, after: str) -> None:
    """Each form of the statement keeps the names that it binds."""
    assert swapping.swap_source(before.encode()).decode() == after


@pytest.mark.parametrize(
    "source",
    [
        "from flask_login import current_user",
        "import flaskr, flask_wtf.csrf",
        "from .flask import g",
        "from . import flask",
        "name = 'from flask import g'  # import flask",
        "import asyncflask",
    ],
)
def test_everything_else_stays(swapping: ModuleType, source: str) -> None:
    """Extensions, neighbours, strings and comments are no imports of Flask."""
    assert swapping.swap_source(source.encode()).decode() == source


def test_a_folder_is_swapped_in_place(swapping: ModuleType, tmp_path: Path) -> None:
    """Only Python files that import Flask are written."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text("import flask\n")
    (tmp_path / "b.py").write_text("import os\n")
    (tmp_path / "c.txt").write_text("import flask\n")

    changed = swapping.swap_folder(tmp_path)

    assert changed == 1
    assert (tmp_path / "sub" / "a.py").read_text() == "import asyncflask as flask\n"
    assert (tmp_path / "c.txt").read_text() == "import flask\n"


def test_a_wheel_is_swapped_in_a_copy(swapping: ModuleType, tmp_path: Path) -> None:
    """It neither imports nor requires Flask any more, and its record has no sums that are wrong."""
    wheel = tmp_path / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("thing.py", "import flask\n")
        archive.writestr(
            "thing-1.0.dist-info/METADATA",
            "Name: thing\nRequires-Dist: Flask (>=1.0)\nRequires-Dist: flask-login\n\nText\n",
        )
        archive.writestr("thing-1.0.dist-info/RECORD", "thing.py,sha256=abc,13\n")
    (tmp_path / "swapped").mkdir()

    swapped = swapping.swap_wheel(wheel, tmp_path / "swapped")

    with zipfile.ZipFile(swapped) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert files == {
        "thing.py": "import asyncflask as flask\n",
        "thing-1.0.dist-info/METADATA": "Name: thing\nRequires-Dist: flask-login\n\nText\n",
        "thing-1.0.dist-info/RECORD": "thing.py,,\n",
    }


def test_the_command_lists_what_it_tries() -> None:
    """It starts, on the standard library alone."""
    command = [sys.executable, "-S", str(Path(__file__).with_name("run.py")), "--help"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)

    assert "tutorial, javascript, Flask-WTF" in " ".join(done.stdout.split())
