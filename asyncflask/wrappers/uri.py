"""Addresses as headers need them: IRIs turned into URIs of plain ASCII."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import SplitResult, quote, urlsplit

# What stays as it is: RFC 3986's reserved characters that mean something in their part, and "%",
# since what is quoted already must not be quoted twice.
_SAFE_IN_PATH = "%!$&'()*+,/:;=@"
_SAFE_IN_QUERY = _SAFE_IN_PATH + "?"
_SAFE_IN_FRAGMENT = _SAFE_IN_QUERY + "#"
_SAFE_IN_HOST = _SAFE_IN_USER = "%!$&'()*+,;="

_QUOTED_BREAKS = {ord(mark): quote(mark) for mark in "\t\n\r"}

# Half a surrogate pair, which JSON may hold, is no character: it becomes a question mark.
_quote = partial(quote, errors="replace")

_is_plain_path = re.compile(r"[\w%!$&'()*+,/;=@.~?-]*", re.ASCII).fullmatch


def iri_to_uri(iri: str) -> str:
    """Quote what no URI may hold: spaces, quotes, control and non-ASCII characters.

    A host with non-ASCII letters becomes IDNA. What is no address at all, for its port or for its
    brackets, is quoted as a whole.
    """
    if _is_plain_path(iri):
        return iri
    # urlsplit drops them, as browsers do, which would make another host of "/\t/example.org".
    iri = iri.translate(_QUOTED_BREAKS)
    try:
        parts = urlsplit(iri)
        netloc = _quote_netloc(parts)
    except ValueError:
        return _quote(iri, safe=_SAFE_IN_FRAGMENT)
    return parts._replace(
        netloc=netloc,
        path=_quote(parts.path, safe=_SAFE_IN_PATH),
        query=_quote(parts.query, safe=_SAFE_IN_QUERY),
        fragment=_quote(parts.fragment, safe=_SAFE_IN_FRAGMENT),
    ).geturl()


def _quote_netloc(parts: SplitResult) -> str:
    """The host in IDNA, with the user quoted and the port checked."""
    host = _quote_host(parts.hostname or "")
    netloc = host if parts.port is None else f"{host}:{parts.port}"
    if "@" not in parts.netloc:
        return netloc
    user = _quote(parts.username or "", safe=_SAFE_IN_USER)
    if parts.password is not None:
        user = f"{user}:{_quote(parts.password, safe=_SAFE_IN_USER)}"
    return f"{user}@{netloc}"


def _quote_host(host: str) -> str:
    if ":" in host:
        return f"[{host}]"
    if not host.isascii():
        try:
            return host.encode("idna").decode("ascii")
        except UnicodeError:
            # No registrable name; quoted, it can at least not break the header.
            return _quote(host)
    return _quote(host, safe=_SAFE_IN_HOST)
