"""The factory that each of several server processes calls for its application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .commands import ScriptInfo
from .environment import read_setting
from .locate import find_app

if TYPE_CHECKING:
    from .application import Application


def load_app() -> Application:
    """The application at ASYNCFLASK_APP, its debug flag set as the environment says."""
    import_path = read_setting("APP")
    app: Application = ScriptInfo(create_app=lambda: find_app(import_path)).load_app()
    return app
