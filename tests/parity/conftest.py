"""Loads the samples of Flask's documentation, as they stand and with `async` put in front."""

from __future__ import annotations

import ast
import functools
import importlib
import os
import re
import sys
import types
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parent / "samples"
# PARITY_TARGET=flask is the control: the same samples and checks on Flask itself.
TARGET = os.environ.get("PARITY_TARGET", "asyncflask")
PACKAGES = {
    "flask": TARGET,
    "werkzeug": "werkzeug" if TARGET == "flask" else TARGET,
}
VERBS = {"dispatch_request", "get", "post", "patch", "put", "delete"}


def change_imports(source):
    """The source with the packages' names changed in its imports, and nothing else."""
    return re.sub(
        r"^(from|import) (flask|werkzeug)\b",
        lambda found: f"{found[1]} {PACKAGES[found[2]]}",
        source,
        flags=re.MULTILINE,
    )


def put_async_in_front(source):
    """The source with `async` in front of every view, hook, handler and view method."""
    lines = source.splitlines()
    for node in _functions_called_by_the_framework(ast.parse(source)):
        line, column = node.lineno - 1, node.col_offset
        lines[line] = f"{lines[line][:column]}async {lines[line][column:]}"
    return "\n".join(lines)


def _functions_called_by_the_framework(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(map(_is_view_class, node.bases)):
            yield from (f for f in node.body if isinstance(f, ast.FunctionDef) and f.name in VERBS)
        elif isinstance(node, ast.FunctionDef) and any(map(_is_of_app, node.decorator_list)):
            yield node


def _is_view_class(base):
    return isinstance(base, ast.Name) and base.id in {"View", "MethodView"}


def _is_of_app(decorator):
    while isinstance(decorator, (ast.Call, ast.Attribute)):
        decorator = decorator.func if isinstance(decorator, ast.Call) else decorator.value
    return isinstance(decorator, ast.Name) and decorator.id == "app"


@pytest.fixture(params=["def", "async def"])
def colour(request):
    """How the views, hooks and handlers of a test are written."""
    return request.param


@pytest.fixture
def coloured(colour):
    """Gives a function as it is, or as an async function that does the same."""

    def paint(function):
        if colour == "def":
            return function

        @functools.wraps(function)
        async def run(*args, **kwargs):
            return function(*args, **kwargs)

        return run

    return paint


@pytest.fixture
def load(colour, package, monkeypatch):
    """Run a sample of the page and return its module, with an `app` if it makes none.

    The names that the page takes for granted are given as keyword arguments. `app` of a sample
    that goes on from an earlier one is that one's.
    """

    def load(path, **names):
        source = change_imports((SAMPLES / path).read_text())
        if colour == "async def":
            source = put_async_in_front(source)
        name = f"parity_sample_{Path(path).stem}"
        module = types.ModuleType(name)
        # Where the module is tells the app where its templates and static files are.
        module.__file__ = str(SAMPLES / f"{name}.py")
        monkeypatch.setitem(sys.modules, name, module)
        if "app" not in names and "Flask(" not in source:
            names["app"] = package.Flask(name)
        module.__dict__.update(names)
        exec(compile(source, path, "exec"), module.__dict__)
        return module

    return load


@pytest.fixture
def package():
    """asyncflask, or Flask in the control."""
    importlib.import_module(f"{TARGET}.testing")
    return importlib.import_module(TARGET)
