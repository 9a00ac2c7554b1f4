"""The command line, with flask.cli's names."""

# COMPAT: extensions take click from flask.cli.
import click as click

from ..setup.commands import AppGroup, ScriptInfo, pass_script_info, with_appcontext
from ..setup.environment import get_debug_flag, get_load_dotenv, load_dotenv
from ..setup.locate import (
    NoAppException,
    _called_with_wrong_args,
    call_factory,
    find_app_by_string,
    find_best_app,
    locate_app,
    prepare_import,
)
from ..setup.serving import show_server_banner
from .certificates import CertParamType, SeparatedPathType
from .group import FlaskGroup, cli, main
from .options import get_version, version_option
from .routes import routes_command
from .run import run_command
from .shell import shell_command

__all__ = [
    "AppGroup",
    "CertParamType",
    "FlaskGroup",
    "NoAppException",
    "ScriptInfo",
    "SeparatedPathType",
    "_called_with_wrong_args",
    "call_factory",
    "cli",
    "find_app_by_string",
    "find_best_app",
    "get_debug_flag",
    "get_load_dotenv",
    "get_version",
    "load_dotenv",
    "locate_app",
    "main",
    "pass_script_info",
    "prepare_import",
    "routes_command",
    "run_command",
    "shell_command",
    "show_server_banner",
    "version_option",
    "with_appcontext",
]
