"""What happens between a matched request and its response.

The order of steps is here, once for sync and async code. Matching, receiving and sending are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import anyio

from .. import bridge
from ..exceptions import BadRequestKeyError, HTTPException, InternalServerError
from ..local import LocalProxy
from ..routing import RoutingException
from ..signals import (
    appcontext_popped,
    appcontext_tearing_down,
    got_request_exception,
    request_finished,
    request_started,
    request_tearing_down,
)
from ..wrappers.file_body import FileBody
from .body import receive_refused_body
from .responses import is_plain, to_response
from .sendable import make_sendable
from .steps import Step, announce, call, is_awaitable, settle

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from blinker import Signal

    from ..ctx import AppContext
    from ..wrappers.response import Response
    from .errors import ErrorTable
    from .straight import Straight

# asyncio cancels a task without regard for shields: a server that stops does it once, and the
# closing event loop again.
_MOST_CANCELLATIONS = 4


# An exception in a variable of a frame that its traceback holds is a cycle, which keeps the request
# and its context alive until the collector comes: hence `del exc` and the like behind `raise exc`.


@dataclass(frozen=True, slots=True)
class Pipeline:
    """An endpoint's steps in their order, for HTTP requests.

    `WebSocketPipeline` has the same steps with other hooks and signals, and another end.

    The methods named as Flask's are the built-in steps; `overrides` has those of an app that
    replaces them. A pipeline never holds the app, which it would keep alive for ever.
    """

    # The app's registries of the hooks, and the signals.
    hooks: ClassVar[tuple[str, str, str]] = (
        "before_request_funcs",
        "after_request_funcs",
        "teardown_request_funcs",
    )
    started: ClassVar[Signal] = request_started
    finished: ClassVar[Signal] = request_finished
    tearing_down: ClassVar[Signal] = request_tearing_down
    got_exception: ClassVar[Signal] = got_request_exception
    always_preprocesses: ClassVar[bool] = False

    endpoint: str | None
    preprocessors: tuple[Step, ...]
    before: tuple[Step, ...]
    view: Step | None
    after: tuple[Step, ...]
    teardown: tuple[Step, ...]
    app_teardown: tuple[Step, ...]
    errors: ErrorTable
    preprocesses: bool
    tears_down_request: bool
    tears_down_app: bool
    teardown_blocks: bool
    opens_session: bool
    open_session_blocks: bool
    saves_session: bool
    save_session_blocks: bool
    workers: int
    timeout: float | None
    is_supervised: bool
    straight: Straight | None
    may_send_pages: bool

    # -- a whole request

    def run(self, ctx: AppContext) -> Coroutine[Any, Any, Response]:
        """Answer the request; unless the response is streamed, its context is torn down too.

        Raises:
            Exception: an unhandled error, where errors are to propagate.
        """
        # PERF: a session that opens on its own costs no call.
        dispatch = self._open_and_dispatch if self.opens_session else self.full_dispatch_request
        return self._conclude(ctx, dispatch(ctx))

    def run_from_view(
        self,
        ctx: AppContext,
        value: Any,
        exc: BaseException | None = None,
        *,
        in_worker: bool = False,
    ) -> Coroutine[Any, Any, Response]:
        """`run` for a request whose view has already returned `value`, or raised `exc`.

        Args:
            in_worker: it was raised in a thread, where nothing is a cancellation.
        """
        return self._conclude(ctx, self._finalize_view(ctx, value, exc, in_worker))

    def run_from_response(
        self, ctx: AppContext, response: Response | None, exc: BaseException | None = None
    ) -> Coroutine[Any, Any, Response]:
        """`run` for a request whose after functions have given `response`, or raised `exc`."""
        return self._conclude(ctx, _outcome(response, exc))

    async def _open_and_dispatch(self, ctx: AppContext) -> Response:
        await self.open_session(ctx)
        return await self.full_dispatch_request(ctx)

    async def _finalize_view(
        self, ctx: AppContext, value: Any, exc: BaseException | None, in_worker: bool
    ) -> Response:
        if in_worker and not isinstance(exc, Exception):
            await bridge.to_worker()
        try:
            if exc is not None:
                raise exc
            if is_awaitable(value):
                value = await settle(ctx, value)
        except Exception as error:
            value = await self.handle_user_exception(ctx, error)
        finally:
            exc = None
        return await self.finalize_request(ctx, value)

    async def _conclude(
        self, ctx: AppContext, dispatching: Coroutine[Any, Any, Response]
    ) -> Response:
        """Whatever becomes of the dispatching, answer it and tear the context down."""
        error: BaseException | None = None
        try:
            try:
                response = await dispatching
                if not is_plain(response):
                    await make_sendable(ctx, response)
            except Exception as exc:
                error = None if ctx.app.should_ignore_error(exc) else exc
                response = await self.handle_exception(ctx, exc)
                if not is_plain(response):
                    await make_sendable(ctx, response)
            if type(response.response) is list or not outlives_request(response):
                await self.tear_down(ctx, error)
            return response
        except GeneratorExit:
            # A coroutine that is closed may not await any more.
            raise
        except BaseException as exc:
            # Asked where it was raised: in a worker, nothing is a cancellation.
            survives = not isinstance(exc, Exception) and must_survive(ctx, exc)
            if not ctx.given_up:
                await self.tear_down(ctx, error or exc)
            if not survives:
                raise
            return self.end_with_error(ctx, exc)
        finally:
            error = None

    async def run_failed(self, ctx: AppContext, exc: Exception) -> Response:
        """Answer a request whose steps were given up, as if they had raised `exc`.

        The context is left to the caller.
        """
        try:
            value = await self.handle_user_exception(ctx, exc)
            response = await self.finalize_request(ctx, value)
        except Exception as failure:
            response = await self.handle_exception(ctx, failure)
        if not is_plain(response):
            await make_sendable(ctx, response)
        return response

    # -- Flask's steps, under Flask's names

    async def full_dispatch_request(self, ctx: AppContext) -> Response:
        """The hooks, the view and error handlers; what they give, finalized."""
        try:
            if self.started.receivers:
                await announce(ctx, self.started)
            value = await self._preprocess(ctx) if self.preprocesses else None
            if value is None:
                value = await self.dispatch_request(ctx)
        except Exception as exc:
            value = await self.handle_user_exception(ctx, exc)
        return await self.finalize_request(ctx, value)

    async def _preprocess(self, ctx: AppContext) -> Any:
        value = await self.preprocess_request(ctx)
        body = ctx.require_request()._body
        if value is None and body is not None and body.refused is not None:
            await settle(ctx, receive_refused_body(ctx.require_request()))
        return value

    async def preprocess_request(self, ctx: AppContext) -> Any:
        """URL value preprocessors, then before functions until one returns something."""
        connection = ctx.require_connection()
        for step in self.preprocessors:
            await call(ctx, step, connection.endpoint, connection.view_args)
        for step in self.before:
            # PERF: call() in place, here and in process_response: 0.3 µs less for each function.
            if step.blocks and not ctx.in_worker:
                await bridge.to_worker()
            value = step.function()
            if value is not None and is_awaitable(value):
                value = await settle(ctx, value)
            if value is not None:
                return value
        return None

    async def dispatch_request(self, ctx: AppContext) -> Any:
        """What the view returns; routing errors are raised here."""
        request: Any = ctx.request
        if request.routing_exception is not None:
            ctx.app.raise_routing_exception(request)
        rule = request.url_rule
        if request.method == "OPTIONS" and rule.provide_automatic_options:
            return ctx.app.make_default_options_response()
        step = self.view
        if step is None:
            raise no_view(rule)
        if step.blocks and not ctx.in_worker:
            await bridge.to_worker()
        value = step.function(**request.view_args)
        # PERF: is_awaitable in place.
        if hasattr(type(value), "__await__") and not issubclass(type(value), LocalProxy):
            value = await settle(ctx, value) if ctx.in_worker else await value
        return value

    async def finalize_request(
        self, ctx: AppContext, value: Any, from_error_handler: bool = False
    ) -> Response:
        """Make the value a response and let the after functions have it.

        Args:
            from_error_handler: errors of the after functions are logged instead of raised.
        """
        response: Any = self.make_response(ctx, value)
        if is_awaitable(response):
            response = await response
        try:
            response = await self.process_response(ctx, response)
            if self.finished.receivers:
                await announce(ctx, self.finished, response=response)
        except Exception:
            if not from_error_handler:
                raise
            ctx.app.logger.exception(
                "Request finalizing failed with an error while handling an error"
            )
        return response  # type: ignore[no-any-return]  # an after function's, which is trusted

    def make_response(self, ctx: AppContext, value: Any) -> Any:
        """The response that a returned value stands for; an awaitable of it where replaced."""
        return to_response(ctx.app, ctx.request, value)

    async def process_response(self, ctx: AppContext, response: Response) -> Response:
        """The after functions of this request, then those of the app, then the session."""
        for function in ctx._after or ():
            response = await call(ctx, Step.of(function), response)
        for step in self.after:
            if step.blocks and not ctx.in_worker:
                await bridge.to_worker()
            value: Any = step.function(response)
            response = await settle(ctx, value) if is_awaitable(value) else value
        if self.saves_session or ctx.opened_session is not None or ctx.may_have_session:
            await self.save_session(ctx, response)
        return response

    # -- errors

    async def handle_user_exception(self, ctx: AppContext, exc: Exception) -> Any:
        """What the handler of `exc` returns.

        Raises:
            Exception: `exc` itself, where it is no HTTP error and has no handler.
        """
        app = ctx.app
        if isinstance(exc, BadRequestKeyError) and (
            app.debug or app.config["TRAP_BAD_REQUEST_ERRORS"]
        ):
            exc.show_exception = True
        if isinstance(exc, HTTPException) and not app.trap_http_exception(exc):
            return await self.handle_http_exception(ctx, exc)
        handler = self.errors.find(exc)
        try:
            if handler is None:
                raise exc
            return await call(ctx, handler, exc)
        finally:
            del exc

    async def handle_http_exception(self, ctx: AppContext, exc: HTTPException) -> Any:
        """What the handler of an HTTP error returns, or the error, which is a response too."""
        # COMPAT: an error without a code carries its own response; routing's are never handled.
        if exc.code is None or isinstance(exc, RoutingException):
            return exc
        handler = self.errors.find(exc)
        return exc if handler is None else await call(ctx, handler, exc)

    async def handle_exception(self, ctx: AppContext, exc: Exception) -> Response:
        """The 500 response for an error that nobody handled; it is logged.

        Raises:
            Exception: `exc` itself, where errors are to propagate: in tests and in debug mode.
        """
        app = ctx.app
        if self.got_exception.receivers:
            await announce(ctx, self.got_exception, exception=exc)
        if app.propagates_exceptions:
            try:
                raise exc
            finally:
                del exc
        app.log_exception((type(exc), exc, exc.__traceback__))
        server_error: Any = InternalServerError(original_exception=exc)
        handler = self.errors.find(server_error)
        if handler is not None:
            server_error = await call(ctx, handler, server_error)
        return await self.finalize_request(ctx, server_error, from_error_handler=True)

    def end_with_error(self, ctx: AppContext, exc: BaseException) -> Response:
        """The plain 500 for what would end a program elsewhere, as SystemExit; it is logged.

        COMPAT: error handlers do not get such an exception in Flask either.
        """
        ctx.app.log_exception((type(exc), exc, exc.__traceback__))
        return to_response(ctx.app, ctx.request, InternalServerError())

    # -- session

    async def open_session(self, ctx: AppContext) -> None:
        """Open the session of a custom interface, which may be async, before the hooks."""
        if ctx.opened_session is not None:
            return
        step = Step(ctx.app.session_interface.open_session, self.open_session_blocks)
        # COMPAT: the interface sees a request that is not matched yet, unless it does that itself.
        seen = ctx.require_connection()
        found = seen.url_rule, seen.view_args, seen.routing_exception
        seen.url_rule = seen.view_args = seen.routing_exception = None
        try:
            ctx.keep_session(await call(ctx, step, ctx.app, seen))
        finally:
            seen.url_rule, seen.view_args, seen.routing_exception = found

    async def save_session(self, ctx: AppContext, response: Response) -> None:
        """Save the session where it was opened, or where its cookie may need to be refreshed."""
        session = ctx.opened_session
        interface = ctx.app.session_interface
        if session is None:
            if self.opens_session:
                # It could not be opened, which is the error being answered.
                return
            session = ctx.open_session()
        if interface.is_null_session(session):
            return
        step = Step(interface.save_session, self.save_session_blocks)
        await call(ctx, step, ctx.app, session, response)

    # -- the end

    async def tear_down(
        self, ctx: AppContext, exc: BaseException | None, *, shielded: bool = True
    ) -> None:
        """Run the teardown functions of the request, then of the app; once for each context.

        Every one of them runs, whatever another raises, and also while the request is being
        cancelled.

        Args:
            shielded: guard the functions against cancellation; False where a thread drives them,
                which nobody can cancel, and which has a task of its own for each async one.
        Raises:
            Exception: the first error of a teardown function; later ones are logged.
        """
        if ctx.torn_down:
            return
        ctx.torn_down = True
        if not shielded or (ctx.in_worker and self.teardown_blocks):
            # Nobody can cancel a thread.
            await self._tear_down(ctx, exc)
        elif self.tears_down_request or self.tears_down_app:
            try:
                if ctx.in_worker:
                    await bridge.to_loop()
            except GeneratorExit:
                raise
            except BaseException:
                # Cancelled on the way.
                await self._tear_down_shielded(ctx, exc)
                raise
            await self._tear_down_shielded(ctx, exc)
        else:
            await self._tear_down(ctx, exc)

    async def _tear_down_shielded(self, ctx: AppContext, exc: BaseException | None) -> None:
        with anyio.CancelScope(shield=True):
            try:
                await self._tear_down(ctx, exc)
            finally:
                # The scope belongs to the task, which is on the event loop.
                if ctx.in_worker:
                    await bridge.to_loop()

    async def _tear_down(self, ctx: AppContext, exc: BaseException | None) -> None:
        try:
            if ctx.connection is not None:
                try:
                    if self.tears_down_request or self.tearing_down.receivers:
                        await self.do_teardown_request(ctx, exc)
                finally:
                    if ctx.connection._body is not None:
                        ctx.connection.close()
        finally:
            if ctx.joined is None and (
                self.tears_down_app
                or appcontext_tearing_down.receivers
                or appcontext_popped.receivers
            ):
                await self.do_teardown_appcontext(ctx, exc)

    async def do_teardown_request(self, ctx: AppContext, exc: BaseException | None) -> None:
        """The request's teardown functions: the innermost blueprint's last one first."""
        await _run_each(ctx, self.teardown, exc)
        if self.tearing_down.receivers:
            await announce(ctx, self.tearing_down, exc=exc)

    async def do_teardown_appcontext(self, ctx: AppContext, exc: BaseException | None) -> None:
        """The app context's teardown functions, the last one registered first."""
        await _run_each(ctx, self.app_teardown, exc)
        if appcontext_tearing_down.receivers:
            await announce(ctx, appcontext_tearing_down, exc=exc)
        if appcontext_popped.receivers:
            await announce(ctx, appcontext_popped)


