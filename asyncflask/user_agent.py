"""The User-Agent header as an object, which an application may replace by a parser of its own."""

from __future__ import annotations


class UserAgent:
    """What the client says it is; only `string` is filled.

    Set `Request.user_agent_class` to a subclass that fills the other attributes.
    """

    platform: str | None = None
    browser: str | None = None
    version: str | None = None
    language: str | None = None

    def __init__(self, string: str) -> None:
        self.string = string

    def to_header(self) -> str:
        """Return the header's value."""
        return self.string

    def __str__(self) -> str:
        return self.string

    def __bool__(self) -> bool:
        return bool(self.browser)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.browser}/{self.version}>"
