"""The current app, handed down: requests and responses that stand alone ask it for settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def _no_app() -> Any:
    return None


_find_app: Callable[[], Any] = _no_app


def bind_current_app(find_app: Callable[[], Any]) -> None:
    """Let the wrappers ask for the current app; `find_app` gives None where there is none."""
    global _find_app
    _find_app = find_app


def current_app() -> Any:
    """The current app, or None."""
    return _find_app()
