"""How an app reads and writes JSON. A provider knows its app, and nothing of requests."""

from __future__ import annotations

import dataclasses
import datetime
import json
import weakref
from typing import IO, TYPE_CHECKING, Any, AnyStr, Protocol, cast

from ..syntax import http_date
from .encoding import make_encoder
from .strict import parse_finite, read_strictly, refuse_constant

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..wrappers.response import Response


class JSONApp(Protocol):
    """What a provider needs of the app."""

    @property
    def debug(self) -> bool: ...

    @property
    def response_class(self) -> type[Response]: ...


class JSONProvider:
    """The interface between an app and a JSON library: give it `dumps` and `loads`.

    To use one, set `json_provider_class` on a subclass of the app, or assign `app.json`.
    """

    def __init__(self, app: JSONApp) -> None:
        # The app holds its provider: a strong reference back would keep both alive.
        self._app = cast("JSONApp", weakref.proxy(app))

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """`obj` as JSON."""
        raise NotImplementedError(f"{type(self).__name__} has to define dumps().")

    def dump(self, obj: Any, fp: IO[str], **kwargs: Any) -> None:
        """Write `obj` as JSON to a text file."""
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """The value that the JSON text says; ValueError if it is not JSON."""
        raise NotImplementedError(f"{type(self).__name__} has to define loads().")

    def load(self, fp: IO[AnyStr], **kwargs: Any) -> Any:
        """The value that a text or binary file of JSON says."""
        return self.loads(fp.read(), **kwargs)

    # The name is Flask's: providers of other libraries that define `response` call it.
    def _prepare_response_obj(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args and kwargs:
            raise TypeError(
                "app.json.response() takes either args or kwargs, not both."
                f" Got {len(args)} positional and the keywords {', '.join(sorted(kwargs))}."
            )
        if len(args) == 1:
            return args[0]
        return list(args) or kwargs or None

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """A response with the arguments as its JSON body.

        One positional argument is the body itself, several are a list, keywords are an
        object, nothing is null.

        Raises:
            TypeError: both positional arguments and keywords are given.
        """
        body = self.dumps(self._prepare_response_obj(args, kwargs))
        return self._app.response_class(body, mimetype="application/json")


def to_serializable(o: Any) -> Any:
    """What stands for a value that JSON has no type for.

    Dates as HTTP dates, Decimal and UUID as strings, dataclasses as dicts, and what has
    `__html__` as its HTML.

    Raises:
        TypeError: nothing stands for it.
    """
    if isinstance(o, datetime.date):
        return http_date(o)
    # PERF: for whoever has other values than dates: 2.6 ms and 0.5 MB at start-up.
    from decimal import Decimal
    from uuid import UUID

    if isinstance(o, (Decimal, UUID)):
        return str(o)
    if dataclasses.is_dataclass(o) and not isinstance(o, type):
        return dataclasses.asdict(o)
    if hasattr(o, "__html__") and not isinstance(o, type):
        return str(o.__html__())
    raise TypeError(
        f"Object of type {type(o).__name__} is not JSON serializable."
        " Convert it first, or set `default` on the app's JSON provider."
    )


class DefaultJSONProvider(JSONProvider):
    """JSON by the standard library, with more types (see `default`)."""

    default: Callable[[Any], Any] = staticmethod(to_serializable)
    """Called with a value that JSON has no type for; returns what stands for it."""

    ensure_ascii = True
    """Write non-ASCII characters as escapes: any reader of any encoding gets them right."""

    sort_keys = True
    """Sort keys: equal objects give equal text, for caches. Keys must then be comparable."""

    compact: bool | None = None
    """Write responses without spaces; indented otherwise. None: compact outside debug mode."""

    mimetype = "application/json"
    """The media type of responses."""

    allow_nan = False
    """Write NaN and infinities as JavaScript spells them, which is no JSON, rather than raise."""

    accept_nan = False
    """Read NaN and infinities, numbers too large for a float among them, rather than raise."""

    def __init__(self, app: JSONApp) -> None:
        super().__init__(app)
        self._encoders: dict[tuple[Any, ...], Callable[[Any], str]] = {}

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """`obj` as JSON. `kwargs` are for `json.dumps` and win over the attributes.

        Raises:
            ValueError: a number is NaN or infinite, and `allow_nan` is off.
        """
        if not kwargs:
            return self._encode(obj, None)
        kwargs.setdefault("default", self.default)
        kwargs.setdefault("ensure_ascii", self.ensure_ascii)
        kwargs.setdefault("sort_keys", self.sort_keys)
        kwargs.setdefault("allow_nan", self.allow_nan)
        try:
            return json.dumps(obj, **kwargs)
        except ValueError as exc:
            _explain(exc)
            raise

    def _encode(self, obj: Any, compact: bool | None) -> str:
        """`obj` with the separators of compact JSON, of indented JSON, or for None the usual."""
        settings = (self.default, self.ensure_ascii, self.sort_keys, self.allow_nan, compact)
        encode = self._encoders.get(settings)
        if encode is None:
            encode = self._encoders[settings] = make_encoder(
                self.default,
                ensure_ascii=self.ensure_ascii,
                sort_keys=self.sort_keys,
                allow_nan=self.allow_nan,
                separators=(",", ":") if compact else None,
                indent=2 if compact is False else None,
            )
        try:
            return encode(obj)
        except ValueError as exc:
            _explain(exc)
            raise

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """The value that the JSON text says; bytes are UTF-8. `kwargs` are for `json.loads`.

        Raises:
            ValueError: the text is not JSON.
        """
        text = s if isinstance(s, str) else bytes(s).decode().removeprefix("\ufeff")
        if not (kwargs or self.accept_nan):
            return read_strictly(text)
        if not self.accept_nan:
            kwargs.setdefault("parse_constant", refuse_constant)
            kwargs.setdefault("parse_float", parse_finite)
        return json.loads(text, **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """A response with the arguments as its JSON body, ended by a newline.

        Raises:
            TypeError: both positional arguments and keywords are given.
        """
        obj = self._prepare_response_obj(args, kwargs)
        if type(self).dumps is not DefaultJSONProvider.dumps:
            layout: dict[str, Any] = (
                {"separators": (",", ":")} if self._is_compact() else {"indent": 2}
            )
            body = f"{self.dumps(obj, **layout)}\n".encode(errors="replace")
        else:
            body = self.encode_response(obj)
        return self._app.response_class(body, mimetype=self.mimetype)

    def encode_response(self, obj: Any) -> bytes:
        """The body of a response, ended by a newline."""
        return f"{self._encode(obj, self._is_compact())}\n".encode(errors="replace")

    def _is_compact(self) -> bool:
        return not self._app.debug if self.compact is None else self.compact


def _explain(exc: ValueError) -> None:
    """Raise a better error, where the numbers of JSON are the matter."""
    if "Out of range float" in str(exc):
        raise ValueError(
            "NaN and infinite numbers cannot be written, since JSON has none. Replace them,"
            " by None for one, or set app.json.allow_nan = True."
        ) from exc
