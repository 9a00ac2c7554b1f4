"""Flask's own example applications: their tests, and a visit to each on a real server."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from results import Result
from swapping import swap_folder
from visiting import serving
from workshop import Environment, TrialError, download, run, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from visiting import Visitor

FLASK = "Flask==3.1.3"


@dataclass(frozen=True, slots=True)
class Example:
    """One folder of Flask's examples.

    Args:
        folder: its name there.
        target: the application as uvicorn takes it, with options.
        visit: makes the requests.
        prepare: a command of the application to run before it is served.
    """

    folder: str
    target: tuple[str, ...]
    visit: Callable[[Visitor], None]
    prepare: tuple[str, ...] = ()


def try_examples(project: Path, workplace: Path, wanted: list[str]) -> list[Result]:
    """Fetch Flask's source distribution and try its examples, in an environment of their own.

    Args:
        project: the folder of asyncflask's pyproject.toml.
        workplace: an empty folder to work in.
        wanted: names of examples; all if there are none.
    """
    chosen = [example for example in EXAMPLES if not wanted or example.folder in wanted]
    if not chosen:
        return []
    source = unpack(download(FLASK, workplace / "download", source=True), workplace)
    environment = Environment.create(workplace / "environment")
    environment.install(str(project), "pytest")
    environment.require_absent("flask", "werkzeug")
    return [_try(example, source / "examples", workplace, environment) for example in chosen]


def _try(example: Example, examples: Path, workplace: Path, environment: Environment) -> Result:
    result = Result(example.folder)
    folder = workplace / example.folder
    shutil.copytree(examples / example.folder, folder)
    swap_folder(folder)
    try:
        # Their own settings have warnings as errors; said again, should that ever change.
        result.tests = environment.test(folder, "-W", "error")
        _visit(example, folder, environment, result)
    except TrialError as exc:
        result.problems.append(str(exc))
    return result


def _visit(example: Example, folder: Path, environment: Environment, result: Result) -> None:
    python = str(environment.python)
    if example.prepare:
        run([python, "-m", "asyncflask", *example.prepare], folder=folder, seconds=60)
    uvicorn = [python, "-m", "uvicorn", "--host", "127.0.0.1", "--port", "{port}"]
    with serving([*uvicorn, *example.target], folder) as visitor:
        example.visit(visitor)
        result.asked += visitor.asked
        result.problems += visitor.surprises


def visit_tutorial(visitor: Visitor) -> None:
    """Register, log in, write, change and delete a post, log out."""
    ada = {"username": "ada", "password": "engine"}
    visitor.expect("GET", "/", contains="Log In")
    visitor.expect("GET", "/static/style.css", contains="font-family")
    visitor.expect("GET", "/auth/register", contains="Username")
    visitor.expect("POST", "/auth/register", 302, to="/auth/login", form=ada)
    visitor.expect("POST", "/auth/register", contains="already registered", form=ada)
    visitor.expect("GET", "/create", 302, to="/auth/login")
    wrong = {**ada, "password": "wrong"}
    visitor.expect("POST", "/auth/login", contains="Incorrect password.", form=wrong)
    visitor.expect("POST", "/auth/login", 302, to="/", form=ada)
    visitor.expect("GET", "/", contains="Log Out")
    visitor.expect("POST", "/create", contains="Title is required.", form={"title": "", "body": ""})
    post = {"title": "Notes on <engines>", "body": "It weaves é algebraic patterns."}
    visitor.expect("POST", "/create", 302, to="/", form=post)
    visitor.expect("GET", "/", contains="Notes on &lt;engines&gt;")
    visitor.expect("GET", "/", contains="é algebraic")
    visitor.expect("POST", "/1/update", 302, to="/", form={**post, "title": "Changed"})
    visitor.expect("GET", "/1/update", contains="Changed")
    visitor.expect("GET", "/2/update", 404, "Post id 2 doesn&#39;t exist.")
    visitor.expect("POST", "/1/delete", 302, to="/")
    visitor.expect("GET", "/1/delete", 405)
    visitor.expect("GET", "/auth/logout", 302, to="/")
    visitor.expect("GET", "/", contains="Log In")


def visit_javascript(visitor: Visitor) -> None:
    """Each page, and the addition that their scripts ask for."""
    visitor.expect("GET", "/", contains="fetch")
    visitor.expect("GET", "/xhr", contains="XMLHttpRequest")
    visitor.expect("GET", "/jquery", contains="jquery")
    visitor.expect("GET", "/fetch", 308)
    visitor.expect("GET", "/other", 404)
    visitor.expect("POST", "/add", contains='"result":3.5', form={"a": "1", "b": "2.5"})
    visitor.expect("POST", "/add", contains='"result":1.0', form={"a": "1", "b": "x"})
    visitor.expect("GET", "/add", 405)


# Flask's third example, celery, has no tests and needs a broker.
EXAMPLES = (
    Example(
        "tutorial",
        ("--factory", "flaskr:create_app"),
        visit_tutorial,
        prepare=("--app", "flaskr", "init-db"),
    ),
    Example("javascript", ("js_example:app",), visit_javascript),
)
