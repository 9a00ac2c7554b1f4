"""Where a package lives on disk, and the files that came with it. Knows nothing of apps."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

_READING_MODES = frozenset({"r", "rt", "rb"})


def get_root_path(import_name: str) -> str:
    """The directory of a module's file, or of a package's `__init__`.

    A name that cannot be imported, and an interactive `__main__`, give the working directory.

    Raises:
        RuntimeError: the module has no file, as namespace packages and built-in modules.
    """
    loaded_from = getattr(sys.modules.get(import_name), "__file__", None)
    if loaded_from is not None:
        return _directory_of(loaded_from)

    spec = _find_spec(import_name)
    if import_name not in sys.modules and (spec is None or spec.loader is None):
        return os.getcwd()
    if spec is not None and spec.has_location and spec.origin is not None:
        return _directory_of(spec.origin)
    if import_name == "__main__":
        return os.getcwd()
    return _directory_after_import(import_name)


def find_package(import_name: str) -> tuple[str | None, str]:
    """Where a package is installed: its prefix, and the directory that it is imported from.

    The prefix is None for code that is not installed (it runs from its source directory).
    """
    directory = _import_directory(import_name)
    if directory.is_relative_to(Path(sys.prefix).resolve()):
        return sys.prefix, str(directory)
    if directory.name.lower() != "site-packages":
        return None, str(directory)

    above = directory.parent
    if above.name.lower() == "lib":  # Windows: <prefix>\Lib\site-packages
        return str(above.parent), str(directory)
    if above.parent.name.lower() == "lib":  # elsewhere: <prefix>/lib/python3.x/site-packages
        return str(above.parent.parent), str(directory)
    return str(above), str(directory)


def find_instance_path(import_name: str, app_name: str) -> str:
    """The directory for what an installation adds to the code: `instance` beside the package.

    An installed package has it at `<prefix>/var/<app_name>-instance`. It need not exist.
    """
    prefix, directory = find_package(import_name)
    if prefix is None:
        return os.path.join(directory, "instance")
    return os.path.join(prefix, "var", f"{app_name}-instance")


def open_resource(
    root_path: str, resource: str, mode: str = "rb", encoding: str | None = None
) -> IO[Any]:
    """Open a file that lies below `root_path`, for reading.

    Args:
        resource: its path, relative to `root_path`.
        mode: "rb" for bytes; "r" or "rt" for text.
        encoding: of text; bytes have none, whatever is given.
    Raises:
        ValueError: the mode is for writing.
    """
    if mode not in _READING_MODES:
        raise ValueError(
            f"Resources can only be opened for reading, with mode 'rb', 'r' or 'rt', not {mode!r}."
            " Files to be written belong in the instance folder: app.open_instance_resource()."
        )

    path = os.path.join(root_path, resource)
    return open(path, mode, encoding=None if mode == "rb" else encoding)


def _directory_of(filename: str) -> str:
    return os.path.dirname(os.path.abspath(filename))


def _find_spec(import_name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(import_name)
    except (ImportError, ValueError):
        # ImportError: a parent is missing. ValueError: `__main__` has no spec.
        return None


def _directory_after_import(import_name: str) -> str:
    """For loaders that tell no file before the module is run, as some import hooks."""
    filename = getattr(importlib.import_module(import_name), "__file__", None)
    if filename is not None:
        return _directory_of(filename)

    raise RuntimeError(
        f"No root path can be found for the module {import_name!r}: it has no file, because it is"
        " a namespace package, or built in, or comes from an import hook that names no files."
        " Pass root_path= to the constructor."
    )


def _import_directory(import_name: str) -> Path:
    """The directory on `sys.path` (or the like) that holds the top of `import_name`."""
    top = _find_spec(import_name.partition(".")[0])
    if top is None:
        return Path.cwd()
    if top.submodule_search_locations is None:
        return Path(top.origin).resolve().parent if top.has_location and top.origin else Path.cwd()
    if top.has_location and top.origin:
        return Path(top.origin).resolve().parent.parent
    return _namespace_portion(import_name, list(top.submodule_search_locations)).parent


def _namespace_portion(import_name: str, portions: list[str]) -> Path:
    """Which of a namespace package's directories holds `import_name`; the first where none does."""
    spec = _find_spec(import_name)
    if spec is not None and spec.has_location and spec.origin:
        origin = Path(spec.origin).resolve()
        for portion in portions:
            if origin.is_relative_to(Path(portion).resolve()):
                return Path(portion).resolve()
    return Path(portions[0]).resolve()
