"""How the run command reads certificates, keys and lists of paths."""

from __future__ import annotations

import os
import pkgutil
import ssl
from typing import Any

import click

from ..setup.certificates import ADHOC, require_cryptography


class CertParamType(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 only
    """A certificate file, the word 'adhoc', or the import path of an `ssl.SSLContext`."""

    name = "path"

    def __init__(self) -> None:
        self.path_type = click.Path(exists=True, dir_okay=False, resolve_path=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The resolved path, 'adhoc', or the SSLContext itself."""
        try:
            return os.fspath(self.path_type(value, param, ctx))
        except click.BadParameter:
            if value == ADHOC:
                return _adhoc(param, ctx)
            context = _imported(value)
            if context is None:
                raise
            return context


def _adhoc(param: click.Parameter | None, ctx: click.Context | None) -> str:
    try:
        require_cryptography()
    except RuntimeError as exc:
        raise click.BadParameter(str(exc), ctx, param) from exc
    return ADHOC


def _imported(value: Any) -> ssl.SSLContext | None:
    try:
        found = pkgutil.resolve_name(value)
    except (ImportError, AttributeError, ValueError):
        return None
    return found if isinstance(found, ssl.SSLContext) else None


def validate_key(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Join the key to the certificate that was parsed before, or say why they do not fit.

    `ctx.params["cert"]` becomes the pair (certificate, key) where both are files.
    """
    cert = ctx.params.get("cert")
    is_file = isinstance(cert, str) and cert != ADHOC

    if value is None:
        if is_file:
            raise click.BadParameter("it is required when '--cert' is a file.", ctx, param)
        return None
    if cert is None:
        raise click.BadParameter("'--cert' must be given too.", ctx, param)
    if not is_file:
        kind = "'adhoc'" if cert == ADHOC else "an SSLContext"
        raise click.BadParameter(f"'--key' is not used when '--cert' is {kind}.", ctx, param)

    ctx.params["cert"] = (cert, value)
    return value


class SeparatedPathType(click.Path):
    """Several paths in one value, separated as in PATH; the result is a list."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        items = self.split_envvar_value(value) if isinstance(value, str) else value
        return [super(SeparatedPathType, self).convert(item, param, ctx) for item in items]
