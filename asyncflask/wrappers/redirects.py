"""Responses that send the client to another address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import escape

from .conditional import scope_of
from .response import Response as DefaultResponse

if TYPE_CHECKING:
    from .response import Response as ResponseType

# SPEC: RFC 3986 section 3.3: what a path segment may hold unquoted.
_SAFE_IN_SEGMENT = "!$&'()*+,:;=@"

_PAGE = """\
<!doctype html>
<html lang=en>
<title>Redirecting...</title>
<h1>Redirecting...</h1>
<p>This page is at <a href="{address}">{address}</a>. Follow the link if your browser does not.
"""


def redirect(
    location: str,
    code: int = 302,
    Response: type[ResponseType] | None = None,  # noqa: N803  # Flask's name for it
) -> ResponseType:
    """Make a response that redirects to `location`, which is quoted when it is sent.

    Args:
        code: 301, 302, 303, 307 or 308; 303 makes the next request a GET, 307 and 308 keep
            method and body.
        Response: the class to use in place of the framework's.
    Raises:
        ValueError: `location` contains a line break, which would start another header.
    """
    response_class = DefaultResponse if Response is None else Response
    # Half a surrogate pair, which JSON may hold, is no text; it is quoted in the header.
    shown = escape(location.encode(errors="replace").decode())
    response = response_class(_PAGE.format(address=shown), status=code, mimetype="text/html")
    response.headers["Location"] = location
    return response


def append_slash_redirect(request_or_scope: Any, code: int = 308) -> ResponseType:
    """Redirect to the same address with a slash at its end; the query string is kept."""
    scope = scope_of(request_or_scope)
    tail = quote(scope["path"].rpartition("/")[2], safe=_SAFE_IN_SEGMENT)
    # Relative, so it holds behind any prefix; "./" keeps a colon from reading as a scheme.
    location = f"./{tail}/" if ":" in tail else f"{tail or '.'}/"
    query = scope.get("query_string", b"").decode("latin-1")
    return redirect(f"{location}?{query}" if query else location, code)
