"""Flask's request methods, for extensions and subclasses that call them by name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from .. import bridge
from ..ctx import require_app_context, require_request_context
from .pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from ..ctx import AppContext
    from ..exceptions import HTTPException
    from ..wrappers.response import Response


_HANDLED: Final[Any] = object()


class DispatchMethods:
    """The built-in steps of a request as methods of the app.

    In sync code each runs its step, waiting for what is async in it, and returns the result. On
    the event loop, where nothing can wait, each returns an awaitable of the result.

    A subclass or an extension may replace any of them, with a sync or an async function; the
    replacement then runs in the step's place and may call the built-in method.
    """

    def pipeline_of(self, rule: Any) -> Pipeline:
        raise NotImplementedError

    def _pipeline(self, ctx: AppContext) -> Pipeline:
        return self.pipeline_of(None if ctx.request is None else ctx.request.url_rule)

    def full_dispatch_request(self) -> Any:
        """Hooks, view and error handlers, up to the finished response."""
        ctx = require_request_context()
        return _run(Pipeline.full_dispatch_request(self._pipeline(ctx), ctx), ctx)

    def preprocess_request(self) -> Any:
        """URL value preprocessors and before functions; the first value that is not None."""
        ctx = require_request_context()
        return _run(Pipeline.preprocess_request(self._pipeline(ctx), ctx), ctx)

    def dispatch_request(self) -> Any:
        """The view's return value, or the routing error raised."""
        ctx = require_request_context()
        return _run(Pipeline.dispatch_request(self._pipeline(ctx), ctx), ctx)

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Any:
        """A returned value made a response, with the after functions applied."""
        ctx = require_request_context()
        pipeline = self._pipeline(ctx)
        return _run(Pipeline.finalize_request(pipeline, ctx, rv, from_error_handler), ctx)

    def process_response(self, response: Response) -> Any:
        """The response after the after functions, with the session saved."""
        ctx = require_request_context()
        return _run(Pipeline.process_response(self._pipeline(ctx), ctx, response), ctx)

    def handle_user_exception(self, e: Exception) -> Any:
        """What the error handler returns; `e` is raised again where there is none."""
        ctx = require_request_context()
        return _run(Pipeline.handle_user_exception(self._pipeline(ctx), ctx, e), ctx)

    def handle_http_exception(self, e: HTTPException) -> Any:
        """What the error handler returns, or `e`, which is a response too."""
        ctx = require_request_context()
        return _run(Pipeline.handle_http_exception(self._pipeline(ctx), ctx, e), ctx)

    def handle_exception(self, e: Exception) -> Any:
        """The 500 response for an error that nobody handled."""
        ctx = require_request_context()
        return _run(Pipeline.handle_exception(self._pipeline(ctx), ctx, e), ctx)

    def do_teardown_request(self, exc: BaseException | None = _HANDLED) -> Any:
        """Run the request's teardown functions, by default with the error being handled."""
        exc = sys.exc_info()[1] if exc is _HANDLED else exc
        ctx = require_request_context()
        return _run(Pipeline.do_teardown_request(self._pipeline(ctx), ctx, exc), ctx)

    def do_teardown_appcontext(self, exc: BaseException | None = _HANDLED) -> Any:
        """Run the app context's teardown functions, by default with the error being handled."""
        exc = sys.exc_info()[1] if exc is _HANDLED else exc
        ctx = require_app_context()
        return _run(Pipeline.do_teardown_appcontext(self._pipeline(ctx), ctx, exc), ctx)


def _run(step: Coroutine[Any, Any, Any], ctx: AppContext) -> Any:
    if not ctx.in_worker and bridge.is_on_event_loop():
        return _await(step, ctx)
    return bridge.run_here(step, ctx)


async def _await(step: Coroutine[Any, Any, Any], ctx: AppContext) -> Any:
    return await bridge.drive(step, ctx)
