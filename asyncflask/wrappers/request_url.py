"""The parts of a request's URL, read from its ASGI scope: paths, host, query and whole URLs."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from ..datastructures import ImmutableMultiDict
from ..exceptions import BadHost, SecurityError
from .lazy import lazy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..datastructures import MultiDict

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}

# SPEC: RFC 3986 section 3.2.2, a registered name or an address in brackets; then a port.
_is_host_name = re.compile(
    r"[a-z0-9._~!$&'()*+,;=%-]*|\[[0-9a-f:.]+\]", re.ASCII | re.IGNORECASE
).fullmatch

# SPEC: RFC 1035 section 2.3.4, a name has 255 bytes at most; then a port. Hosts that were asked for
# are remembered, so that no longer ones can fill the memory.
_LONGEST_HOST = 255 + len(":65535")
_LAST_PORT = 65535

_find_port = re.compile(r":[0-9]*$", re.ASCII).search

# What would end the path or the line if it stood in a URL undisguised.
_CONTROLS = {code: f"%{code:02X}" for code in (*range(0x21), 0x7F)}
_DISGUISE_IN_PATH = _CONTROLS | {ord("#"): "%23", ord("?"): "%3F"}
_DISGUISE_IN_QUERY = _CONTROLS | {ord("#"): "%23"}

# Percent escapes that an IRI keeps, because the plain character would mean something else.
_KEEP_IN_PATH = frozenset(b" #%/?" + bytes(range(0x20)) + b"\x7f")
_KEEP_IN_QUERY = frozenset(b" #%&+=" + bytes(range(0x20)) + b"\x7f")
_find_escapes = re.compile(r"(?:%[0-9A-Fa-f]{2})+")

# Escapes of `&` and `=`, which are part of a name or a value.
_finds_separator = re.compile("%26|%3[Dd]").search


def _escape_undecodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    undecodable = error.object[error.start : error.end]
    return "".join(f"%{byte:02X}" for byte in undecodable), error.end


# Bytes that are no UTF-8 stay visible, as the percent escapes they (would) have come in.
ESCAPE_UNDECODABLE = "asyncflask.escape_undecodable"
codecs.register_error(ESCAPE_UNDECODABLE, _escape_undecodable)


def parse_query(query: bytes) -> list[tuple[str, str]]:
    """Split an urlencoded query or form at its `&`; blank values are kept, nothing raises."""
    text = query.decode("utf-8", ESCAPE_UNDECODABLE).replace("+", " ")
    if "%" in text:
        if _finds_separator(text):
            escaped = [piece.partition("=") for piece in text.split("&") if piece]
            return [(_unescape(name), _unescape(value)) for name, _, value in escaped]
        # PERF: no escape hides a separator, so that all are undone at once: 2 µs for five fields
        # in place of 13 by urllib's parse_qsl, which takes 0.9 for `q=x` in place of 0.23.
        text = _unescape(text)
    pairs = []
    for piece in text.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            pairs.append((name, value))
    return pairs


def _unescape(text: str) -> str:
    return _undo_escapes(text).decode("utf-8", ESCAPE_UNDECODABLE)


def _undo_escapes(text: str) -> bytes:
    """Replace percent escapes by their bytes; what is no escape stays."""
    if "\\" not in text:
        # PERF: Python's own escapes differ in the sign alone, and are undone in C: 0.8 µs for ten
        # of them in place of 1.6.
        try:
            escaped = text.replace("%", "\\x").encode()
            return escaped.decode("unicode_escape").encode("latin-1")
        except UnicodeDecodeError:
            # Not all of them are escapes.
            pass
    return unquote_to_bytes(text)


def strip_root_path(path: str, root_path: str) -> str:
    """Return `path` below `root_path`, whether or not the server has left the prefix in it."""
    if path == root_path:
        return "/"
    # The boundary counts: /apiary is not below /api.
    return path[len(root_path) :] if path.startswith(f"{root_path}/") else path


def _to_iri(part: str, keep: frozenset[int]) -> str:
    """Decode the percent escapes that can be read as text, except those of the bytes in `keep`."""
    if "%" not in part:
        return part
    return _find_escapes.sub(lambda found: _decode_escapes(found[0], keep), part)


def _decode_escapes(escapes: str, keep: frozenset[int]) -> str:
    decoded: list[str] = []
    text = bytearray()
    for start in range(0, len(escapes), 3):
        escape = escapes[start : start + 3]
        byte = int(escape[1:], 16)
        if byte not in keep:
            text.append(byte)
            continue
        decoded += text.decode("utf-8", ESCAPE_UNDECODABLE), escape
        text.clear()
    decoded.append(text.decode("utf-8", ESCAPE_UNDECODABLE))
    return "".join(decoded)


def _path_to_iri(path: str) -> str:
    return _to_iri(path.translate(_DISGUISE_IN_PATH), _KEEP_IN_PATH)


def _host_to_iri(host: str) -> str:
    host = host.lower().removesuffix(":")
    if "xn--" not in host:
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _to_ascii_host(host: str) -> str:
    """Encode an international host name.

    Raises:
        BadHost: it is none.
    """
    if host.isascii():
        return host
    try:
        ascii_host = host.encode("idna")
        # IDNA drops some characters and takes others for letters, so that one name has many
        # spellings; a host that is trusted is meant literally.
        is_literal = ascii_host.decode("idna") == host.lower()
    except UnicodeError as exc:
        raise BadHost(f"The host {host!r} is not a valid host name.") from exc
    if not is_literal:
        raise BadHost(f"The host {host!r} is not spelled as host names are.")
    return ascii_host.decode("ascii")


# PERF: a request asks for its host, mostly the same; a hit costs no Python call. Bounded, since
# anybody can send any host.
@lru_cache(maxsize=256)
def _read_host(claimed: bytes, scheme: str) -> str:
    """Decode a Host header and take off its scheme's default port.

    Raises:
        BadHost: it is no host.
    """
    try:
        host = claimed.decode()
    except UnicodeDecodeError:
        host = claimed.decode("latin-1")
    if len(claimed) > _LONGEST_HOST:
        raise BadHost(f"The host {host[:_LONGEST_HOST]!r}... is too long for a host name.")
    name, port = _split_port(host)
    if not _is_host_name(_to_ascii_host(name)) or port > _LAST_PORT:
        raise BadHost(f"The host {host!r} is not a valid host name.")
    return name if port and port == _DEFAULT_PORTS.get(scheme) else host


def _split_port(host: str) -> tuple[str, int]:
    """Take the port off a host; it is 0 where there is none."""
    found = _find_port(host)
    if found is None:
        return host, 0
    # The name is looked at by itself: to IDNA, other digits and colons are ASCII ones too.
    return host[: found.start()], int(found[0][1:] or 0)


def is_trusted_host(host: str, trusted_hosts: Iterable[str]) -> bool:
    """Whether `host` is among `trusted_hosts`; ports and case don't matter.

    A trusted host that starts with a dot stands for itself and all its subdomains.
    """
    name = _comparable(host)
    for trusted in trusted_hosts:
        known = _comparable(trusted.removeprefix("."))
        if name == known or (trusted.startswith(".") and name.endswith(f".{known}")):
            return True
    return False


def _comparable(host: str) -> str:
    return _to_ascii_host(_split_port(host)[0]).lower()


class URLParts:
    """What a scope says about the URL. Every part is read on first access."""

    scope: Mapping[str, Any]

    # The hosts that `host` accepts: None for any, else names like "example.org" or ".example.org".
    trusted_hosts: Iterable[str] | None = None

    # The dict class of args and form.
    parameter_storage_class: type[MultiDict[str, Any]] = ImmutableMultiDict

    @lazy
    def scheme(self) -> str:
        """The protocol's name: http, https, ws or wss."""
        return str(self.scope.get("scheme", "http"))

    @property
    def is_secure(self) -> bool:
        """Whether the request came over an encrypted connection."""
        return self.scheme in {"https", "wss"}

    @lazy
    def root_path(self) -> str:
        """The prefix under which the application is mounted, without a slash at its end."""
        return str(self.scope.get("root_path", "")).rstrip("/")

    @property
    def script_root(self) -> str:
        """The same as `root_path`."""
        return self.root_path

    @lazy
    def path(self) -> str:
        """The decoded path below `root_path`; it starts with exactly one slash."""
        path: str = self.scope["path"]
        if self.scope.get("root_path"):
            path = strip_root_path(path, self.root_path)
        return f"/{path.lstrip('/')}"

    @property
    def _path_to_match(self) -> str:
        # COMPAT: an application that is asked for at its root path without a slash redirects to
        # its "/": there relative links lead to where they should.
        is_bare = bool(self.root_path) and self.scope["path"] == self.root_path
        return "" if is_bare else self.path

    @lazy
    def query_string(self) -> bytes:
        """What follows the question mark, undecoded."""
        return bytes(self.scope.get("query_string", b""))

    @property
    def full_path(self) -> str:
        """The path and, after a question mark that is always there, the query."""
        return f"{self.path}?{self.query_string.decode('utf-8', ESCAPE_UNDECODABLE)}"

    @lazy
    def args(self) -> MultiDict[str, str]:
        """The parameters of the query."""
        return self.parameter_storage_class(parse_query(self.query_string))

    @property
    def server(self) -> tuple[str, int | None] | None:
        """The address that the server listens on: (host, port), or (path of a socket, None)."""
        server = self.scope.get("server")
        return None if server is None else (server[0], server[1])

    @lazy
    def host(self) -> str:
        """The host that was asked for, with its port unless that is the scheme's own.

        Raises:
            BadHost: the Host header is no host.
            SecurityError: the host is not among the trusted hosts.
        """
        claimed: bytes | None = None
        for name, value in self.scope["headers"]:
            if name == b"host":
                claimed = value
                break
        if claimed is None:
            claimed = self._server_host()
        host = _read_host(claimed, self.scope.get("scheme", "http"))
        trusted_hosts = self._get_trusted_hosts()
        if trusted_hosts is not None and not is_trusted_host(host, trusted_hosts):
            raise SecurityError(f"Host {host!r} is not trusted.")
        return host

    def _get_trusted_hosts(self) -> Iterable[str] | None:
        return self.trusted_hosts

    def _server_host(self) -> bytes:
        server = self.server
        if server is None:
            return b""
        name, port = server
        if port is None:
            return b"localhost"  # a Unix socket: its path is no host
        return f"[{name}]:{port}".encode() if ":" in name else f"{name}:{port}".encode()

    @lazy
    def host_url(self) -> str:
        """The scheme and the host, with a slash at the end."""
        return f"{self.scheme}://{_host_to_iri(self.host)}/"

    @lazy
    def root_url(self) -> str:
        """The URL that the application is mounted at, with a slash at the end."""
        root_path = self.root_path.strip("/")
        return f"{self.host_url}{_path_to_iri(root_path)}/" if root_path else self.host_url

    @property
    def url_root(self) -> str:
        """The same as `root_url`."""
        return self.root_url

    @lazy
    def base_url(self) -> str:
        """The URL without its query."""
        return self.root_url + _path_to_iri(self.path[1:])

    @lazy
    def url(self) -> str:
        """The whole URL, as an IRI: with plain letters where percent escapes can be read."""
        if not self.query_string:
            return self.base_url
        query = self.query_string.decode("utf-8", ESCAPE_UNDECODABLE)
        return f"{self.base_url}?{_to_iri(query.translate(_DISGUISE_IN_QUERY), _KEEP_IN_QUERY)}"
