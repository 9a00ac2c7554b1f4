"""The registries of hooks, handlers and views: plain dicts and lists that announce every change."""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


def _announcing(method: Callable[..., Any]) -> Any:
    """A list's or dict's own method that also calls `on_change` when it has run or failed."""

    @functools.wraps(method)
    def mutate(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        finally:
            self._on_change()

    return mutate


class LiveList(list[T]):
    """A list that calls `on_change()` after every mutation. Reading it is reading a list."""

    __slots__ = ("_on_change",)

    def __init__(self, items: Iterable[T] = (), *, on_change: Callable[[], object]) -> None:
        super().__init__(items)
        self._on_change = on_change

    append = _announcing(list.append)
    extend = _announcing(list.extend)
    insert = _announcing(list.insert)
    remove = _announcing(list.remove)
    pop = _announcing(list.pop)
    clear = _announcing(list.clear)
    sort = _announcing(list.sort)
    reverse = _announcing(list.reverse)
    __setitem__ = _announcing(list.__setitem__)
    __delitem__ = _announcing(list.__delitem__)
    __iadd__ = _announcing(list.__iadd__)
    __imul__ = _announcing(list.__imul__)

    def copy(self) -> list[T]:
        """A plain list: changing it is nobody's concern."""
        return list(self)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # Pickles, copies and deep copies are plain: a callback belongs to one app only.
        return list, (list(self),)


class LiveDict(dict[K, V]):
    """A dict that calls `on_change()` after every mutation, at every depth.

    Lists and dicts put into it are copied into live ones; read them back to change them, as in
    `registry.setdefault(None, []).append(f)`. A `default_factory` works as in `defaultdict`, and a
    `defaultdict` put into it keeps its own.
    """

    __slots__ = ("_on_change", "default_factory")

    def __init__(
        self,
        items: Mapping[K, V] | Iterable[tuple[K, V]] = (),
        *,
        on_change: Callable[[], object],
        default_factory: Callable[[], V] | None = None,
    ) -> None:
        self._on_change = on_change
        self.default_factory = default_factory
        super().__init__({key: self._live(value) for key, value in dict(items).items()})

    def __missing__(self, key: K) -> V:
        if self.default_factory is None:
            raise KeyError(key)

        # Not announced: an empty list or dict changes nothing, and asking is not changing.
        value = self._live(self.default_factory())
        super().__setitem__(key, value)
        return value

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, self._live(value))
        self._on_change()

    def setdefault(self, key: K, default: Any = None) -> V:
        if key not in self:
            self[key] = default
        return super().__getitem__(key)

    def update(self, *args: Any, **kwargs: V) -> None:
        for key, value in dict(*args, **kwargs).items():
            super().__setitem__(key, self._live(value))
        self._on_change()

    def __ior__(self, other: Any) -> LiveDict[K, V]:  # type: ignore[override,misc]  # two overloads
        self.update(other)
        return self

    pop = _announcing(dict.pop)
    popitem = _announcing(dict.popitem)
    clear = _announcing(dict.clear)
    __delitem__ = _announcing(dict.__delitem__)

    def copy(self) -> dict[K, V]:
        """A plain dict of the same values: its keys are the copy's own, its values are shared."""
        return dict(self)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # Pickles, copies and deep copies are plain: a callback belongs to one app only.
        return dict, (dict(self),)

    def _live(self, value: V) -> V:
        """`value` itself, or a live copy of it where it is a list or a dict."""
        if isinstance(value, LiveList | LiveDict) and value._on_change == self._on_change:
            return value
        if isinstance(value, list):
            return cast("V", LiveList(value, on_change=self._on_change))
        if isinstance(value, dict):
            default_factory = getattr(value, "default_factory", None)
            live = LiveDict(value, on_change=self._on_change, default_factory=default_factory)
            return cast("V", live)
        return value


def list_registry(on_change: Callable[[], object]) -> LiveDict[Any, list[Any]]:
    """A registry of functions: `{scope: [function, ...]}`, where scope None is the whole app."""
    return LiveDict(on_change=on_change, default_factory=list)


def error_registry(on_change: Callable[[], object]) -> LiveDict[Any, dict[Any, dict[Any, Any]]]:
    """The registry of error handlers: `{scope: {code or None: {exception class: handler}}}`."""
    return LiveDict(on_change=on_change, default_factory=lambda: defaultdict(dict))
