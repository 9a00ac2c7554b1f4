"""Settings from environment variables and dotenv files."""

from __future__ import annotations

import os
import sys

import pytest

from asyncflask.setup.environment import (
    get_debug_flag,
    get_load_dotenv,
    load_dotenv,
    read_setting,
    write_setting,
)


def test_our_spelling_wins(project, monkeypatch):
    """ASYNCFLASK_X is read before FLASK_X."""
    monkeypatch.setenv("FLASK_APP", "old")
    monkeypatch.setenv("ASYNCFLASK_APP", "new")

    assert read_setting("APP") == "new"


def test_flasks_spelling_is_read(project, monkeypatch):
    """FLASK_X is read where ASYNCFLASK_X is not set, or empty."""
    monkeypatch.setenv("FLASK_APP", "old")
    monkeypatch.setenv("ASYNCFLASK_APP", "")

    assert read_setting("APP") == "old"


def test_a_setting_is_written_in_both_spellings(project):
    """What the command line decides is seen under both names."""
    write_setting("DEBUG", "1")

    assert (os.environ["ASYNCFLASK_DEBUG"], os.environ["FLASK_DEBUG"]) == ("1", "1")


@pytest.mark.parametrize(
    ("value", "debug"),
    [
        (None, False),
        ("", False),
        ("0", False),
        ("False", False),
        ("NO", False),
        ("1", True),
        ("yes", True),
    ],
)
def test_debug_flag(project, monkeypatch, value, debug):
    """0, false, no and nothing mean no debug mode; anything else means yes."""
    if value is not None:
        monkeypatch.setenv("FLASK_DEBUG", value)

    assert get_debug_flag() is debug


@pytest.mark.parametrize(
    ("value", "default", "loads"),
    [
        (None, True, True),
        (None, False, False),
        ("1", True, False),
        ("0", False, True),
        ("false", False, True),
    ],
)
def test_skipping_dotenv_files(project, monkeypatch, value, default, loads):
    """The variable decides over the default, either way."""
    if value is not None:
        monkeypatch.setenv("FLASK_SKIP_DOTENV", value)

    assert get_load_dotenv(default) is loads


def test_precedence_of_dotenv_files(project, write):
    """The environment wins over the named file, that over .env, and that over .flaskenv."""
    os.environ["A"] = "real"
    write("named", "A=named\nB=named\n")
    write(".env", "A=env\nB=env\nC=env\n")
    write(".flaskenv", "A=flaskenv\nB=flaskenv\nC=flaskenv\nD=flaskenv\n")

    assert load_dotenv("named") is True

    assert [os.environ[name] for name in "ABCD"] == ["real", "named", "env", "flaskenv"]


def test_default_files_are_found_upwards(project, write, monkeypatch):
    """.env is read from the nearest folder above that has one; the current folder stays."""
    write(".env", "A=above\n")
    (project / "inner").mkdir()
    monkeypatch.chdir(project / "inner")

    load_dotenv()

    assert os.environ["A"] == "above"
    assert os.getcwd() == str((project / "inner").resolve())


def test_default_files_may_be_left_out(project, write):
    """load_defaults=False reads the named file only."""
    write("named", "A=named\n")
    write(".env", "B=env\n")

    load_dotenv("named", load_defaults=False)

    assert ("A" in os.environ, "B" in os.environ) == (True, False)


def test_files_may_be_missing(project):
    """Nothing to read gives False, no error."""
    assert load_dotenv("missing", load_defaults=False) is False


def test_values_are_utf8(project, write):
    """Dotenv files are read as UTF-8 whatever the locale."""
    (project / ".env").write_bytes("A=für\n".encode())

    load_dotenv()

    assert os.environ["A"] == "für"


def test_a_missing_python_dotenv_is_told(project, write, monkeypatch, capsys):
    """Files that cannot be read for lack of python-dotenv give a tip."""
    monkeypatch.setitem(sys.modules, "dotenv", None)
    write(".env", "A=env\n")

    assert load_dotenv() is False

    assert "asyncflask[standard]" in capsys.readouterr().err


def test_a_missing_python_dotenv_is_nobodys_business(project, monkeypatch, capsys):
    """Without dotenv files there is no tip."""
    monkeypatch.setitem(sys.modules, "dotenv", None)

    assert load_dotenv() is False

    assert capsys.readouterr().err == ""
