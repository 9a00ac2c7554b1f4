"""How paths and queries are percent-encoded. Nothing here knows rules or maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ..datastructures import iter_multi_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# SPEC: what the WHATWG's URL standard lets stand in a path segment, and the slash.
_SAFE_IN_PATH = "!$&'()*+,/:;=@"
_SAFE_IN_QUERY = "!$'()*,/:;?@"
_SAFE_IN_URL = "!#$%&'()*+,/:;=?@[]"


def quote_path(text: str) -> str:
    """Percent-encode `text` as part of a path or host; a lone surrogate becomes `%3F`."""
    return quote(text, safe=_SAFE_IN_PATH, errors="replace")


def quote_url(url: str) -> str:
    """Percent-encode what no header may hold: controls, spaces, backslashes, non-ASCII."""
    return quote(url, safe=_SAFE_IN_URL, errors="replace")


def encode_query(
    values: Mapping[str, Any] | Iterable[tuple[str, Any]],
    *,
    sort: bool = False,
    key: Callable[[Any], Any] | None = None,
) -> str:
    """Encode `values` as a query: lists as repeated parameters, without those that are None."""
    pairs = list(iter_multi_items(values))
    if sort:
        pairs.sort(key=key)
    given = [(name, value) for name, value in pairs if value is not None]
    return urlencode(given, safe=_SAFE_IN_QUERY, errors="replace")
