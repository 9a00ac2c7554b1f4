"""The Content-Type header of a MIME type."""

from __future__ import annotations

from functools import lru_cache

_TEXTUAL_TYPES = {
    "application/ecmascript",
    "application/javascript",
    "application/sql",
    "application/xml",
    "application/xml-dtd",
    "application/xml-external-parsed-entity",
}


def get_content_type(mimetype: str, charset: str) -> str:
    """The Content-Type of a MIME type: the charset is added to those that are text."""
    if mimetype.startswith("text/") or mimetype in _TEXTUAL_TYPES or mimetype.endswith("+xml"):
        return f"{mimetype}; charset={charset}"
    return mimetype


# PERF: a hit costs no Python call; bounded, since types may come from uploads.
@lru_cache(maxsize=256)
def content_type_for(mimetype: str) -> str:
    """The Content-Type of a MIME type: text types get `; charset=utf-8`.

    Raises:
        ValueError: `mimetype` contains a line break, which would start another header.
    """
    if "\n" in mimetype or "\r" in mimetype:
        raise ValueError(f"The MIME type {mimetype!r} contains a line break. Remove it.")
    return get_content_type(mimetype, "utf-8")
