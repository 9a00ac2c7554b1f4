"""Where a named application is: imports modules, calls factories, tells what to write instead."""

from __future__ import annotations

import ast
import inspect
import os
import re
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .application import Application
from .commands import bind_finder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

APP_NAMES = ("app", "application")
FACTORY_NAMES = ("create_app", "make_app")
DEFAULT_MODULES = ("asgi", "wsgi", "app")
_FORBEARS = {"flask", "quart"}


class NoAppException(click.UsageError):
    """No application was found, or none that can be told from others."""


@dataclass(frozen=True, slots=True)
class _Target:
    """What follows the colon: a name, or a call of it with literal arguments."""

    name: str
    args: Sequence[Any] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)


def find_app(import_path: str | None) -> Application:
    """The application at "module", "module:name" or "module:factory(args)".

    Args:
        import_path: its module part may be a file's path too; None means asgi.py, wsgi.py or
            app.py (or a package of that name) in the current folder, the first that is there.
    Raises:
        NoAppException: there is none.
    """
    if import_path:
        path, name = _split_import_path(import_path)
        return _located(prepare_import(path), name)

    present = (name for name in DEFAULT_MODULES if _is_module_here(name))
    module_name = next(present, None)
    if module_name is None:
        raise NoAppException(
            "Could not locate an asyncflask application. Use the 'asyncflask --app' option, the"
            " 'ASYNCFLASK_APP' environment variable, or a file named 'app.py', 'wsgi.py' or"
            " 'asgi.py' in the current directory."
        )
    return _located(prepare_import(module_name), None)


def _split_import_path(import_path: str) -> tuple[str, str | None]:
    # A colon before a slash belongs to a Windows drive, as in C:\shop\app.py.
    path, *names = re.split(r":(?![\\/])", import_path, maxsplit=1)
    return path, names[0] if names else None


def _is_module_here(name: str) -> bool:
    return Path(f"{name}.py").is_file() or Path(name, "__init__.py").is_file()


def _located(module_name: str, app_name: str | None) -> Application:
    app = locate_app(module_name, app_name)
    assert app is not None
    return app


def prepare_import(path: str) -> str:
    """Make the file or dotted name `path` importable and return its module's dotted name.

    The folder that holds the outermost package becomes the first of `sys.path`.
    """
    path = os.path.realpath(path)
    stem, extension = os.path.splitext(path)
    if extension == ".py":
        path = stem
    if os.path.basename(path) == "__init__":
        path = os.path.dirname(path)

    folder, name = os.path.split(path)
    parts = [name]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, name = os.path.split(folder)
        parts.insert(0, name)

    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
    return ".".join(parts)


def locate_app(
    module_name: str, app_name: str | None, raise_if_not_found: bool = True
) -> Application | None:
    """Import the module and find its application, by name or the only one it has.

    Returns:
        None when the module itself is missing and `raise_if_not_found` is false.
    Raises:
        NoAppException: it is missing, fails with an ImportError of its own, or has no
            application. Other errors of the module pass as they are.
    """
    try:
        __import__(module_name)
    except ImportError as exc:
        if _is_nested(exc):
            raise NoAppException(
                f"While importing {module_name!r}, an ImportError was raised:"
                f"\n\n{traceback.format_exc()}"
            ) from None
        if not raise_if_not_found:
            return None
        raise NoAppException(
            f"Could not import {module_name!r}. Is it spelled right, and is it reachable"
            f" from {os.getcwd()!r}?"
        ) from None

    module = sys.modules[module_name]
    return find_best_app(module) if app_name is None else find_app_by_string(module, app_name)


def _is_nested(exc: ImportError) -> bool:
    """Whether the module was found and what it imports in turn was not."""
    # The import machinery strips its own frames, so a second frame is the module's.
    return exc.__traceback__ is not None and exc.__traceback__.tb_next is not None


def find_best_app(module: ModuleType) -> Application:
    """The module's `app` or `application`, its only application, or what its factory makes.

    Raises:
        NoAppException: there is none, there are several, or the factory needs arguments.
    """
    usual = (getattr(module, name, None) for name in APP_NAMES)
    app = next((value for value in usual if isinstance(value, Application)), None)
    app = app or _only_app(module) or _made_by_factory(module)
    if app is None:
        raise NoAppException(
            f"Failed to find an asyncflask application or factory in module {module.__name__!r}."
            f"{_hint(module)} Use '{module.__name__}:name' to specify one."
        )
    return app


