"""The cases, a module for each point; importing this package adds them all."""

from . import disconnects

__all__ = ["disconnects"]
