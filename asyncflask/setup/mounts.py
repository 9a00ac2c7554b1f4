"""What is set up of applications mounted beside an app's own routes. Hands on no request."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from inspect import signature
from typing import TYPE_CHECKING, Any

from ..bridge import is_async

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Mount:
    """An application and the paths that it answers for.

    Attributes:
        prefix: starts with a slash and ends with none; "" is the fallback for all other paths.
        app: as it was given.
        is_wsgi: whether it is a WSGI application; else it is an ASGI one.
        has_lifespan: whether to run its lifespan: an ASGI application's, once for each
            application, however often it is mounted.
        state: what its lifespan has put into the scope; its requests are given a copy.
    """

    prefix: str
    app: Any
    is_wsgi: bool
    has_lifespan: bool
    state: dict[str, Any] = field(default_factory=dict)


def make_mount(prefix: str, app: Any, wsgi: bool | None, others: Sequence[Mount] = ()) -> Mount:
    """Check what `mount` was given.

    Args:
        others: what is mounted already.
    Raises:
        TypeError: `app` is no application, or it cannot be told whether it is a WSGI one.
        ValueError: `prefix` is not a plain path, or is taken.
        ImportError: `app` is a WSGI application and a2wsgi is not installed.
    """
    is_wsgi_app = is_wsgi(app) if wsgi is None else wsgi
    if is_wsgi_app and find_spec("a2wsgi") is None:
        raise ImportError(
            f"Mounting {app!r} at {prefix!r} needs the package 'a2wsgi', as it is a WSGI"
            " application, and a2wsgi is not installed. Run `pip install asyncflask[wsgi]`."
        )
    prefix = _checked_prefix(prefix)
    _check_is_free(prefix, app, others)
    for other in others:
        if other.app is app:
            return Mount(prefix, app, is_wsgi_app, has_lifespan=False, state=other.state)
    return Mount(prefix, app, is_wsgi_app, has_lifespan=not is_wsgi_app)


def _check_is_free(prefix: str, app: Any, others: Sequence[Mount]) -> None:
    for other in others:
        if other.prefix == prefix:
            raise ValueError(
                f"{app!r} cannot be mounted at {prefix or '/'!r}: {other.app!r} is mounted there"
                " already. Use another path."
            )


def _checked_prefix(prefix: str) -> str:
    if prefix and not prefix.startswith("/"):
        raise ValueError(
            f"Applications are mounted at a path that starts with a slash, not at {prefix!r}."
            f" Use {f'/{prefix}'!r}."
        )
    if "<" in prefix:
        raise ValueError(
            f"Applications are mounted at a fixed path, and {prefix!r} has a variable part."
            " Mount the application at the part before it, and let its own routes have the rest."
        )
    return prefix.rstrip("/")


def is_wsgi(app: Any) -> bool:
    """Whether `app` is a WSGI application; else it is an ASGI one.

    Raises:
        TypeError: it is neither, or it might be either.
    """
    if not callable(app) or isinstance(app, type):
        kind = "a class, not an instance of it" if isinstance(app, type) else "not callable"
        raise TypeError(f"An ASGI or WSGI application is expected, but {app!r} is {kind}.")
    # Ours and Quart's have both attributes, Flask's only the second.
    if hasattr(app, "asgi_app") or (is_async(app) and _takes(app, 3)):
        return False
    if hasattr(app, "wsgi_app") or (not is_async(app) and _takes(app, 2) and not _takes(app, 3)):
        return True
    raise TypeError(
        f"It cannot be told whether {app!r} is an ASGI or a WSGI application: it is neither async"
        " with the parameters (scope, receive, send), nor sync with (environ, start_response)."
        " Pass wsgi=False or wsgi=True to say which it is."
    )


def check_is_not_wsgi(name: str, app: Any) -> None:
    """Check what is assigned to an app's `asgi_app` or `wsgi_app`, before the first request fails.

    Raises:
        TypeError: it certainly is a WSGI application.
    """
    try:
        is_wsgi_app = is_wsgi(app)
    except TypeError:
        return
    if is_wsgi_app:
        raise TypeError(
            f"app.{name} was set to {app!r}, which is a WSGI application, but the app is an ASGI"
            " application and needs ASGI middleware around it. Werkzeug's ProxyFix and"
            " DispatcherMiddleware have ASGI twins in asyncflask.middleware; other WSGI"
            " applications are mounted with app.mount."
        )


def _takes(app: Any, arguments: int) -> bool:
    """Whether `app` can be called with so many positional arguments."""
    try:
        signature(app).bind(*[None] * arguments)
    except (TypeError, ValueError):
        return False
    return True
