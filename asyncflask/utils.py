"""Small tools that applications use too: file names, imports by name, properties."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from .security import is_windows_device

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol, Self

    class HasHeaders(Protocol):
        """What a header property can be put on."""

        @property
        def headers(self) -> Any: ...


T = TypeVar("T")

_MISSING: Any = object()
_ON_WINDOWS = os.name == "nt"
_SEPARATORS = os.sep + (os.altsep or "")
_UNSAFE_IN_FILENAMES = re.compile(r"[^A-Za-z0-9_.-]")
_TEXTUAL_TYPES = {
    "application/ecmascript",
    "application/javascript",
    "application/sql",
    "application/xml",
    "application/xml-dtd",
    "application/xml-external-parsed-entity",
}


def secure_filename(filename: str) -> str:
    """Make a file name from an untrusted one, to store an upload under.

    Returns:
        Letters, digits, dots, dashes and underscores of ASCII, without leading or trailing dots
        and underscores; path separators become underscores. It may be empty: make up a name then.
        On Windows the name of a device (`CON`, `nul.txt`) gets an underscore before it.
    """
    ascii_name = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    for separator in _SEPARATORS:
        ascii_name = ascii_name.replace(separator, " ")
    words = "_".join(ascii_name.split())
    name = _UNSAFE_IN_FILENAMES.sub("", words).strip("._")
    return f"_{name}" if _ON_WINDOWS and is_windows_device(name) else name


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


class cached_property(property, Generic[T]):  # noqa: N801  # a decorator, named as Python's
    """A property that is computed once for each object, then kept.

    Setting it sets what is kept; deleting it has it computed again. A class with `__slots__` but
    without `__dict__` needs a slot `_cache_<name>`.

    Args:
        name: what the value is kept under; the function's name by default.
    """

    def __init__(
        self, fget: Callable[[Any], T], name: str | None = None, doc: str | None = None
    ) -> None:
        super().__init__(fget, doc=doc)
        self.compute = fget
        self.__name__ = name or fget.__name__
        self.__module__ = fget.__module__
        self.slot = f"_cache_{self.__name__}"

    @overload
    def __get__(self, instance: None, owner: type | None = None, /) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None, /) -> T: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        if instance is None:
            return self
        value = self._kept(instance)
        if value is _MISSING:
            value = self.compute(instance)
            self.__set__(instance, value)
        return value

    def _kept(self, instance: Any) -> Any:
        if hasattr(instance, "__dict__"):
            return instance.__dict__.get(self.__name__, _MISSING)
        return getattr(instance, self.slot, _MISSING)

    def __set__(self, instance: Any, value: T, /) -> None:
        if hasattr(instance, "__dict__"):
            instance.__dict__[self.__name__] = value
        else:
            setattr(instance, self.slot, value)

    def __delete__(self, instance: Any, /) -> None:
        if hasattr(instance, "__dict__"):
            del instance.__dict__[self.__name__]
        else:
            delattr(instance, self.slot)


class header_property(Generic[T]):  # noqa: N801  # reads as a property where it is used
    """A property that is a header of the object's `headers`.

    Args:
        name: of the header.
        default: what it is where the header is missing or `load_func` raises a ValueError or
            TypeError.
        load_func: turns the header's text into the value; the text itself without it.
        dump_func: turns a value into the header's text.
        read_only: refuse to set and delete it.
    """

    def __init__(
        self,
        name: str,
        default: T | None = None,
        load_func: Callable[[str], T] | None = None,
        dump_func: Callable[[T], str] | None = None,
        read_only: bool | None = None,
        doc: str | None = None,
    ) -> None:
        self.name = name
        self.default = default
        self.load_func = load_func
        self.dump_func = dump_func
        self.read_only = bool(read_only)
        self.__doc__ = doc

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, instance: HasHeaders, owner: type | None = None) -> T | None: ...
    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        text = instance.headers.get(self.name)
        if text is None or self.load_func is None:
            return self.default if text is None else text
        try:
            return self.load_func(text)
        except (ValueError, TypeError):
            return self.default

    def __set__(self, instance: HasHeaders, value: T | None) -> None:
        self._refuse_if_read_only()
        if value is None:
            instance.headers.pop(self.name, None)
            return
        instance.headers[self.name] = self.dump_func(value) if self.dump_func else str(value)

    def __delete__(self, instance: HasHeaders) -> None:
        self._refuse_if_read_only()
        instance.headers.pop(self.name, None)

    def _refuse_if_read_only(self) -> None:
        if self.read_only:
            raise AttributeError(f"The property of the header {self.name!r} is read only.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


def get_content_type(mimetype: str, charset: str) -> str:
    """The Content-Type of a MIME type: the charset is added to those that are text."""
    if mimetype.startswith("text/") or mimetype in _TEXTUAL_TYPES or mimetype.endswith("+xml"):
        return f"{mimetype}; charset={charset}"
    return mimetype
