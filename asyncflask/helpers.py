"""What views call: URLs, redirects, responses, flashes, files, streams. Thin over the app."""

from __future__ import annotations

from functools import update_wrapper
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from . import exceptions
from .ctx import current, require_app_context, require_request_context
from .dispatch import files
from .flashing import flash, get_flashed_messages
from .setup.environment import get_debug_flag, get_load_dotenv
from .setup.resources import get_root_path
from .streaming import in_context
from .wrappers import redirects
from .wrappers.endpoint import blueprint_names

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable, Iterator
    from datetime import datetime

    from .ctx import AppContext
    from .wrappers import Response as ResponseType

__all__ = [
    "abort",
    "flash",
    "get_debug_flag",
    "get_flashed_messages",
    "get_load_dotenv",
    "get_root_path",
    "get_template_attribute",
    "make_response",
    "redirect",
    "send_file",
    "send_from_directory",
    "stream_with_context",
    "url_for",
]

S = TypeVar("S", bound="Iterator[Any] | AsyncIterator[Any] | Callable[..., Any]")


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """The URL of an endpoint: see `Flask.url_for`."""
    app = cast("Any", require_app_context().app)
    return cast(
        "str",
        app.url_for(
            endpoint,
            _anchor=_anchor,
            _method=_method,
            _scheme=_scheme,
            _external=_external,
            **values,
        ),
    )


def redirect(
    location: str,
    code: int = 302,
    Response: type[ResponseType] | None = None,  # noqa: N803
) -> ResponseType:
    """A redirect to `location`; the current app's own method makes it where there is one.

    Args:
        code: 301, 302, 303, 305, 307 or 308.
    """
    ctx = current()
    if ctx is None or Response is not None:
        return redirects.redirect(location, code, Response)
    return cast("ResponseType", cast("Any", ctx.app).redirect(location, code=code))


def abort(code: int | ResponseType, *args: Any, **kwargs: Any) -> NoReturn:
    """Raise the HTTP error of a status code, or answer with a finished response.

    Args:
        args: for the exception: its description, its response.
    Raises:
        LookupError: no exception is known for the code.
    """
    ctx = current()
    if ctx is not None:
        cast("Any", ctx.app).aborter(code, *args, **kwargs)
    exceptions.abort(code, *args, **kwargs)


def make_response(*args: Any) -> ResponseType:
    """The response that a view returning `args` would make, to set headers on.

    Without an argument it is an empty response; several stand for a tuple.
    """
    app = cast("Any", require_app_context().app)
    if not args:
        return cast("ResponseType", app.response_class())
    return cast("ResponseType", app.make_response(args[0] if len(args) == 1 else args))


def get_template_attribute(template_name: str, attribute: str) -> Any:
    """A macro or variable that a template exports.

    Raises:
        AttributeError: the template has none of that name.
    """
    app = cast("Any", require_app_context().app)
    return getattr(app.jinja_env.get_template(template_name).module, attribute)


def send_file(
    path_or_file: os.PathLike[str] | str | IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | int | float | None = None,
    max_age: int | Callable[[str | None], int | None] | None = None,
) -> ResponseType:
    """A response with a file's content. Never pass a path that a user has given.

    Args:
        path_or_file: a path, relative to the app's root path, or a binary file object.
        mimetype: by default guessed from the file's name.
        as_attachment: offer the file for saving.
        download_name: the name to save it under.
        conditional: answer conditional and range requests.
        etag: the tag, or whether one is made of the path's time and size.
        last_modified: a datetime or seconds since the epoch.
        max_age: seconds to be cached, or a function from the path; by default the app's
            `get_send_file_max_age`.
    """
    ctx, options = _file_options(max_age)
    return files.send_file(
        path_or_file,
        ctx.require_request(),
        mimetype=mimetype,
        as_attachment=as_attachment,
        download_name=download_name,
        conditional=conditional,
        etag=etag,
        last_modified=last_modified,
        **options,
    )


def send_from_directory(
    directory: os.PathLike[str] | str, path: os.PathLike[str] | str, **kwargs: Any
) -> ResponseType:
    """Send a file from within `directory`; `path` may come from a user.

    Args:
        directory: relative to the app's root path; must not come from a user.
        kwargs: for `send_file`.
    Raises:
        NotFound: there is no such file in the directory, or `path` leads out of it.
    """
    ctx, options = _file_options(kwargs.pop("max_age", None))
    return files.send_from_directory(directory, path, ctx.require_request(), **options, **kwargs)


def _file_options(max_age: Any) -> tuple[AppContext, dict[str, Any]]:
    ctx = require_request_context()
    app = cast("Any", ctx.app)
    return ctx, {
        "max_age": app.get_send_file_max_age if max_age is None else max_age,
        "use_x_sendfile": app.config["USE_X_SENDFILE"],
        "response_class": app.response_class,
        "root_path": app.root_path,
    }


def stream_with_context(generator_or_function: S) -> S:
    """Keep the request's context current while a generator, or what a function returns, is run.

    A response's generator has the context anyway; this is for one that is consumed elsewhere.

    Raises:
        RuntimeError: there is no request.
    """
    if callable(generator_or_function):
        function = cast("Callable[..., Any]", generator_or_function)

        def stream(*args: Any, **kwargs: Any) -> Any:
            return stream_with_context(function(*args, **kwargs))

        return cast("S", update_wrapper(stream, function))
    return cast("S", in_context(require_request_context(), cast("Any", generator_or_function)))


def _split_blueprint_path(name: str) -> list[str]:
    return blueprint_names(f"{name}.")
