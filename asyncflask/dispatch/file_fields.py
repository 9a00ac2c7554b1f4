"""What headers say of a file: its name, type, size, date and tag. Knows no requests or disks."""

from __future__ import annotations

import mimetypes
import os
import unicodedata
from functools import lru_cache
from time import time
from typing import TYPE_CHECKING
from urllib.parse import quote
from zlib import adler32

from ..datastructures import Headers
from ..http import dump_header, dump_options_header, http_date, quote_etag
from ..wrappers.content_type import content_type_for

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from datetime import datetime

    Fields = tuple[tuple[str, str], ...]

# SPEC: RFC 8187 section 3.2.1: what an extended parameter may hold unquoted.
_SAFE_IN_EXTENDED_VALUE = "!#$&+-.^_`|~"

base_name = lru_cache(maxsize=512)(os.path.basename)


# PERF: the same files are sent again and again: 0.1 µs in place of 14.
@lru_cache(maxsize=512)
def describe(
    name: str | None,
    path: str | None,
    size: int | None,
    modified: float | None,
    mimetype: str,
    encoding: str | None,
    as_attachment: bool,
    etag: bool | str,
    last_modified: datetime | float | None,
    is_sent_in_front: bool,
) -> Fields:
    """The headers that stay the same while the file does; the Content-Type comes first.

    Args:
        name: under which the file is shown or saved; None where it has none.
        path: absolute; None for a file object.
        size: in bytes; None where unknown.
        modified: seconds since the epoch, of the path.
        etag: the tag; True makes one of the path, its time and size.
        last_modified: what is said of the date in place of `modified`.
        is_sent_in_front: whether the server in front gets the path and sends the file.
    Raises:
        TypeError: an attachment has no name to be saved under.
        ValueError: a text has a line break.
    """
    fields = [("Content-Type", content_type_for(mimetype))]
    # COMPAT: a browser would unpack an attachment with an encoding, and save it as .tar.gz.
    if encoding is not None and not as_attachment:
        fields.append(("Content-Encoding", encoding))
    fields += _name_fields(name, as_attachment)
    if is_sent_in_front:
        # Percent-encoded where headers cannot carry it; servers decode it.
        place = path or ""
        fields.append(("X-Sendfile", place if place.isascii() else quote(place)))
    elif size is not None:
        fields.append(("Content-Length", str(size)))
    moment = modified if last_modified is None else last_modified
    if moment is not None:
        fields.append(("Last-Modified", http_date(moment)))
    if tag := _tag_of(path, size, modified) if etag is True else etag:
        fields.append(("ETag", quote_etag(tag)))
    return tuple(Headers(fields))


def _name_fields(name: str | None, as_attachment: bool) -> Fields:
    if name is not None:
        disposition = "attachment" if as_attachment else "inline"
        value = dump_options_header(disposition, _filename_options(name))
        return (("Content-Disposition", value),)
    if as_attachment:
        raise TypeError(
            "A file object has no name to be saved under."
            " Pass 'download_name', or a path in place of the file object."
        )
    return ()


def _filename_options(name: str) -> dict[str, str]:
    """The name as ASCII for old clients, and in full where that is not the same."""
    if name.isascii():
        return {"filename": name}
    simple = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    # SPEC: RFC 6266 section 4.3 and appendix D.
    full = quote(name, safe=_SAFE_IN_EXTENDED_VALUE)
    return {"filename": simple, "filename*": f"UTF-8''{full}"}


def _tag_of(path: str | None, size: int | None, modified: float | None) -> str | None:
    """A tag that changes with the file's time, size and path."""
    if path is None:
        return None
    return f"{modified}-{size}-{adler32(os.fsencode(path)) & 0xFFFFFFFF}"


def guess_type(name: str | None) -> tuple[str, str | None]:
    """The MIME type and the encoding, such as gzip, that a file's name speaks of.

    Raises:
        TypeError: there is no name.
    """
    if name is None:
        raise TypeError(
            "The MIME type cannot be guessed, since a file object has no name."
            " Pass 'mimetype' or 'download_name', or a path in place of the file object."
        )
    extension = name[name.rfind(".") :]
    lowered = extension.lower()
    if extension in mimetypes.encodings_map or lowered in mimetypes.suffix_map:
        return _guess_type(name)
    return _guess_plain_type(name, mimetypes.types_map.get(lowered))


def _guess_type(name: str) -> tuple[str, str | None]:
    mimetype, encoding = mimetypes.guess_type(name)
    return mimetype or "application/octet-stream", encoding


# PERF: 0.5 µs in place of 2.
@lru_cache(maxsize=512)
def _guess_plain_type(name: str, known: str | None) -> tuple[str, str | None]:
    """The guess for a name with one extension.

    Args:
        known: what is registered for it, so that a type that is added later is found.
    """
    return _guess_type(name)


def caching_fields(
    directives: MutableMapping[str, str | None], max_age: float | None, now: float
) -> Fields:
    """How long the file may be kept.

    Args:
        directives: of the Cache-Control header, what the response has already; it is changed.
        max_age: seconds; None lets clients ask each time.
        now: seconds since the epoch.
    """
    directives["public" if max_age is not None and max_age > 0 else "no-cache"] = None
    if max_age is None:
        return (("Cache-Control", dump_header(directives)),)
    directives["max-age"] = str(max_age)
    return (
        ("Cache-Control", dump_header(directives)),
        ("Expires", http_date(now + max_age)),
    )


def plain_caching_fields(max_age: float | None) -> Fields:
    """`caching_fields` of a response that has no directives yet, from now on."""
    return _caching_fields_at(max_age, 0 if max_age is None else int(time()))


# PERF: an expiry date is the same for a second: 0.4 µs in place of 8.
@lru_cache(maxsize=16, typed=True)
def _caching_fields_at(max_age: float | None, second: int) -> Fields:
    return caching_fields({}, max_age, second)
