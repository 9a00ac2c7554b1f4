"""Names whose module is imported on first use."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
import threading

import pytest

import asyncflask
from asyncflask import templating, wrappers
from asyncflask.deferred import class_attribute

HELLO = """
import sys
from asyncflask import Flask

app = Flask("hello")

@app.get("/")
async def hello():
    return "Hello, World!"

print(*sys.modules)
"""
# Each costs milliseconds or megabytes, and no hello, world needs it.
HEAVY = {
    "a2wsgi",
    "asyncflask.cli",
    "asyncflask.debughelpers",
    "asyncflask.dispatch.front",
    "asyncflask.dispatch.lifespan",
    "asyncflask.dispatch.websockets",
    "asyncflask.setup.certificates",
    "asyncflask.setup.commands",
    "asyncflask.setup.locate",
    "asyncflask.setup.mounts",
    "asyncflask.setup.reloading",
    "asyncflask.setup.serving",
    "asyncflask.signing",
    "asyncflask.templating.environment",
    "asyncflask.testing",
    "asyncflask.wrappers.event_stream",
    "asyncflask.wrappers.live_form",
    "asyncflask.wrappers.multipart_form",
    "asyncio",
    "click",
    "cryptography",
    "decimal",
    "dotenv",
    "email",
    "hashlib",
    "http.client",
    "httpx",
    "importlib.metadata",
    "itsdangerous",
    "jinja2",
    "multipart",
    "shutil",
    "ssl",
    "starlette.datastructures",
    "tempfile",
    "uuid",
    "uvicorn",
    "watchfiles",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package, some of whose names come from a module that counts how often it is imported."""
    name = "package_for_deferred_tests"
    (tmp_path / name).mkdir()
    for path, text in {
        "__init__.py": "from asyncflask.deferred import import_on_use\n"
        "present = 1\n"
        "__getattr__, __dir__ = import_on_use(\n"
        "    __name__, {'.later': ('thing', 'lost'), '.': ('later',)}\n"
        ")\n",
        "later.py": "import time\ntime.sleep(0.01)\nthing = object()\n",
    }.items():
        (tmp_path / name / path).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(name)
    for module in [module for module in sys.modules if module.startswith(name)]:
        del sys.modules[module]


def test_nothing_is_imported_before_its_first_use(package):
    """The module is imported when one of its names is asked for, which is kept then."""
    before = f"{package.__name__}.later" in sys.modules

    thing = package.thing

    assert not before
    assert thing is vars(package)["thing"] is sys.modules[f"{package.__name__}.later"].thing


def test_a_module_of_the_package(package):
    """The package's own modules are attributes of it, although nobody has imported them."""
    assert package.later.__name__ == f"{package.__name__}.later"


def test_names_of_a_package(package):
    """`dir` names what is there and what will be."""
    assert {"present", "thing", "later"} <= set(dir(package))


@pytest.mark.parametrize("name", ["missing", "lost"])
def test_a_name_that_is_nowhere(package, name):
    """A name that does not exist is an AttributeError, and for `from` an ImportError."""
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
        getattr(package, name)
    with pytest.raises(ImportError, match=name):
        exec(f"from {package.__name__} import {name}")


def test_threads_that_come_first_together(package):
    """Threads that ask for a name at the same time all get the one object."""
    found = []
    together = threading.Barrier(8)

    def ask():
        together.wait()
        found.append(package.thing)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [package.later.thing] * 8


def test_class_attributes():
    """A class attribute is loaded when it is read; subclasses and instances have their own."""

    class Loading:
        @class_attribute
        def name(cls):
            return cls.__name__

    class Own(Loading):
        name = "own"

    changed = Loading()
    changed.name = "changed"

    assert (Loading.name, Loading().name, Own().name, changed.name) == (
        "Loading",
        "Loading",
        "own",
        "changed",
    )


def test_hello_world_imports_nothing_heavy():
    """An app that says hello imports nothing that it does not use."""
    command = [sys.executable, "-c", HELLO]

    done = subprocess.run(command, check=True, capture_output=True, text=True)

    assert set(done.stdout.split()) & HEAVY == set()


@pytest.mark.parametrize("package", [asyncflask, templating, wrappers])
def test_type_checkers_see_what_there_is(package):
    """What type checkers are told is imported comes from there, and is named in `__all__`."""
    told = [
        (name.name, statement.module)
        for block in ast.parse(inspect.getsource(package)).body
        if isinstance(block, ast.If)
        for statement in block.body
        for name in statement.names
    ]

    for name, module in told:
        home = importlib.import_module(f".{module or name}", package.__name__)
        assert getattr(package, name) is (getattr(home, name) if module else home)
        assert name in package.__all__
    assert told


@pytest.mark.parametrize("package", [asyncflask, templating, wrappers])
def test_every_public_name_is_there(package):
    """Each name of `__all__` can be had, and `dir` names it."""
    assert [name for name in package.__all__ if not hasattr(package, name)] == []
    assert set(package.__all__) <= set(dir(package))
