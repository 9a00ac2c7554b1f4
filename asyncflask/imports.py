"""Modules and what is in them, imported by their names."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from collections.abc import Iterator


class ImportStringError(ImportError):
    """A dotted name could not be imported; says how far the import came.

    Attributes:
        import_name: the whole name.
        exception: the error that ended the import.
    """

    def __init__(self, import_name: str, exception: BaseException) -> None:
        self.import_name = import_name
        self.exception = exception
        reached = _longest_imported(import_name)
        came_to = f" It came as far as {reached}." if reached else ""
        super().__init__(
            f"{import_name!r} could not be imported ({type(exception).__name__}: {exception})."
            f"{came_to} Look for a misspelt name, a folder that is missing from sys.path,"
            " another module of the same name that comes first there,"
            " or an error inside the imported module."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.import_name!r}, {self.exception!r})>"


def _longest_imported(import_name: str) -> str:
    while import_name and import_name not in sys.modules:
        import_name = import_name.rpartition(".")[0]
    if not import_name:
        return ""
    origin = getattr(sys.modules[import_name], "__file__", None)
    return f"{import_name!r} (from {origin})" if origin else repr(import_name)


@overload
def import_string(import_name: str, silent: Literal[False] = False) -> Any: ...
@overload
def import_string(import_name: str, silent: bool) -> Any | None: ...
def import_string(import_name: str, silent: bool = False) -> Any:
    """Import a module, or an object in one, by its name.

    Args:
        import_name: `package.module`, `package.module.object` or `package.module:object`.
        silent: return None where the import fails.
    Raises:
        ImportStringError: there is nothing of that name, or the module itself fails to import.
    """
    import_name = import_name.replace(":", ".")
    try:
        return _import(import_name)
    except ImportError as exc:
        if silent:
            return None
        raise ImportStringError(import_name, exc) from exc


def _import(name: str) -> Any:
    parent, _, attribute = name.rpartition(".")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        # A module that is there, but imports a missing one, is not to be taken for an attribute.
        if not parent or not f"{name}.".startswith(f"{exc.name}."):
            raise
    module = importlib.import_module(parent)
    try:
        return getattr(module, attribute)
    except AttributeError as exc:
        raise ImportError(str(exc), name=name) from exc


def find_modules(
    import_path: str, include_packages: bool = False, recursive: bool = False
) -> Iterator[str]:
    """Name the modules in a package, importing none of them but the packages gone through.

    Args:
        include_packages: name the packages in it as well.
        recursive: go through the packages in it as well.
    Raises:
        ValueError: it is a module, not a package.
    """
    package = import_string(import_path)
    search_path = getattr(package, "__path__", None)
    if search_path is None:
        raise ValueError(f"{import_path!r} is a module. Give the name of a package.")
    for module in pkgutil.iter_modules(search_path, f"{package.__name__}."):
        if not module.ispkg or include_packages:
            yield module.name
        if module.ispkg and recursive:
            yield from find_modules(module.name, include_packages, recursive=True)
