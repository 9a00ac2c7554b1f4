"""Runs this very command line in a child process and again after each change of a source file."""

from __future__ import annotations

import importlib.util
import os
import signal
import site
import subprocess
import sys
import sysconfig
import threading
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .environment import read_setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

LOAD_FAILED = 70
"""A child's exit status for "the application does not load": EX_SOFTWARE of sysexits.h."""

# COMPAT: applications look for Werkzeug's name to tell the reloader from the server.
_CHILD_MARKS = {"ASYNCFLASK_RUN_MAIN": "true", "WERKZEUG_RUN_MAIN": "true"}
_PATIENCE = 5.0  # seconds that a child may take to shut down
_LOOK_AFTER_CHILD = 200  # milliseconds between looks at a child while no file changes


def is_reloaded_child() -> bool:
    """Whether this process is the server that a reloader started, not the reloader."""
    return read_setting("RUN_MAIN") == "true"


def require_watchfiles() -> None:
    """Raise RuntimeError, with the remedy, when files cannot be watched."""
    if importlib.util.find_spec("watchfiles") is None:
        raise RuntimeError(
            "Reloading needs the package 'watchfiles', which is not installed."
            " Run: pip install 'asyncflask[standard]'"
        )


def supervise(extra_files: Iterable[str] = (), exclude_patterns: Iterable[str] = ()) -> int:
    """Keep a child running this command line; start it anew after each change.

    A child whose application does not load, or that ends after a reload, is replaced at the
    next change. Ctrl-C and SIGTERM end it all.

    Args:
        extra_files: files and folders to watch besides Python files.
        exclude_patterns: fnmatch patterns of paths whose changes count for nothing.
    Returns:
        The exit status: the first child's if it ended by itself, else 0.
    Raises:
        RuntimeError: watchfiles is not installed.
    """
    require_watchfiles()
    import watchfiles

    stop_event = threading.Event()
    extra = [os.path.realpath(path) for path in extra_files]
    changes = watchfiles.watch(
        *watched_folders(extra),
        watch_filter=_source_filter(watchfiles.PythonFilter(), extra, list(exclude_patterns)),
        stop_event=stop_event,
        rust_timeout=_LOOK_AFTER_CHILD,
        yield_on_timeout=True,
    )
    with _sigterm_sets(stop_event):
        return _keep_running(sorted(path for _, path in change) for change in changes)


def _keep_running(changes: Iterator[list[str]]) -> int:
    """Replace the child at each non-empty list of changed paths; empty ones just pass time."""
    child = _Child()
    try:
        for paths in changes:
            if paths:
                _say(f"Detected a change in {_listed(paths)}, reloading")
                child.replace()
            elif child.is_over():
                return child.exit_status()
    except KeyboardInterrupt:
        return 0
    finally:
        child.stop()
    return 0


class _Child:
    """The process that serves, and the ones that come after it."""

    def __init__(self) -> None:
        self._was_replaced = False
        self._was_mourned = False
        self._process = self._start()

    def replace(self) -> None:
        self.stop()
        self._was_replaced = True
        self._was_mourned = False
        self._process = self._start()

    def stop(self) -> None:
        """End the process: politely, and after `_PATIENCE` not so."""
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def is_over(self) -> bool:
        """Whether it ended by itself and no change of the source can be expected to help."""
        status = self._process.poll()
        if status is None:
            return False
        if not self._was_replaced and status != LOAD_FAILED:
            return True
        if not self._was_mourned:
            self._was_mourned = True
            _say(f"The server ended with status {status}; the next change starts it again")
        return False

    def exit_status(self) -> int:
        return self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(_command_line(), env={**os.environ, **_CHILD_MARKS})


def _command_line() -> list[str]:
    # Not sys.argv: it has lost the interpreter's own options and `-m package`.
    return [sys.executable, *sys.orig_argv[1:]]


def _say(message: str) -> None:
    click.secho(f" * {message}", fg="yellow", err=True)


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{os.path.relpath(paths[0])!r}{more}"


@contextmanager
def _sigterm_sets(event: threading.Event) -> Iterator[None]:
    """Let SIGTERM set the event; only the main thread may change what a signal does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: event.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def watched_folders(extra_files: Iterable[str] = ()) -> list[str]:
    """The current folder, those that modules are imported from, and the extra files' own.

    Folders of installed packages are left out, and those inside another one of the list.
    """
    installed = _installed_folders()
    importable = [
        folder
        for folder in map(Path, map(os.path.realpath, sys.path))
        if not any(folder.is_relative_to(place) for place in installed)
    ]
    extra = [path if path.is_dir() else path.parent for path in map(Path, extra_files)]
    folders = {folder for folder in (Path.cwd(), *importable, *extra) if folder.is_dir()}
    return sorted(str(folder) for folder in folders if folders.isdisjoint(folder.parents))


def _installed_folders() -> list[str]:
    names = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    folders = [sysconfig.get_path(name) for name in names]
    folders += [*site.getsitepackages(), site.getusersitepackages()]
    return [os.path.realpath(folder) for folder in folders]


def _source_filter(
    is_source: Callable[[Any, str], bool], extra: Sequence[str], exclude_patterns: Sequence[str]
) -> Callable[[Any, str], bool]:
    def counts(change: Any, path: str) -> bool:
        if any(fnmatch(path, pattern) for pattern in exclude_patterns):
            return False
        return is_source(change, path) or any(Path(path).is_relative_to(place) for place in extra)

    return counts
