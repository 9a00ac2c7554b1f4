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
    from .wrappers.request import Request

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
    """In debug mode, instead of a routing redirect after which a form's body would be missing."""

    def __init__(self, request: Request) -> None:
        redirect: Any = request.routing_exception
        message = (
            f"The {request.method} request to {request.url!r} would be redirected to"
            f" {redirect.new_url!r} with the status {redirect.code}, and clients do not send the"
            f" body again after that. Send the {request.method} request to the second URL."
        )
        if redirect.new_url.partition("?")[0] == f"{request.base_url}/":
            message += " The rule ends with a slash, and the URL does not."
        super().__init__(f"{message} (In debug mode only, this error stands for the redirect.)")


class FormDataRoutingRedirect(AssertionError):
    """A redirect would make the browser send its request again without the form's data."""

    def __init__(self, request: Request) -> None:
        exc: Any = request.routing_exception
        message = (
            f"A request was sent to {request.url!r}, but routing issued a redirect to the"
            f" canonical URL {exc.new_url!r}."
        )
        if f"{request.base_url}/" == exc.new_url.partition("?")[0]:
            message += " The URL was defined with a trailing slash."
        message += (
            " Send requests to the canonical URL, or use 307 or 308 for routing redirects:"
            f" otherwise browsers drop the data of a {request.method} request."
            "\n\nThis exception is only raised in debug mode."
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
    if context is None or context.request is None or context.request.blueprint is None:
        return
    yield f"  The view that asked for it belongs to the blueprint {context.request.blueprint!r}."
    yield "  Is the file in the blueprint's template folder, and was template_folder= passed to it?"