def _only_app(module: ModuleType) -> Application | None:
    apps = [value for value in vars(module).values() if isinstance(value, Application)]
    if len(apps) > 1:
        raise NoAppException(
            f"Detected multiple asyncflask applications in module {module.__name__!r}."
            f" Use '{module.__name__}:name' to specify the correct one."
        )
    return apps[0] if apps else None


def _made_by_factory(module: ModuleType) -> Application | None:
    for name in FACTORY_NAMES:
        factory = getattr(module, name, None)
        if not inspect.isfunction(factory):
            continue
        app = call_factory(
            factory,
            complaint=f"Detected factory {name!r} in module {module.__name__!r}, but could not"
            f" call it without arguments. Use '{module.__name__}:{name}(args)' to specify"
            " arguments.",
        )
        if isinstance(app, Application):
            return app
    return None


def _hint(module: ModuleType) -> str:
    """What to change when the module holds an application of another framework."""
    families = {type(value).__module__.partition(".")[0] for value in vars(module).values()}
    others = sorted(families & _FORBEARS)
    if not others:
        return ""
    return f" It imports from {others[0]!r}: change that to 'asyncflask'."


def call_factory(
    factory: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: dict[str, Any] | None = None,
    *,
    complaint: str,
) -> Any:
    """What the factory returns.

    Raises:
        NoAppException: with `complaint`, when these are not the arguments it takes. A TypeError
            from inside the factory passes as it is.
    """
    try:
        return factory(*args, **(kwargs or {}))
    except TypeError as exc:
        if not _called_with_wrong_args(factory):
            raise
        raise NoAppException(complaint) from exc


def _called_with_wrong_args(f: Callable[..., Any]) -> bool:
    """Whether the error being handled arose from the call of `f`, before its body began."""
    exc = sys.exception()
    assert exc is not None
    codes = [frame.f_code for frame, _ in traceback.walk_tb(exc.__traceback__)]
    return getattr(f, "__code__", None) not in codes


def find_app_by_string(module: ModuleType, app_name: str) -> Application:
    """The application that `app_name`, "name" or "factory(args)", gives in the module.

    Raises:
        NoAppException: it cannot be parsed, does not exist, or is no application.
    """
    target = _parse_target(app_name)
    try:
        value = getattr(module, target.name)
    except AttributeError as exc:
        raise NoAppException(
            f"Failed to find attribute {target.name!r} in {module.__name__!r}."
            " Name the application, or a function that makes it, after the colon."
        ) from exc

    if inspect.isfunction(value):
        value = call_factory(
            value,
            target.args,
            target.kwargs,
            complaint=f"The factory {app_name!r} in module {module.__name__!r} could not be"
            " called with the specified arguments.",
        )
    if isinstance(value, Application):
        return value
    raise NoAppException(
        "A valid asyncflask application was not obtained from"
        f" '{module.__name__}:{app_name}', but {type(value).__name__!r}."
        " Name an asyncflask.Flask object, or a function that returns one."
    )


def _parse_target(app_name: str) -> _Target:
    try:
        expression = ast.parse(app_name.strip(), mode="eval").body
    except SyntaxError:
        expression = None

    match expression:
        case ast.Name(id=name):
            return _Target(name)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            return _literal_call(app_name, name, args, keywords)
    raise NoAppException(
        f"Failed to parse {app_name!r} as an attribute name or function call."
        " Write 'module:name' or 'module:function(arguments)'."
    )


def _literal_call(
    app_name: str, name: str, args: list[ast.expr], keywords: list[ast.keyword]
) -> _Target:
    try:
        positional = [ast.literal_eval(value) for value in args]
        named = dict(_literal_keyword(keyword) for keyword in keywords)
    except ValueError as exc:
        raise NoAppException(
            f"Failed to parse arguments as literal values: {app_name!r}."
            " Only strings, numbers, lists and other literals may be passed to a factory."
        ) from exc
    return _Target(name, positional, named)


def _literal_keyword(keyword: ast.keyword) -> tuple[str, Any]:
    if keyword.arg is None:
        raise ValueError("An unpacked mapping is not a literal value.")
    return keyword.arg, ast.literal_eval(keyword.value)


bind_finder(find_app)
