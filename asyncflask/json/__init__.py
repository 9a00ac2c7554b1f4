"""JSON through the current app's provider, and through plain `json` where no app is current."""

from __future__ import annotations

import json as _json
from typing import IO, TYPE_CHECKING, Any, AnyStr

from ..ctx import AppContext, _current, current, require_app_context
from .provider import DefaultJSONProvider, JSONProvider, to_serializable
from .strict import read_strictly

if TYPE_CHECKING:
    from ..wrappers.response import Response

__all__ = ["dump", "dumps", "jsonify", "load", "loads"]


def _provider_of(ctx: AppContext) -> JSONProvider:
    provider: JSONProvider = ctx.app.json
    return provider


def dumps(obj: Any, **kwargs: Any) -> str:
    """`obj` as JSON. `kwargs` are for the app's provider, or for `json.dumps` without an app."""
    ctx = current()
    if ctx is not None:
        return _provider_of(ctx).dumps(obj, **kwargs)
    kwargs.setdefault("default", to_serializable)
    return _json.dumps(obj, **kwargs)


def dumps_compact(obj: Any) -> str:
    """`obj` as JSON without spaces."""
    ctx = _current.get()
    if ctx is not None:
        provider: JSONProvider = ctx.app.json
        # PERF: by the kept encoder: 1 µs in place of 4.
        if type(provider) is DefaultJSONProvider:
            return provider._encode(obj, True)
    return dumps(obj, separators=(",", ":"))


def dump(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """Write `obj` as JSON to a text file."""
    ctx = current()
    if ctx is not None:
        _provider_of(ctx).dump(obj, fp, **kwargs)
        return
    kwargs.setdefault("default", to_serializable)
    _json.dump(obj, fp, **kwargs)


def loads_text(s: str) -> Any:
    """`loads` for a text, without arguments for the provider.

    Raises:
        ValueError: the text is not JSON.
    """
    ctx = _current.get()
    if ctx is not None:
        provider: JSONProvider = ctx.app.json
        # PERF: what the provider does itself: 0.25 µs in place of 0.5.
        if type(provider) is DefaultJSONProvider and not provider.accept_nan:
            return read_strictly(s)
    return loads(s)


def loads(s: str | bytes, **kwargs: Any) -> Any:
    """The value that the JSON text says.

    Raises:
        ValueError: the text is not JSON.
    """
    ctx = current()
    if ctx is not None:
        return _provider_of(ctx).loads(s, **kwargs)
    return _json.loads(s, **kwargs)


def load(fp: IO[AnyStr], **kwargs: Any) -> Any:
    """The value that a text or binary file of JSON says.

    Raises:
        ValueError: the text is not JSON.
    """
    ctx = current()
    if ctx is not None:
        return _provider_of(ctx).load(fp, **kwargs)
    return _json.load(fp, **kwargs)


def jsonify(*args: Any, **kwargs: Any) -> Response:
    """A response with the arguments as its JSON body.

    One positional argument is the body itself, several are a list, keywords are an object.

    Raises:
        TypeError: both positional arguments and keywords are given.
        RuntimeError: no app is current.
    """
    return _provider_of(require_app_context()).response(*args, **kwargs)
