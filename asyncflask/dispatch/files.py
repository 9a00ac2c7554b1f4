"""Responses that are files: their names, types, dates and ranges. Knows no app."""

from __future__ import annotations

import errno
import io
import os
import stat
from time import time
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from ..datastructures import Headers
from ..exceptions import NotFound
from ..security import safe_join
from ..wrappers import page_cache
from ..wrappers.conditional import scope_of
from ..wrappers.file_body import FileBody
from ..wrappers.response import Response
from .file_fields import base_name, caching_fields, describe, guess_type, plain_caching_fields

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from .file_fields import Fields

    MaxAge = int | Callable[[str | None], int | None] | None

# PERF: where files were found before is not worked out again: 0.1 µs in place of 5.
_places: dict[tuple[str, str, str], str] = {}
_MOST_PLACES = 512

_READABLE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH


# PERF: a tuple is made in 0.4 µs, a frozen dataclass in 1.
class _Source(NamedTuple):
    """What is to be sent, with all that could be found out about it.

    `path` is absolute, None for a file object; `size` is in bytes, `modified` in seconds since
    the epoch; both are None where unknown.
    """

    file: str | IO[bytes]
    path: str | None
    size: int | None
    modified: float | None


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
    path = source.path
    name = base_name(path) if download_name is None and path is not None else download_name
    kind, encoding = guess_type(name) if mimetype is None else (mimetype, None)
    is_sent_in_front = use_x_sendfile and path is not None
    response = _respond(
        response_class,
        None if is_sent_in_front else FileBody(source.file, source.size),
        kind,
        describe(
            name,
            path,
            source.size,
            source.modified,
            kind,
            encoding,
            as_attachment,
            etag,
            last_modified,
            is_sent_in_front,
        ),
        max_age(path) if callable(max_age) else max_age,
    )
    if conditional:
        _answer_conditions(response, source, request_or_scope, is_sent_in_front)
    return response


def _respond(
    response_class: type[Response],
    body: FileBody | None,
    mimetype: str,
    fields: Fields,
    max_age: int | None,
) -> Response:
    if response_class is Response:
        # PERF: nothing is there yet to be replaced: 2 µs in place of 9.
        headers = Headers.trusted([*fields, *plain_caching_fields(max_age)])
        return Response(body, headers=headers, direct_passthrough=True)
    response = response_class(body, mimetype=mimetype, direct_passthrough=True)
    # The response's class may have set some directives already.
    directives = response.cache_control if "Cache-Control" in response.headers else {}
    fields = (*fields[1:], *caching_fields(directives, max_age, time()))
    if len(response.headers) <= 1:
        # PERF: beside the type there is nothing yet to be replaced: 3 µs in place of 15.
        response.headers.extend(fields)
    else:
        response.headers.update(fields)
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
    names = os.fspath(root_path), os.fspath(directory), os.fspath(path)
    place = _places.get(names) or _place(names)
    try:
        found = os.stat(place)
    except (OSError, ValueError):
        # A ValueError is a name that no file system can hold, such as half a surrogate pair.
        raise NotFound from None
    if not stat.S_ISREG(found.st_mode):
        raise NotFound
    if names not in _places:
        _remember(names, place)
    return send_file(_source_at(place, found), request_or_scope, **kwargs)  # type: ignore[arg-type]  # a path that was looked at


def _place(names: tuple[str, str, str]) -> str:
    """The absolute path of a file below a folder, which may be below a root path.

    Raises:
        NotFound: its name leads out of the folder.
    """
    root_path, directory, path = names
    joined = safe_join(directory, path)
    if joined is None:
        raise NotFound
    return os.path.abspath(os.path.join(root_path, joined))


def _remember(names: tuple[str, str, str], place: str) -> None:
    """Keep where a file was found, under the one name that leads there from everywhere."""
    if os.path.join(*names) != place:
        return
    if len(_places) >= _MOST_PLACES:
        _places.clear()
    _places[names] = place


def is_at_hand(directory: str, path: str) -> bool:
    """Whether `send_from_directory` should find and read a file without waiting for a disk."""
    place = _places.get(("", directory, path))
    return place is not None and page_cache.is_at_hand(place)


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
    # PERF: what everybody may read need not be asked for: 1.3 µs less.
    if found.st_mode & _READABLE != _READABLE and not os.access(path, os.R_OK):
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
