"""Header lists: case-insensitive, ordered, with several values for a name where need be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from ..syntax import dump_options_header
from . import multidict
from .containers import MISSING, refuse_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self, TypeAlias

    # Other headers, pairs, or a mapping whose lists, tuples and sets are several headers.
    HeaderSource: TypeAlias = (
        "Headers"
        | Mapping[str, Any | list[Any] | tuple[Any, ...] | set[Any]]
        | Iterable[tuple[str, Any]]
        | None
    )

T = TypeVar("T")


def _clean(text: Any, part: str) -> str:
    """Return `text` as a str that cannot end the header it is put in."""
    clean: str = text if isinstance(text, str) else str(text)
    if "\n" in clean or "\r" in clean or "\0" in clean:
        raise ValueError(
            f"Header {part}s must not contain newline characters or NUL, but {clean!r} does."
            " Remove or percent-encode them before setting the header."
        )
    return clean


def _clean_value(value: Any, options: Mapping[str, Any] | None = None) -> str:
    if options:
        dashed = {name.replace("_", "-"): option for name, option in options.items()}
        value = dump_options_header(None if value is None else str(value), dashed)
    return _clean(value, "value")


def _clean_pair(pair: tuple[Any, Any]) -> tuple[str, str]:
    key, value = pair
    return _clean(key, "name"), _clean(value, "value")


def _convert_or_default(value: str, type: Callable[[str], Any], default: Any) -> Any:
    try:
        return type(value)
    except ValueError:
        return default


# PERF: names repeat from response to response; a cached one costs a third of encoding it anew.
@lru_cache(maxsize=512)
def _encode_name(name: str) -> bytes:
    return name.lower().encode("latin-1")


def _encode(name: str, value: str) -> tuple[bytes, bytes]:
    try:
        return _encode_name(name), value.encode("latin-1")
    except UnicodeEncodeError as exc:
        raise ValueError(
            f"The header {name!r} has the value {value!r}, but HTTP headers only carry Latin-1."
            " Percent-encode it, or use a parameter such as filename*=UTF-8''..."
        ) from exc


class Headers:
    """An ordered list of header pairs that is also read and written like a dict.

    Args:
        defaults: other headers, pairs, or a mapping whose lists, tuples and sets are taken as
            several headers.
    Raises:
        ValueError: a name or value holds a newline or NUL character; so do all setting methods.
    """

    _list: list[tuple[str, str]]

    def __init__(
        self,
        defaults: HeaderSource = None,
    ) -> None:
        self._list = []
        if defaults is not None:
            self.extend(defaults)

    @classmethod
    def trusted(cls, pairs: list[tuple[str, str]]) -> Self:
        """Wrap `pairs` itself, unchecked: strings without newlines, known to be clean."""
        headers = cls.__new__(cls)
        headers._list = pairs
        return headers

    def raw(self) -> list[tuple[bytes, bytes]]:
        """Return the headers as ASGI sends them: lower-case names, Latin-1.

        Raises:
            ValueError: a value has characters outside of Latin-1.
        """
        # PERF: encoding in place saves a call for each header; only a bad one is looked for.
        try:
            return [(_encode_name(name), value.encode("latin-1")) for name, value in self._list]
        except UnicodeEncodeError:
            return [_encode(name, value) for name, value in self._list]

    # Looking up

    @overload
    def __getitem__(self, key: str) -> str: ...
    @overload
    def __getitem__(self, key: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, key: slice) -> Self: ...
    def __getitem__(self, key: str | int | slice) -> Any:
        """Return the first value of a name, the pair at an index, or a slice as new headers."""
        if isinstance(key, str):
            value = self._find(key)
            if value is None:
                raise multidict.missing_key_error(key)
            return value
        if isinstance(key, int):
            return self._list[key]
        return self.trusted(self._list[key])

    def _find(self, key: str) -> str | None:
        lowered = key.lower()
        for name, value in self._list:
            if name.lower() == lowered:
                return value
        return None

    def _find_all(self, key: str) -> list[str]:
        lowered = key.lower()
        return [value for name, value in self._list if name.lower() == lowered]

    def __contains__(self, key: str) -> bool:
        return self._find(key) is not None

    @overload
    def get(self, key: str) -> str | None: ...
    @overload
    def get(self, key: str, default: str) -> str: ...
    @overload
    def get(self, key: str, default: T) -> str | T: ...
    @overload
    def get(self, key: str, *, type: Callable[[str], T]) -> T | None: ...
    @overload
    def get(self, key: str, default: None, type: Callable[[str], T]) -> T | None: ...
    @overload
    def get(self, key: str, default: T, type: Callable[[str], T]) -> T: ...
    def get(self, key: str, default: Any = None, type: Callable[[str], Any] | None = None) -> Any:
        """Return the first value of a name, converted by `type`.

        `default` is returned where the name is missing and where `type` raises ValueError.
        """
        value = self._find(key)
        if value is None:
            return default
        return value if type is None else _convert_or_default(value, type, default)

    @overload
    def getlist(self, key: str) -> list[str]: ...
    @overload
    def getlist(self, key: str, type: Callable[[str], T]) -> list[T]: ...
    def getlist(self, key: str, type: Callable[[str], Any] | None = None) -> list[Any]:
        """Return all values of a name; those for which `type` raises ValueError are left out."""
        values = self._find_all(key)
        if type is None:
            return values
        converted = (_convert_or_default(value, type, MISSING) for value in values)
        return [value for value in converted if value is not MISSING]

    def get_all(self, name: str) -> list[str]:
        """Return all values of a name: `getlist` under the name that wsgiref gives it."""
        return self.getlist(name)

    def items(self, lower: bool = False) -> Iterator[tuple[str, str]]:
        """Iterate over the pairs, with `lower` their names in lower case."""
        for name, value in self._list:
            yield (name.lower() if lower else name), value

    def keys(self, lower: bool = False) -> Iterator[str]:
        """Iterate over the names, each as often as it occurs."""
        for name, _ in self.items(lower):
            yield name

    def values(self) -> Iterator[str]:
        for _, value in self._list:
            yield value

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._list)

    def __len__(self) -> int:
        return len(self._list)

    def to_wsgi_list(self) -> list[tuple[str, str]]:
        """Return the pairs as a new list."""
        return list(self._list)

    # Changing

    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...
    @overload
    def __setitem__(self, key: int, value: tuple[str, Any]) -> None: ...
    @overload
    def __setitem__(self, key: slice, value: Iterable[tuple[str, Any]]) -> None: ...
    def __setitem__(self, key: str | int | slice, value: Any) -> None:
        """Set a name to one value, the pair at an index, or the pairs of a slice."""
        if isinstance(key, str):
            self.set(key, value)
        elif isinstance(key, int):
            self._list[key] = _clean_pair(value)
        else:
            self._list[key] = [_clean_pair(pair) for pair in value]

    def __delitem__(self, key: str | int | slice) -> None:
        """Remove all headers of a name, the one at an index, or a slice."""
        if isinstance(key, str):
            self.remove(key)
        else:
            del self._list[key]

    def add(self, key: str, value: Any, /, **kwargs: Any) -> None:
        """Append a header; keywords become its parameters, `_` in their names a dash.

        `add("Content-Disposition", "attachment", filename="a b.txt")` gives
        `attachment; filename="a b.txt"`.
        """
        self._list.append((_clean(key, "name"), _clean_value(value, kwargs)))

    def add_trusted(self, key: str, value: str) -> None:
        """Append a header without checks: strings without newlines, known to be clean."""
        self._list.append((key, value))

    def add_header(self, key: str, value: Any, /, **kwargs: Any) -> None:
        """Append a header: `add` under the name that wsgiref gives it."""
        self.add(key, value, **kwargs)

    def set(self, key: str, value: Any, /, **kwargs: Any) -> None:
        """Replace all headers of a name by one, in the place of the first; keywords as in `add`."""
        self._replace(key, [_clean_value(value, kwargs)])

    def setlist(self, key: str, values: Iterable[Any]) -> None:
        """Replace all headers of a name; no values remove it."""
        self._replace(key, [_clean_value(value) for value in values])

    def _replace(self, key: str, values: list[str]) -> None:
        """Put the first value where the name first stood, the others at the end."""
        pairs = [(_clean(key, "name"), value) for value in values]
        place = self._drop(key)
        if pairs:
            self._list.insert(place, pairs[0])
            self._list.extend(pairs[1:])

    def _drop(self, key: str) -> int:
        """Remove all headers of a name and return where the first stood, or else the end."""
        lowered = key.lower()
        places = [place for place, (name, _) in enumerate(self._list) if name.lower() == lowered]
        for place in reversed(places):
            del self._list[place]
        return places[0] if places else len(self._list)

    def remove(self, key: str) -> None:
        """Remove all headers of a name; it need not be there."""
        self._drop(key)

    def setdefault(self, key: str, default: Any) -> str:
        """Return the first value of a name; set it to `default` first if it is not there."""
        if key not in self:
            self.set(key, default)
        return self[key]

    def setlistdefault(self, key: str, default: Iterable[Any]) -> list[str]:
        """Return all values of a name; set them to `default` first if there are none."""
        if key not in self:
            self.setlist(key, default)
        return self.getlist(key)

    def extend(self, arg: HeaderSource = None, /, **kwargs: Any) -> None:
        """Append headers; nothing is replaced."""
        for source in (arg, kwargs):
            if source:
                self._list.extend([_clean_pair(pair) for pair in _iterate_headers(source)])

    def update(self, arg: HeaderSource = None, /, **kwargs: Any) -> None:
        """Replace headers; a mapping's list replaces all of its name."""
        for source in (arg, kwargs):
            if isinstance(source, (Headers, multidict.MultiDict)):
                for key in dict.fromkeys(source.keys()):
                    self.setlist(key, source.getlist(key))
            elif isinstance(source, Mapping):
                self._update_from_mapping(source)
            elif source is not None:
                for key, value in source:
                    self.set(key, value)

    def _update_from_mapping(self, mapping: Mapping[str, Any]) -> None:
        for key, value in mapping.items():
            if isinstance(value, (list, tuple, set, frozenset)):
                self.setlist(key, value)
            else:
                self.set(key, value)

    @overload
    def pop(self) -> tuple[str, str]: ...
    @overload
    def pop(self, key: int) -> tuple[str, str]: ...
    @overload
    def pop(self, key: str) -> str: ...
    @overload
    def pop(self, key: str, default: str) -> str: ...
    @overload
    def pop(self, key: str, default: T) -> str | T: ...
    def pop(self, key: str | int | None = None, default: Any = MISSING) -> Any:
        """Remove all headers of a name and return its first value.

        With an index, or without a key, remove and return one pair.
        """
        if key is None:
            return self._list.pop()
        if isinstance(key, int):
            return self._list.pop(key)
        value = self._find(key)
        if value is not None:
            self.remove(key)
            return value
        if default is MISSING:
            raise multidict.missing_key_error(key)
        return default

    def popitem(self) -> tuple[str, str]:
        """Remove and return the last pair."""
        return self.pop()

    def clear(self) -> None:
        self._list.clear()

    # Whole

    def copy(self) -> Self:
        return self.trusted(list(self._list))

    def __copy__(self) -> Self:
        return self.copy()

    def __or__(self, other: Any) -> Self:
        if not isinstance(other, (Mapping, Headers)):
            return NotImplemented
        union = self.copy()
        union.update(other)
        return union

    def __ior__(self, other: Any) -> Self:
        if not isinstance(other, (Mapping, Iterable)):
            return NotImplemented
        self.update(other)
        return self

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same pairs, in any order, names compared without case."""
        if not isinstance(other, Headers):
            return NotImplemented
        return set(self.items(lower=True)) == set(other.items(lower=True))

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __str__(self) -> str:
        """Format the headers as they stand in a message, the closing empty line included."""
        return "".join(f"{name}: {value}\r\n" for name, value in self._list) + "\r\n"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._list!r})"


def _iterate_headers(source: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(source, Headers):
        return source
    return multidict.iter_multi_items(source)


class ImmutableHeadersMixin:
    """Makes a Headers subclass immutable."""

    __setitem__ = refuse_change
    __delitem__ = refuse_change
    __ior__ = refuse_change
    add = refuse_change
    add_header = refuse_change
    clear = refuse_change
    extend = refuse_change
    insert = refuse_change
    pop = refuse_change
    popitem = refuse_change
    remove = refuse_change
    set = refuse_change
    setdefault = refuse_change
    setlist = refuse_change
    setlistdefault = refuse_change
    update = refuse_change


# PERF: a handful of names is looked up by every request.
@lru_cache(maxsize=512)
def _lookup_name(key: str) -> bytes:
    return key.lower().encode("latin-1", "replace")


@lru_cache(maxsize=512)
def _display_name(name: bytes) -> str:
    return name.decode("latin-1").title()


class RequestHeaders(ImmutableHeadersMixin, Headers):
    """A read-only view over the raw headers of an ASGI scope; nothing is decoded unasked.

    Several headers of one name are joined by ", " (cookies by "; ") where one value is asked
    for, as a WSGI server joins them; `getlist` and iteration give each by itself.

    Args:
        raw: pairs of Latin-1 bytes, names in lower case, as ASGI has them.
    """

    def __init__(self, raw: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._raw = raw if isinstance(raw, list) else list(raw)

    @cached_property
    def _list(self) -> list[tuple[str, str]]:  # type: ignore[override]  # decoded at first need
        return [(_display_name(name), value.decode("latin-1")) for name, value in self._raw]

    def raw(self) -> list[tuple[bytes, bytes]]:
        return list(self._raw)

    def _find_raw(self, key: str) -> list[bytes]:
        if "_" in key:
            # COMPAT: WSGI's HTTP_X_Y serves both spellings, so request.headers["X_Y"] works in
            # Flask. A proxy in front sets and checks X-Y, so that a client's X_Y never comes first.
            dashed = self._find_raw(key.replace("_", "-"))
            if dashed:
                return dashed
        name = _lookup_name(key)
        return [value for header, value in self._raw if header == name]

    def _find(self, key: str) -> str | None:
        found = self._find_raw(key)
        if not found:
            return None
        if len(found) == 1:
            return found[0].decode("latin-1")
        return (b"; " if key.lower() == "cookie" else b", ").join(found).decode("latin-1")

    def _find_all(self, key: str) -> list[str]:
        return [value.decode("latin-1") for value in self._find_raw(key)]

    def __len__(self) -> int:
        return len(self._raw)

    @overload  # type: ignore[override]  # slices are plain headers
    def __getitem__(self, key: str) -> str: ...
    @overload
    def __getitem__(self, key: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, key: slice) -> Headers: ...
    def __getitem__(self, key: str | int | slice) -> Any:
        if isinstance(key, slice):
            return Headers.trusted(self._list[key])
        return super().__getitem__(key)

    def copy(self) -> NoReturn:
        raise TypeError(
            f"Cannot create {type(self).__name__!r} copies, since they cannot be changed."
            " Make headers of your own instead: Headers(request.headers)."
        )

    def __or__(self, other: Any) -> NoReturn:
        self.copy()
