"""The namespace behind `g`. Knows nothing of the context that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..wrappers.current import current_app

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSET: Final = object()


class _AppCtxGlobals:
    """The namespace behind `g`: attributes of the user's, dict-like where that is handy."""

    def get(self, name: str, default: Any = None) -> Any:
        """The attribute `name`, or `default` where it is not set."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: Any = _UNSET) -> Any:
        """Remove the attribute `name` and return it.

        Raises:
            KeyError: it is not set and there is no default.
        """
        if default is _UNSET:
            return self.__dict__.pop(name)
        return self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """The attribute `name`, set to `default` first where it is not set."""
        return self.__dict__.setdefault(name, default)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"g has no attribute {name!r}; it was not set in this context.")

    def __contains__(self, name: str) -> bool:
        return name in self.__dict__

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        app = current_app()
        if app is None:
            return object.__repr__(self)
        return f"<flask.g of {getattr(app, 'name', repr(app))!r}>"
