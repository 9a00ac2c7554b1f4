"""The context of a request or of an app: what the proxies show, and how long it lives.

One ContextVar holds the current `AppContext`. Dispatching a request is not known here.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

from .. import bridge
from ..exceptions import HTTPException
from ..wrappers.current import bind_current_app
from .outside import NO_REQUEST, WEBSOCKET_INSTEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from ..routing import Map, MapAdapter
    from ..sessions import SessionInterface, SessionMixin
    from ..wrappers.request import Request
    from ..wrappers.websocket import WebSocket

    Connection: TypeAlias = Request | WebSocket

_UNSET: Final = object()
_current: ContextVar[AppContext | None] = ContextVar("asyncflask_context", default=None)


class ContextApp(Protocol):
    """What a context needs of the app."""

    app_ctx_globals_class: type[Any]
    session_interface: SessionInterface
    url_map: Map

    @property
    def config(self) -> Mapping[str, Any]: ...

    def create_url_adapter(self, request: Connection | None) -> MapAdapter | None: ...

    def open_context(self, ctx: AppContext) -> None: ...

    async def tear_down(
        self, ctx: AppContext, exc: BaseException | None, *, shielded: bool = True
    ) -> None: ...


class AppContext:
    """What belongs to one request, or to code that runs for an app outside of requests.

    Usable with `with` and `async with`, and by hand with `push` and `pop`. The first push opens
    it and the last pop tears it down, once. Users may set attributes on it.

    Attributes:
        app: the application.
        request: the request; None for a WebSocket and in a context of the app alone.
        websocket: the WebSocket; None for a request and in a context of the app alone.
        connection: whichever of the two there is.
        opened_session: the session, if it was opened; looking at it does not count as access.
        flashes: the messages that were flashed before this request, once they were read.
        in_worker: whether the request's own coroutine is in a worker thread just now.
        torn_down: whether the teardown functions have run since the context was opened.
        given_up: whether nobody waits for its pipeline, so that whoever gave it up tears it down.
        may_have_body: whether some of a request's body may be still to come.
        may_have_session: whether the client may have sent a session's cookie.
        joined: the context of the same app that was current when this one was pushed, and that
            owns `g` and the app's teardown; None where this one owns them.
        around: the context variables before the request, for what the server does after it.
    """

    in_worker = False
    may_have_body = False
    may_have_session = True
    flashes: list[tuple[str, str]] | None = None
    opened_session: SessionMixin | None = None
    _url_adapter: Any = _UNSET
    torn_down = False
    given_up = False
    joined: AppContext | None = None
    around: Context | None = None
    _pushed_in: object = None
    _outer_connection: AppContext | None = None
    _is_kept = False
    websocket: WebSocket | None = None
    _g: Any = None
    _after: list[Callable[..., Any]] | None = None

    def __init__(
        self,
        app: ContextApp,
        request: Request | None = None,
        session: SessionMixin | None = None,
        websocket: WebSocket | None = None,
    ) -> None:
        # Each floor uses a piece of the app of its own, so that no one Protocol says it all.
        self.app: Any = app
        self.request = request
        self.connection: Connection | None = request
        if websocket is not None:
            self.websocket = self.connection = websocket
        if session is not None:
            self.opened_session = session
        self._outer: list[AppContext | None] = []

    # PERF: what most requests never touch is made when it is touched: 0.4 µs in place of 0.7.

    @property
    def g(self) -> Any:
        """The namespace for the length of the context."""
        if self._g is None:
            self._g = self.app.app_ctx_globals_class()
        return self._g

    @g.setter
    def g(self, value: Any) -> None:
        self._g = value

    @property
    def _after_request_functions(self) -> list[Callable[..., Any]]:
        # COMPAT: Flask's name for what after_this_request adds to.
        if self._after is None:
            self._after = []
        return self._after

    @property
    def app_name(self) -> str:
        """The name of the app, for messages."""
        return cast("str", getattr(self.app, "name", repr(self.app)))

    # PERF: properties, since a context that referred to itself would be left to the collector.

    @property
    def app_context(self) -> AppContext:
        """The context that owns `g` and the app's teardown: this one, or the one it joined."""
        return self.joined or self

    @property
    def connection_context(self) -> AppContext | None:
        """The nearest context with a request or a WebSocket: this one, an outer one, or None."""
        return self._outer_connection if self.connection is None else self

    @property
    def request_context(self) -> AppContext | None:
        """`connection_context`, if it has a request."""
        nearest = self.connection_context
        return None if nearest is None or nearest.request is None else nearest

    @property
    def websocket_context(self) -> AppContext | None:
        """`connection_context`, if it has a WebSocket."""
        nearest = self.connection_context
        return None if nearest is None or nearest.websocket is None else nearest

    # Session

    @property
    def session(self) -> SessionMixin:
        """The session, opened on first use; asking for it counts as accessing it."""
        session = self.opened_session
        if session is None:
            session = self.open_session()
        session.accessed = True
        return session

    @session.setter
    def session(self, value: SessionMixin) -> None:
        self.opened_session = value

    @property
    def _session(self) -> SessionMixin:
        # COMPAT: Flask's name for the session that is looked at without being accessed.
        return self.open_session()

    def open_session(self) -> SessionMixin:
        """Open the session, once, with the app's interface; a null session where it gives none.

        Raises:
            RuntimeError: the interface is async and the session was asked for before it was
                opened, which is right before the first before_request function.
        """
        session = self.opened_session
        if session is None:
            opened = self.app.session_interface.open_session(self.app, self.require_connection())
            if hasattr(type(opened), "__await__"):
                opened.close()
                raise RuntimeError(
                    "The session cannot be read yet: this app's session interface is async, so the"
                    " session is opened after URL matching, before the hooks."
                )
            session = self.keep_session(opened)
        return session

    def keep_session(self, opened: SessionMixin | None) -> SessionMixin:
        """Take what `open_session` gave; None becomes a session that only explains itself."""
        if opened is None:
            opened = self.app.session_interface.make_null_session(self.app)
        self.opened_session = opened
        return opened

    # Routing

    @property
    def url_adapter(self) -> MapAdapter | None:
        """Builds and matches this context's URLs; None where nothing tells the app's address."""
        if self._url_adapter is _UNSET:
            self._url_adapter = self.app.create_url_adapter(self.connection)
        return cast("MapAdapter | None", self._url_adapter)

    def match_request(self) -> None:
        """Find the rule and its arguments; an error is kept as the `routing_exception`."""
        connection = self.require_connection()
        try:
            adapter = self.url_adapter
            if adapter is not None:
                # COMPAT: of a request, the scheme decides, which may be "ws" in a test.
                connection.url_rule, connection.view_args = adapter.match(
                    return_rule=True, websocket=None if self.websocket is None else True
                )
        except HTTPException as exc:
            connection.routing_exception = exc

    def require_connection(self) -> Connection:
        """The request or the WebSocket of this context.

        Raises:
            RuntimeError: there is none.
        """
        if self.connection is None:
            raise RuntimeError(NO_REQUEST)
        return self.connection

    def require_request(self) -> Request:
        """The request of this context.

        Raises:
            RuntimeError: there is none.
        """
        if self.request is None:
            raise RuntimeError(NO_REQUEST if self.websocket is None else WEBSOCKET_INSTEAD)
        return self.request

    # Life

    def push(self) -> None:
        """Make this the current context."""
        outer = _current.get()
        opening = not self._outer
        if opening:
            self.torn_down = False
            self._join(outer)
        self._outer.append(outer)
        self._pushed_in = bridge.task_of_caller()
        _current.set(self)
        if opening:
            try:
                self.app.open_context(self)
            except BaseException:
                _current.set(self._outer.pop())
                raise

    def pop(self, exc: BaseException | None = _UNSET) -> None:  # type: ignore[assignment]  # a mark
        """Make the context before this one current; the last pop tears this one down.

        Args:
            exc: the unhandled error for the teardown functions; where it is left out, the one
                that is being handled.
        """
        if exc is _UNSET:
            exc = sys.exc_info()[1]
        top = self._uncover()
        try:
            if len(self._outer) == 1:
                bridge.run_here(self.app.tear_down(self, exc, shielded=False), self)
        finally:
            _current.set(top)
            self._take_out()

    async def apop(self, exc: BaseException | None = None) -> None:
        """`pop` for async code: the teardown functions may be async."""
        top = self._uncover()
        try:
            if len(self._outer) == 1:
                await bridge.drive(self.app.tear_down(self, exc), self)
        finally:
            _current.set(top)
            self._take_out()

    def enter(self) -> Context | None:
        """The request path's push; what a push by hand does beside is the caller's.

        Returns:
            the context variables to begin anew with, where those here are an ended request's.
        """
        outer, stale = _current.get(), None
        if outer is not None:
            if outer._is_of_this_task():
                self._join(outer)
            else:
                stale = outer._variables_before()
        # PERF: 0.05 µs, where to send each response with these variables took 0.7.
        self.around = copy_context()
        self._outer.append(outer)
        _current.set(self)
        return stale

    def leave(self) -> None:
        """The request path's pop: the pipeline has torn down."""
        _current.set(self._outer.pop())

    def make_current(self) -> AppContext | None:
        """Make this current without opening it; returns what was current, for `restore`."""
        outer = _current.get()
        _current.set(self)
        return outer

    @contextmanager
    def as_current(self) -> Iterator[None]:
        """Be current within a block, without being opened or torn down."""
        outer = self.make_current()
        try:
            yield
        finally:
            self.restore(outer)

    def restore(self, outer: AppContext | None) -> None:
        """End what `make_current` began."""
        _current.set(outer)

    def keep(self) -> None:
        """Become current again after the request has ended, for a test to look at."""
        self._outer.append(_current.get())
        self._is_kept = True
        _current.set(self)

    def release(self) -> None:
        """End what `keep` began, also where another context was pushed meanwhile."""
        self._is_kept = False
        self._take_out()

    def copy(self) -> AppContext:
        """A context of its own for the same request and session, for another thread or task."""
        copied = type(self)(self.app, self.request, websocket=self.websocket)
        copied.opened_session = self.opened_session
        copied._url_adapter = self._url_adapter
        return copied

    def _join(self, outer: AppContext | None) -> None:
        """Share what an outer context of the same app has, as one app context within another."""
        if outer is None:
            return
        if self.connection is None:
            self._outer_connection = outer.connection_context
        elif outer.app is self.app:
            self.joined = outer.app_context
            self.g = outer.g

    def _is_of_this_task(self) -> bool:
        """Whether a request may share this context's `g`.

        It may in a test that pushed the context and now sends the request itself. It must not
        where a server was started within the context: its requests would share one `g`.
        """
        return self._pushed_in is not None and self._pushed_in == bridge.task_of_caller()

    def _variables_before(self) -> Context | None:
        """The context variables of before this request, if it has ended."""
        has_ended = self.torn_down and not self._is_kept
        return self.around.copy() if has_ended and self.around is not None else None

    def _uncover(self) -> AppContext | None:
        """Make this current although kept contexts lie above it; return what was current.

        Raises:
            AssertionError: the one above has been pushed, and must be popped first.
        """
        top = _current.get()
        above = top
        while above is not None and above is not self and above._is_kept:
            above = above._outer[-1]
        if above is not self:
            raise AssertionError(
                f"Popped wrong context: {self!r} was to be popped, but {above!r} is current."
                " Pop contexts in the reverse order of pushing, or use `with`."
            )
        _current.set(self)
        return top

    def _take_out(self) -> None:
        """Leave the stack of contexts, of which the current one is the top."""
        outer = self._outer.pop()
        above = _current.get()
        if above is self:
            _current.set(outer)
            return
        while above is not None and above._outer:
            if above._outer[-1] is self:
                above._outer[-1] = outer
                return
            above = above._outer[-1]

    def __enter__(self) -> AppContext:
        self.push()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.pop(exc_value)

    async def __aenter__(self) -> AppContext:
        self.push()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.apop(exc_value)

    def __repr__(self) -> str:
        if self.connection is None:
            return f"<{type(self).__name__} of {self.app_name}>"
        return f"<{type(self).__name__} {_show(self.connection)} of {self.app_name}>"


def _show(connection: Connection) -> str:
    try:
        return f"{connection.url!r} [{connection.method}]"
    except HTTPException:
        # It has no URL where its Host is refused.
        return f"{connection.path!r} [{connection.method}]"


RequestContext = AppContext
"""COMPAT: Flask 3.1 has two classes; one object serves as both here, as in Flask 3.2."""


def current() -> AppContext | None:
    """The current context, or None."""
    return _current.get()


def variables_before() -> Context | None:
    """The context variables to begin anew with, where those here are an ended request's.

    uvicorn makes the task of a pipelined request within the `send` of the one before it.
    """
    ctx = _current.get()
    return None if ctx is None or ctx._is_of_this_task() else ctx._variables_before()


def leave_all() -> Callable[[], None]:
    """Let no context be current, until what is returned is called in the same task."""
    token = _current.set(None)
    return partial(_current.reset, token)


def _app_or_none() -> ContextApp | None:
    ctx = _current.get()
    return None if ctx is None else ctx.app


bind_current_app(_app_or_none)
