"""The run command: serves the application, reloading it in debug mode."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

import click

from ..setup import reloading, serving
from ..setup.commands import ScriptInfo, pass_script_info
from ..setup.environment import get_debug_flag, write_setting
from .certificates import CertParamType, SeparatedPathType, validate_key
from .options import debug_option


@click.command("run", short_help="Serve the application.")
@click.option("--host", "-h", default=serving.DEFAULT_HOST, help="The interface to listen on.")
@click.option(
    "--port", "-p", default=serving.DEFAULT_PORT, help="The port to listen on; 0 for a free one."
)
@click.option(
    "--cert",
    type=CertParamType(),
    is_eager=True,
    help="Serve HTTPS: a certificate file, 'adhoc', or the import path of an ssl.SSLContext.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    callback=validate_key,
    expose_value=False,
    help="The key file of the certificate file.",
)
@click.option(
    "--reload/--no-reload",
    default=None,
    help="Serve anew when a source file changes. Without this, debug mode decides.",
)
@click.option(
    "--debugger/--no-debugger",
    default=None,
    expose_value=False,
    help="Accepted for Flask's sake: there is no debugger to turn on.",
)
@click.option(
    "--with-threads/--without-threads",
    default=True,
    expose_value=False,
    help="Accepted for Flask's sake: sync views run in worker threads anyway.",
)
@click.option(
    "--extra-files",
    type=SeparatedPathType(),
    help=f"Other files and folders to reload on, separated by {os.pathsep!r}.",
)
@click.option(
    "--exclude-patterns",
    type=SeparatedPathType(),
    help=f"fnmatch patterns of files not to reload on, separated by {os.pathsep!r}.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    help="How many processes serve; each has its own copy of the application.",
)
@pass_script_info
def run_command(
    info: ScriptInfo,
    host: str,
    port: int,
    cert: Any,
    reload: bool | None,
    extra_files: list[str] | None,
    exclude_patterns: list[str] | None,
    workers: int,
) -> None:
    """Serve the application with uvicorn.

    With '--debug', the application is in debug mode and is loaded anew whenever one of its
    source files changes.
    """
    debug = get_debug_flag()
    if _becomes_reloader(reload, debug, workers):
        serving.show_server_banner(debug, info.app_import_path)
        sys.exit(reloading.supervise(extra_files or (), exclude_patterns or ()))

    app: Any = _load_app(info)
    serving.show_server_banner(debug, info.app_import_path)
    if workers == 1:
        serving.serve(app, host, port, ssl_context=cert)
        return
    _name_app_to_workers(info)
    serving.serve(
        serving.WORKER_FACTORY, host, port, ssl_context=cert, factory=True, workers=workers
    )


run_command.params.insert(0, debug_option)


def _becomes_reloader(reload: bool | None, debug: bool, workers: int) -> bool:
    try:
        becomes = serving.becomes_reloader(reload, debug)
    except RuntimeError as exc:
        raise click.ClickException(str(exc)) from exc
    if becomes and workers > 1:
        raise click.UsageError(
            "Reloading serves from one process: leave out '--workers', or add '--no-reload'."
        )
    return becomes


def _load_app(info: ScriptInfo) -> Any:
    """The application; in a reloader's child its errors are shown and wait for a change."""
    try:
        return info.load_app()
    except click.ClickException:
        raise
    except Exception:
        if not reloading.is_reloaded_child():
            raise
        traceback.print_exc()
        sys.exit(reloading.LOAD_FAILED)


def _name_app_to_workers(info: ScriptInfo) -> None:
    if info.create_app is not None:
        raise click.UsageError(
            "Several workers each import the application, and this command makes it by a"
            " function. Run: asyncflask --app MODULE:NAME run --workers N"
        )
    if info.app_import_path is not None:
        write_setting("APP", info.app_import_path)
