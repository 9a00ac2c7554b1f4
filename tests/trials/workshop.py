"""Packages fetched by name, fresh virtual environments, and commands that end in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from pathlib import Path

INSTALL_SECONDS = 300
TEST_SECONDS = 240


class TrialError(Exception):
    """A step of a trial could not be carried out; the message has the command and its output."""


def run(command: list[str], *, folder: Path, seconds: int, check: bool = True) -> str:
    """Run `command` in `folder`; return what it printed, errors included.

    Raises:
        TrialError: it took more than `seconds`, or (with `check`) exited with an error.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=clean_environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        end_group(process)
        output = process.communicate()[0]
        raise TrialError(f"Not done within {seconds} s: {' '.join(command)}\n{output}") from None
    if check and process.returncode:
        raise TrialError(f"Exit code {process.returncode}: {' '.join(command)}\n{output}")
    return output


def clean_environ() -> dict[str, str]:
    """The environment without what would lead Python, pytest or Flask somewhere else."""
    led_astray = ("PYTHON", "PYTEST_", "FLASK_", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(led_astray)}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1"}


def end_group(process: subprocess.Popen[str]) -> None:
    """End a process that leads its own session, with all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


def download(requirement: str, folder: Path, *, source: bool) -> Path:
    """Fetch one distribution without its dependencies; return the file.

    Args:
        requirement: a pinned one, as "Flask==3.1.3".
        source: the source distribution instead of the wheel.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = requirement.partition("==")[0]
    kind = f"--no-binary={name}" if source else f"--only-binary={name}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", kind]
    before = set(folder.iterdir())
    run([*command, "--dest", str(folder), requirement], folder=folder, seconds=INSTALL_SECONDS)
    return (set(folder.iterdir()) - before).pop()


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a source distribution below `folder`; return its top folder."""
    with tarfile.open(archive) as tar:
        top = tar.getnames()[0].partition("/")[0]
        tar.extractall(folder, filter="data")
    return folder / top


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment of its own."""

    python: Path

    @classmethod
    def create(cls, folder: Path) -> Environment:
        """Make an empty one in `folder`."""
        run([sys.executable, "-m", "venv", str(folder)], folder=folder.parent, seconds=120)
        scripts = "Scripts" if os.name == "nt" else "bin"
        return cls(folder / scripts / "python")

    def install(self, *requirements: str) -> None:
        """Install requirements or paths of projects and wheels, with what they depend on."""
        command = [str(self.python), "-m", "pip", "install", "--quiet", *requirements]
        run(command, folder=self.python.parent, seconds=INSTALL_SECONDS)

    def require_absent(self, *modules: str) -> None:
        """Raise TrialError if one of `modules` can be imported here."""
        found = f"[name for name in {modules!r} if importlib.util.find_spec(name)]"
        program = f"import importlib.util; found = {found}; found and exit(f'installed: {{found}}')"
        run([str(self.python), "-c", program], folder=self.python.parent, seconds=60)

    def test(self, folder: Path, *arguments: str) -> dict[str, str]:
        """Run the tests of `folder` with pytest.

        Returns:
            by test name "passed", "skipped", or the message of what failed.
        Raises:
            TrialError: pytest took too long, or ran no test.
        """
        report = folder / "trial-report.xml"
        report.unlink(missing_ok=True)
        command = [str(self.python), "-m", "pytest", "-q"]
        command += [f"--junitxml={report}", *arguments]
        output = run(command, folder=folder, seconds=TEST_SECONDS, check=False)
        outcomes = _read_report(report) if report.exists() else {}
        if not outcomes:
            raise TrialError(f"No test ran: {' '.join(command)}\n{output}")
        return outcomes


def _read_report(report: Path) -> dict[str, str]:
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        problems = [*case.iter("failure"), *case.iter("error")]
        outcomes[name] = "skipped" if case.find("skipped") is not None else "passed"
        if problems:
            outcomes[name] = problems[0].get("message") or "failed"
    return outcomes
