"""Responses that are files: their names, types, dates and ranges. Knows no app."""

from __future__ import annotations

import errno
import io
import mimetypes
import os
import stat
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from time import time
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote
from zlib import adler32

from ..exceptions import NotFound
from ..http import dump_header, dump_options_header, http_date, quote_etag
from ..security import safe_join
from ..wrappers.conditional import scope_of
from ..wrappers.file_body import FileBody
from ..wrappers.response import Response

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    Fields = list[tuple[str, str]]
    MaxAge = int | Callable[[str | None], int | None] | None

# SPEC: RFC 8187 section 3.2.1: what an extended parameter may hold unquoted.
_SAFE_IN_EXTENDED_VALUE = "!#$&+-.^_`|~"


@dataclass(frozen=True, slots=True)
class _Source:
    """What is to be sent, with all that could be found out about it.

    `path` is absolute, None for a file object; `size` is in bytes, `modified` in seconds since
    the epoch; both are None where unknown.
    """

    file: str | IO[bytes]
    path: str | None
    size: int | None
    modified: float | None

    @property
    def etag(self) -> str | None:
        """A tag that changes with the file's time, size and path."""
        if self.path is None:
            return None
        return f"{self.modified}-{self.size}-{adler32(os.fsencode(self.path)) & 0xFFFFFFFF}"


def send_file(
    path_or_file: os.PathLike[str] | str | IO[bytes],
    request_or_scope: Any,
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | float | None = None,
    max_age: MaxAge = None,
    *,
    use_x_sendfile: bool = False,
    response_class: type[Response] = Response,
    root_path: os.PathLike[str] | str = "",
) -> Response:
    """Make a response of a file's content. Never pass a path that a user has given.

    Args:
        path_or_file: a path, relative to `root_path`; or a file object open in binary mode, which
            is read from where it stands and closed at the end.
        request_or_scope: the request to answer, for its conditions and ranges.
        mimetype: the content type; by default guessed from the file's name.
        as_attachment: offer the file for saving rather than show it.
        download_name: the name to save it under; by default the path's last part.
        conditional: answer with 304 or a range where the request asks for it.
        etag: the tag; True makes one of the path's time and size, False sends none.
        last_modified: a datetime or seconds since the epoch; by default the path's own.
        max_age: seconds that the file may be cached, or a function from the path (None for a
            file object) to them; None lets clients ask each time.
        use_x_sendfile: leave the sending of paths to the HTTP server in front.
    Raises:
        ValueError: the file object is in text mode.
        TypeError: no file name is known but is needed: pass `mimetype`, `download_name`.
        OSError: the path does not exist, or is a directory.
        RequestedRangeNotSatisfiable: the request asks for a range that is not there.
    """
    source = _look_at(path_or_file, root_path)
    name = os.path.basename(source.path) if source.path else None
    name = name if download_name is None else download_name
    guessed, encoding = _guess_type(name) if mimetype is None else (mimetype, None)
    is_sent_in_front = use_x_sendfile and source.path is not None
    response = response_class(
        None if is_sent_in_front else FileBody(source.file, source.size),
        mimetype=guessed,
        direct_passthrough=True,
    )
    # COMPAT: a browser would unpack an attachment with an encoding, and save it as .tar.gz.
    if encoding is not None and not as_attachment:
        response.content_encoding = encoding
    modified = source.modified if last_modified is None else last_modified
    fields = [
        *_name_fields(name, as_attachment),
        *_content_fields(source, is_sent_in_front),
        *([] if modified is None else [("Last-Modified", http_date(modified))]),
        *_caching_fields(response, max_age(source.path) if callable(max_age) else max_age),
    ]
    if tag := source.etag if etag is True else etag:
        fields.append(("ETag", quote_etag(tag)))
    _add(response, fields)
    if conditional:
        _answer_conditions(response, source, request_or_scope, is_sent_in_front)
    return response


def send_from_directory(
    directory: os.PathLike[str] | str,
    path: os.PathLike[str] | str,
    request_or_scope: Any,
    *,
    root_path: os.PathLike[str] | str = "",
    **kwargs: Any,
) -> Response:
    """Send a file from within `directory`; `path` may come from a user.

    Args:
        directory: relative to `root_path`; must not come from a user.
        path: relative to `directory`, with forward slashes. Symbolic links are followed.
        kwargs: passed to `send_file`.
    Raises:
        NotFound: there is no such file in the directory, or `path` leads out of it.
    """
    joined = safe_join(os.fspath(directory), os.fspath(path))
    if joined is None:
        raise NotFound
    joined = os.path.abspath(os.path.join(root_path, joined))
    try:
        found = os.stat(joined)
    except (OSError, ValueError):
        # A ValueError is a name that no file system can hold, such as half a surrogate pair.
        raise NotFound from None
    if not stat.S_ISREG(found.st_mode):
        raise NotFound
    return send_file(_source_at(joined, found), request_or_scope, **kwargs)  # type: ignore[arg-type]  # a path that was looked at


