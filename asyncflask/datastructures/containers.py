"""Lists and dictionaries with a twist: immutable, type-converting, or reporting their changes."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Self

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")

MISSING: Any = object()


def refuse_change(self: object, *args: Any, **kwargs: Any) -> NoReturn:
    """The body of every mutating method of an immutable container."""
    raise TypeError(
        f"{type(self).__name__!r} objects are immutable. Change a mutable copy of it instead."
    )


class ImmutableListMixin:
    """Makes a list subclass immutable and hashable."""

    _hash_cache: int | None = None

    __setitem__ = refuse_change
    __delitem__ = refuse_change
    __iadd__ = refuse_change
    __imul__ = refuse_change
    append = refuse_change
    clear = refuse_change
    extend = refuse_change
    insert = refuse_change
    pop = refuse_change
    remove = refuse_change
    reverse = refuse_change
    sort = refuse_change

    def __hash__(self) -> int:
        if self._hash_cache is None:
            self._hash_cache = hash(tuple(cast("Iterable[Any]", self)))
        return self._hash_cache

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (list(cast("Iterable[Any]", self)),)


class ImmutableList(ImmutableListMixin, list[V]):  # type: ignore[misc]  # refuses what list allows
    """A list that cannot be changed; `copy()` gives a plain list."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list.__repr__(self)})"


class ImmutableDictMixin:
    """Makes a dict subclass immutable and hashable."""

    _hash_cache: int | None = None

    __setitem__ = refuse_change
    __delitem__ = refuse_change
    __ior__ = refuse_change
    clear = refuse_change
    pop = refuse_change
    popitem = refuse_change
    setdefault = refuse_change
    update = refuse_change

    @classmethod
    def fromkeys(cls, keys: Iterable[Any], value: Any = None) -> Any:
        make: Any = cls
        return make(zip(keys, repeat(value), strict=False))

    def _hashed_items(self) -> Iterable[Any]:
        return cast("dict[Any, Any]", self).items()

    def __hash__(self) -> int:
        if self._hash_cache is None:
            self._hash_cache = hash(frozenset(self._hashed_items()))
        return self._hash_cache

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (dict(cast("dict[Any, Any]", self)),)


class ImmutableDict(ImmutableDictMixin, dict[K, V]):  # type: ignore[misc]  # refuses what dict allows
    """A dict that cannot be changed; `copy()` gives a plain dict."""

    def copy(self) -> dict[K, V]:
        return dict(self)

    def __copy__(self) -> Self:
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict.__repr__(self)})"


class TypeConversionDict(dict[K, V]):
    """A dict whose `get` can convert the value it finds."""

    @overload  # type: ignore[override]  # dict.get has no `type`
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: V) -> V: ...
    @overload
    def get(self, key: K, default: T) -> V | T: ...
    @overload
    def get(self, key: K, *, type: Callable[[V], T]) -> T | None: ...
    @overload
    def get(self, key: K, default: None, type: Callable[[V], T]) -> T | None: ...
    @overload
    def get(self, key: K, default: T, type: Callable[[V], T]) -> T: ...
    def get(self, key: K, default: Any = None, type: Callable[[V], Any] | None = None) -> Any:
        """Return the value under `key`, converted by `type`.

        `default` is returned where the key is missing and where `type` raises ValueError or
        TypeError.
        """
        try:
            value = self[key]
        except KeyError:
            return default
        return value if type is None else convert_or_default(value, type, default)


def convert_or_default(value: Any, type: Callable[[Any], Any], default: Any) -> Any:
    """Return `type(value)`, or `default` where that raises ValueError or TypeError."""
    try:
        return type(value)
    except (ValueError, TypeError):
        return default


class ImmutableTypeConversionDict(ImmutableDictMixin, TypeConversionDict[K, V]):  # type: ignore[misc]  # refuses what dict allows
    """A TypeConversionDict that cannot be changed; `copy()` gives a mutable one."""

    def copy(self) -> TypeConversionDict[K, V]:
        return TypeConversionDict(self)

    def __copy__(self) -> Self:
        return self


class UpdateDictMixin(dict[K, V]):
    """Makes a dict subclass call `on_update(self)` after each change."""

    on_update: Callable[[Any], None] | None = None

    def _changed(self) -> None:
        if self.on_update is not None:
            self.on_update(self)

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: K) -> None:
        super().__delitem__(key)
        self._changed()

    @overload
    def setdefault(self: UpdateDictMixin[K, T | None], key: K) -> T | None: ...
    @overload
    def setdefault(self, key: K, default: V) -> V: ...
    def setdefault(self, key: K, default: Any = None) -> Any:
        if key in self:
            return self[key]
        self[key] = default
        return default

    @overload
    def pop(self, key: K) -> V: ...
    @overload
    def pop(self, key: K, default: V) -> V: ...
    @overload
    def pop(self, key: K, default: T) -> V | T: ...
    def pop(self, key: K, default: Any = MISSING) -> Any:
        if key in self:
            value = super().pop(key)
            self._changed()
            return value
        if default is MISSING:
            raise KeyError(key)
        return default

    def popitem(self) -> tuple[K, V]:
        item = super().popitem()
        self._changed()
        return item

    def clear(self) -> None:
        super().clear()
        self._changed()

    def update(  # type: ignore[override]  # dict's overloads only tell str keys apart
        self, arg: Mapping[K, V] | Iterable[tuple[K, V]] | None = None, /, **kwargs: V
    ) -> None:
        super().update(() if arg is None else arg, **kwargs)
        self._changed()

    def __ior__(  # type: ignore[override,misc]  # see update
        self, other: Mapping[K, V] | Iterable[tuple[K, V]]
    ) -> Self:
        self.update(other)
        return self


class CallbackDict(UpdateDictMixin[K, V]):
    """A dict that calls `on_update(self)` after each change.

    Args:
        initial: what it holds at first; putting it there is not reported.
        on_update: called with the dict itself; the attribute may be set later.
    """

    def __init__(
        self,
        initial: Mapping[K, V] | Iterable[tuple[K, V]] | None = None,
        on_update: Callable[[Self], None] | None = None,
    ) -> None:
        super().__init__(() if initial is None else initial)
        self.on_update = on_update

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict.__repr__(self)}>"


def iterate_pairs(mapping: Mapping[K, Any] | Iterable[tuple[K, Any]]) -> Iterator[tuple[K, Any]]:
    """Iterate over pairs; a mapping's lists, tuples and sets give one pair for each member."""
    if not hasattr(mapping, "items"):
        yield from mapping
        return
    for key, value in mapping.items():
        if isinstance(value, (list, tuple, set, frozenset)):
            yield from zip(repeat(key), value, strict=False)
        else:
            yield key, value
