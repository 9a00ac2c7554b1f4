"""Form data written as clients send it: urlencoded, or as multipart/form-data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from mimetypes import guess_type
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..datastructures import FileStorage, MultiDict

if TYPE_CHECKING:
    from collections.abc import Iterator

# SPEC: WHATWG HTML, "multipart form data": what would end a name or its line is percent-encoded.
_ENDS_NAME = str.maketrans({"\r": "%0D", "\n": "%0A", '"': "%22"})


def new_boundary() -> str:
    """A boundary that no content holds by accident."""
    return f"-----------asyncflask{token_hex(16)}"


def iterate_fields(data: Any) -> Iterator[tuple[str, Any]]:
    """Iterate over names and values; a list in a mapping is several values of its name."""
    if isinstance(data, MultiDict):
        yield from data.items(multi=True)
        return
    for name, value in data.items() if isinstance(data, Mapping) else data:
        # A tuple is one file: (stream, filename, content type).
        if isinstance(value, list):
            for each in value:
                yield name, each
        else:
            yield name, value


# COMPAT: what Flask's client leaves as it is, and what tests find in `request.query_string`.
_SAFE_IN_QUERY = "!$'()*,/:;?@"


def encode_query(data: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> str:
    """Write names and values as a query string; values that are None are left out."""
    pairs: list[tuple[str, Any]] = []
    for name, value in iterate_fields(data):
        several = value if isinstance(value, (tuple, set)) else (value,)
        pairs.extend((name, each) for each in several if each is not None)
    return urlencode(pairs, safe=_SAFE_IN_QUERY)


def encode_multipart(values: Mapping[str, Any], boundary: str | None = None) -> tuple[str, bytes]:
    """Write a form as multipart/form-data.

    Args:
        values: text, bytes, binary files and `FileStorage`s by name, and lists of them. Files
            are read from where they are, and put back to there if they can be.
        boundary: between the parts; one of its own where it is None.
    Returns:
        The boundary and the body.
    """
    boundary = boundary or new_boundary()
    lines: list[bytes] = []
    for name, value in iterate_fields(values):
        lines += [f"--{boundary}".encode(), *_encode_part(name, value)]
    lines += [f"--{boundary}--".encode(), b""]
    return boundary, b"\r\n".join(lines)


def _encode_part(name: str, value: Any) -> tuple[bytes, bytes, bytes]:
    """The part's headers, the empty line below them and its content."""
    disposition = f'Content-Disposition: form-data; name="{name.translate(_ENDS_NAME)}"'
    if not hasattr(value, "read"):
        content = value if isinstance(value, bytes) else str(value).encode()
        return disposition.encode(), b"", content
    file = value if isinstance(value, FileStorage) else FileStorage(value, name=name)
    if file.filename:
        disposition += f'; filename="{file.filename.translate(_ENDS_NAME)}"'
    headers = [disposition, f"Content-Type: {_content_type_of(file)}"]
    headers += [f"{key}: {text}" for key, text in file.headers if not _is_written_here(key)]
    return "\r\n".join(headers).encode(), b"", read_again(file)


def _content_type_of(file: FileStorage) -> str:
    guessed = guess_type(file.filename)[0] if file.filename else None
    return file.content_type or guessed or "application/octet-stream"


def _is_written_here(header: str) -> bool:
    return header.lower() in {"content-disposition", "content-type", "content-length"}


def read_again(file: FileStorage) -> bytes:
    """Read the rest of a file so that reading it again gives the same."""
    if file.seekable():
        start = file.tell()
        content: bytes = file.read()
        file.seek(start)
    else:
        content = file.read()
        file.stream = BytesIO(content)
    if isinstance(content, str):
        raise TypeError(
            f"The file {file.filename or file.name!r} is open for text, but only bytes can be sent."
            ' Open it with mode "rb", or use BytesIO.'
        )
    return content
