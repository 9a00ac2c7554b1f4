"""Passwords as salted hashes, and paths that stay inside their folder."""

from __future__ import annotations

import os
import posixpath
import string

SALT_CHARS = string.ascii_letters + string.digits
DEFAULT_PBKDF2_ITERATIONS = 1_000_000
_ON_WINDOWS = os.name == "nt"
_WINDOWS_DEVICES = {
    *("AUX", "CON", "CONIN$", "CONOUT$", "NUL", "PRN"),
    *(f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"),
}


def generate_password_hash(password: str, method: str = "scrypt", salt_length: int = 16) -> str:
    """Hash a password for storage, with a fresh salt.

    Args:
        method: `scrypt:n:r:p` (32768:8:1 by default) or `pbkdf2:digest:iterations` (sha256 and
            1,000,000 by default).
        salt_length: in characters.
    Returns:
        `method$salt$hash`, the hash in hexadecimal; Werkzeug's format, for check_password_hash.
    Raises:
        ValueError: the method or its parameters are unknown, or the salt is empty.
    """
    salt = gen_salt(salt_length)
    digest, full_method = _digest(method, salt, password)
    return f"{full_method}${salt}${digest}"


def gen_salt(length: int) -> str:
    """Random letters and digits, from the system's source for secrets.

    Raises:
        ValueError: `length` is below 1.
    """
    if length < 1:
        raise ValueError(f"A salt cannot have {length} characters. Use 1 or more; 16 is usual.")
    # PERF: paths are joined in all apps, passwords hashed in some: 2.9 ms and 3.5 MB of OpenSSL.
    import secrets

    return "".join(secrets.choice(SALT_CHARS) for _ in range(length))


def check_password_hash(pwhash: str, password: str) -> bool:
    """Whether `pwhash`, from generate_password_hash (or Werkzeug's), was made of this password.

    The comparison takes the same time wherever the hashes differ. What is not a hash at all was
    made of no password.

    Raises:
        ValueError: the hash names a method that is unknown.
    """
    try:
        method, salt, expected = pwhash.split("$", 2)
    except ValueError:
        return False
    digest, _ = _digest(method, salt, password)
    import hmac

    return hmac.compare_digest(digest.encode(), expected.encode())


def _digest(method: str, salt: str, password: str) -> tuple[str, str]:
    """The hash in hexadecimal, and the method with all of its parameters."""
    name, *parameters = method.split(":")
    if name == "scrypt":
        return _scrypt(parameters, salt.encode(), password.encode())
    if name == "pbkdf2":
        return _pbkdf2(parameters, salt.encode(), password.encode())
    raise ValueError(
        f"There is no hash method {method!r}. Use 'scrypt' or 'pbkdf2', perhaps with parameters."
    )


def _scrypt(parameters: list[str], salt: bytes, password: bytes) -> tuple[str, str]:
    if len(parameters) not in (0, 3):
        raise ValueError("'scrypt' takes no parameters or three: 'scrypt:n:r:p'.")
    n, r, p = (int(parameter) for parameter in parameters or ("32768", "8", "1"))
    # What OpenSSL counts for these parameters; its default limit is below Werkzeug's defaults.
    memory = 128 * r * (n + p + 2)
    import hashlib

    digest = hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=memory)
    return digest.hex(), f"scrypt:{n}:{r}:{p}"


def _pbkdf2(parameters: list[str], salt: bytes, password: bytes) -> tuple[str, str]:
    if len(parameters) > 2:
        raise ValueError("'pbkdf2' takes up to two parameters: 'pbkdf2:digest:iterations'.")
    digest_name = parameters[0] if parameters else "sha256"
    iterations = int(parameters[1]) if len(parameters) == 2 else DEFAULT_PBKDF2_ITERATIONS
    import hashlib

    digest = hashlib.pbkdf2_hmac(digest_name, password, salt, iterations)
    return digest.hex(), f"pbkdf2:{digest_name}:{iterations}"


def safe_join(directory: str, *pathnames: str) -> str | None:
    """Join untrusted path names to a trusted directory, never to leave it.

    Args:
        pathnames: with forward slashes, each relative to what precedes it.
    Returns:
        The joined path; None where a name is absolute, climbs out with `..`, holds a NUL
        character or, on Windows, a backslash, a drive letter or a device such as `CON`.
    """
    # An empty directory must not let an absolute name through: "" + "/etc" is "/etc".
    parts = [directory or "."]
    for pathname in pathnames:
        if pathname:
            pathname = posixpath.normpath(pathname)
        if _leaves_its_folder(pathname):
            return None
        parts.append(pathname)
    return posixpath.join(*parts)


def _leaves_its_folder(path: str) -> bool:
    """Whether a normalised relative path points out of where it is used."""
    if path.startswith(("/", "../")) or path == ".." or "\x00" in path:
        return True
    return _ON_WINDOWS and is_unsafe_on_windows(path)


def is_unsafe_on_windows(path: str) -> bool:
    r"""Whether Windows takes a path with forward slashes for more than names of files.

    A backslash separates too, and a colon starts a path on another drive (`c:x`) or names a
    file's hidden stream (`x:y`). Devices exist in every folder, whatever extension follows.
    """
    if "\\" in path or ":" in path:
        return True
    return any(is_windows_device(segment) for segment in path.split("/"))


def is_windows_device(filename: str) -> bool:
    """Whether Windows takes a file's name for a device: `CON`, `nul.txt`, `COM1 .log`."""
    return filename.partition(".")[0].strip().upper() in _WINDOWS_DEVICES
