"""Sets of entity tags, as If-Match and If-None-Match have them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from ..syntax import generate_etag, quote_etag, unquote_etag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class ETags(Collection[str]):
    """Entity tags without their quotes. Iteration, length and `in` are about the strong ones.

    Args:
        star_tag: the header is `*`, which stands for every tag; strong tags are then ignored.
    """

    def __init__(
        self,
        strong_etags: Iterable[str] | None = None,
        weak_etags: Iterable[str] | None = None,
        star_tag: bool = False,
    ) -> None:
        self._strong = frozenset(() if star_tag else strong_etags or ())
        self._weak = frozenset(weak_etags or ())
        self.star_tag = star_tag

    def as_set(self, include_weak: bool = False) -> set[str]:
        """Return the strong tags, with `include_weak` the weak ones too."""
        return set(self._strong | self._weak) if include_weak else set(self._strong)

    def is_weak(self, etag: str) -> bool:
        """Whether the header names this tag as a weak one."""
        return etag in self._weak

    def is_strong(self, etag: str) -> bool:
        """Whether the header names this tag as a strong one."""
        return etag in self._strong

    def contains(self, etag: str) -> bool:
        """Whether the strong tags match, or everything does."""
        return self.star_tag or etag in self._strong

    def contains_weak(self, etag: str) -> bool:
        """Whether any tag matches, weak or strong."""
        return self.is_weak(etag) or self.contains(etag)

    def contains_raw(self, etag: str) -> bool:
        """Whether a quoted tag matches: a weak one only matches a weak one."""
        tag, weak = unquote_etag(etag)
        if tag is None:
            return False
        return self.contains_weak(tag) if weak else self.contains(tag)

    def __contains__(self, etag: object) -> bool:
        return isinstance(etag, str) and self.contains(etag)

    def __call__(
        self, etag: str | None = None, data: bytes | None = None, include_weak: bool = False
    ) -> bool:
        """Whether a tag, or else the tag generated of `data`, is among the tags.

        Raises:
            TypeError: neither is given.
        """
        if etag is None:
            if data is None:
                raise TypeError("'data' is required when 'etag' is not given. Pass one of them.")
            etag = generate_etag(data)
        return etag in self._strong or (include_weak and etag in self._weak)

    def __iter__(self) -> Iterator[str]:
        return iter(self._strong)

    def __len__(self) -> int:
        return len(self._strong)

    def __bool__(self) -> bool:
        return bool(self.star_tag or self._strong or self._weak)

    def to_header(self) -> str:
        if self.star_tag:
            return "*"
        strong = [quote_etag(tag) for tag in sorted(self._strong)]
        weak = [quote_etag(tag, weak=True) for tag in sorted(self._weak)]
        return ", ".join(strong + weak)

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self)!r}>"
