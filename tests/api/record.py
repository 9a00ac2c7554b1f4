"""What a package's public interface is: its names, their members and their parameters.

Running this file writes down Flask's, for the tests to compare ours with where Flask cannot be
installed. With an interpreter that has the wanted version of Flask:

    python -m venv flask-venv
    flask-venv/bin/python -m pip install "flask[async]==3.1.3" "werkzeug==3.1.5"
    flask-venv/bin/python tests/api/record.py

The result is `flask_3_1_3.json` beside this file, named for the version that was found.
"""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import inspect
import json
import pkgutil
import textwrap
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar

FLASK_MODULES = (
    "flask",
    "flask.app",
    "flask.blueprints",
    "flask.cli",
    "flask.config",
    "flask.ctx",
    "flask.debughelpers",
    "flask.globals",
    "flask.helpers",
    "flask.json",
    "flask.json.provider",
    "flask.json.tag",
    "flask.logging",
    "flask.sansio.app",
    "flask.sansio.blueprints",
    "flask.sansio.scaffold",
    "flask.sessions",
    "flask.signals",
    "flask.templating",
    "flask.testing",
    "flask.typing",
    "flask.views",
    "flask.wrappers",
)

WERKZEUG_MODULES = (
    "werkzeug.datastructures",
    "werkzeug.exceptions",
    "werkzeug.http",
    "werkzeug.local",
    "werkzeug.middleware.dispatcher",
    "werkzeug.middleware.proxy_fix",
    "werkzeug.routing",
    "werkzeug.security",
    "werkzeug.test",
    "werkzeug.user_agent",
    "werkzeug.utils",
    "werkzeug.wrappers",
)

# Where the same name is looked for in this package, for modules that are not called alike.
HOMES = {"werkzeug.test": "asyncflask.testing"}

# Names that begin with an underscore and are documented all the same.
DOCUMENTED = {"_AppCtxGlobals"}

# What collects arguments has one name: it is never passed by it.
_COLLECTING = {
    inspect.Parameter.VAR_POSITIONAL: "args",
    inspect.Parameter.VAR_KEYWORD: "kwargs",
}

Description = dict[str, Any]


def home_of(module: str) -> str:
    """The module of asyncflask that stands for one of Flask's or Werkzeug's."""
    _, dot, rest = module.partition(".")
    return HOMES.get(module, f"asyncflask{dot}{rest}")


def describe_module(module: str, others: tuple[str, ...]) -> dict[str, Description]:
    """The public names that a module defines or passes on, each with its description.

    Args:
        others: modules that are described too: a name that is defined there is described there,
            and only mentioned here.
    """
    found = importlib.import_module(module)
    described = {}
    for name in sorted(_public_names(found)):
        value = getattr(found, name)
        home = getattr(value, "__module__", None)
        if home != module and home in others and isinstance(value, type | FunctionType):
            described[name] = {"kind": _kind(value)}
        else:
            described[name] = describe(value)
    return described


def _public_names(module: ModuleType) -> set[str]:
    """What the module's own statements bind, or import in order to pass it on."""
    names = set()
    for statement in ast.parse(Path(str(module.__file__)).read_text("utf-8")).body:
        names |= _bound_names(statement)
    return {name for name in names if _is_for_users(module, name)}


def _bound_names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return {statement.target.id}
    if isinstance(statement, ast.ImportFrom):
        # `from x import y as y` passes y on.
        return {alias.name for alias in statement.names if alias.asname == alias.name}
    if isinstance(statement, ast.If | ast.Try):
        return set().union(*(_bound_names(inner) for inner in statement.body))
    return set()


def _is_for_users(module: ModuleType, name: str) -> bool:
    value = getattr(module, name, module)
    if isinstance(value, TypeVar) or (name.startswith("_") and name not in DOCUMENTED):
        return False
    return not isinstance(value, ModuleType) or value.__name__.startswith(module.__name__ + ".")


def describe(value: object) -> Description:
    """A name's kind ("class", "function" or "value"), parameters, and of a class its members."""
    kind = _kind(value)
    description: Description = {"kind": kind}
    if kind != "value":
        parameters = _parameters(value)
        if parameters is not None:
            description["parameters"] = parameters
    if isinstance(value, type):
        description["bases"] = [f"{base.__module__}.{base.__qualname__}" for base in value.__mro__]
        description["members"] = _members(value)
    return description


def _kind(value: object) -> str:
    # A proxy may stand for a class or a function; what it says of itself is that of the other.
    if type(value).__name__ == "LocalProxy":
        return "value"
    if isinstance(value, type):
        return "class"
    return "function" if inspect.isroutine(value) else "value"


def _members(cls: type) -> dict[str, Description]:
    """Public attributes of a class and of its bases, except those of other packages' bases."""
    package = cls.__module__.partition(".")[0]
    members: dict[str, Description] = {}
    for owner in cls.__mro__:
        if owner.__module__.partition(".")[0] != package:
            continue
        for name in (*vars(owner), *vars(owner).get("__annotations__", ()), *_assigned_in(owner)):
            if not name.startswith("_") and name not in members:
                members[name] = _describe_member(cls, name)
    return dict(sorted(members.items()))


def _assigned_in(cls: type) -> set[str]:
    """The attributes that the methods of a class give to its objects: `self.name = ...`."""
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):
        return set()
    return {
        target.attr
        for target in ast.walk(ast.parse(source))
        if isinstance(target, ast.Attribute)
        and isinstance(target.ctx, ast.Store)
        and isinstance(target.value, ast.Name)
        and target.value.id == "self"
    }


def _describe_member(cls: type, name: str) -> Description:
    value = inspect.getattr_static(cls, name, None)
    if isinstance(value, staticmethod | classmethod):
        return {"kind": "function", "parameters": _parameters(getattr(cls, name))}
    if not isinstance(value, FunctionType):
        return {"kind": "value"}
    return {"kind": "function", "parameters": _parameters(value, is_method=True)}


def _parameters(value: Any, *, is_method: bool = False) -> str | None:
    """The parameters as Python writes them, without types; None where Python does not know them."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return None
    parameters = [
        parameter.replace(
            annotation=parameter.empty,
            default=_Shown.of(parameter.default),
            name=_COLLECTING.get(parameter.kind, parameter.name),
        )
        for parameter in signature.parameters.values()
    ]
    return str(inspect.Signature(parameters[1:] if is_method else parameters))


class _Shown(str):
    """A default as text that is the same in every process and in both packages."""

    __slots__ = ()
    __repr__ = str.__str__

    @classmethod
    def of(cls, default: Any) -> Any:
        if default is inspect.Parameter.empty:
            return default
        if isinstance(default, type | FunctionType):
            return cls(default.__name__)
        # A value that only marks that nothing was passed is "...", whatever either side uses.
        is_mark = default is ... or type(default) is object or "_Missing" in type(default).__name__
        return cls("..." if is_mark else repr(default))


def list_modules(package: str) -> list[str]:
    """The modules of a package that have public names, itself included."""
    path = importlib.import_module(package).__path__
    names = [module.name for module in pkgutil.walk_packages(path, f"{package}.")]
    return [
        name
        for name in (package, *names)
        if "._" not in name and _public_names(importlib.import_module(name))
    ]


def main() -> None:
    version = importlib.metadata.version("flask")
    table = {
        "flask": version,
        "werkzeug": importlib.metadata.version("werkzeug"),
        "modules": {module: describe_module(module, FLASK_MODULES) for module in FLASK_MODULES},
        "all_modules": list_modules("flask"),
    }
    path = Path(__file__).with_name(f"flask_{version.replace('.', '_')}.json")
    path.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
