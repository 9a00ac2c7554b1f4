"""The command line inside a project folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from asyncflask.cli import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def invoke(project: Path) -> Callable[..., Result]:
    """Run the `asyncflask` command line inside the project, in this process."""

    def invoke_cli(*args: str, **kwargs: object) -> Result:
        return CliRunner().invoke(cli, list(args), **kwargs)

    return invoke_cli
