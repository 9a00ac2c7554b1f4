"""Requests that no rule answers: why not, and their pages. Bots ask for many of them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..exceptions import HTTPException, MethodNotAllowed, NotFound
from ..routing.adapter import explain
from ..routing.exceptions import NoMatch, RoutingException
from .urls import URLMethods

if TYPE_CHECKING:
    Page = tuple[list[tuple[bytes, bytes]], bytes]

    from ..ctx import AppContext
    from ..typing import Message
    from ..wrappers.request import Request
    from .pipeline import Pipeline

_PLAIN_SCHEMES = frozenset({"http", "https"})
_PLAIN_ERRORS = frozenset({NotFound, MethodNotAllowed})
_OWN_METHODS = (HTTPException.get_body, HTTPException.get_headers, HTTPException.get_description)


def explain_miss(app: Any, ctx: AppContext, path: str, *, is_nowhere: bool) -> None:
    """Keep as the `routing_exception` why no rule answers plainly; or find one that redirects.

    Args:
        path: as `Map.find` was asked for it.
        is_nowhere: whether that has found that no rule has the path.
    """
    request = ctx.request
    if request is None or not _has_plain_addresses(app, request.scope):
        ctx.match_request()
        return
    if is_nowhere:
        # PERF: the tree is not walked again: 1.5 µs less.
        request.routing_exception = NotFound()
        return
    # PERF: without an adapter, which knows all about addresses: 12 µs less for a 405.
    path = f"/{path.lstrip('/')}" if path else ""
    try:
        app.url_map.resolve(app.url_map.default_subdomain, path, request.method, False)
    except NoMatch as miss:
        request.routing_exception = explain(miss)
        return
    except RoutingException:
        # A redirect: where to, an adapter knows.
        pass
    ctx.match_request()


def _has_plain_addresses(app: Any, scope: Any) -> bool:
    if app.subdomain_matching or app.url_map.host_matching:
        return False
    if scope.get("scheme", "http") not in _PLAIN_SCHEMES:
        return False
    is_own = type(app).create_url_adapter is URLMethods.create_url_adapter
    return is_own and "create_url_adapter" not in vars(app)


def page_of_miss(app: Any, pipeline: Pipeline, request: Request) -> tuple[Message, Message] | None:
    """The messages with the built-in page of a 404 or 405; None where it is answered otherwise."""
    exc: Any = request.routing_exception
    kind = type(exc)
    if kind not in _PLAIN_ERRORS or kind.get_response is not HTTPException.get_response:
        return None
    if exc.response is not None or app.trap_http_exception(exc):
        return None
    if pipeline.errors.find(exc) is not None:
        return None
    # PERF: not raised and caught, and no response that nobody sees: 10 µs less.
    if _has_no_say(exc):
        headers, body = _page_of(NotFound.description)
    else:
        headers, body = _page(exc, request.scope)
    start = {"type": "http.response.start", "status": exc.code, "headers": headers.copy()}
    return start, {"type": "http.response.body", "body": body, "more_body": False}


def _has_no_say(exc: Any) -> bool:
    """Whether an error is a 404 that says nothing of its own, by the built-in methods."""
    methods = NotFound.get_body, NotFound.get_headers, NotFound.get_description
    is_plain = type(exc) is NotFound and "description" not in exc.__dict__
    return is_plain and methods == _OWN_METHODS


# PERF: one page for all that ask for nothing: 1.7 µs less. Users may change the description.
@lru_cache(maxsize=1)
def _page_of(description: str | None) -> Page:
    return _page(NotFound(), {})


def _page(exc: HTTPException, scope: Any) -> Page:
    body = exc.get_body(None, scope).encode()
    fields = exc.get_headers(None, scope)
    headers = [(name.lower().encode(), value.encode()) for name, value in fields]
    headers.append((b"content-length", b"%d" % len(body)))
    return headers, body
