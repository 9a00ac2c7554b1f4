"""What a client accepts, by preference: Accept, Accept-Language and their kin."""

from __future__ import annotations

import re
from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import lru_cache
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from .containers import ImmutableList

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Accept(ImmutableList[tuple[str, float]]):
    """Pairs of a value and its quality (0 to 1), the most specific and best first.

    Attributes:
        provided: whether the client sent the header, be it empty.
    """

    provided: bool

    def __init__(self, values: Iterable[tuple[str, float]] | None = ()) -> None:
        self.provided = values.provided if isinstance(values, Accept) else values is not None
        # A stable sort: what the client named first stays before its equals.
        super().__init__(
            sorted(
                values or (), key=lambda pair: (self._specificity(pair[0]), pair[1]), reverse=True
            )
        )

    def _specificity(self, value: str) -> tuple[bool, ...]:
        """Return what to sort by: False stands for a wildcard."""
        return (value != "*",)

    def _value_matches(self, value: str, item: str) -> bool:
        """Whether `value`, which the server could send, is meant by the client's `item`."""
        return item == "*" or item.lower() == value.lower()

    @overload
    def __getitem__(self, key: str) -> float: ...
    @overload
    def __getitem__(self, key: SupportsIndex) -> tuple[str, float]: ...
    @overload
    def __getitem__(self, key: slice) -> list[tuple[str, float]]: ...
    def __getitem__(self, key: str | SupportsIndex | slice) -> Any:
        """Return the quality of a value, or the pair at an index."""
        return self.quality(key) if isinstance(key, str) else super().__getitem__(key)

    def quality(self, key: str) -> float:
        """Return how much a value is wanted: 1 is best, 0 is not at all."""
        pair = self._find_pair(key)
        return pair[1] if pair else 0

    def _find_pair(self, value: str) -> tuple[str, float] | None:
        for pair in self:
            if self._value_matches(value, pair[0]):
                return pair
        return None

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str) and self._accepts(value)

    def _accepts(self, value: str) -> bool:
        return self._find_pair(value) is not None

    def index(self, key: str | tuple[str, float]) -> int:  # type: ignore[override]  # as Werkzeug
        """Return the position of what matches a value, or of a pair.

        Raises:
            ValueError: it is not there.
        """
        if not isinstance(key, str):
            return super().index(key)
        pair = self._find_pair(key)
        if pair is None:
            raise ValueError(f"{key!r} is not accepted: {self.to_header()!r} has nothing like it.")
        return super().index(pair)

    def find(self, key: str | tuple[str, float]) -> int:
        """Return the position as `index` does, or -1."""
        try:
            return self.index(key)
        except ValueError:
            return -1

    def values(self) -> Iterator[str]:
        """Iterate over the values, best first."""
        for value, _ in self:
            yield value

    @property
    def best(self) -> str | None:
        """The client's first choice; None where it stated nothing."""
        return super().__getitem__(0)[0] if self else None

    def best_match(self, matches: Iterable[str], default: str | None = None) -> str | None:
        """Return which of `matches` the client wants most.

        Quality decides, then how specific the client was, then the order of `matches`.
        `default` is returned where it wants none of them.
        """
        best = default
        best_rank: tuple[float, tuple[bool, ...]] = (0, ())
        for match in matches:
            pair = self._find_pair(match)
            if pair is None or pair[1] <= 0:
                continue
            rank = (pair[1], self._specificity(pair[0]))
            if rank > best_rank:
                best, best_rank = match, rank
        return best

    def to_header(self) -> str:
        return ",".join(
            value if quality == 1 else f"{value};q={quality}" for value, quality in self
        )

    def __str__(self) -> str:
        return self.to_header()


_LONGEST_MIMETYPE = 255


@lru_cache(maxsize=256)
def _parse_mimetype(value: str) -> tuple[str, str, frozenset[str]] | None:
    """Return type, subtype and parameters in lower case; None where it is no mimetype."""
    main, slash, rest = value.lower().partition("/")
    subtype, *parameters = re.split(r"\s*;\s*", rest.strip())
    if not slash or (main == "*" and subtype != "*"):
        return None
    return main.strip(), subtype, frozenset(parameters)


class MIMEAccept(Accept):
    """Accepted mimetypes. Parameters must agree, but for wildcards."""

    def _specificity(self, value: str) -> tuple[bool, ...]:
        # Not by a pattern for the space around semicolons: looking for it takes a time that grows
        # with the square of a value that is all space.
        return tuple(part.strip() != "*" for part in value.replace("/", ";").split(";"))

    def _value_matches(self, value: str, item: str) -> bool:
        # What clients send is remembered: nothing long, since anybody can send anything.
        offered = _parse_mimetype(value)
        wanted = _parse_mimetype(item) if len(item) <= _LONGEST_MIMETYPE else None
        if offered is None:
            raise ValueError(f"An invalid mimetype {value!r} was given. Write it as type/subtype.")
        if wanted is None:
            return False
        if "*" in (offered[0], wanted[0]):
            return True
        if offered[0] != wanted[0]:
            return False
        return "*" in (offered[1], wanted[1]) or offered[1:] == wanted[1:]

    @property
    def accept_html(self) -> bool:
        """Whether HTML (or XHTML) is accepted."""
        return self._accepts("text/html") or self.accept_xhtml

    @property
    def accept_xhtml(self) -> bool:
        """Whether XHTML (or XML) is accepted."""
        return self._accepts("application/xhtml+xml") or self._accepts("application/xml")

    @property
    def accept_json(self) -> bool:
        """Whether JSON is accepted."""
        return self._accepts("application/json")


def _language_parts(tag: str) -> list[str]:
    return re.split(r"[-_]", tag.lower())


def _primary(tag: str) -> str:
    return re.split(r"[-_]", tag, maxsplit=1)[0]


class LanguageAccept(Accept):
    """Accepted languages; case and the choice of dash or underscore do not matter."""

    def _value_matches(self, value: str, item: str) -> bool:
        return item == "*" or _language_parts(value) == _language_parts(item)

    def best_match(self, matches: Iterable[str], default: str | None = None) -> str | None:
        """Return which of `matches` the client wants most.

        Where no tag is matched as it stands, a client's `en-US` takes an `en` on offer, and last
        a client's `en` takes an `en-US` on offer.
        """
        offered = list(matches)
        exact = super().best_match(offered)
        if exact is not None:
            return exact
        by_client = Accept((_primary(item), quality) for item, quality in self).best_match(offered)
        if by_client is not None:
            return by_client
        primaries: dict[str, str] = {}
        for match in offered:
            primaries.setdefault(_primary(match), match)
        primary = super().best_match(primaries)
        return default if primary is None else primaries[primary]


def _charset_name(name: str) -> str:
    """The name that Python has for a charset, or its own.

    Not by codecs.lookup, which looks for a module of each name that a client makes up, and
    remembers for ever that there is none.
    """
    plain = normalize_encoding(name).lower()
    return aliases.get(plain, plain)


class CharsetAccept(Accept):
    """Accepted charsets; a charset's other names count as itself."""

    def _value_matches(self, value: str, item: str) -> bool:
        return item == "*" or _charset_name(value) == _charset_name(item)
