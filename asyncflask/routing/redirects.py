"""Where `redirect_to` leads: joined to the application's URL, and kept on its host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from .quoting import quote_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .converters import BaseConverter

_find_placeholders = re.compile(r"<([^>]+)>")
_match_absolute = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://").match


def check_redirect_template(
    template: str, converters: Mapping[str, BaseConverter], rule: str
) -> None:
    """Make sure that the rule has all variables that `template` names.

    Raises:
        ValueError: it lacks one.
    """
    for name in _find_placeholders.findall(template):
        if name not in converters:
            raise ValueError(
                f"The URL rule {rule!r} has no variable {name!r}, but redirect_to={template!r}"
                " names it. Write the plain name of one of the rule's variables."
            )


def follow_template(
    base: str, template: str, converters: Mapping[str, BaseConverter], values: Mapping[str, Any]
) -> str:
    """Return the URL that `template` leads to from `base`.

    It may be on another host only if `template` says so before its first variable.
    """
    target = _find_placeholders.sub(
        lambda found: converters[found[1]].to_url(values[found[1]]), template
    )
    if _match_absolute(template):
        return quote_url(target)
    if template.startswith("//"):
        return quote_url(f"{urlsplit(base).scheme}:{target}")
    return _join_locally(base, target)


def follow_function(base: str, target: str | None) -> str:
    """Return the URL that a function's result leads to from `base`.

    It may be on another host only if the function gives a whole URL, such as https://example.org.
    """
    if target and _match_absolute(target):
        return quote_url(target)
    return _join_locally(base, target or "")


def _join_locally(base: str, target: str) -> str:
    joined = _try_join(base, target)
    if joined is None:
        # What looks like another host or scheme came from the request: it is part of the path.
        start = "/" if target.startswith("/") else "./"
        joined = urljoin(base, start + target.lstrip("/"))
    return quote_url(joined)


def _try_join(base: str, target: str) -> str | None:
    """The URL, or None if it leaves the host."""
    try:
        joined = urljoin(base, target)
        same = urlsplit(joined)[:2] == urlsplit(base)[:2]
    except ValueError:
        return None
    return joined if same else None
