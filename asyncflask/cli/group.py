"""The command line's root: built-in commands, plugins', and the application's own."""

from __future__ import annotations

import traceback
from importlib import metadata
from typing import TYPE_CHECKING, Any

import click

from .. import ctx as contexts
from ..setup.commands import AppGroup, ScriptInfo
from ..setup.environment import FLASK_PREFIX, PREFIX, write_setting
from ..setup.locate import NoAppException
from .options import app_option, debug_option, env_file_option, version_option
from .routes import routes_command
from .run import run_command
from .shell import shell_command

if TYPE_CHECKING:
    from collections.abc import Callable

PLUGIN_GROUPS = ("asyncflask.commands", "flask.commands")


class FlaskGroup(AppGroup):
    """A group that knows the commands of the application it loads besides its own.

    Args:
        add_default_commands: have run, routes and shell.
        create_app: makes the application, instead of --app.
        add_version_option: have --version.
        load_dotenv: read `.env` and `.flaskenv` before anything else.
        set_debug_flag: let --debug and the environment set the application's `debug`.
        extra: what `click.Group` takes.
    """

    def __init__(
        self,
        add_default_commands: bool = True,
        create_app: Callable[..., Any] | None = None,
        add_version_option: bool = True,
        load_dotenv: bool = True,
        set_debug_flag: bool = True,
        **extra: Any,
    ) -> None:
        params = [*(extra.pop("params", None) or ()), env_file_option, app_option, debug_option]
        if add_version_option:
            params.append(version_option)
        settings = {"auto_envvar_prefix": PREFIX, **(extra.pop("context_settings", None) or {})}
        super().__init__(params=params, context_settings=settings, **extra)

        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag
        self._has_plugins = False
        if add_default_commands:
            for command in (run_command, routes_command, shell_command):
                self.add_command(command)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """As click's, with a `ScriptInfo` as the context's `obj`."""
        # `app.run()` at the end of the imported module must not serve in the command's place.
        write_setting("RUN_FROM_CLI", "true")
        if "obj" not in extra and "obj" not in self.context_settings:
            extra["obj"] = ScriptInfo(
                create_app=self.create_app,
                set_debug_flag=self.set_debug_flag,
                load_dotenv_defaults=self.load_dotenv,
            )
        return super().make_context(info_name, args, parent=parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; a call for help first learns which application's commands to list."""
        asks_for_help = len(args) == 1 and args[0] in ctx.help_option_names
        if asks_for_help or (not args and self.no_args_is_help):
            env_file_option.handle_parse_result(ctx, {}, [])
            app_option.handle_parse_result(ctx, {}, [])
        try:
            return super().parse_args(ctx, args)
        except BaseException:
            # Listing commands for --help enters the app's context, and click closes no
            # context that is left while it is being made.
            ctx.close()
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's; FLASK_ variables give defaults to the options of the command found."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and command is not None:
            defaults = _flask_defaults(command, f"{FLASK_PREFIX}_{_variable(name)}")
            own = (ctx.default_map or {}).get(name, {})
            ctx.default_map = {**(ctx.default_map or {}), name: {**defaults, **own}}
        return name, command, rest

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A built-in command, a plugin's, or else the application's, whose context it enters."""
        self._load_plugin_commands()
        command = super().get_command(ctx, name)
        if command is not None:
            return command

        try:
            app = ctx.ensure_object(ScriptInfo).load_app()
        except NoAppException as exc:
            _complain(exc)
            return None
        # The group's own callback and its option callbacks find the application active.
        current = contexts.current()
        if current is None or current.app is not app:
            ctx.with_resource(app.app_context())
        found: click.Command | None = app.cli.get_command(ctx, name)
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name; an application that fails to load is told and done without."""
        self._load_plugin_commands()
        names = set(super().list_commands(ctx))
        try:
            names.update(ctx.ensure_object(ScriptInfo).load_app().cli.list_commands(ctx))
        except NoAppException as exc:
            _complain(exc)
        except Exception:
            click.secho(traceback.format_exc(), err=True, fg="red")
        return sorted(names)

    def _load_plugin_commands(self) -> None:
        if self._has_plugins:
            return
        self._has_plugins = True
        for group in PLUGIN_GROUPS:
            for entry_point in metadata.entry_points(group=group):
                # COMPAT: a plugin made for Flask loses to one of the same name made for us.
                if entry_point.name not in self.commands:
                    self.add_command(entry_point.load(), entry_point.name)


def _complain(exc: NoAppException) -> None:
    click.secho(f"Error: {exc.format_message()}\n", err=True, fg="red")


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _flask_defaults(command: click.Command, prefix: str) -> dict[str, Any]:
    """A click default map of what FLASK_<COMMAND>_<OPTION> variables say.

    Defaults rank below click's automatic variables, which have our own prefix.
    """
    ctx = click.Context(command, auto_envvar_prefix=prefix)
    values = {param.name or "": param.value_from_envvar(ctx) for param in command.params}
    defaults: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    for name, child in getattr(command, "commands", {}).items():
        defaults[name] = _flask_defaults(child, f"{prefix}_{_variable(name)}")
    return defaults


cli = FlaskGroup(
    name="asyncflask",
    help="""\
Run and inspect asyncflask applications.

The application is named by the '--app' option or the 'ASYNCFLASK_APP' environment variable
('FLASK_APP' is read too), or is found in 'asgi.py', 'wsgi.py' or 'app.py' in the current
directory.
""",
)


def main() -> None:
    """Run the command line; the `asyncflask` script and `python -m asyncflask` start here."""
    cli.main()
