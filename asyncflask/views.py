"""Views as classes. The view function that a class turns into is as async as its methods are."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from . import bridge, ctx

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import EllipsisType

    from .typing import ResponseReturnValue, RouteCallable

http_method_funcs = frozenset({"get", "post", "head", "options", "delete", "put", "trace", "patch"})


class View:
    """A view written as a class: override `dispatch_request`, register `as_view("name")`.

    `dispatch_request` gets the values of the URL as keyword arguments. Where it is `async def`,
    so is the view function, and it runs on the event loop.
    """

    methods: ClassVar[Collection[str] | None] = None
    """The methods that the view is registered for; None is GET alone."""

    provide_automatic_options: ClassVar[bool | None] = None
    """Whether OPTIONS is answered by the framework; None decides by `methods`."""

    decorators: ClassVar[list[Callable[..., Any]]] = []
    """Applied to the view function, the first one innermost."""

    init_every_request: ClassVar[bool] = True
    """False makes one instance for all requests: keep what belongs to a request off `self`."""

    stream_body: ClassVar[bool] = False
    """Leave the body to be read from `request.stream`; see `route(..., stream_body=True)`."""

    timeout: ClassVar[float | EllipsisType | None] = ...
    """Seconds that the response may take; None is no limit, `...` leaves RESPONSE_TIMEOUT."""

    cancel_on_disconnect: ClassVar[bool] = False
    """Cancel the view, where it is async, when its client has gone."""

    def dispatch_request(self) -> ResponseReturnValue:
        """The view itself. Give it an argument for each variable of the rule."""
        raise NotImplementedError(f"{type(self).__name__} has to define dispatch_request().")

    @classmethod
    def as_view(cls, name: str, *class_args: Any, **class_kwargs: Any) -> RouteCallable:
        """A view function that makes an instance and calls its `dispatch_request`.

        Args:
            name: the function's name, and so its endpoint.
            class_args: what instances are made with, `class_kwargs` likewise.
        """
        if cls.init_every_request:

            def new() -> View:
                # COMPAT: `view_class` may be exchanged on the finished view function.
                made: View = view.view_class(*class_args, **class_kwargs)
                return made
        else:
            instance = cls(*class_args, **class_kwargs)

            def new() -> View:
                return instance

        view: Any = cls._view_function(new)
        view.__name__ = name
        view.__module__ = cls.__module__
        for decorator in cls.decorators:
            view = decorator(view)
        cls._describe(view, name)
        return cast("RouteCallable", view)

    @classmethod
    def _view_function(cls, new: Callable[[], Any]) -> Callable[..., Any]:
        """The bare view: async where `dispatch_request` is."""
        if bridge.is_async(cls.dispatch_request):

            async def async_view(**kwargs: Any) -> Any:
                return await new().dispatch_request(**kwargs)

            return async_view

        def view(**kwargs: Any) -> Any:
            return new().dispatch_request(**kwargs)

        return view

    @classmethod
    def _describe(cls, view: Any, name: str) -> None:
        """Put what `add_url_rule` reads onto the outermost function: decorators may lose it."""
        view.__name__ = name
        view.__module__ = cls.__module__
        view.__doc__ = cls.__doc__
        view.view_class = cls
        view.methods = cls.methods
        view.provide_automatic_options = cls.provide_automatic_options
        view.stream_body = cls.stream_body
        view.timeout = cls.timeout
        view.cancel_on_disconnect = cls.cancel_on_disconnect


class MethodView(View):
    """A view with one method for each HTTP method: `get`, `post` and so on; HEAD falls to `get`.

    Each may be async or not. Where all are sync, so is the view function, and a request takes
    one hop into a worker; where any is async, the view function is async: the async methods run
    on the event loop without a hop, and the sync ones beside them in a worker.
    """

    _has_async: ClassVar[bool] = False
    _on_loop: ClassVar[frozenset[str]] = frozenset()  # the names of the methods that never block

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" not in cls.__dict__:
            inherited = {method for base in cls.__bases__ for method in _methods_of(base)}
            defined = {name.upper() for name in http_method_funcs if hasattr(cls, name)}
            # None stays where nothing is defined: a common base of views, say.
            if methods := inherited | defined:
                cls.methods = methods

        names = http_method_funcs | {method.lower() for method in cls.methods or ()}
        handlers = {name: getattr(cls, name) for name in names if hasattr(cls, name)}
        cls._has_async = any(bridge.is_async(handler) for handler in handlers.values())
        cls._on_loop = frozenset(n for n, handler in handlers.items() if not bridge.blocks(handler))

    def dispatch_request(self, **kwargs: Any) -> ResponseReturnValue:
        """Call the method for this request.

        An async one is waited for where this runs in a worker, as in a sync override that calls
        `super().dispatch_request()`; on the event loop its coroutine is returned.
        """
        handler = getattr(self, self._handler_name())
        if self._has_async:
            handler = bridge.ensure_sync(handler)
        result: ResponseReturnValue = handler(**kwargs)
        return result

    def _handler_name(self) -> str:
        """The name of the Python method for this request.

        Raises:
            AssertionError: `methods` names one that the class does not define.
        """
        method = ctx.require_request_context().require_request().method
        name = method.lower()
        if hasattr(self, name):
            return name
        if method == "HEAD" and hasattr(self, "get"):
            return "get"
        raise AssertionError(
            f"Unimplemented method {method!r}: {type(self).__name__}.methods names it, but the"
            f" class has no method {name!r}."
        )

    @classmethod
    def _view_function(cls, new: Callable[[], Any]) -> Callable[..., Any]:
        is_overridden = cls.dispatch_request is not MethodView.dispatch_request
        if is_overridden or not cls._has_async:
            return super()._view_function(new)

        async def view(**kwargs: Any) -> Any:
            instance = new()
            name = instance._handler_name()
            handler = getattr(instance, name)
            if name in instance._on_loop:
                return await _finished(handler(**kwargs))
            return await _finished(await bridge.run_in_worker(partial(handler, **kwargs)))

        return view


async def _finished(result: Any) -> Any:
    """`result`, awaited where need be: a sync decorator's function may return a coroutine."""
    return await result if inspect.isawaitable(result) else result


def _methods_of(view_class: type) -> Collection[str]:
    return getattr(view_class, "methods", None) or ()
