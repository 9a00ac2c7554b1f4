"""Settling what to serve where, up to the call of uvicorn."""

from __future__ import annotations

import os
from importlib import util

import pytest
import uvicorn

from asyncflask import Flask
from asyncflask.setup import reloading, serving


@pytest.fixture
def app(project):
    return Flask("shop")


@pytest.fixture
def served(monkeypatch):
    """The arguments of each call of uvicorn.run."""
    calls = []
    monkeypatch.setattr(
        uvicorn, "run", lambda app, **options: calls.append({"app": app, **options})
    )
    return calls


@pytest.fixture
def supervised(monkeypatch):
    """The arguments of each start of the reloader, which ends at once with status 0."""
    calls = []
    monkeypatch.setattr(reloading, "supervise", lambda *args: calls.append(args) or 0)
    return calls


@pytest.fixture
def no_watchfiles(monkeypatch):
    find_spec = util.find_spec
    monkeypatch.setattr(
        util, "find_spec", lambda name: None if name == "watchfiles" else find_spec(name)
    )


def test_the_default_address(app, served):
    """Flask's own: 127.0.0.1 and port 5000."""
    serving.run(app)

    assert (served[0]["host"], served[0]["port"]) == ("127.0.0.1", 5000)


def test_forwarded_headers_are_not_believed(app, served):
    """Only ProxyFix believes them, as in Flask; uvicorn would, from the same machine."""
    serving.run(app)
    serving.run(app, proxy_headers=True)

    assert [call["proxy_headers"] for call in served] == [False, True]


@pytest.mark.parametrize(
    ("server_name", "host", "port", "expected"),
    [
        (None, None, None, ("127.0.0.1", 5000)),
        (None, "0.0.0.0", 80, ("0.0.0.0", 80)),
        (None, None, 0, ("127.0.0.1", 0)),
        ("shop.test:8080", None, None, ("shop.test", 8080)),
        ("shop.test", None, None, ("shop.test", 5000)),
        ("shop.test:8080", "0.0.0.0", None, ("0.0.0.0", 8080)),
        ("shop.test:8080", None, 80, ("shop.test", 80)),
        (None, None, "80", ("127.0.0.1", 80)),
    ],
)
def test_address(server_name, host, port, expected):
    """What is given wins over SERVER_NAME, and that over the defaults."""
    assert serving.address(server_name, host, port) == expected


def test_uvicorns_options_pass(app, served):
    """Options that are not Flask's go to uvicorn."""
    serving.run(app, log_level="warning", root_path="/shop")

    assert (served[0]["log_level"], served[0]["root_path"]) == ("warning", "/shop")


def test_werkzeugs_options_mean_nothing(app, served):
    """What Flask hands to Werkzeug's server is accepted and dropped."""
    serving.run(app, threaded=True, processes=1, use_debugger=True, use_reloader=False)

    assert set(served[0]) == {"app", "host", "port", "proxy_headers"}


def test_a_certificate_is_translated(app, served):
    """Flask's ssl_context becomes uvicorn's options."""
    serving.run(app, ssl_context=("c.pem", "k.pem"))

    assert (served[0]["ssl_certfile"], served[0]["ssl_keyfile"]) == ("c.pem", "k.pem")


def test_debug_reloads(app, served, supervised):
    """debug=True turns on debug mode and leaves serving to a child."""
    with pytest.raises(SystemExit) as ended:
        serving.run(app, debug=True)

    assert (ended.value.code, app.debug, served, len(supervised)) == (0, True, [], 1)


def test_debug_without_the_reloader(app, served, supervised):
    """use_reloader=False serves in this process."""
    serving.run(app, debug=True, use_reloader=False)

    assert (len(served), supervised) == (1, [])


def test_the_reloader_without_debug(app, supervised):
    """use_reloader=True reloads without debug mode, watching the extra files."""
    with pytest.raises(SystemExit):
        serving.run(app, use_reloader=True, extra_files=["a"], exclude_patterns=["b"])

    assert supervised == [(["a"], ["b"])]


def test_a_reloaders_child_serves(app, served, supervised, monkeypatch):
    """The process that the reloader started does not start one again."""
    monkeypatch.setenv("ASYNCFLASK_RUN_MAIN", "true")

    serving.run(app, debug=True)

    assert (len(served), supervised) == (1, [])


def test_debug_from_the_environment(app, served, monkeypatch):
    """ASYNCFLASK_DEBUG overrides the application's flag, an argument overrides both."""
    monkeypatch.setenv("ASYNCFLASK_DEBUG", "1")

    serving.run(app, use_reloader=False)
    from_environment = app.debug
    serving.run(app, debug=False)

    assert (from_environment, app.debug) == (True, False)


def test_debug_from_a_dotenv_file(app, served, write):
    """.env is read before debug mode is settled."""
    write(".env", "FLASK_DEBUG=1\n")

    serving.run(app, use_reloader=False)

    assert app.debug is True


def test_dotenv_files_may_be_left_alone(app, served, write):
    """load_dotenv=False reads no file and leaves the flag to the application."""
    write(".env", "FLASK_DEBUG=1\n")

    serving.run(app, load_dotenv=False)

    assert (app.debug, "FLASK_DEBUG" in os.environ) == (False, False)


@pytest.mark.parametrize("name", ["ASYNCFLASK_RUN_FROM_CLI", "FLASK_RUN_FROM_CLI"])
def test_run_is_ignored_under_the_command_line(app, served, monkeypatch, capsys, name):
    """app.run() in a module that a command imports is told and ignored."""
    monkeypatch.setenv(name, "true")

    serving.run(app)

    assert served == []
    assert "Ignoring a call to 'app.run()'" in capsys.readouterr().err


def test_the_banner(app, served, capsys):
    """What is served and the debug mode are told."""
    serving.run(app)

    output = capsys.readouterr().out
    assert output == " * Serving asyncflask app 'shop'\n * Debug mode: off\n"


def test_a_reloaders_child_shows_no_banner(monkeypatch, capsys):
    """The reloader has shown it already."""
    monkeypatch.setenv("ASYNCFLASK_RUN_MAIN", "true")

    serving.show_server_banner(True, "shop")

    assert capsys.readouterr().out == ""


def test_a_missing_watchfiles_is_told(app, served, no_watchfiles, capsys):
    """Debug mode alone goes on without reloading, and says what to install."""
    serving.run(app, debug=True)

    assert len(served) == 1
    assert "pip install 'asyncflask[standard]'" in capsys.readouterr().err


def test_a_missing_watchfiles_is_an_error_where_reloading_is_asked_for(app, no_watchfiles):
    """use_reloader=True without watchfiles raises with the remedy."""
    with pytest.raises(RuntimeError, match=r"pip install 'asyncflask\[standard\]'"):
        serving.run(app, use_reloader=True)


def test_several_workers_need_an_import_path(app, served):
    """An application object cannot be given to other processes."""
    with pytest.raises(RuntimeError, match="asyncflask --app MODULE:NAME run --workers 4"):
        serving.run(app, workers=4)


def test_one_worker_needs_none(app, served):
    """workers=1 is this process."""
    serving.run(app, workers=1)

    assert served[0]["workers"] == 1
