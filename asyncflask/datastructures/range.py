"""Parts of a representation: Range, Content-Range and If-Range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from ..syntax import http_date, is_byte_range_valid, quote_etag

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import Self

T = TypeVar("T")


class IfRange:
    """An If-Range header: an entity tag without quotes, or a date, or neither."""

    def __init__(self, etag: str | None = None, date: datetime | None = None) -> None:
        self.etag = etag
        self.date = date

    def to_header(self) -> str:
        if self.date is not None:
            return http_date(self.date)
        return "" if self.etag is None else quote_etag(self.etag)

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        # A client may send a tag that holds quotes, and so cannot be written as a header.
        quoted = "" if self.etag is None else f'"{self.etag}"'
        return f"<{type(self).__name__} {quoted if self.date is None else str(self)!r}>"


class Range:
    """A Range header.

    Args:
        units: `bytes`, as a rule.
        ranges: pairs of start and stop, the stop exclusive or None for the end; a negative start
            with None counts from the end.
    Raises:
        ValueError: a range is empty or backwards.
    """

    def __init__(self, units: str, ranges: Sequence[tuple[int, int | None]]) -> None:
        for start, stop in ranges:
            if start is None or (stop is not None and not 0 <= start < stop):
                raise ValueError(f"{(start, stop)} is not a valid range: start must be below stop.")
        self.units = units
        self.ranges = ranges

    def range_for_length(self, length: int | None) -> tuple[int, int] | None:
        """Return start and exclusive stop within something `length` bytes long.

        None where that cannot be said: other units than bytes, several ranges, an unknown length,
        or a range that lies outside.
        """
        if self.units != "bytes" or length is None or len(self.ranges) != 1:
            return None
        start, stop = self.ranges[0]
        if stop is None:
            stop = length
            start = start + length if start < 0 else start
        if not is_byte_range_valid(start, stop, length):
            return None
        return start, min(stop, length)

    def make_content_range(self, length: int | None) -> ContentRange | None:
        """Return the Content-Range that answers this; None as for `range_for_length`."""
        found = self.range_for_length(length)
        return None if found is None else ContentRange(self.units, *found, length)

    def to_content_range_header(self, length: int | None) -> str | None:
        """Return `make_content_range` as a header value."""
        content_range = self.make_content_range(length)
        return None if content_range is None else content_range.to_header()

    def to_header(self) -> str:
        return f"{self.units}={','.join(_dump_range(*pair) for pair in self.ranges)}"

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self)!r}>"


def _dump_range(start: int, stop: int | None) -> str:
    if stop is not None:
        return f"{start}-{stop - 1}"
    return f"{start}-" if start >= 0 else str(start)


class _Watched(Generic[T]):
    """An attribute whose change is reported to the object's `on_update`."""

    def __set_name__(self, owner: Any, name: str) -> None:
        self.name = f"_{name}"

    @overload
    def __get__(self, instance: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, instance: ContentRange, owner: Any) -> T: ...
    def __get__(self, instance: ContentRange | None, owner: Any) -> Any:
        return self if instance is None else getattr(instance, self.name)

    def __set__(self, instance: ContentRange, value: T) -> None:
        setattr(instance, self.name, value)
        instance._changed()


class ContentRange:
    """A Content-Range header; falsy where it is unset.

    Args:
        units: `bytes`, as a rule; None unsets the header.
        start: of the part, in bytes; None where only the length is told.
        stop: exclusive end of the part.
        length: of the whole; None where it is unknown.
        on_update: called with the object after each change.
    Raises:
        ValueError: start and stop are no range of that length.
    """

    units = _Watched["str | None"]()
    start = _Watched["int | None"]()
    stop = _Watched["int | None"]()
    length = _Watched["int | None"]()

    def __init__(
        self,
        units: str | None,
        start: int | None,
        stop: int | None,
        length: int | None = None,
        on_update: Callable[[ContentRange], None] | None = None,
    ) -> None:
        self.on_update: Callable[[ContentRange], None] | None = None
        self.set(start, stop, length, units)
        self.on_update = on_update

    def _changed(self) -> None:
        if self.on_update is not None:
            self.on_update(self)

    def set(
        self,
        start: int | None,
        stop: int | None,
        length: int | None = None,
        units: str | None = "bytes",
    ) -> None:
        """Set everything at once."""
        if not is_byte_range_valid(start, stop, length):
            raise ValueError(
                f"{start}-{stop} is not a range of something {length} bytes long."
                " The start is below the stop, and the stop not above the length."
            )
        self._units, self._start, self._stop, self._length = units, start, stop, length
        self._changed()

    def unset(self) -> None:
        """Remove the header."""
        self.set(None, None, units=None)

    def to_header(self) -> str:
        if self._units is None:
            return ""
        length = "*" if self._length is None else self._length
        if self._start is None or self._stop is None:
            return f"{self._units} */{length}"
        return f"{self._units} {self._start}-{self._stop - 1}/{length}"

    def __bool__(self) -> bool:
        return self._units is not None

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self)!r}>"
