"""Runs an app's commands in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from ..setup.commands import ScriptInfo

if TYPE_CHECKING:
    from click.testing import Result


class FlaskCliRunner(CliRunner):
    """click's runner for the commands of one app.

    Args:
        app: the app.
        kwargs: for click's `CliRunner`.
    """

    def __init__(self, app: Any, **kwargs: Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(  # type: ignore[override]  # COMPAT: Flask's, whose command is optional
        self, cli: Any = None, args: Any = None, **kwargs: Any
    ) -> Result:
        """Run a command and return what it has printed and how it ended.

        Args:
            cli: the command; the app's own group, `app.cli`, where it is None.
            args: its arguments: a list, or one string as typed in a shell.
            kwargs: for click's `invoke`; `obj` is a `ScriptInfo` of the app unless it is given.
        """
        if "obj" not in kwargs:
            kwargs["obj"] = ScriptInfo(create_app=lambda: self.app)
        return super().invoke(self.app.cli if cli is None else cli, args, **kwargs)
