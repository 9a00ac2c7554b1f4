"""What an app is told to do before, while and after it is served. Runs none of it."""

from __future__ import annotations

from functools import cached_property
from inspect import isasyncgenfunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, TypeVar

from .. import bridge
from .registrar import Registrar, setupmethod

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from starlette.datastructures import State

F = TypeVar("F", bound="Callable[..., Any]")


class ServingHooks(Registrar):
    """The functions of an app's start-up and shutdown.

    Attributes:
        shutdown_event: set as soon as the server begins to stop; a start-up clears it.
        lifespan: gives an async context manager that is entered before all start-up functions
            and left after all shutdown functions; None where there is none.
    """

    lifespan: Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]] | None = None

    def _open_registries(self) -> None:
        super()._open_registries()
        self.before_serving_funcs: list[Callable[[], Any]] = []
        self.while_serving_gens: list[Callable[[], Any]] = []
        self.after_serving_funcs: list[Callable[[], Any]] = []
        self.shutdown_event = bridge.Event()

    @cached_property
    def state(self) -> State:
        """A namespace of the user's, for what lives as long as the app."""
        # PERF: with the first state, for Starlette's module brings http.client: 7 ms and 0.8 MB.
        from starlette.datastructures import State

        # Two threads that come first together get the same one.
        state: State = self.__dict__.setdefault("state", State())
        return state

    def _set_lifespan(self, lifespan: Callable[[Any], Any] | None) -> None:
        if isasyncgenfunction(lifespan) or isgeneratorfunction(lifespan):
            raise TypeError(
                f"lifespan={lifespan!r} is a generator function, not an async context manager."
                " Decorate it with contextlib.asynccontextmanager."
            )
        self.lifespan = lifespan

    def _check_not_started(self, f_name: str) -> None:
        raise NotImplementedError

    @setupmethod
    def before_serving(self, func: F) -> F:
        """Run `func()` before the first request is served, in an app context.

        Raises:
            AssertionError: the app has started already.
        """
        self._check_not_started("before_serving")
        self.before_serving_funcs.append(func)
        return func

    @setupmethod
    def while_serving(self, func: F) -> F:
        """Run what is before the `yield` of `func` at start-up and what is after it at shutdown.

        Args:
            func: an async generator function with one `yield`; a sync one runs in a worker.
        Raises:
            AssertionError: the app has started already.
        """
        self._check_not_started("while_serving")
        self.while_serving_gens.append(func)
        return func

    @setupmethod
    def after_serving(self, func: F) -> F:
        """Run `func()` after the last request was served, in an app context.

        Raises:
            AssertionError: the app has started already.
        """
        self._check_not_started("after_serving")
        self.after_serving_funcs.append(func)
        return func
