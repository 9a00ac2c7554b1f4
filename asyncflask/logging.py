"""The app's logger and the handler it gets when nobody configured logging."""

from __future__ import annotations

import logging
import sys
from typing import Any, Protocol


class HasLogger(Protocol):
    """What `create_logger` needs of the app."""

    @property
    def name(self) -> str: ...

    @property
    def debug(self) -> bool: ...


class CurrentStderr:
    """A text stream that is whatever `sys.stderr` is at each use.

    A handler made at import would keep that moment's stream: output would miss a later
    redirection (pytest's capture, a daemon's log file) or hit a closed file.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)

    def __repr__(self) -> str:
        return repr(sys.stderr)

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


# COMPAT: Flask's name, for the WSGI server's error stream while a request runs. ASGI has none.
wsgi_errors_stream = CurrentStderr()

default_handler = logging.StreamHandler(wsgi_errors_stream)
default_handler.setFormatter(
    logging.Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s")
)


def has_level_handler(logger: logging.Logger) -> bool:
    """Whether some handler on the way up to the root lets the logger's own level through."""
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current is not None:
        if any(handler.level <= level for handler in current.handlers):
            return True
        if not current.propagate:
            return False
        current = current.parent
    return False


def create_logger(app: HasLogger) -> logging.Logger:
    """The logger named for the app: DEBUG in debug mode if it has no level of its own.

    It gets `default_handler` only where no handler would show its messages.
    """
    logger = logging.getLogger(app.name)
    if app.debug and not logger.level:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
