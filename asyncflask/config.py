"""The app's configuration and where it can come from. Knows no setting by name and no app."""

from __future__ import annotations

import errno
import json
import os
import types
from functools import wraps
from typing import IO, TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from .imports import import_string

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Self

T = TypeVar("T")


class HasConfig(Protocol):
    """What a ConfigAttribute needs of the object that it is an attribute of."""

    @property
    def config(self) -> Config: ...


class ConfigAttribute(Generic[T]):
    """An attribute of the app that reads and writes `app.config[name]`."""

    def __init__(self, name: str, get_converter: Callable[[Any], T] | None = None) -> None:
        """`get_converter` is applied to the stored value at every read."""
        self.__name__ = name
        self.get_converter = get_converter

    @overload
    def __get__(self, obj: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(self, obj: HasConfig, owner: type | None = None) -> T: ...

    def __get__(self, obj: HasConfig | None, owner: type | None = None) -> T | Self:
        if obj is None:
            return self
        value = obj.config[self.__name__]
        if self.get_converter is None:
            return value  # type: ignore[no-any-return]  # T is a promise by the declaring class
        return self.get_converter(value)

    def __set__(self, obj: HasConfig, value: Any) -> None:
        obj.config[self.__name__] = value


class Config(dict[str, Any]):
    """A dict with loaders. The loaders take upper-case names only; item access takes any key.

    Relative file names start at `root_path`.
    """

    _state: object = None
    """Another one after each change, for what is kept as long as the settings are the same."""

    def __init__(
        self, root_path: str | os.PathLike[str], defaults: dict[str, Any] | None = None
    ) -> None:
        super().__init__(defaults or {})
        self._state = object()
        self.root_path = root_path

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {super().__repr__()}>"

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Run the Python file that the environment variable names.

        Returns:
            Whether a file was loaded; False is possible only when `silent`.
        Raises:
            RuntimeError: the variable is unset or empty.
            OSError: the file cannot be read.
        """
        path = os.environ.get(variable_name)
        if path:
            return self.from_pyfile(path, silent=silent)
        if silent:
            return False
        raise RuntimeError(
            f"The environment variable {variable_name!r} is not set and as such configuration"
            " could not be loaded. Set it to the path of a configuration file."
        )

    def from_prefixed_env(
        self, prefix: str = "FLASK", *, loads: Callable[[str], Any] = json.loads
    ) -> bool:
        """Take every environment variable that starts with `<prefix>_`, in sorted order.

        Values go through `loads` and stay strings where it fails. A double underscore in a
        name goes down into a nested dict: `FLASK_DB__HOST` sets `config["DB"]["HOST"]`.

        Raises:
            TypeError: a name goes down into a value that is not a dict.
        """
        start = f"{prefix}_"
        for name in sorted(os.environ):
            if name.startswith(start):
                self._set_nested(name.removeprefix(start), _decode(os.environ[name], loads))
        return True

    def _set_nested(self, key: str, value: Any) -> None:
        *parents, last = key.split("__")
        target: dict[str, Any] = self
        for depth, name in enumerate(parents, 1):
            target = target.setdefault(name, {})
            if not isinstance(target, dict):
                raise TypeError(
                    f"The environment sets the nested key {key!r}, but"
                    f" {'__'.join(parents[:depth])!r} holds {target!r}, which is not a dict."
                    " Rename the variable, or make the value a dict."
                )
        target[last] = value

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file and take its upper-case names, as `from_object` would.

        Returns:
            Whether the file was loaded; False is possible only when `silent`.
        Raises:
            OSError: the file cannot be read (a missing one is passed over when `silent`).
        """
        path = os.path.join(self.root_path, filename)
        module = types.ModuleType("config")
        module.__file__ = path
        missing = (errno.ENOENT, errno.EISDIR, errno.ENOTDIR) if silent else ()
        source = _load_file(path, "rb", lambda file: file.read(), missing)
        if source is None:
            return False
        exec(compile(source, path, "exec"), module.__dict__)
        self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Take the upper-case attributes of an object, or of what a dotted name imports.

        A class is not instantiated: its properties would be taken as property objects.
        A dict has no such attributes: `from_mapping` is for those.
        """
        if isinstance(obj, str):
            obj = import_string(obj)
        for key in dir(obj):
            if key.isupper():
                self[key] = getattr(obj, key)

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: Callable[[IO[Any]], Mapping[str, Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Take the upper-case keys of what `load` makes of an open file.

        Args:
            load: `json.load`, or `tomllib.load` with `text=False`.
            text: open the file as text; otherwise as bytes.
        Returns:
            Whether the file was loaded; False is possible only when `silent`.
        Raises:
            OSError: the file cannot be read (a missing one is passed over when `silent`).
        """
        path = os.path.join(self.root_path, filename)
        missing = (errno.ENOENT, errno.EISDIR) if silent else ()
        mapping = _load_file(path, "r" if text else "rb", load, missing)
        return mapping is not None and self.from_mapping(mapping)

    def from_mapping(
        self, mapping: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None, **kwargs: Any
    ) -> bool:
        """Take the upper-case keys of `mapping` and of the keywords; others are passed over."""
        for key, value in dict(mapping or {}, **kwargs).items():
            if key.isupper():
                self[key] = value
        return True

    def get_namespace(
        self, namespace: str, lowercase: bool = True, trim_namespace: bool = True
    ) -> dict[str, Any]:
        """The settings whose names start with `namespace`, as a dict of their own.

        With `IMAGE_STORE_TYPE` set, `get_namespace("IMAGE_STORE_")` has the key "type".
        """
        cut = len(namespace) if trim_namespace else 0
        names = (name for name in self if name.startswith(namespace))
        return {name[cut:].lower() if lowercase else name[cut:]: self[name] for name in names}


def _decode(text: str, loads: Callable[[str], Any]) -> Any:
    try:
        return loads(text)
    except Exception:
        # COMPAT: a value that `loads` refuses, for whatever reason, is the string itself.
        return text


def _load_file(
    path: str, mode: str, load: Callable[[IO[Any]], Any], missing: tuple[int, ...]
) -> Any:
    """What `load` makes of the file; None when opening it fails with an errno in `missing`."""
    try:
        with open(path, mode, encoding=None if "b" in mode else "utf-8") as file:
            return load(file)
    except OSError as exc:
        if exc.errno in missing:
            return None
        exc.strerror = f"Unable to load configuration file ({exc.strerror})"
        raise


def _changing(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def change(self: Config, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        finally:
            self._state = object()

    return change


for _method in (
    dict.__setitem__,
    dict.__delitem__,
    dict.__ior__,
    dict.clear,
    dict.pop,
    dict.popitem,
    dict.setdefault,
    dict.update,
):
    setattr(Config, _method.__name__, _changing(_method))
