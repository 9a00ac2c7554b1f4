"""Ordered sets of header members that ignore case: Vary, Allow, Content-Language."""

from __future__ import annotations

from collections.abc import MutableSet
from typing import TYPE_CHECKING, Any, SupportsIndex

from ..syntax import quote_header_value
from . import multidict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Self


class HeaderSet(MutableSet[str]):
    """Members in the order and case they were added with; look-ups ignore case.

    Args:
        headers: the first members.
        on_update: called with the set itself after each change.
    """

    def __init__(
        self,
        headers: Iterable[str] | None = None,
        on_update: Callable[[Self], None] | None = None,
    ) -> None:
        self._members: dict[str, str] = {}
        for header in headers or ():
            self._members.setdefault(header.lower(), header)
        self.on_update: Callable[[Any], None] | None = on_update

    def _changed(self) -> None:
        if self.on_update is not None:
            self.on_update(self)

    def add(self, header: str) -> None:
        self.update((header,))

    def update(self, iterable: Iterable[str]) -> None:
        """Add members; what is there already stays as it is."""
        before = len(self._members)
        for header in iterable:
            self._members.setdefault(header.lower(), header)
        if len(self._members) != before:
            self._changed()

    def remove(self, header: str) -> None:
        """Remove a member.

        Raises:
            KeyError: it is not there; see `discard`.
        """
        if header.lower() not in self._members:
            raise multidict.missing_key_error(header)
        self.discard(header)

    def discard(self, header: str) -> None:
        if self._members.pop(header.lower(), None) is not None:
            self._changed()

    def clear(self) -> None:
        self._members.clear()
        self._changed()

    def find(self, header: str) -> int:
        """Return the position of a member, or -1."""
        for position, member in enumerate(self._members):
            if member == header.lower():
                return position
        return -1

    def index(self, header: str) -> int:
        """Return the position of a member.

        Raises:
            IndexError: it is not there; see `find`.
        """
        position = self.find(header)
        if position < 0:
            raise IndexError(f"{header!r} is not in {self.to_header()!r}.")
        return position

    def as_set(self, preserve_casing: bool = False) -> set[str]:
        """Return a plain set, in lower case unless `preserve_casing`."""
        return set(self._members.values() if preserve_casing else self._members)

    def to_header(self) -> str:
        return ", ".join(quote_header_value(header) for header in self)

    def __getitem__(self, idx: SupportsIndex) -> str:
        return list(self._members.values())[idx]

    def __setitem__(self, idx: SupportsIndex, value: str) -> None:
        members = list(self)
        members[idx] = value
        self._replace(members)

    def __delitem__(self, idx: SupportsIndex) -> None:
        members = list(self)
        del members[idx]
        self._replace(members)

    def _replace(self, members: list[str]) -> None:
        self._members = {member.lower(): member for member in members}
        self._changed()

    def __contains__(self, header: object) -> bool:
        return isinstance(header, str) and header.lower() in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members.values())

    def __len__(self) -> int:
        return len(self._members)

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)!r})"
