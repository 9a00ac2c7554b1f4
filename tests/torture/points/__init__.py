"""The cases, a module for each subject; importing this package adds them all."""

from . import (
    cuts,
    disconnects,
    exceptions,
    leaks,
    load,
    memory,
    shortages,
    stalled,
    stopping,
    streams,
)

__all__ = [
    "cuts",
    "disconnects",
    "exceptions",
    "leaks",
    "load",
    "memory",
    "shortages",
    "stalled",
    "stopping",
    "streams",
]
