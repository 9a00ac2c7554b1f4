"""Cache-Control as a dict of directives with a typed attribute for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from ..syntax import dump_header
from .containers import CallbackDict, ImmutableDictMixin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Self

T = TypeVar("T")


class Directive(Generic[T]):
    """An attribute that reads and writes one directive of a Cache-Control header.

    Args:
        key: the directive, with dashes.
        empty: what the attribute is where the directive has no value.
        type: of the value, int or str; bool for a directive that is only there or not.
    """

    def __init__(self, key: str, empty: Any, type: Callable[[Any], Any]) -> None:
        self.key = key
        self.empty = empty
        self.type = type

    @overload
    def __get__(self, header: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, header: CacheControl, owner: Any) -> T: ...
    def __get__(self, header: CacheControl | None, owner: Any) -> Any:
        if header is None:
            return self
        if self.type is bool:
            return self.key in header
        return self._read(header)

    def _read(self, header: CacheControl) -> Any:
        if self.key not in header:
            return None
        value = header[self.key]
        if value is None:
            return self.empty
        try:
            return self.type(value)
        except ValueError:
            return None

    def __set__(self, header: CacheControl, value: Any) -> None:
        if value is None or value is False or (self.type is bool and not value):
            header.pop(self.key, None)
        elif value is True or self.type is bool:
            header[self.key] = None
        else:
            header[self.key] = str(self.type(value))

    def __delete__(self, header: CacheControl) -> None:
        header.pop(self.key, None)


class CacheControl(CallbackDict[str, "str | None"]):
    """The directives that requests and responses share; a directive without a value has None.

    Setting an attribute to True adds its directive without a value, None or False removes it.
    Ages are in seconds; one that is no number reads as None.
    """

    no_store = Directive[bool]("no-store", None, bool)
    max_age = Directive["int | None"]("max-age", None, int)
    no_transform = Directive[bool]("no-transform", None, bool)
    stale_if_error = Directive["int | None"]("stale-if-error", None, int)

    def __init__(
        self,
        values: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = (),
        on_update: Callable[[Self], None] | None = None,
    ) -> None:
        super().__init__(values, on_update)
        self.provided = values is not None

    def to_header(self) -> str:
        return dump_header(self)

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        directives = " ".join(f"{key}={value!r}" for key, value in sorted(self.items()))
        return f"<{type(self).__name__} {directives}>"


class RequestCacheControl(ImmutableDictMixin, CacheControl):  # type: ignore[misc]  # refuses what dict allows
    """The Cache-Control of a request; it cannot be changed."""

    no_cache = Directive[bool]("no-cache", None, bool)
    max_stale = Directive["int | bool | None"]("max-stale", True, int)
    min_fresh = Directive["int | None"]("min-fresh", None, int)
    only_if_cached = Directive[bool]("only-if-cached", None, bool)


class ResponseCacheControl(CacheControl):
    """The Cache-Control of a response."""

    no_cache = Directive["str | bool | None"]("no-cache", True, str)
    public = Directive[bool]("public", None, bool)
    private = Directive["str | bool | None"]("private", True, str)
    must_revalidate = Directive[bool]("must-revalidate", None, bool)
    proxy_revalidate = Directive[bool]("proxy-revalidate", None, bool)
    s_maxage = Directive["int | None"]("s-maxage", None, int)
    immutable = Directive[bool]("immutable", None, bool)
    must_understand = Directive[bool]("must-understand", None, bool)
    stale_while_revalidate = Directive["int | None"]("stale-while-revalidate", None, int)
