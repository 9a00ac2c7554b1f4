"""Watching source files, and keeping a child process that serves."""

from __future__ import annotations

import os
import sys
import sysconfig
import threading
from importlib import util

import pytest
import watchfiles

from asyncflask.setup import reloading

CHANGED = watchfiles.Change.modified


@pytest.fixture
def accept():
    """The filter for an extra file, an extra folder and an excluded pattern."""
    return reloading._source_filter(
        watchfiles.PythonFilter(), ["/shop/prices.csv", "/shop/texts"], ["*_draft.py", "/x/*"]
    )


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("/shop/views.py", True),
        ("/shop/prices.csv", True),
        ("/shop/texts/welcome.txt", True),
        ("/shop/other.csv", False),
        ("/shop/views_draft.py", False),
        ("/x/views.py", False),
        ("/shop/__pycache__/views.py", False),
        ("/shop/views.pyc", False),
    ],
)
def test_which_changes_count(accept, path, counts):
    """Python files and the extra files count, excluded patterns never do."""
    assert bool(accept(CHANGED, path)) is counts


def test_watched_folders(project, monkeypatch):
    """The current folder and those on sys.path are watched, each once, packages' are not."""
    for name in ("inner", "elsewhere/lib", "data"):
        (project / name).mkdir(parents=True)
    monkeypatch.chdir(project / "inner")
    monkeypatch.setattr(
        sys,
        "path",
        [
            "",
            str(project / "elsewhere"),
            str(project / "elsewhere/lib"),
            str(project / "missing"),
            sysconfig.get_path("stdlib"),
            sysconfig.get_path("purelib"),
        ],
    )

    folders = reloading.watched_folders([str(project / "data" / "prices.csv")])

    assert folders == [str(project.resolve() / name) for name in ("data", "elsewhere", "inner")]


def test_a_missing_watchfiles_is_explained(monkeypatch):
    """The reloader says what to install."""
    monkeypatch.setattr(util, "find_spec", lambda name: None)

    with pytest.raises(RuntimeError, match=r"pip install 'asyncflask\[standard\]'"):
        reloading.supervise()


@pytest.mark.parametrize("name", ["ASYNCFLASK_RUN_MAIN", "FLASK_RUN_MAIN"])
def test_a_child_knows_what_it_is(project, monkeypatch, name):
    """The mark in the environment tells the server from the reloader."""
    before = reloading.is_reloaded_child()

    monkeypatch.setenv(name, "true")

    assert (before, reloading.is_reloaded_child()) == (False, True)


class Script:
    """A child's program that notes each of its starts, and the changes it is given."""

    def __init__(self, project, monkeypatch, body):
        self.log = project / "starts"
        path = project / "child.py"
        path.write_text(
            "import os, signal, sys\n"
            f"with open({str(self.log)!r}, 'a') as log:\n"
            "    print(os.environ['WERKZEUG_RUN_MAIN'], file=log)\n"
            f"{body}\n"
        )
        monkeypatch.setattr(sys, "orig_argv", [sys.executable, str(path)])

    @property
    def starts(self):
        return self.log.read_text().split() if self.log.exists() else []

    def started(self, times):
        """Wait until the child has started so many times."""
        deadline_for(lambda: len(self.starts) == times)


SERVES = "signal.pause()"
FAILS = f"sys.exit({reloading.LOAD_FAILED})"


def looks(holds=lambda: False):
    """Looks at the child, without a change, until `holds`; at most 30 seconds."""
    pause = threading.Event()
    for _ in range(3000):
        if holds():
            return
        yield []
        pause.wait(0.01)
    pytest.fail("waited for 30 seconds in vain")


def deadline_for(holds):
    for _ in looks(holds):
        pass


def test_each_change_starts_a_new_child(project, monkeypatch, capsys):
    """A change ends the child and starts the same command line again, marked as a child."""
    script = Script(project, monkeypatch, SERVES)

    def changes():
        script.started(1)
        yield [str(project / "shop.py")]
        script.started(2)
        yield [str(project / "a.py"), str(project / "b.py")]
        script.started(3)

    status = reloading._keep_running(changes())

    output = capsys.readouterr().err
    assert (status, script.starts) == (0, ["true", "true", "true"])
    assert "Detected a change in 'shop.py', reloading" in output
    assert "Detected a change in 'a.py' and 1 more" in output


def test_the_first_childs_own_end_ends_the_reloader(project, monkeypatch):
    """A wrong option or a taken port is not cured by watching files."""
    Script(project, monkeypatch, "sys.exit(3)")

    assert reloading._keep_running(looks()) == 3


def test_a_child_that_cannot_load_waits_for_a_change(project, monkeypatch, capsys):
    """An application that does not load is tried again at the next change."""
    script = Script(project, monkeypatch, FAILS)

    def changes():
        yield from looks(lambda: "next change starts it again" in capsys.readouterr().err)
        yield [str(project / "shop.py")]
        script.started(2)

    assert reloading._keep_running(changes()) == 0


def test_a_replaced_child_may_end(project, monkeypatch, capsys):
    """After the first change a child that ends is waited over, not followed."""
    script = Script(project, monkeypatch, f"{SERVES} if not os.path.exists('broken') else 1 / 0")

    def changes():
        script.started(1)
        (project / "broken").touch()
        yield [str(project / "shop.py")]
        yield from looks(lambda: "next change starts it again" in capsys.readouterr().err)
        yield [str(project / "shop.py")]
        script.started(3)

    assert reloading._keep_running(changes()) == 0


def test_a_stubborn_child_is_killed(project, monkeypatch):
    """A child that ignores SIGTERM is ended all the same."""
    monkeypatch.setattr(reloading, "_PATIENCE", 0.1)
    Script(
        project,
        monkeypatch,
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nopen('deaf', 'w').close()\nsignal.pause()",
    )
    child = reloading._Child()
    deadline_for(lambda: os.path.exists("deaf"))

    child.stop()

    assert child.exit_status() < 0
