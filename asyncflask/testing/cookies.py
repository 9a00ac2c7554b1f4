"""The cookies that a test client holds, and which of them go with a request."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..http import dump_cookie, parse_cookie
from ..syntax import parse_date

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class Cookie:
    """A cookie as a client holds it.

    Attributes:
        value: as it is sent, and so is `key`; the decoded ones are what the app has set.
        expires: when it ends; None where it lives as long as the client.
        max_age: seconds that it lives, counted from when it was set.
        domain: the host that it is sent to; with its subdomains unless `origin_only`.
        path: the prefix of the paths that it is sent to.
    """

    key: str
    value: str
    decoded_key: str
    decoded_value: str
    expires: datetime | None
    max_age: int | None
    domain: str
    origin_only: bool
    path: str
    secure: bool | None
    http_only: bool | None
    same_site: str | None

    def matches(self, host: str, path: str) -> bool:
        """Whether it goes with a request to this host and path."""
        return self._matches_host(host.lower()) and self._matches_path(path)

    def _matches_host(self, host: str) -> bool:
        if host == self.domain:
            return True
        return not self.origin_only and host.endswith(f".{self.domain}")

    def _matches_path(self, path: str) -> bool:
        # SPEC: RFC 6265 section 5.1.4; the boundary counts: /apiary is not below /api.
        if path == self.path:
            return True
        prefix = self.path if self.path.endswith("/") else f"{self.path}/"
        return path.startswith(prefix)

    def has_expired(self) -> bool:
        """Whether the app has ended its life, as it does to delete it."""
        if self.max_age is not None and self.max_age <= 0:
            return True
        return self.expires is not None and self.expires <= datetime.now(UTC)


class CookieJar:
    """Cookies by domain, path and name."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    def __len__(self) -> int:
        return len(self._cookies)

    def get_cookie(self, key: str, domain: str = "localhost", path: str = "/") -> Cookie | None:
        """The cookie that was set with exactly these, or None."""
        return self._cookies.get((_normalise(domain), path, key))

    def set_cookie(
        self,
        key: str,
        value: str = "",
        *,
        domain: str = "localhost",
        origin_only: bool = True,
        path: str = "/",
        **kwargs: Any,
    ) -> None:
        """Add a cookie.

        Args:
            origin_only: do not send it to subdomains of `domain`.
            kwargs: the arguments of `Response.set_cookie`.
        """
        header = dump_cookie(key, value, domain=domain, path=path, **kwargs)
        cookie = parse_set_cookie(header, domain, "/")
        if cookie is not None:
            cookie.origin_only = origin_only
            self._store(cookie)

    def delete_cookie(self, key: str, *, domain: str = "localhost", path: str = "/") -> None:
        """Remove the cookie that was set with exactly these, if there is one."""
        self._cookies.pop((_normalise(domain), path, key), None)

    def header_for(self, host: str, path: str) -> str:
        """The Cookie header for a request, "" where no cookie goes with it.

        Args:
            host: without its port.
            path: the whole path, what the app is mounted under included.
        """
        cookies = [cookie for cookie in self._cookies.values() if cookie.matches(host, path)]
        return "; ".join(f"{cookie.key}={cookie.value}" for cookie in cookies)

    def update_from(self, headers: Iterable[str], host: str, path: str) -> None:
        """Take what a response's Set-Cookie headers set, and drop what they end.

        Args:
            host: of the request, without its port.
            path: of the request.
        """
        for header in headers:
            cookie = parse_set_cookie(header, host, path)
            if cookie is not None:
                self._store(cookie)

    def _store(self, cookie: Cookie) -> None:
        place = (cookie.domain, cookie.path, cookie.decoded_key)
        if cookie.has_expired():
            self._cookies.pop(place, None)
        else:
            self._cookies[place] = cookie


def parse_set_cookie(header: str, host: str, path: str) -> Cookie | None:
    """Read a Set-Cookie header as browsers do; None where it names no cookie.

    Args:
        host: of the request, without its port: the domain of a cookie that names none.
        path: of the request: its folder is the path of a cookie that names none.
    """
    pair, *parts = header.split(";")
    key, _, value = (text.strip() for text in pair.partition("="))
    decoded = next(iter(parse_cookie(pair).items()), None)
    if decoded is None:
        return None
    # SPEC: RFC 6265 section 5.2: names in any case, the last of a name counts.
    options = {name.strip().lower(): text.strip() for name, _, text in _split(parts)}
    domain = _normalise(options.get("domain", ""))
    return Cookie(
        key=key,
        value=value,
        decoded_key=decoded[0],
        decoded_value=decoded[1],
        expires=parse_date(options.get("expires")),
        max_age=_to_seconds(options.get("max-age")),
        domain=domain or _normalise(host),
        origin_only=not domain,
        path=options.get("path") or _folder_of(path),
        secure="secure" in options,
        http_only="httponly" in options,
        same_site=options.get("samesite"),
    )


def _split(parts: list[str]) -> Iterable[tuple[str, str, str]]:
    return (part.partition("=") for part in parts)


def _normalise(domain: str) -> str:
    return domain.partition(":")[0].lower().removeprefix(".")


def _folder_of(path: str) -> str:
    """SPEC: RFC 6265 section 5.1.4, the default path."""
    return path.rpartition("/")[0] or "/"


def _to_seconds(text: str | None) -> int | None:
    seconds = None
    if text is not None:
        with suppress(ValueError):
            seconds = int(text)
    return seconds
