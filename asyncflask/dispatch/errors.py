"""Which handler answers which exception. Knows nothing of pipelines or of sending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..exceptions import HTTPException
from .steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Handlers = Mapping[type[Exception], Callable[..., Any]]
    Spec = Mapping[str | None, Mapping[int | None, Handlers]]


class ErrorTable:
    """The error handlers that one endpoint sees, looked up once for each class of error."""

    __slots__ = ("_found", "_scopes", "_spec")

    def __init__(self, spec: Spec, blueprints: Sequence[str]) -> None:
        """Copy nothing yet: `spec` is the app's registry, read when an error comes.

        Args:
            blueprints: the endpoint's blueprints, innermost first.
        """
        self._spec = spec
        self._scopes = (*blueprints, None)
        self._found: dict[tuple[type[Exception], int | None], Step | None] = {}

    def find(self, exc: Exception) -> Step | None:
        """The handler of `exc`: code before class, blueprint before app, then by the MRO."""
        code = exc.code if isinstance(exc, HTTPException) else None
        key = (type(exc), code)
        if key not in self._found:
            handler = find_handler(self._spec, self._scopes, type(exc), code)
            self._found[key] = None if handler is None else Step.of(handler)
        return self._found[key]


def find_handler(
    spec: Spec, scopes: Sequence[str | None], exc_class: type[Exception], code: int | None
) -> Callable[..., Any] | None:
    """The registered handler for an exception class, or None.

    COMPAT: a handler for the code is preferred in every scope before one for a mere class.
    """
    for wanted in (None,) if code is None else (code, None):
        for scope in scopes:
            handlers = spec.get(scope, {}).get(wanted)
            if not handlers:
                continue
            for cls in exc_class.__mro__:
                if cls in handlers:
                    return handlers[cls]
    return None
