"""The lifespan of an app around the blocks of its test clients, which share it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.from_thread
from anyio.lowlevel import current_token

from .. import bridge
from ..setup.lifespan import Lifespan, running

if TYPE_CHECKING:
    from anyio.lowlevel import EventLoopToken

_of_threads: Final[dict[int, ClientLifespan]] = {}
_of_loops: Final[dict[tuple[int, EventLoopToken], AsyncClientLifespan]] = {}
_joining: Final = threading.Lock()


class ClientLifespan:
    """An app's start-up in the first client's `with` block, its shutdown at the end of the last.

    The app runs on the loop thread, on which the clients' async views run too. Its sync functions
    run in the thread that enters or leaves the block. An app that does nothing at either end is
    not called at all.

    Attributes:
        state: what the app has put into its scope for its requests.
    """

    def __init__(self, app: Any) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._users = 0
        self._entering = threading.RLock()
        self._lane: bridge.Lane | None = None
        self._has_started = False
        self._stop: tuple[anyio.Event, EventLoopToken] | None = None
        self._error: BaseException | None = None

    @classmethod
    def join(cls, app: Any) -> ClientLifespan:
        """Start the app up, unless another client's block has done so.

        Raises:
            RuntimeError: start-up has failed.
        """
        with _joining:
            lifespan = _of_threads.setdefault(id(app), cls(app))
            lifespan._users += 1
        try:
            with lifespan._entering:
                if lifespan._lane is None and getattr(app, "_has_lifespan", True):
                    lifespan._start_up()
        except BaseException:
            lifespan._is_last()
            raise
        return lifespan

    def leave(self) -> None:
        """Shut the app down, unless another client's block still needs it.

        Raises:
            RuntimeError: shutdown has failed.
        """
        if self._is_last():
            try:
                self._shut_down()
            finally:
                be_fresh(self._app)

    def _is_last(self) -> bool:
        with _joining:
            self._users -= 1
            if self._users == 0:
                del _of_threads[id(self._app)]
            return self._users == 0

    def _start_up(self) -> None:
        self._lane = bridge.Lane()
        self._lane.start(self._run)
        self._serve(lambda: self._has_started)

    def _shut_down(self) -> None:
        if self._lane is None:
            _end_background_tasks(self._app)
        elif self._stop is not None:
            stop, token = self._stop
            anyio.from_thread.run_sync(stop.set, token=token)
            self._serve(lambda: False)

    def _serve(self, until: Any) -> None:
        assert self._lane is not None
        try:
            self._lane.serve(until)
        except BaseException:
            # Ctrl-C in a start-up function: what was begun is ended before the test goes on.
            self._lane.cancel()
            raise
        error, self._error = self._error, None
        if error is not None:
            try:
                raise error
            finally:
                del error

    async def _run(self) -> None:
        stop = anyio.Event()
        self._stop = stop, current_token()
        lane = self._lane
        assert lane is not None
        try:
            async with running(self._app, self.state):
                lane.put_away(self._note_started)
                await stop.wait()
                lane.take_up()
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as exc:
            self._error = exc

    def _note_started(self) -> None:
        self._has_started = True


class AsyncClientLifespan:
    """An app's start-up in the first client's `async with` block, its shutdown in the last.

    Clients on one event loop share it.

    Attributes:
        state: what the app has put into its scope for its requests.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._key = id(app), current_token()
        self._users = 0
        self._entering = anyio.Lock()
        self._host: bridge.TaskHost | None = None
        self._lifespan = Lifespan(app)
        self.state = self._lifespan.state

    @classmethod
    async def join(cls, app: Any) -> AsyncClientLifespan:
        """Start the app up, unless another client's block has done so.

        Raises:
            RuntimeError: start-up has failed.
        """
        lifespan = _of_loops.get((id(app), current_token())) or cls(app)
        _of_loops[lifespan._key] = lifespan
        lifespan._users += 1
        try:
            async with lifespan._entering:
                await lifespan._start_up()
        except BaseException:
            await lifespan._end_if_last()
            raise
        return lifespan

    async def leave(self) -> None:
        """Shut the app down, unless another client's block still needs it.

        Raises:
            RuntimeError: shutdown has failed.
        """
        try:
            if self._users == 1:
                await self._lifespan.shut_down()
        finally:
            await self._end_if_last()

    async def _start_up(self) -> None:
        if self._host is None:
            self._host = await bridge.TaskHost.start()
            await self._lifespan.start_up(self._host)

    async def _end_if_last(self) -> None:
        """Leave nothing running behind the last client."""
        self._users -= 1
        if self._users:
            return
        _of_loops.pop(self._key, None)
        if self._host is not None:
            await self._host.stop()
        be_fresh(self._app)


def be_fresh(app: Any) -> None:
    """Let the app count as running again: clients may call it without starting it up."""
    if hasattr(app, "shutdown_event") and not app._servings:
        app.shutdown_event.clear()


def _end_background_tasks(app: Any) -> None:
    """What an app without start-up functions does at shutdown nevertheless."""
    if app._background.are_running:
        app.shutdown_event.set()
        app._finish_background_tasks()
