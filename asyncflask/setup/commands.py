"""Command groups that know their application. Finding it by name is `locate`'s."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any, TypeVar

import click

from .. import bridge, ctx
from .environment import get_debug_flag, get_load_dotenv

F = TypeVar("F", bound=Callable[..., Any])
Finder = Callable[[str | None], Any]


def _find_nothing(app_import_path: str | None) -> Any:
    raise RuntimeError(
        f"No application can be looked for (at {app_import_path!r}) yet."
        " Import asyncflask.cli first, or pass ScriptInfo a create_app function."
    )


_find_app: Finder = _find_nothing


def bind_finder(find_app: Finder) -> None:
    """Give `ScriptInfo` the function that turns an import path, or None, into an application.

    `locate` knows what an application is and stands above this module, so it hands itself down.
    """
    global _find_app
    _find_app = find_app


class ScriptInfo:
    """Which application the commands are for; click passes it around as its context's `obj`.

    Args:
        app_import_path: "module:name", "module:factory(args)" or a file; None means app.py and
            kin in the current folder.
        create_app: makes the application, instead of a look-up by path.
        set_debug_flag: let the environment set the loaded application's `debug`.
        load_dotenv_defaults: read `.env` and `.flaskenv`, unless the environment forbids it.
    """

    def __init__(
        self,
        app_import_path: str | None = None,
        create_app: Callable[..., Any] | None = None,
        set_debug_flag: bool = True,
        load_dotenv_defaults: bool = True,
    ) -> None:
        self.app_import_path = app_import_path
        self.create_app = create_app
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults = get_load_dotenv(load_dotenv_defaults)
        self.data: dict[Any, Any] = {}
        self._loaded_app: Any = None

    def load_app(self) -> Any:
        """The application, loaded at the first call and the same one ever after.

        Raises:
            NoAppException: there is none, or none that can be told from others.
        """
        if self._loaded_app is not None:
            return self._loaded_app

        app = self.create_app() if self.create_app else _find_app(self.app_import_path)
        if self.set_debug_flag:
            app.debug = get_debug_flag()
        self._loaded_app = app
        return app


pass_script_info = click.make_pass_decorator(ScriptInfo, ensure=True)


def run_plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` itself, or for an async one a plain function that runs it to its end."""
    if not bridge.is_async(function):
        return function

    def run(*args: Any, **kwargs: Any) -> Any:
        return bridge.wait_for(partial(function, *args, **kwargs))

    return update_wrapper(run, function)


def with_appcontext(f: F) -> F:
    """Run the command `f`, async or not, inside the application's context.

    A context that is active already is kept; otherwise the application is loaded, and its
    context lives until click closes the command's own.
    """
    callback = run_plainly(f)

    @click.pass_context
    def in_app_context(click_ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        if ctx.current() is None:
            app = click_ctx.ensure_object(ScriptInfo).load_app()
            click_ctx.call_on_close(app._finish_background_tasks)
            click_ctx.with_resource(app.app_context())
        return click_ctx.invoke(callback, *args, **kwargs)

    return update_wrapper(in_app_context, f)  # type: ignore[return-value]  # same call, bar click


class AppGroup(click.Group):
    """A click group whose commands may be async and run in an app context unless told not to."""

    def command(self, *args: Any, **kwargs: Any) -> Any:
        """As `click.Group.command`; `with_appcontext=False` leaves the app context out."""
        wrap = with_appcontext if kwargs.pop("with_appcontext", True) else run_plainly
        return _wrapping(super().command, wrap, args, kwargs)

    def group(self, *args: Any, **kwargs: Any) -> Any:
        """As `click.Group.group`; the group made is an `AppGroup` too."""
        kwargs.setdefault("cls", AppGroup)
        return _wrapping(super().group, run_plainly, args, kwargs)


def _wrapping(
    register: Callable[..., Any],
    wrap: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Call click's decorator `register`, bare or with arguments, on functions put into `wrap`."""
    if args and callable(args[0]):
        return register(**kwargs)(wrap(args[0]))

    decorate = register(*args, **kwargs)
    return lambda function: decorate(wrap(function))
