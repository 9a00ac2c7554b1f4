"""Explanations for developers of what went wrong. Nothing here changes what the framework does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import ctx
from .blueprints import Blueprint
from .wrappers.enctype import DebugFilesKeyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jinja2 import BaseLoader

    from .setup.registrar import Registrar
    from .wrappers import Request

    Source = tuple[str, str | None, Any]
    Attempt = tuple[BaseLoader, Registrar, Source | None]

__all__ = [
    "DebugFilesKeyError",
    "FormDataRoutingRedirect",
    "UnexpectedUnicodeError",
    "explain_template_loading_attempts",
]


class UnexpectedUnicodeError(AssertionError, UnicodeError):
    """Text came where bytes were expected, or the other way round."""


class FormDataRoutingRedirect(AssertionError):
    """In debug mode, instead of a routing redirect after which a form's data would be missing."""

    def __init__(self, request: Request) -> None:
        redirect: Any = request.routing_exception
        message = (
            f"The {request.method} request to {request.url!r} would be redirected to the canonical"
            f" URL {redirect.new_url!r} with the status {redirect.code}, and browsers do not send"
            " a form's data again after that."
        )
        if redirect.new_url.partition("?")[0] == f"{request.base_url}/":
            message += " The rule was defined with a trailing slash, and the URL has none."
        message += (
            f" Send the {request.method} request to the canonical URL, or use 307 or 308 for"
            " routing redirects.\n\nThis error is raised in debug mode only."
        )
        super().__init__(message)


def explain_template_loading_attempts(app: Any, template: str, attempts: Sequence[Attempt]) -> None:
    """Log where a template was looked for, and where it was found.

    Args:
        app: the message goes to its `logger`.
        template: the template's name.
        attempts: (loader, the app or blueprint that it belongs to, what it found or None), in
            the order they were made.
    """
    found = sum(source is not None for _, _, source in attempts)
    lines = [f"Locating template {template!r}:"]
    for number, attempt in enumerate(attempts, 1):
        lines += _attempt_lines(number, *attempt)
    if found == 0:
        lines += ["Error: the template could not be found.", *_blueprint_hint()]
    elif found > 1:
        lines.append("Warning: several loaders have a template of this name; the first one wins.")
    app.logger.info("\n".join(lines))


def _attempt_lines(
    number: int, loader: BaseLoader, owner: Registrar, source: Source | None
) -> Iterator[str]:
    yield f"{number:5}: trying loader of {_described(owner)}"
    yield f"       class: {type(loader).__module__}.{type(loader).__name__}"
    for name, value in sorted(vars(loader).items()):
        yield from _setting_lines(name, value)
    yield (
        "       -> no match" if source is None else f"       -> found ({source[1] or '<string>'!r})"
    )


def _setting_lines(name: str, value: Any) -> Iterator[str]:
    """A loader's public setting, where it is one that can be read."""
    if name.startswith("_"):
        return
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        yield f"       {name}:"
        yield from (f"         - {item}" for item in value)
    elif isinstance(value, str | int | float):  # bool is an int
        yield f"       {name}: {value!r}"


def _described(owner: Registrar) -> str:
    if isinstance(owner, Blueprint):
        return f"blueprint {owner.name!r} ({owner.import_name})"
    return f"application {owner.import_name!r}"


def _blueprint_hint() -> Iterator[str]:
    context = ctx.current()
    if context is None or context.connection is None or context.connection.blueprint is None:
        return
    yield (
        "  The template was looked up from an endpoint that belongs to the blueprint"
        f" {context.connection.blueprint!r}."
    )
    yield "  Is the file in the blueprint's template folder, and was template_folder= passed to it?"
    yield "  See https://flask.palletsprojects.com/blueprints/#templates"