def _look_at(path_or_file: Any, root_path: os.PathLike[str] | str) -> _Source:
    if type(path_or_file) is _Source:
        return path_or_file
    if isinstance(path_or_file, (str, os.PathLike)):
        return _look_at_path(os.path.abspath(os.path.join(root_path, path_or_file)))
    # Named temporary files are wrapped: the file itself is in `file`.
    if isinstance(getattr(path_or_file, "file", path_or_file), io.TextIOBase):
        raise ValueError(
            f"The file object {path_or_file!r} gives text, but only bytes can be sent."
            ' Open the file with mode "rb", or use io.BytesIO in place of io.StringIO.'
        )
    if not hasattr(path_or_file, "read"):
        raise TypeError(
            "send_file takes a path, as str or os.PathLike, or a file object open for reading in"
            f" binary mode, but not {path_or_file!r}."
        )
    return _Source(path_or_file, None, _size_left(path_or_file), None)


def _look_at_path(path: str) -> _Source:
    found = os.stat(path)
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    return _source_at(path, found)


def _source_at(path: str, found: os.stat_result) -> _Source:
    if not os.access(path, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    return _Source(path, path, found.st_size, found.st_mtime)


def _size_left(file: Any) -> int | None:
    """Bytes from where a file object stands to its end; None where only reading would tell."""
    if isinstance(file, io.BytesIO):
        return max(file.getbuffer().nbytes - file.tell(), 0)
    raw = getattr(file, "raw", file)
    if not isinstance(raw, io.FileIO):
        return None
    found = os.fstat(raw.fileno())
    # Files of the /proc kind have content, but no size.
    if not stat.S_ISREG(found.st_mode) or not found.st_size:
        return None
    left: int = found.st_size - file.tell()
    return max(left, 0)


def _guess_type(name: str | None) -> tuple[str, str | None]:
    """The MIME type and the encoding, such as gzip, that a file's name speaks of."""
    if name is None:
        raise TypeError(
            "The MIME type cannot be guessed, since a file object has no name."
            " Pass 'mimetype' or 'download_name', or a path in place of the file object."
        )
    mimetype, encoding = mimetypes.guess_type(name)
    return mimetype or "application/octet-stream", encoding


def _name_fields(name: str | None, as_attachment: bool) -> Fields:
    """Under which name the file is shown or saved."""
    if name is not None:
        return [("Content-Disposition", _disposition(name, as_attachment))]
    if as_attachment:
        raise TypeError(
            "A file object has no name to be saved under."
            " Pass 'download_name', or a path in place of the file object."
        )
    return []


# PERF: the same files are sent again and again: 0.1 µs in place of 3.
@lru_cache(maxsize=512)
def _disposition(name: str, as_attachment: bool) -> str:
    disposition = "attachment" if as_attachment else "inline"
    return dump_options_header(disposition, _filename_options(name))


def _filename_options(name: str) -> dict[str, str]:
    """The name as ASCII for old clients, and in full where that is not the same."""
    if name.isascii():
        return {"filename": name}
    simple = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    # SPEC: RFC 6266 section 4.3 and appendix D.
    full = quote(name, safe=_SAFE_IN_EXTENDED_VALUE)
    return {"filename": simple, "filename*": f"UTF-8''{full}"}


def _content_fields(source: _Source, is_sent_in_front: bool) -> Fields:
    if is_sent_in_front:
        # Percent-encoded where headers cannot carry it; servers decode it.
        path = source.path or ""
        return [("X-Sendfile", path if path.isascii() else quote(path))]
    return [] if source.size is None else [("Content-Length", str(source.size))]


def _caching_fields(response: Response, max_age: int | None) -> Fields:
    # The response's class may have set some directives already.
    cache_control = response.cache_control if "Cache-Control" in response.headers else {}
    cache_control["public" if max_age is not None and max_age > 0 else "no-cache"] = None
    if max_age is None:
        return [("Cache-Control", dump_header(cache_control))]
    cache_control["max-age"] = str(max_age)
    return [
        ("Cache-Control", dump_header(cache_control)),
        ("Expires", http_date(time() + max_age)),
    ]


def _add(response: Response, fields: Fields) -> None:
    if len(response.headers) <= 1:
        # PERF: beside the type there is nothing yet to be replaced: 3 µs in place of 15.
        response.headers.extend(fields)
    else:
        response.headers.update(fields)


def _answer_conditions(
    response: Response, source: _Source, request_or_scope: Any, is_sent_in_front: bool
) -> None:
    # The server in front cuts ranges itself, out of a response that looks whole.
    try:
        response.make_conditional(
            scope_of(request_or_scope),
            accept_ranges=not is_sent_in_front,
            complete_length=source.size,
        )
    except BaseException:
        response.close()
        raise
    # The server in front would send the file in place of the 304.
    if response.status_code == 304:
        response.headers.pop("X-Sendfile", None)
