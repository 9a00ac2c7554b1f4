"""The peers: a module each, with a function for each line of whose work it is capable.

A function takes nothing and returns an ASGI application, or a WSGI one where the module says
`IS_WSGI = True`. All do the work that `work.py` and the line describe, spelled as the peer's own
documentation spells it, with its defaults.
"""

from __future__ import annotations

import importlib
from types import ModuleType

PEERS = ("bare", "asyncflask", "starlette", "fastapi", "quart", "blacksheep", "falcon", "flask")


def load(names: list[str]) -> tuple[dict[str, ModuleType], list[str]]:
    """Import the peers of these names.

    Returns:
        the modules, and a note for each peer that is not installed.
    """
    modules: dict[str, ModuleType] = {}
    notes = []
    for name in names:
        try:
            modules[name] = importlib.import_module(f"peers.{name}")
        except ModuleNotFoundError as exc:
            notes.append(f"{name} is left out: {exc}. requirements.txt has all peers.")
    return modules, notes
