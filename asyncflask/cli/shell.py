"""The shell command: a Python prompt inside the application's context, where `await` works."""

from __future__ import annotations

import ast
import code
import inspect
import os
import sys
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import click

from .. import bridge, ctx
from ..setup.commands import with_appcontext


class AwaitingConsole(code.InteractiveConsole):
    """Python's interactive console; an awaited expression is run on the event loop."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        super().__init__(namespace)
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: CodeType) -> None:
        """Run one input; its error is shown, SystemExit leaves the console."""
        try:
            # Here, not in a function of its own: the console hides one frame of a traceback.
            outcome = FunctionType(code, self.locals)()
            if inspect.iscoroutine(outcome):
                bridge.wait_for(partial(_result_of, outcome))
        except SystemExit:
            raise
        except BaseException:
            self.showtraceback()


async def _result_of(coroutine: Any) -> Any:
    return await coroutine


@click.command("shell", short_help="Open a Python prompt in the app context.")
@with_appcontext
def shell_command() -> None:
    """Open a Python prompt with the application's context active.

    The names are those of the application's shell context processors. `await` works at the
    prompt.
    """
    app: Any = ctx.require_app_context().app
    namespace: dict[str, Any] = {}
    _run_startup_file(namespace)
    namespace.update(app.make_shell_context())
    _complete_names_of(namespace)

    banner = (
        f"Python {sys.version} on {sys.platform}\n"
        f"App: {app.import_name}\n"
        f"Instance: {app.instance_path}"
    )
    AwaitingConsole(namespace).interact(banner)


def _run_startup_file(namespace: dict[str, Any]) -> None:
    startup = os.environ.get("PYTHONSTARTUP")
    if startup and os.path.isfile(startup):
        exec(compile(Path(startup).read_bytes(), startup, "exec"), namespace)


def _complete_names_of(namespace: dict[str, Any]) -> None:
    """Let the prompt complete the namespace's names, not those of this program's `__main__`."""
    prepare_prompt = getattr(sys, "__interactivehook__", None)
    if prepare_prompt is None:
        return
    try:
        import readline
        from rlcompleter import Completer
    except ImportError:
        # Some builds of Python have no readline: the prompt works without completion.
        pass
    else:
        readline.set_completer(Completer(namespace).complete)
    prepare_prompt()
