"""Properties that are computed once, and properties that are headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, Self

    class HasHeaders(Protocol):
        """What a header property can be put on."""

        @property
        def headers(self) -> Any: ...


T = TypeVar("T")

_MISSING: Any = object()


class cached_property(property, Generic[T]):  # noqa: N801  # a decorator, named as Python's
    """A property that is computed once for each object, then kept.

    Setting it sets what is kept; deleting it has it computed again. A class with `__slots__` but
    without `__dict__` needs a slot `_cache_<name>`.

    Args:
        name: what the value is kept under; the function's name by default.
    """

    def __init__(
        self, fget: Callable[[Any], T], name: str | None = None, doc: str | None = None
    ) -> None:
        super().__init__(fget, doc=doc)
        self.compute = fget
        self.__name__ = name or fget.__name__
        self.__module__ = fget.__module__
        self.slot_name = f"_cache_{self.__name__}"

    @overload
    def __get__(self, instance: None, owner: type | None = None, /) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None, /) -> T: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        if instance is None:
            return self
        value = self._kept(instance)
        if value is _MISSING:
            value = self.compute(instance)
            self.__set__(instance, value)
        return value

    def _kept(self, instance: Any) -> Any:
        if hasattr(instance, "__dict__"):
            return instance.__dict__.get(self.__name__, _MISSING)
        return getattr(instance, self.slot_name, _MISSING)

    def __set__(self, instance: Any, value: T, /) -> None:
        if hasattr(instance, "__dict__"):
            instance.__dict__[self.__name__] = value
        else:
            setattr(instance, self.slot_name, value)

    def __delete__(self, instance: Any, /) -> None:
        if hasattr(instance, "__dict__"):
            del instance.__dict__[self.__name__]
        else:
            delattr(instance, self.slot_name)


class header_property(Generic[T]):  # noqa: N801  # reads as a property where it is used
    """A property that is a header of the object's `headers`.

    Args:
        name: of the header.
        default: what it is where the header is missing or `load_func` raises a ValueError or
            TypeError.
        load_func: turns the header's text into the value; the text itself without it.
        dump_func: turns a value into the header's text.
        read_only: refuse to set and delete it.
    """

    def __init__(
        self,
        name: str,
        default: T | None = None,
        load_func: Callable[[str], T] | None = None,
        dump_func: Callable[[T], str] | None = None,
        read_only: bool | None = None,
        doc: str | None = None,
    ) -> None:
        self.name = name
        self.default = default
        self.load_func = load_func
        self.dump_func = dump_func
        self.read_only = bool(read_only)
        self.__doc__ = doc

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, instance: HasHeaders, owner: type | None = None) -> T | None: ...
    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        text = instance.headers.get(self.name)
        if text is None or self.load_func is None:
            return self.default if text is None else text
        try:
            return self.load_func(text)
        except (ValueError, TypeError):
            return self.default

    def __set__(self, instance: HasHeaders, value: T | None) -> None:
        self._refuse_if_read_only()
        if value is None:
            instance.headers.pop(self.name, None)
            return
        instance.headers[self.name] = self.dump_func(value) if self.dump_func else str(value)

    def __delete__(self, instance: HasHeaders) -> None:
        self._refuse_if_read_only()
        instance.headers.pop(self.name, None)

    def _refuse_if_read_only(self) -> None:
        if self.read_only:
            raise AttributeError(
                f"The property of the header {self.name!r} is read only."
                " Change the header itself, in `headers`."
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"
