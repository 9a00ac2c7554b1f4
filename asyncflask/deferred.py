"""Names whose module is imported when they are first used. Knows none of the names itself.

PERF: `import asyncflask` takes 66 ms and 11 MB, not 142 and 29, by what is imported like this, and
inside of functions: what few apps or few processes use.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")


def import_on_use(
    package: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package some of whose names come from modules later.

    Type checkers do not see through it: give them the same imports under TYPE_CHECKING.

    Args:
        package: its `__name__`.
        homes: the names by the module that each is in, relative to the package; those under "."
            are the package's own modules.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def find(name: str) -> Any:
        home = home_of.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if home == ".":
            return import_module(f".{name}", package)
        value = getattr(import_module(home, package), name)
        # Kept, so that from now on the name is found like any other. Two threads keep the same.
        setattr(sys.modules[package], name, value)
        return value

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home_of})

    return find, list_names


class _ClassAttribute(Generic[T]):
    def __init__(self, load: Callable[[Any], T]) -> None:
        self._load = load

    def __get__(self, instance: object, owner: type) -> T:
        return self._load(owner)


def class_attribute(load: Callable[[Any], T]) -> T:
    """A class attribute that `load(cls)` imports; subclasses and instances may set their own."""
    return cast("T", _ClassAttribute(load))
