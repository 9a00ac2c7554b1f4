"""File names from users, made fit to store files under."""

from __future__ import annotations

import os
import re
import unicodedata

from .security import is_windows_device

_ON_WINDOWS = os.name == "nt"
_SEPARATORS = os.sep + (os.altsep or "")
_UNSAFE_IN_FILENAMES = re.compile(r"[^A-Za-z0-9_.-]")


def secure_filename(filename: str) -> str:
    """Make a file name from an untrusted one, to store an upload under.

    Returns:
        Letters, digits, dots, dashes and underscores of ASCII, without leading or trailing dots
        and underscores; path separators become underscores. It may be empty: make up a name then.
        On Windows the name of a device (`CON`, `nul.txt`) gets an underscore before it.
    """
    ascii_name = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    for separator in _SEPARATORS:
        ascii_name = ascii_name.replace(separator, " ")
    words = "_".join(ascii_name.split())
    name = _UNSAFE_IN_FILENAMES.sub("", words).strip("._")
    return f"_{name}" if _ON_WINDOWS and is_windows_device(name) else name
