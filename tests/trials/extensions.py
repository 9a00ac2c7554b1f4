"""Flask's extensions: their own tests, and a small application with each on a real server."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import visits
from flask_examples import FLASK
from results import Result
from swapping import swap_folder, swap_wheel
from visiting import serving
from workshop import Environment, TrialError, download, unpack

if TYPE_CHECKING:
    from collections.abc import Callable

    from visiting import Visitor

APPS = Path(__file__).parent / "apps"
# What else imports Flask or Werkzeug and therefore is swapped too: extensions' tests use others.
ALSO_SWAPPED = (
    "webargs==8.7.1",
    "Flask-Babel==4.0.0",
    "Flask-Caching==2.5.1",
    "Flask-SQLAlchemy==3.1.1",
)


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension, and what its tests need.

    Args:
        requirement: pinned; its wheel is installed, its source distribution has the tests.
        app: the module in `apps` that uses it; none where its own tests are enough.
        visit: makes the requests.
        has_tests: whether the source distribution has them.
        needs: what tests and application import besides.
        options: for pytest.
        known: tests that differ from Flask's, and why.
    """

    requirement: str
    app: str = ""
    visit: Callable[[Visitor], None] = visits.visit_nothing
    has_tests: bool = True
    needs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    known: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.requirement.partition("==")[0]


@dataclass(frozen=True, slots=True)
class Side:
    """Either asyncflask with all swapped, or Flask with nothing changed: the control."""

    folder: Path
    environment: Environment
    server: tuple[str, ...]
    swaps: bool

    def install(self, wheels: list[Path], needs: set[str]) -> None:
        if self.swaps:
            folder = self.folder / "wheels"
            folder.mkdir()
            wheels = [swap_wheel(wheel, folder) for wheel in wheels]
        self.environment.install("pytest", *map(str, wheels), *sorted(needs))

    def adopt(self, folder: Path, name: str) -> Path:
        """Copy `folder` to this side under `name`, swapped if this side swaps."""
        copied = self.folder / name
        shutil.copytree(folder, copied, symlinks=True)
        if self.swaps:
            swap_folder(copied)
        return copied


def try_extensions(project: Path, workplace: Path, wanted: list[str]) -> list[Result]:
    """Try the extensions with asyncflask and with Flask, each with an environment of its own.

    Args:
        project: the folder of asyncflask's pyproject.toml.
        workplace: an empty folder to work in.
        wanted: names of extensions; all if there are none.
    """
    chosen = [extension for extension in EXTENSIONS if not wanted or extension.name in wanted]
    if not chosen:
        return []
    requirements = {*(extension.requirement for extension in chosen), *ALSO_SWAPPED}
    wheels = [download(each, workplace / "wheels", source=False) for each in sorted(requirements)]
    sources = {
        each.name: unpack(
            download(each.requirement, workplace / "archives", source=True), workplace
        )
        for each in chosen
        if each.has_tests
    }
    needs = {need for extension in chosen for need in extension.needs}
    ours, control = _our_side(project, workplace), _control_side(workplace)
    for side in (ours, control):
        side.install(wheels, needs)
        side.adopt(APPS, "apps")
    ours.environment.require_absent("flask", "werkzeug")
    return [_try(extension, sources, ours, control) for extension in chosen]


def _our_side(project: Path, workplace: Path) -> Side:
    folder = workplace / "asyncflask"
    folder.mkdir()
    environment = Environment.create(folder / "environment")
    environment.install(str(project))
    server = ("uvicorn", "--host", "127.0.0.1", "--port", "{port}", "{app}:app")
    return Side(folder, environment, server, swaps=True)


def _control_side(workplace: Path) -> Side:
    folder = workplace / "flask"
    folder.mkdir()
    environment = Environment.create(folder / "environment")
    environment.install(FLASK)
    server = ("flask", "--app", "{app}", "run", "--port", "{port}")
    return Side(folder, environment, server, swaps=False)


def _try(extension: Extension, sources: dict[str, Path], ours: Side, control: Side) -> Result:
    result = Result(extension.name, known=extension.known)
    try:
        if extension.name in sources:
            source = sources[extension.name]
            result.control = _test(extension, source, control)
            result.tests = _test(extension, source, ours)
        if extension.app:
            _visit(extension, control, Result("the control"))
            _visit(extension, ours, result)
    except TrialError as exc:
        result.problems.append(str(exc))
    return result


def _test(extension: Extension, source: Path, side: Side) -> dict[str, str]:
    folder = side.adopt(source, extension.name)
    return side.environment.test(folder, "tests", *extension.options)


def _visit(extension: Extension, side: Side, result: Result) -> None:
    command = [part.replace("{app}", extension.app) for part in side.server]
    with serving([str(side.environment.python), "-m", *command], side.folder / "apps") as visitor:
        extension.visit(visitor)
    result.asked += visitor.asked
    result.problems += visitor.surprises
    if visitor.surprises and not side.swaps:
        raise TrialError(f"Flask itself does not answer as expected: {visitor.surprises}")


_WITHOUT_COVERAGE = ("--override-ini=addopts=",)

EXTENSIONS = (
    Extension("Flask-WTF==1.3.0", "wtf_app", visits.visit_wtf),
    Extension(
        "Flask-Login==0.6.3",
        "login_app",
        visits.visit_login,
        needs=("asgiref", "semantic_version"),
    ),
    Extension(
        "Flask-SQLAlchemy==3.1.1",
        "sqlalchemy_app",
        visits.visit_sqlalchemy,
        needs=("sqlalchemy<2.1",),
    ),
    Extension(
        "Flask-Caching==2.5.1",
        "caching_app",
        visits.visit_caching,
        needs=("asgiref", "pytest-xprocess"),
    ),
    Extension(
        "Flask-Limiter==4.1.1",
        "limiter_app",
        visits.visit_limiter,
        needs=(
            "asgiref",
            "hiro",
            "pytest-mock",
            "pytest-lazy-fixtures",
            "pytest-docker",
            "pymemcache",
            "redis",
            "pymongo",
            "valkey",
            "rich<15",
        ),
        options=_WITHOUT_COVERAGE,
    ),
    Extension(
        "Flask-CORS==6.0.5",
        "cors_app",
        visits.visit_cors,
        needs=("packaging",),
        known={
            "tests.decorator.test_exception_interception.NoExceptionInterceptionTestCase::"
            "test_acl_uncaught_exception_500": "skipped for any Flask since 1.1,"
            " which it tells by flask.__version__",
        },
    ),
    Extension("Flask-Mail==0.10.0", "mail_app", visits.visit_mail, has_tests=False),
    Extension("Flask-Session==0.8.0", "session_app", visits.visit_session, has_tests=False),
    Extension("Flask-Babel==4.0.0", "babel_app", visits.visit_babel, has_tests=False),
    Extension(
        "Flask-RESTful==0.3.10",
        "restful_app",
        visits.visit_restful,
        needs=("pynose", "mock"),
        options=("--continue-on-collection-errors",),
    ),
    Extension(
        "flask-smorest==0.47.0", "smorest_app", visits.visit_smorest, needs=("asgiref", "pyyaml")
    ),
    Extension("Flask-HTTPAuth==4.8.1", needs=("asgiref",)),
    Extension("Flask-Compress==1.25"),
    Extension("flask-marshmallow==1.5.0", needs=("marshmallow-sqlalchemy", "sqlalchemy<2.1")),
    Extension("flask-openapi3==4.3.2", needs=("asgiref", "pyyaml")),
)
