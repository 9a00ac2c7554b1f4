"""What the environment says: ASYNCFLASK_ variables, their FLASK_ fallbacks and dotenv files."""

from __future__ import annotations

import os

PREFIX = "ASYNCFLASK"
FLASK_PREFIX = "FLASK"
_DEFAULT_FILES = (".env", ".flaskenv")
_SAYS_NO = frozenset({"0", "false", "no"})


def names_of(setting: str) -> list[str]:
    """The environment variables that give `setting`, the deciding one first."""
    return [f"{PREFIX}_{setting}", f"{FLASK_PREFIX}_{setting}"]


def read_setting(setting: str) -> str | None:
    """The value of the first of `names_of(setting)` that is set and not empty."""
    values = (os.environ.get(name) for name in names_of(setting))
    return next((value for value in values if value), None)


def write_setting(setting: str, value: str) -> None:
    """Set both spellings, so that code moved from Flask and child processes read the same."""
    for name in names_of(setting):
        os.environ[name] = value


def get_debug_flag() -> bool:
    """Whether ASYNCFLASK_DEBUG (or FLASK_DEBUG) asks for debug mode; unset means no."""
    return (read_setting("DEBUG") or "0").lower() not in _SAYS_NO


def get_load_dotenv(default: bool = True) -> bool:
    """Whether dotenv files are read; ASYNCFLASK_SKIP_DOTENV (or FLASK_SKIP_DOTENV) decides."""
    skip = read_setting("SKIP_DOTENV")
    return default if skip is None else skip.lower() in _SAYS_NO


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Read dotenv files into the environment; variables already set stay as they are.

    Args:
        path: a file that takes precedence over the default ones.
        load_defaults: read `.env`, then `.flaskenv`, each from the nearest folder upwards that
            has one; what an earlier file sets stays.
    Returns:
        Whether a file was read. False, with a tip, when python-dotenv is missing.
    """
    try:
        import dotenv
    except ImportError:
        _tell_dotenv_is_missing(path)
        return False

    found = [os.fspath(path)] if path is not None else []
    if load_defaults:
        found += [dotenv.find_dotenv(name, usecwd=True) for name in _DEFAULT_FILES]
    files = [name for name in found if os.path.isfile(name)]

    for name in files:
        dotenv.load_dotenv(name, override=False, encoding="utf-8")
    return bool(files)


def _tell_dotenv_is_missing(path: str | os.PathLike[str] | None) -> None:
    if path is None and not any(os.path.isfile(name) for name in _DEFAULT_FILES):
        return
    # PERF: every app asks the environment for the debug flag, and needs no click for that.
    import click

    click.secho(
        " * Tip: there are .env files here that are not read. Install python-dotenv"
        " (it comes with asyncflask[standard]) to use them.",
        fg="yellow",
        err=True,
    )
