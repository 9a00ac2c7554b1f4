"""Imports at start-up what is otherwise imported with the first request that needs it."""

from __future__ import annotations

import os
from typing import Any, Final

_WITH_BODIES: Final = frozenset({"PATCH", "POST", "PUT"})


def import_for_requests(app: Any) -> None:
    """Import what the set-up of an app shows that requests will need: they would wait for it.

    Args:
        app: a `Flask`.
    """
    rules = list(app.url_map.iter_rules())
    if app.secret_key:
        from .. import signing  # noqa: F401
    if any(_has_folder(owner) for owner in (app, *app.iter_blueprints())):
        from ..templating import environment  # noqa: F401
    if any(not _WITH_BODIES.isdisjoint(rule.methods or ()) for rule in rules):
        from ..wrappers import multipart_form  # noqa: F401
    if any(rule.websocket for rule in rules):
        from . import websocket_pipeline, websockets  # noqa: F401


def _has_folder(owner: Any) -> bool:
    """Whether an app or blueprint has a folder of templates, on disk."""
    folder = owner.template_folder
    return folder is not None and os.path.isdir(os.path.join(owner.root_path, folder))
