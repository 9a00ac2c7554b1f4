"""Setting and deleting cookies on a response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..http import dump_cookie
from .current import current_app

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from ..datastructures import Headers

DEFAULT_MAX_COOKIE_SIZE = 4093
"""Bytes of a whole Set-Cookie header that every browser keeps."""


class ResponseCookies:
    """The part of a response that sets cookies."""

    headers: Headers
    _max_cookie_size: int | None = None

    @property
    def max_cookie_size(self) -> int:
        """Bytes above which setting a cookie warns; 0 never warns.

        A subclass may set a number of its own. Otherwise the bound app's MAX_COOKIE_SIZE rules.
        """
        if self._max_cookie_size is not None:
            return self._max_cookie_size
        app = current_app()
        return DEFAULT_MAX_COOKIE_SIZE if app is None else int(app.config["MAX_COOKIE_SIZE"])

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: timedelta | int | None = None,
        expires: str | datetime | int | float | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str | None = None,
        partitioned: bool = False,
    ) -> None:
        """Add a Set-Cookie header.

        Args:
            max_age: seconds; None keeps the cookie until the browser is closed.
            expires: a datetime, seconds since the epoch, or the header's text.
            path: where the cookie is valid; None leaves it to the browser.
            domain: sends the cookie to this domain's subdomains too.
            samesite: "Strict", "Lax" or "None".
            partitioned: keeps a jar for each top-level site; makes the cookie `secure` too.
        Raises:
            ValueError: `samesite` is unknown, or an attribute contains a line break.
        """
        cookie = dump_cookie(
            key,
            value=value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            max_size=self.max_cookie_size,
            samesite=samesite,
            partitioned=partitioned,
        )
        self.headers.add("Set-Cookie", cookie)

    @property
    def _sets_own_cookies(self) -> bool:
        """Whether cookies are set as any response does, within the app's limits."""
        kind = type(self)
        return (
            kind.set_cookie is ResponseCookies.set_cookie
            and kind.max_cookie_size is ResponseCookies.max_cookie_size
            and self._max_cookie_size is None
        )

    def delete_cookie(
        self,
        key: str,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str | None = None,
        partitioned: bool = False,
    ) -> None:
        """Let the browser forget a cookie; path and domain must be those it was set with."""
        self.set_cookie(
            key,
            expires=0,
            max_age=0,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )
