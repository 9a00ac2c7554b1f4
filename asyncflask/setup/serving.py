"""Serving an application with uvicorn, for `app.run()` and the run command alike."""

from __future__ import annotations

import sys
from typing import Any, Protocol

import click
import uvicorn

from . import environment, reloading
from .certificates import tls_options

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5000
WORKER_FACTORY = "asyncflask.setup.worker:load_app"

# COMPAT: what Flask hands to Werkzeug's server and has no counterpart here.
_WERKZEUG_ONLY = (
    "passthrough_errors",
    "processes",
    "reloader_interval",
    "reloader_type",
    "threaded",
    "use_debugger",
    "use_evalex",
)


class Runnable(Protocol):
    """What `run` touches of an application."""

    debug: Any
    config: Any

    @property
    def name(self) -> str: ...


def run(
    app: Runnable,
    host: str | None = None,
    port: int | None = None,
    debug: bool | None = None,
    load_dotenv: bool = True,
    **options: Any,
) -> None:
    """Flask's `app.run()`: settle debug mode and address, then serve, reloading if asked to.

    Args:
        options: Flask's (`use_reloader`, `extra_files`, `exclude_patterns`, `ssl_context`;
            Werkzeug's others are accepted and mean nothing) and uvicorn's.
    """
    if environment.read_setting("RUN_FROM_CLI") == "true":
        _tell_run_is_ignored()
        return

    _settle_debug(app, debug, load_dotenv)
    host, port = address(app.config.get("SERVER_NAME"), host, port)
    reload = options.pop("use_reloader", options.pop("reload", None))
    extra_files = options.pop("extra_files", None) or ()
    exclude_patterns = options.pop("exclude_patterns", None) or ()

    show_server_banner(app.debug, app.name)
    if becomes_reloader(reload, app.debug):
        sys.exit(reloading.supervise(extra_files, exclude_patterns))
    serve(app, host, port, **options)


def _tell_run_is_ignored() -> None:
    click.secho(
        " * Ignoring a call to 'app.run()' that would block the current 'asyncflask' command.\n"
        "   Call 'app.run()' only under 'if __name__ == \"__main__\":'.",
        fg="red",
        err=True,
    )


def _settle_debug(app: Runnable, debug: bool | None, load_dotenv: bool) -> None:
    if environment.get_load_dotenv(load_dotenv):
        environment.load_dotenv()
        if environment.read_setting("DEBUG") is not None:
            app.debug = environment.get_debug_flag()
    if debug is not None:
        app.debug = bool(debug)


def address(server_name: str | None, host: str | None, port: int | None) -> tuple[str, int]:
    """Where to listen: what is given, else what SERVER_NAME says, else 127.0.0.1 and 5000.

    Port 0 lets the system choose a free one.
    """
    named_host, _, named_port = (server_name or "").partition(":")
    if port is None:
        port = int(named_port or DEFAULT_PORT)
    return host or named_host or DEFAULT_HOST, int(port)


def becomes_reloader(reload: bool | None, debug: bool) -> bool:
    """Whether this process is to watch files and leave serving to a child of its own.

    Args:
        reload: whether reloading was asked for; None means in debug mode, and then a missing
            watchfiles is told and done without.
    Raises:
        RuntimeError: it was asked for and watchfiles is missing.
    """
    wanted = debug if reload is None else reload
    if not wanted or reloading.is_reloaded_child():
        return False
    try:
        reloading.require_watchfiles()
    except RuntimeError as exc:
        if reload:
            raise
        click.secho(f" * {exc}", fg="yellow", err=True)
        return False
    return True


def serve(app: Any, host: str, port: int, **options: Any) -> None:
    """Serve with uvicorn until told to stop.

    Args:
        app: an ASGI application; with several workers, the path of a factory.
        options: `ssl_context` as in Flask; Werkzeug's are dropped; the rest are uvicorn's.
    Raises:
        RuntimeError: several workers are asked for and `app` is no import path.
    """
    if (options.get("workers") or 1) > 1 and not isinstance(app, str):
        raise RuntimeError(
            "Several workers each import the application, so they need its import path."
            " Run: asyncflask --app MODULE:NAME run --workers"
            f" {options['workers']}"
        )
    for name in _WERKZEUG_ONLY:
        options.pop(name, None)

    # COMPAT: nobody's X-Forwarded headers are believed, unless ProxyFix is told how many.
    options.setdefault("proxy_headers", False)
    tls = tls_options(options.pop("ssl_context", None))
    uvicorn.run(app, host=host, port=port, **tls, **options)


def show_server_banner(debug: bool, app_import_path: str | None) -> None:
    """Say what is served and whether in debug mode; a reloader has said it for its child."""
    if reloading.is_reloaded_child():
        return
    if app_import_path is not None:
        click.echo(f" * Serving asyncflask app {app_import_path!r}")
    click.echo(f" * Debug mode: {'on' if debug else 'off'}")
