"""Cookie and Set-Cookie headers, written without http.cookies so that every attribute works."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar, overload
from urllib.parse import quote

from ..datastructures import MultiDict
from ..syntax import http_date

CookiesT = TypeVar("CookiesT", bound=MultiDict[str, str])

_find_pairs = re.compile(
    r'\s*([^=;]*)(?:=\s*("(?:[^"\\]|\\.)*"(?=\s*(?:;|$))|[^;]*))?(?:[^;]*)(?:;|$)', re.DOTALL
).finditer
_unescape = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL).sub

_is_plain_value = re.compile(r"[\w!#$%&'()*+\-./:<=>?@\[\]^`{|}~]*", re.ASCII).fullmatch
_escape = re.compile(rb'[\x00-\x1f",;\\\x7f-\xff]').sub
_breaks_header = re.compile(r"[;\x00-\x1f\x7f]").search
_PATH_SAFE = "%!$&'()*+,/:=@"
_SAME_SITE = frozenset({"Strict", "Lax", "None"})


@overload
def parse_cookie(header: Mapping[str, Any] | str | None) -> MultiDict[str, str]: ...
@overload
def parse_cookie(header: Mapping[str, Any] | str | None, cls: None) -> MultiDict[str, str]: ...
@overload
def parse_cookie(header: Mapping[str, Any] | str | None, cls: type[CookiesT]) -> CookiesT: ...
def parse_cookie(header: Mapping[str, Any] | str | None, cls: type[Any] | None = None) -> Any:
    """Parse a Cookie header, or that of a WSGI environ; pairs without a name are left out.

    Args:
        header: decoded as Latin-1, as servers do; its bytes are taken as UTF-8.
        cls: of the result, MultiDict where None.
    """
    if isinstance(header, Mapping):
        header = header.get("HTTP_COOKIE")
    return (cls or MultiDict)(_split_cookies(_to_unicode(header)) if header else ())


def find_plain_cookie(header: bytes, name: bytes) -> str | None:
    """The first value of a cookie in a Cookie header, if a glance tells.

    Returns:
        None where it is missing, and where `parse_cookie` has to tell: where quotes or anything
        like its name come before it, or the value is more than plain ASCII.
    """
    before, found, after = header.partition(name + b"=")
    if not found or (before and (before[-2:] != b"; " or name in before or b'"' in before)):
        return None
    value = after.partition(b";")[0]
    return value.decode().strip() if value.isascii() and b'"' not in value else None


def _to_unicode(header: str) -> str:
    if header.isascii():
        return header
    try:
        return header.encode("latin-1").decode(errors="replace")
    except UnicodeEncodeError:
        return header


def _split_cookies(header: str) -> list[tuple[str, str]]:
    # PERF: almost no cookie is quoted, and splitting is five times as fast as the expression.
    if '"' not in header:
        pairs = [pair.partition("=") for pair in header.split(";")]
        return [
            (key.strip(), value.strip()) for key, _, value in pairs if key and not key.isspace()
        ]
    found = [(match[1].strip(), match[2]) for match in _find_pairs(header)]
    return [(key, _unquote((value or "").strip())) for key, value in found if key]


def _unquote(value: str) -> str:
    if len(value) < 2 or not value[0] == value[-1] == '"':
        return value
    return _unescape(_unescape_one, value[1:-1].encode()).decode(errors="replace")


def _unescape_one(found: re.Match[bytes]) -> bytes:
    escaped = found[1]
    return bytes((int(escaped, 8),)) if len(escaped) == 3 else escaped


def _quote(value: str) -> str:
    if _is_plain_value(value):
        return value
    return f'"{_escape(_escape_one, value.encode()).decode("ascii")}"'


def _escape_one(found: re.Match[bytes]) -> bytes:
    mark = found[0]
    return b"\\" + mark if mark in b'"\\' else b"\\%03o" % mark[0]


def dump_cookie(
    key: str,
    value: str = "",
    max_age: timedelta | int | None = None,
    expires: str | datetime | float | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    sync_expires: bool = True,
    max_size: int = 4093,
    samesite: str | None = None,
    partitioned: bool = False,
) -> str:
    """Format a Set-Cookie header, in Latin-1.

    Args:
        value: any text; what a cookie cannot hold is escaped, and unescaped by `parse_cookie`.
        max_age: lifetime in seconds; None keeps the cookie until the browser is closed.
        expires: end of its life: a time as `http_date` takes it, or a header value as it stands.
        path: prefix of the paths that the cookie is sent to.
        domain: with its subdomains; a leading dot and a port are dropped.
        sync_expires: set Expires from `max_age` too, for old browsers, unless `expires` is given.
        max_size: in bytes; a longer header warns, as browsers may drop it silently. 0 never warns.
        samesite: "Strict", "Lax" or "None", in any case.
        partitioned: a jar of its own for each embedding site (CHIPS); makes the cookie secure.
    Raises:
        ValueError: `samesite` is something else, or the key, the domain or `expires` hold
            characters that would end them.
    """
    frame = frame_cookie(key, domain, path, secure, httponly, samesite, partitioned)
    return frame.fill(_quote(value), _dump_lifetime(max_age, expires, sync_expires), max_size)


@dataclass(frozen=True, slots=True)
class CookieFrame:
    """A cookie's Set-Cookie header save for the value and the lifetime.

    Attributes:
        key: as it was given, for messages.
        start: the key in Latin-1, and "=".
        before: attributes that come before those of the lifetime, each begun by "; ".
        after: those that come after them.
    """

    key: str
    start: str
    before: str
    after: str

    def fill(self, value: str, lifetime: str, max_size: int) -> str:
        """The whole header; one of more than `max_size` bytes warns, if that is not 0.

        Args:
            value: has no characters that need quoting.
            lifetime: the attributes, each begun by "; ".
        """
        header = f"{self.start}{value}{self.before}{lifetime}{self.after}"
        if max_size and len(header) > max_size:
            _warn_of_size(self.key, len(header), len(header) - len(value), max_size)
        return header


# PERF: an app sets its cookies with the same attributes again and again: 0.3 µs in place of 4.
@lru_cache(maxsize=128)
def frame_cookie(
    key: str,
    domain: str | None,
    path: str | None,
    secure: bool,
    httponly: bool,
    samesite: str | None,
    partitioned: bool,
) -> CookieFrame:
    """What stands around the values of a cookie.

    Raises:
        ValueError: see `dump_cookie`.
    """
    parts = []
    if secure or partitioned:
        parts.append("Secure")
    if httponly:
        parts.append("HttpOnly")
    if path is not None:
        parts.append(f"Path={quote(path, safe=_PATH_SAFE)}")
    if samesite is not None:
        parts.append(f"SameSite={_clean_samesite(samesite)}")
    if partitioned:
        parts.append("Partitioned")
    before = f"; Domain={_clean_domain(domain)}" if domain else ""
    return CookieFrame(key, f"{_clean_key(key)}=", before, "".join(f"; {part}" for part in parts))


def _clean_key(key: str) -> str:
    """The key in Latin-1.

    Raises:
        ValueError: it would be read back as another one.
    """
    if "=" in key or not key.strip():
        raise ValueError(
            f"The key {key!r} of a cookie is not one: it must not be empty, and cannot contain '='."
        )
    return _clean("key", key).encode().decode("latin-1")


def _clean(what: str, text: str) -> str:
    if found := _breaks_header(text):
        raise ValueError(f"The {what} {text!r} of a cookie cannot contain {found[0]!r}: remove it.")
    return text


def _clean_domain(domain: str) -> str:
    host = domain.partition(":")[0].lstrip(".")
    return _clean("domain", host).encode("idna").decode("ascii")


def _clean_samesite(samesite: str) -> str:
    title = samesite.title()
    if title not in _SAME_SITE:
        raise ValueError(f"SameSite must be 'Strict', 'Lax', or 'None', but it is {samesite!r}.")
    return title


def _dump_lifetime(
    max_age: timedelta | int | None,
    expires: str | datetime | float | None,
    sync_expires: bool,
) -> str:
    """The attributes of the lifetime, each begun by "; "."""
    if isinstance(max_age, timedelta):
        max_age = int(max_age.total_seconds())
    seconds = None if max_age is None else int(max_age)
    if expires is None and seconds is not None and sync_expires:
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
    parts = []
    if expires is not None:
        date = _clean("expires", expires) if isinstance(expires, str) else http_date(expires)
        parts.append(f"; Expires={date}")
    if seconds is not None:
        parts.append(f"; Max-Age={seconds}")
    return "".join(parts)


def _warn_of_size(key: str, size: int, overhead: int, max_size: int) -> None:
    warnings.warn(
        f"The {key!r} cookie is too large: its value takes {size - overhead} bytes and the rest of"
        f" its header {overhead}, {size} in all, but the limit is {max_size}."
        " Browsers may silently ignore it. Store less in it, or keep the data on the server.",
        stacklevel=4,
    )
