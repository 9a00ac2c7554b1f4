"""The options that come before the command: which application, which environment, debug mode."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

import click

from ..setup.commands import ScriptInfo
from ..setup.environment import load_dotenv, names_of, write_setting

if TYPE_CHECKING:
    import os


def _set_app(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = value
    return value


def _set_debug(ctx: click.Context, param: click.Parameter, value: bool | None) -> bool | None:
    # A default is no decision: it must not override what the environment says.
    if value is None:
        return None
    # The application may read it while it is being imported, so it goes to the environment.
    write_setting("DEBUG", "1" if value else "0")
    return value


def _load_env_files(
    ctx: click.Context, param: click.Parameter, value: str | os.PathLike[str] | None
) -> str | os.PathLike[str] | None:
    load_defaults = ctx.ensure_object(ScriptInfo).load_dotenv_defaults
    if value is not None:
        _require_dotenv(ctx, param)
    if value is not None or load_defaults:
        load_dotenv(value, load_defaults=load_defaults)
    return value


def _require_dotenv(ctx: click.Context, param: click.Parameter) -> None:
    try:
        import dotenv  # noqa: F401
    except ImportError:
        raise click.BadParameter(
            "reading it needs the package 'python-dotenv', which is not installed."
            " Run: pip install 'asyncflask[standard]'",
            ctx=ctx,
            param=param,
        ) from None


def get_version(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Print the versions of Python, asyncflask and uvicorn, and end the command line."""
    if not value or ctx.resilient_parsing:
        return
    click.echo(f"Python {platform.python_version()}", color=ctx.color)
    for package in ("asyncflask", "uvicorn"):
        click.echo(f"{package} {_version_of(package)}", color=ctx.color)
    ctx.exit()


def _version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed as a package)"


# Eager, and first: the application that --app names may depend on what these files say.
env_file_option = click.Option(
    ["-e", "--env-file"],
    type=click.Path(exists=True, dir_okay=False),
    envvar=names_of("ENV_FILE"),
    is_eager=True,
    expose_value=False,
    callback=_load_env_files,
    help="Read environment variables from this file; they win over '.env' and '.flaskenv', and"
    " lose to those that are set already. Needs python-dotenv.",
)

# Eager, so that the application's own commands can be shown by --help.
app_option = click.Option(
    ["-A", "--app"],
    metavar="IMPORT",
    envvar=names_of("APP"),
    is_eager=True,
    expose_value=False,
    callback=_set_app,
    help="The application or factory, as 'module:name'. The module may be a dotted name or a"
    " file. The name may be left out if it is 'app', 'application', 'create_app' or"
    " 'make_app', and may be 'name(args)' to pass literal arguments.",
)

debug_option = click.Option(
    ["--debug/--no-debug"],
    default=None,
    envvar=names_of("DEBUG"),
    expose_value=False,
    callback=_set_debug,
    help="Turn debug mode on or off.",
)

version_option = click.Option(
    ["--version"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=get_version,
    help="Show the versions of Python, asyncflask and uvicorn.",
)
