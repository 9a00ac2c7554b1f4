"""The interactive prompt."""

from __future__ import annotations

import readline
import sys

import pytest

APP = """\
import contextvars
from asyncflask import Flask
app = Flask("shop")
price = contextvars.ContextVar("price", default=1)

async def look_up(item):
    price.set(price.get() + 1)
    return item.upper()

@app.shell_context_processor
def names():
    return {"look_up": look_up, "price": price}
"""


@pytest.fixture
def shell(invoke, write, monkeypatch):
    """What the prompt prints for lines of input."""
    monkeypatch.delattr(sys, "__interactivehook__", raising=False)
    write("app.py", APP)

    def run(*lines):
        result = invoke("shell", input="\n".join((*lines, "")))
        assert result.exit_code == 0
        return result.output

    return run


def test_the_banner_names_the_app(shell, project):
    """Python's version, the application and its instance folder come first."""
    output = shell()

    assert sys.version.split()[0] in output
    assert "App: shop" in output
    assert "Instance: " in output


def test_names_of_the_app(shell):
    """`app` and `g` are there, what processors give, and the context is active."""
    output = shell(
        "print(app.name, g)", "from asyncflask import current_app", "print(current_app == app)"
    )

    assert "shop <flask.g of 'shop'>" in output
    assert "True" in output


def test_await_works(shell):
    """An await expression is run and its value shown."""
    assert "TEA" in shell("print(await look_up('tea'))")


def test_assignments_of_awaited_values_stay(shell):
    """Names and context variables set by an awaiting line are seen by the next one."""
    output = shell("found = await look_up('tea')", "print(found * 2, price.get())")

    assert "TEATEA 2" in output


def test_expressions_are_shown(shell):
    """A plain expression's value is printed, as at any prompt."""
    assert "42" in shell("6 * 7")


def test_blocks_of_async_code(shell):
    """async with and async for work at the prompt."""
    output = shell(
        "from contextlib import asynccontextmanager",
        "@asynccontextmanager",
        "async def opened():",
        "    yield 'open'",
        "",
        "async with opened() as state:",
        "    print(state)",
        "",
    )

    assert "open" in output


def test_an_error_is_shown_and_the_prompt_goes_on(shell):
    """A failing line prints its traceback; the next one runs."""
    output = shell("1 / 0", "print('still here')")

    assert "ZeroDivisionError" in output
    assert "shell.py" not in output
    assert "still here" in output


def test_the_startup_file_runs(shell, write, monkeypatch):
    """PYTHONSTARTUP's names are there; those of the application win."""
    path = write("startup.py", "mine = 'mine'\napp = None\n")
    monkeypatch.setenv("PYTHONSTARTUP", str(path))

    assert "mine shop" in shell("print(mine, app.name)")


def test_names_are_completed(shell, monkeypatch):
    """The completer knows the prompt's names, and Python's own hook is called."""
    calls = []
    monkeypatch.setattr(readline, "set_completer", calls.append)
    monkeypatch.setattr(sys, "__interactivehook__", lambda: calls.append("hook"), raising=False)

    shell()

    # Importing rlcompleter sets a completer too, before ours.
    *_, complete, last = calls
    assert (complete("look_", 0), last) == ("look_up(", "hook")
