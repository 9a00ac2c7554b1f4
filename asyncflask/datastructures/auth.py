"""Credentials and challenges: Authorization and WWW-Authenticate."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from ..syntax import dump_header, parse_dict_header, quote_header_value
from .containers import CallbackDict

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

# SPEC: RFC 7616 section 3.3 wants these quoted, and clients take it literally.
_QUOTED_IN_DIGEST = frozenset({"realm", "domain", "nonce", "opaque", "qop"})


def _split_scheme(value: str) -> tuple[str, str | None, dict[str, str | None]]:
    """Return the scheme in lower case, and the token or the parameters, whichever follows it."""
    scheme, _, rest = value.strip().partition(" ")
    rest = rest.strip()
    # A token may end in the padding of base64; parameters have a sign with something behind it.
    if "=" in rest.rstrip("="):
        return scheme.lower(), None, parse_dict_header(rest)
    return scheme.lower(), rest, {}


def _decode_basic(token: str) -> dict[str, str | None] | None:
    try:
        username, _, password = b64decode(token, validate=True).decode().partition(":")
    except ValueError:
        return None
    return {"username": username, "password": password}


class Authorization:
    """The credentials of a request. Parameters are attributes and items too, None where missing.

    Args:
        auth_type: the scheme in lower case: basic, bearer, digest, ...
        data: the parameters; basic has username and password.
        token: of a scheme with a token in place of parameters.
    """

    def __init__(
        self, auth_type: str, data: dict[str, str | None] | None = None, token: str | None = None
    ) -> None:
        self.type = auth_type
        self.parameters = {} if data is None else data
        self.token = token

    @classmethod
    def from_header(cls, value: str | None) -> Self | None:
        """Parse a header; None where there is none, or basic credentials cannot be decoded."""
        if not value:
            return None
        scheme, token, parameters = _split_scheme(value)
        if scheme != "basic":
            return cls(scheme, parameters, token)
        credentials = _decode_basic(value.strip()[len(scheme) :].strip())
        return None if credentials is None else cls(scheme, credentials)

    def to_header(self) -> str:
        if self.type == "basic":
            pair = f"{self.username or ''}:{self.password or ''}"
            return f"Basic {b64encode(pair.encode()).decode('ascii')}"
        return _join_scheme(self.type, self.token, dump_header(self.parameters))

    def __getattr__(self, name: str) -> str | None:
        # Copying and unpickling ask an object for things before it has parameters.
        if name.startswith("__") or name == "parameters":
            raise AttributeError(name)
        return self.parameters.get(name)

    def __getitem__(self, name: str) -> str | None:
        return self.parameters.get(name)

    def get(self, key: str, default: str | None = None) -> str | None:
        return self.parameters.get(key, default)

    def __contains__(self, key: str) -> bool:
        return key in self.parameters

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Authorization):
            return NotImplemented
        mine = (self.type, self.token, self.parameters)
        return mine == (other.type, other.token, other.parameters)

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.to_header()}>"


def _join_scheme(scheme: str, token: str | None, parameters: str) -> str:
    return f"{scheme.title()} {parameters if token is None else token}".rstrip()


class WWWAuthenticate:
    """A challenge of a response. Parameters are attributes and items too; None removes one.

    Args:
        auth_type: the scheme: basic, bearer, digest, ...
        values: the parameters, `realm` for one.
        token: of a scheme with a token in place of parameters.
    """

    _type: str
    _token: str | None
    _parameters: CallbackDict[str, str | None]
    _on_update: Callable[[Any], None] | None = None

    def __init__(
        self, auth_type: str, values: dict[str, str | None] | None = None, token: str | None = None
    ) -> None:
        self._type = auth_type.lower()
        self._token = token
        self._parameters = CallbackDict(values, self._trigger_on_update)

    @classmethod
    def from_header(cls, value: str | None) -> Self | None:
        """Parse a header; None where there is none."""
        if not value:
            return None
        scheme, token, parameters = _split_scheme(value)
        return cls(scheme, parameters, token)

    def to_header(self) -> str:
        if self._type == "digest" and self._token is None:
            return _join_scheme(self._type, None, ", ".join(self._digest_parameters()))
        return _join_scheme(self._type, self._token, dump_header(self._parameters))

    def _digest_parameters(self) -> list[str]:
        return [
            f"{key}={quote_header_value(value, allow_token=key not in _QUOTED_IN_DIGEST)}"
            for key, value in self._parameters.items()
        ]

    def _trigger_on_update(self, changed: object = None) -> None:
        if self._on_update is not None:
            self._on_update(self)

    @property
    def type(self) -> str:
        """The scheme in lower case."""
        return self._type

    @type.setter  # noqa: A003  # the property above
    def type(self, value: str) -> None:
        self._type = value.lower()
        self._trigger_on_update()

    @property
    def token(self) -> str | None:
        """What stands in place of parameters."""
        return self._token

    @token.setter
    def token(self, value: str | None) -> None:
        self._token = value
        self._trigger_on_update()

    @property
    def parameters(self) -> CallbackDict[str, str | None]:
        """The parameters; changing them changes the header."""
        return self._parameters

    @parameters.setter
    def parameters(self, value: dict[str, str | None]) -> None:
        self._parameters = CallbackDict(value, self._trigger_on_update)
        self._trigger_on_update()

    def __getitem__(self, key: str) -> str | None:
        return self._parameters.get(key)

    def __setitem__(self, key: str, value: str | None) -> None:
        if value is None:
            self._parameters.pop(key, None)
        else:
            self._parameters[key] = value

    def __delitem__(self, key: str) -> None:
        self._parameters.pop(key, None)

    def __getattr__(self, name: str) -> str | None:
        # Copying and unpickling ask an object for things before it has parameters.
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __delattr__(self, name: str) -> None:
        del self[name]

    def get(self, key: str, default: str | None = None) -> str | None:
        return self._parameters.get(key, default)

    def __contains__(self, key: str) -> bool:
        return key in self._parameters

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WWWAuthenticate):
            return NotImplemented
        mine = (self._type, self._token, self._parameters)
        return mine == (other._type, other._token, other._parameters)

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.to_header()}>"
