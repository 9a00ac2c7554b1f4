"""MultiDicts that keep the order of values across keys: deprecated in Werkzeug, for old code."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from .containers import MISSING
from .multidict import ImmutableMultiDictMixin, MultiDict, iter_multi_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Self

K = TypeVar("K")
V = TypeVar("V")


class OrderedMultiDict(MultiDict[K, V]):
    """A MultiDict whose `items(multi=True)` gives the pairs in the order they were added."""

    def __init__(
        self,
        mapping: Mapping[K, V | list[V] | tuple[V, ...] | set[V]]
        | Iterable[tuple[K, V]]
        | None = None,
    ) -> None:
        super().__init__()
        # The key of each value, in order; the values themselves stand in the lists.
        self._order: list[K] = []
        for key, value in iter_multi_items(mapping or ()):
            OrderedMultiDict.add(self, key, value)

    def _forget(self, key: K) -> None:
        self._order = [other for other in self._order if other != key]

    def add(self, key: K, value: V) -> None:
        super().add(key, value)
        self._order.append(key)

    def __setitem__(self, key: K, value: V) -> None:
        self.setlist(key, [value])

    def setlist(self, key: K, new_list: Iterable[V]) -> None:
        values = list(new_list)
        self.poplist(key)
        super().setlist(key, values)
        self._order.extend([key] * len(values))

    def setlistdefault(self, key: K, default_list: Iterable[V] | None = None) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__!r} cannot hand out a list whose changes it would not see."
            " Use setlist and getlist instead."
        )

    def __delitem__(self, key: K) -> None:
        super().__delitem__(key)
        self._forget(key)

    def pop(self, key: K, default: Any = MISSING) -> Any:
        value = super().pop(key, default)
        self._forget(key)
        return value

    def poplist(self, key: K) -> list[V]:
        self._forget(key)
        return super().poplist(key)

    def popitemlist(self) -> tuple[K, list[V]]:
        key, values = super().popitemlist()
        self._forget(key)
        return key, values

    def clear(self) -> None:
        super().clear()
        self._order.clear()

    def items(self, multi: bool = False) -> Iterator[tuple[K, V]]:  # type: ignore[override]  # see MultiDict
        if not multi:
            return super().items()
        values = {key: iter(list_) for key, list_ in self.lists()}
        return iter([(key, next(values[key])) for key in self._order])

    def deepcopy(self, memo: dict[int, Any] | None = None) -> Self:
        return self.__class__(deepcopy(list(self.items(multi=True)), memo))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, OrderedMultiDict):
            return list(self.items(multi=True)) == list(other.items(multi=True))
        return super().__eq__(other)

    # dict has a != of its own, which does not ask __eq__.
    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]  # mutable


class ImmutableOrderedMultiDict(
    ImmutableMultiDictMixin, OrderedMultiDict[K, V]
):  # refuses what OrderedMultiDict allows
    """An OrderedMultiDict that cannot be changed; `copy()` gives one that can."""

    def _hashed_items(self) -> Iterable[Any]:
        return enumerate(self.items(multi=True))

    def __hash__(self) -> int:  # type: ignore[override]  # OrderedMultiDict has none
        return super().__hash__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (list(self.items(multi=True)),)

    def copy(self) -> OrderedMultiDict[K, V]:  # type: ignore[override]  # a mutable copy, as in Werkzeug
        return OrderedMultiDict(self)

    def __copy__(self) -> Self:
        return self