async def _outcome(response: Any, exc: BaseException | None) -> Response:
    try:
        if exc is not None:
            raise exc
        return response  # type: ignore[no-any-return]  # an after function's, which is trusted
    finally:
        del exc


def must_survive(ctx: AppContext, exc: BaseException) -> bool:
    """Whether an exception must not get to the server, which it might end."""
    # COMPAT: a test client gives the test whatever is raised.
    is_test = "asyncflask.preserve_context" in ctx.require_connection().scope
    return not is_test and bridge.is_error(exc)


def no_view(rule: Any) -> KeyError:
    return KeyError(
        f"The endpoint {rule.endpoint!r} of the rule {rule.rule!r} has no view function."
        " Pass view_func= to add_url_rule, or decorate one with @app.endpoint."
    )


def outlives_request(response: Response) -> bool:
    """Whether the body is made by code that may want its context; a file is not."""
    return response.is_streamed and not isinstance(response.response, FileBody)


async def _run_each(ctx: AppContext, steps: tuple[Step, ...], exc: BaseException | None) -> None:
    failure: BaseException | None = None
    for step in steps:
        try:
            await _call_despite_cancelling(ctx, step, exc)
        except GeneratorExit:
            raise
        except BaseException as error:
            # Not only errors: asyncio can cancel a task again, through every shield.
            if failure is None:
                failure = error
            else:
                ctx.app.logger.error("Another teardown function failed too", exc_info=error)
    if failure is not None:
        try:
            raise failure
        finally:
            del failure


async def _call_despite_cancelling(ctx: AppContext, step: Step, exc: BaseException | None) -> None:
    """Call a step, also where the way to its worker is cancelled: then that is raised after it."""
    reason: BaseException | None = None
    if step.blocks and not ctx.in_worker:
        for _ in range(_MOST_CANCELLATIONS):
            try:
                await bridge.to_worker()
                break
            except anyio.get_cancelled_exc_class() as cancelled:
                reason = cancelled
    try:
        await call(ctx, step, exc)
        if reason is not None:
            raise reason
    finally:
        reason = None
