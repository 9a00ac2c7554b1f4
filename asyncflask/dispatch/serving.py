"""One run of an app from start-up to shutdown: its functions in their order, and their failures."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .. import bridge
from ..ctx import AppContext, leave_all
from ..setup.lifespan import running
from ..signals import got_serving_exception
from .preloading import import_for_requests
from .steps import Step, call, report
from .stop_signals import telling_of_stop_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_LONGEST_END: Final = 2.0
"""Seconds for WebSockets' handlers whose clients the server has cut off already."""

Block = tuple[Step, Step]
"""What enters a context manager and what leaves it."""


class Serving:
    """Starts an app up, and with the closing of its `stack` shuts it down.

    The order is Quart's: the before functions, then the generators; at the end the generators
    backwards, then the after functions. The lifespan's context manager is around all of it.

    Attributes:
        stack: what ends what was begun; to be entered before start-up, in the same task.
        has_started: whether all of start-up went well.
        failure: the first error of start-up or shutdown.
    """

    def __init__(self, app: Any, state: dict[str, Any] | None) -> None:
        self.stack = AsyncExitStack()
        self.has_started = False
        self.failure: Exception | None = None
        self._app = app
        self._state = state

    async def start_up(self) -> bool:
        """Run the start-up functions; whether all went well. The first error is the last step."""
        import_for_requests(self._app)
        await self._begin()
        try:
            await self._run_start_up()
        except Exception as exc:
            await self._record(exc, "start-up")
        else:
            self.has_started = True
        return self.has_started

    async def begin_to_stop(self) -> None:
        """Tell whoever asks that the app stops; wait for cut WebSockets and background tasks."""
        self._app.shutdown_event.set()
        # Granian cuts them and drops its event loop when this is over, and with it what they
        # have still to do; a thread that one of them holds would keep the process for ever.
        await self._app._conversations.wait_for_all(_LONGEST_END)
        await self._app._background.finish(self._app)

    async def _begin(self) -> None:
        event = self._app.shutdown_event
        if not self._app._servings:
            event.clear()
        self._app._servings.add(self)
        self.stack.callback(self._app._servings.discard, self)
        # A test may have pushed a context; what is begun in it here would be a part of it.
        self.stack.callback(leave_all())
        self.stack.enter_context(telling_of_stop_signals(event.set))
        await self.stack.enter_async_context(self._app._background.hosted())
        # Shutdown functions may have started some more.
        self.stack.push_async_callback(self._app._background.finish, self._app)

    async def _run_start_up(self) -> None:
        app = self._app
        if app.lifespan is not None:
            manager = app.lifespan(app)
            self._keep(await self._enter(_steps_of(manager)))
        if app.before_serving_funcs:
            async with AppContext(app) as ctx:
                await bridge.drive(_call_all(ctx, app.before_serving_funcs), ctx)
        self.stack.push_async_callback(self._run_after_functions)
        for function in app.while_serving_gens:
            await self._enter(_steps_of_generator(function))
        for mount in app._mounts:
            if mount.has_lifespan:
                mount.state.clear()
                await self._enter(_steps_of(running(mount.app, mount.state)))

    def _keep(self, state: Any) -> None:
        """Give every request what the lifespan's context manager has yielded."""
        if not state:
            return
        if self._state is None:
            raise RuntimeError(
                f"The lifespan yielded the state {state!r}, but this server hands no state on to"
                " requests. Keep it in app.state instead, or use uvicorn."
            )
        self._state.update(state)

    async def _enter(self, block: Block) -> Any:
        enter, leave = block
        async with AppContext(self._app) as ctx:
            value = await bridge.drive(call(ctx, enter), ctx)
        self.stack.push_async_exit(partial(self._leave, leave))
        return value

    async def _leave(self, leave: Step, *exc_info: Any) -> bool:
        """Leave a block; an error of its own is recorded, for the others are to run normally."""
        try:
            async with AppContext(self._app) as ctx:
                return bool(await bridge.drive(call(ctx, leave, *exc_info), ctx))
        except Exception as exc:
            await self._record(exc, "shutdown")
            return True

    async def _run_after_functions(self) -> None:
        if not self.has_started:
            return
        for function in self._app.after_serving_funcs:
            await self._leave(Step.of(function))

    async def _record(self, exc: Exception, part: str) -> None:
        self.failure = self.failure or exc
        await report(self._app, got_serving_exception, exc, f"Exception in the app's {part}")


async def _call_all(ctx: AppContext, functions: Iterable[Callable[[], Any]]) -> None:
    for function in functions:
        await call(ctx, Step.of(function))


def _steps_of(manager: Any) -> Block:
    """The steps of an async context manager.

    Raises:
        TypeError: it is something else.
    """
    kind = type(manager)
    if not (hasattr(kind, "__aenter__") and hasattr(kind, "__aexit__")):
        raise TypeError(
            f"The lifespan gave {manager!r}, which is no async context manager. Decorate an async"
            " generator function with contextlib.asynccontextmanager; it is called with the app."
        )
    return Step(manager.__aenter__, blocks=False), Step(manager.__aexit__, blocks=False)


def _steps_of_generator(function: Callable[[], Any]) -> Block:
    """The steps of a generator with one `yield`, sync or async.

    Raises:
        TypeError: the function gave no generator.
    """
    generator = function()
    if hasattr(type(generator), "__anext__"):
        return _steps_of(asynccontextmanager(lambda: generator)())
    if hasattr(type(generator), "__next__"):
        manager = contextmanager(lambda: generator)()
        blocks = bridge.blocks(function)
        return Step(manager.__enter__, blocks), Step(manager.__exit__, blocks)
    raise TypeError(
        f"while_serving functions are generators with one `yield`, but {function!r} gave"
        f" {generator!r}. Use before_serving and after_serving for plain functions."
    )
