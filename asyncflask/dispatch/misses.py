"""Requests that no rule answers: why not, and their pages. Bots ask for many of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..exceptions import HTTPException, MethodNotAllowed, NotFound
from ..routing.adapter import explain
from ..routing.exceptions import NoMatch, RoutingException
from .urls import URLMethods

if TYPE_CHECKING:
    from ..ctx import AppContext
    from ..typing import Message
    from ..wrappers.request import Request
    from .pipeline import Pipeline

_PLAIN_SCHEMES = frozenset({"http", "https"})
_PLAIN_ERRORS = frozenset({NotFound, MethodNotAllowed})


def explain_miss(app: Any, ctx: AppContext, path: str) -> None:
    """Keep as the `routing_exception` why no rule answers plainly; or find one that redirects.

    Args:
        path: as `Map.find` was asked for it.
    """
    request = ctx.request
    if request is None or not _has_plain_addresses(app, request.scope):
        ctx.match_request()
        return
    # PERF: without an adapter, which knows all about addresses: 12 µs less for a 404.
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
    if type(exc) not in _PLAIN_ERRORS or type(exc).get_response is not HTTPException.get_response:
        return None
    if app.trap_http_exception(exc) or pipeline.errors.find(exc) is not None:
        return None
    # PERF: not raised and caught, and no response that nobody sees: 10 µs less.
    body = exc.get_body(None, request.scope).encode()
    fields = exc.get_headers(None, request.scope)
    headers = [(name.lower().encode(), value.encode()) for name, value in fields]
    headers.append((b"content-length", b"%d" % len(body)))
    start = {"type": "http.response.start", "status": exc.code, "headers": headers}
    return start, {"type": "http.response.body", "body": body, "more_body": False}
