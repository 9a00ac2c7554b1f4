"""Where packages live, and the files beside them."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest

from asyncflask.setup.resources import (
    find_instance_path,
    find_package,
    get_root_path,
    open_resource,
)


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A directory on sys.path, whose modules are forgotten afterwards."""
    loaded = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - loaded:
        del sys.modules[name]


def write(root: Path, *names: str) -> None:
    """Make empty files."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    ("import_name", "expected"),
    [
        ("af_module", ""),
        ("af_package", "af_package"),
        ("af_package.sub", "af_package/sub"),
        ("af_package.sub.leaf", "af_package/sub"),
        ("af_space.leaf", "af_space"),
        ("af_space.inner", "af_space/inner"),
    ],
)
@pytest.mark.parametrize("is_imported", [False, True])
def test_root_path(import_name, expected, is_imported, source):
    """The root path is the directory of the module's file, imported or not."""
    write(source, "af_module.py", "af_package/__init__.py", "af_package/sub/__init__.py")
    write(source, "af_package/sub/leaf.py", "af_space/leaf.py", "af_space/inner/__init__.py")
    if is_imported:
        importlib.import_module(import_name)

    root_path = get_root_path(import_name)

    assert Path(root_path) == source / expected


@pytest.mark.parametrize("import_name", ["af_missing", "af_missing.leaf"])
def test_root_path_of_nothing(import_name, tmp_path, monkeypatch):
    """A name that cannot be imported has its root in the working directory."""
    monkeypatch.chdir(tmp_path)

    root_path = get_root_path(import_name)

    assert root_path == os.getcwd()


def test_root_path_of_interactive_main(tmp_path, monkeypatch):
    """A `__main__` without a file has its root in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)

    root_path = get_root_path("__main__")

    assert root_path == os.getcwd()


@pytest.mark.parametrize("import_name", ["sys", "af_space"])
def test_root_path_without_a_file(import_name, source):
    """A module without a file raises, and is told of root_path."""
    (source / "af_space").mkdir()
    importlib.import_module(import_name)

    with pytest.raises(RuntimeError, match=rf"{import_name}.*Pass root_path="):
        get_root_path(import_name)


@pytest.mark.parametrize(
    "import_name",
    ["af_module", "af_package", "af_package.sub", "af_space", "af_space.leaf", "af_space.inner"],
)
def test_package_of_source(import_name, source):
    """Code that is not installed has no prefix; its directory is the one on sys.path."""
    write(source, "af_module.py", "af_package/__init__.py", "af_package/sub.py")
    write(source, "af_space/leaf.py", "af_space/inner/__init__.py")

    package = find_package(import_name)

    assert package == (None, str(source.resolve()))


def test_package_of_a_split_namespace(source, monkeypatch):
    """Of a namespace package's directories, the one that holds the module counts."""
    write(source, "one/af_space/leaf.py", "two/af_space/other.py")
    monkeypatch.syspath_prepend(source / "two")
    monkeypatch.syspath_prepend(source / "one")

    packages = (find_package("af_space.leaf"), find_package("af_space.other"))

    root = source.resolve()
    assert packages == ((None, str(root / "one")), (None, str(root / "two")))


@pytest.mark.parametrize(
    ("layout", "prefix"),
    [
        ("venv/lib/python3.12/site-packages", "venv"),
        ("venv/Lib/site-packages", "venv"),
        ("venv/site-packages", "venv"),
    ],
)
def test_package_of_an_installation(layout, prefix, source, monkeypatch):
    """The prefix of an installed package is above its site-packages."""
    write(source, f"{layout}/af_installed.py")
    monkeypatch.syspath_prepend(source / layout)

    package = find_package("af_installed")

    root = source.resolve()
    assert package == (str(root / prefix), str(root / layout))


def test_package_below_the_system_prefix(source, monkeypatch):
    """Whatever lies below sys.prefix is installed there."""
    write(source, "af_module.py")
    monkeypatch.setattr(sys, "prefix", str(source))

    package = find_package("af_module")

    assert package == (str(source), str(source.resolve()))


def test_instance_path_of_source(source):
    """The instance folder of a package is beside it."""
    write(source, "af_package/__init__.py")

    path = find_instance_path("af_package", "shop")

    assert Path(path) == source.resolve() / "instance"


def test_instance_path_of_an_installation(source, monkeypatch):
    """The instance folder of an installed app is below `var`, by the app's name."""
    write(source, "lib/python3.12/site-packages/af_installed.py")
    monkeypatch.syspath_prepend(source / "lib/python3.12/site-packages")

    path = find_instance_path("af_installed", "shop")

    assert Path(path) == source.resolve() / "var" / "shop-instance"


def test_resource_in_bytes(tmp_path):
    """A resource is opened for its bytes by default."""
    (tmp_path / "schema.sql").write_bytes(b"\xff")

    with open_resource(str(tmp_path), "schema.sql") as file:
        content = file.read()

    assert content == b"\xff"


@pytest.mark.parametrize("mode", ["r", "rt"])
def test_resource_in_text(mode, tmp_path):
    """Text is decoded as asked for."""
    (tmp_path / "notes.txt").write_bytes("é".encode("latin-1"))

    with open_resource(str(tmp_path), "notes.txt", mode, "latin-1") as file:
        content = file.read()

    assert content == "é"


@pytest.mark.parametrize("mode", ["w", "a", "r+", "wb"])
def test_resource_for_writing(mode, tmp_path):
    """A resource cannot be written; the error names the folder for that."""
    with pytest.raises(ValueError, match=r"only be opened for reading.*open_instance_resource"):
        open_resource(str(tmp_path), "notes.txt", mode)
