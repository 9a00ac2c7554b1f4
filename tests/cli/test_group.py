"""The command line's root: applications, environments, plugins, errors."""

from __future__ import annotations

import os
import sys
from importlib import metadata

import click
import pytest
from click.testing import CliRunner

import asyncflask.cli
from asyncflask import Flask, __main__, current_app
from asyncflask.cli import FlaskGroup, ScriptInfo, cli, main

APP = """\
import click
from asyncflask import Flask, current_app

app = Flask("shop")

@app.cli.command()
@click.option("--name", default="nobody")
@click.option("--times", type=int, default=1)
@click.option("--many", multiple=True)
async def greet(name, times, many):
    '''Greet somebody.'''
    click.echo(f"{current_app.name} {name} {times} {many} {app.debug}")

@app.cli.group()
def stock():
    pass

@stock.command()
@click.option("--unit")
def count(unit):
    click.echo(unit)
"""


class Plugin:
    """An entry point of an installed package."""

    def __init__(self, name, output):
        self.name = name
        self.output = output

    def load(self):
        return click.Command(self.name, callback=lambda: click.echo(self.output))


@pytest.fixture
def plugins(monkeypatch):
    """The plugins that are installed, by group; empty until a test puts some in."""
    installed = {}
    monkeypatch.setattr(metadata, "entry_points", lambda group: installed.get(group, []))
    return installed


@pytest.fixture
def group():
    """A command line of its own, which has not looked for plugins yet."""
    return FlaskGroup(create_app=lambda: Flask("made"))


@pytest.mark.parametrize("option", ["--app", "-A"])
def test_an_app_is_named_by_option(invoke, write, option):
    """--app names the module; its commands may be async."""
    write("shop.py", APP)

    result = invoke(option, "shop", "greet", "--name", "ada")

    assert result.output == "shop ada 1 () False\n"


@pytest.mark.parametrize("variable", ["ASYNCFLASK_APP", "FLASK_APP"])
def test_an_app_is_named_by_variable(invoke, write, monkeypatch, variable):
    """ASYNCFLASK_APP names the module, and so does FLASK_APP."""
    write("shop.py", APP)
    monkeypatch.setenv(variable, "shop:app")

    assert invoke("greet").output == "shop nobody 1 () False\n"


def test_our_variable_wins(invoke, write, monkeypatch):
    """FLASK_APP is looked at only where ASYNCFLASK_APP is not set."""
    write("shop.py", APP)
    monkeypatch.setenv("FLASK_APP", "no_such_module")
    monkeypatch.setenv("ASYNCFLASK_APP", "shop")

    assert invoke("greet").exit_code == 0


def test_an_app_is_found_by_itself(invoke, write):
    """app.py in the current folder needs no option."""
    write("app.py", APP)

    assert invoke("greet").output == "shop nobody 1 () False\n"


def test_an_app_is_named_by_a_dotenv_file(invoke, write):
    """.flaskenv is read before the application is looked for."""
    write("shop.py", APP)
    write(".flaskenv", "FLASK_APP=shop\nFLASK_DEBUG=1\n")

    assert invoke("greet").output == "shop nobody 1 () True\n"


@pytest.mark.parametrize("option", ["-e", "--env-file"])
def test_an_env_file_wins_over_the_default_ones(invoke, write, option):
    """The named file takes precedence over .env."""
    write("shop.py", APP)
    write(".env", "ASYNCFLASK_APP=no_such_module\n")
    write("named", "ASYNCFLASK_APP=shop\n")

    assert invoke(option, "named", "greet").exit_code == 0


def test_an_env_file_is_named_by_variable(invoke, write, monkeypatch):
    """FLASK_ENV_FILE does what --env-file does."""
    write("shop.py", APP)
    write("named", "FLASK_APP=shop\n")
    monkeypatch.setenv("FLASK_ENV_FILE", "named")

    assert invoke("greet").exit_code == 0


def test_an_env_file_must_exist(invoke):
    """A missing file is told in one line."""
    result = invoke("-e", "missing", "greet")

    assert result.exit_code == 2
    assert "File 'missing' does not exist" in result.output


def test_an_env_file_needs_python_dotenv(invoke, write, monkeypatch):
    """Without python-dotenv a named file is an error with the remedy."""
    write("named", "")
    monkeypatch.setitem(sys.modules, "dotenv", None)

    result = invoke("-e", "named", "routes")

    assert result.exit_code == 2
    assert "asyncflask[standard]" in result.output


def test_dotenv_files_may_be_skipped(invoke, write, monkeypatch):
    """ASYNCFLASK_SKIP_DOTENV leaves .env alone."""
    write("app.py", APP)
    write(".env", "ASYNCFLASK_DEBUG=1\n")
    monkeypatch.setenv("ASYNCFLASK_SKIP_DOTENV", "1")

    assert invoke("greet").output == "shop nobody 1 () False\n"


@pytest.mark.parametrize(("option", "debug"), [("--debug", "True"), ("--no-debug", "False")])
def test_debug_option_wins_over_the_environment(invoke, write, monkeypatch, option, debug):
    """--debug and --no-debug decide, and the application can read it while imported."""
    write("app.py", APP + "import os\nclick.echo(os.environ['FLASK_DEBUG'])\n")
    monkeypatch.setenv("ASYNCFLASK_DEBUG", "0" if debug == "True" else "1")

    result = invoke(option, "greet")

    assert result.output == f"{int(debug == 'True')}\nshop nobody 1 () {debug}\n"


@pytest.mark.parametrize("prefix", ["ASYNCFLASK", "FLASK"])
def test_options_come_from_variables(invoke, write, monkeypatch, prefix):
    """A command's options can be given as <PREFIX>_<COMMAND>_<OPTION>."""
    write("app.py", APP)
    monkeypatch.setenv(f"{prefix}_GREET_NAME", "ada")
    monkeypatch.setenv(f"{prefix}_GREET_TIMES", "3")
    monkeypatch.setenv(f"{prefix}_GREET_MANY", "a b")

    assert invoke("greet").output == "shop ada 3 ('a', 'b') False\n"


@pytest.mark.parametrize("prefix", ["ASYNCFLASK", "FLASK"])
def test_options_of_nested_commands_come_from_variables(invoke, write, monkeypatch, prefix):
    """A nested command's variable has the group's name too."""
    write("app.py", APP)
    monkeypatch.setenv(f"{prefix}_STOCK_COUNT_UNIT", "box")

    assert invoke("stock", "count").output == "box\n"


def test_our_option_variable_wins(invoke, write, monkeypatch):
    """The command line wins over ASYNCFLASK_ variables, and those over FLASK_ ones."""
    write("app.py", APP)
    monkeypatch.setenv("ASYNCFLASK_GREET_NAME", "ours")
    monkeypatch.setenv("FLASK_GREET_NAME", "flasks")
    monkeypatch.setenv("FLASK_GREET_TIMES", "3")

    assert invoke("greet", "--times", "2").output == "shop ours 2 () False\n"


def test_a_bad_variable_is_told_in_one_line(invoke, write, monkeypatch):
    """A variable that does not convert is an error of the option."""
    write("app.py", APP)
    monkeypatch.setenv("FLASK_GREET_TIMES", "many")

    result = invoke("greet")

    assert result.exit_code == 2
    assert "'many' is not a valid integer" in result.output


def test_help_lists_all_commands(invoke, write, plugins):
    """--help shows built-in commands and the application's own, sorted."""
    write("shop.py", APP)

    output = invoke("--app", "shop", "--help").output
    result = invoke("--help", env={"ASYNCFLASK_APP": "shop"}).output

    assert "routes" in output
    listed = [line.split()[0] for line in result.partition("Commands:\n")[2].splitlines() if line]
    assert listed == ["greet", "routes", "run", "shell", "stock"]
    assert "Greet somebody." in result


def test_no_arguments_show_the_help(invoke, write):
    """The bare command shows the help, with the application's commands."""
    write("app.py", APP)

    assert "greet" in invoke().output


def test_help_survives_a_missing_app(invoke):
    """Without an application the built-in commands are listed, after one line that says why."""
    result = invoke("--help")

    assert result.exit_code == 0
    assert "Error: Could not locate an asyncflask application." in result.output
    assert "routes" in result.output
    assert "Traceback" not in result.output


def test_help_survives_a_broken_app(invoke, write):
    """An application that fails to import is shown with its traceback, then the commands."""
    write("app.py", "1 / 0\n")

    result = invoke("--help")

    assert result.exit_code == 0
    assert "ZeroDivisionError" in result.output
    assert "routes" in result.output


def test_a_command_of_a_missing_app_is_told(invoke):
    """A command that only an application could have gives both reasons, without a traceback."""
    result = invoke("--app", "no_such_module", "greet")

    assert result.exit_code == 2
    assert "Error: Could not import 'no_such_module'." in result.output
    assert "No such command 'greet'" in result.output
    assert "Traceback" not in result.output


def test_a_built_in_command_of_a_missing_app_is_told(invoke):
    """A built-in command without an application ends with one line that says what to do."""
    result = invoke("routes")

    assert result.exit_code == 2
    assert "Error: Could not locate an asyncflask application." in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("name", ["asyncflask.commands", "flask.commands"])
def test_plugins_add_commands(group, plugins, project, name):
    """Installed packages add commands through entry points, those made for Flask too."""
    plugins[name] = [Plugin("tax", "19%")]

    assert CliRunner().invoke(group, ["tax"]).output == "19%\n"


def test_our_plugins_win(group, plugins, project):
    """Of two plugins with one name the one made for asyncflask is taken."""
    plugins["flask.commands"] = [Plugin("tax", "theirs")]
    plugins["asyncflask.commands"] = [Plugin("tax", "ours")]

    assert CliRunner().invoke(group, ["tax"]).output == "ours\n"


def test_plugins_are_listed(group, plugins, project):
    """--help lists plugins' commands."""
    plugins["flask.commands"] = [Plugin("tax", "19%")]

    assert "tax" in CliRunner().invoke(group, ["--help"]).output


def test_an_own_group_makes_its_app(group, project):
    """FlaskGroup(create_app=...) is a command line for that application."""

    @group.command()
    @click.pass_obj
    def tell(info):
        click.echo(info.load_app().name)

    assert CliRunner().invoke(group, ["tell"]).output == "made\n"


def test_an_own_group_may_leave_things_out(project):
    """Default commands and --version can be left out."""
    bare = FlaskGroup(add_default_commands=False, add_version_option=False)

    assert bare.commands == {}
    assert "version" not in [param.name for param in bare.params]


def test_an_own_group_keeps_its_settings(project):
    """Params, context settings and a ScriptInfo of one's own are respected."""
    info = ScriptInfo(create_app=lambda: Flask("own"))
    settings = {"auto_envvar_prefix": "SHOP", "obj": info}
    own = FlaskGroup(params=[click.Option(["--extra"])], context_settings=settings)

    ctx = own.make_context("own", ["routes"])

    assert (ctx.obj, ctx.auto_envvar_prefix) == (info, "SHOP")
    assert own.params[0].name == "extra"


def test_a_command_finds_its_group_in_the_app_context(project):
    """An option callback of an application's command sees the current application."""
    app = Flask("shop")
    own = FlaskGroup(create_app=lambda: app)

    def app_name(ctx, param, value):
        return current_app.name

    @app.cli.command(with_appcontext=False)
    @click.option("--name", callback=app_name)
    def tell(name):
        click.echo(name)

    assert CliRunner().invoke(own, ["tell"]).output == "shop\n"


def test_run_from_cli_is_marked(invoke, write):
    """Modules that call app.run() unguarded are imported without serving."""
    write("app.py", APP + "app.run()\n")

    result = invoke("greet")

    assert "Ignoring a call to 'app.run()'" in result.output
    assert "shop nobody" in result.output
    assert os.environ["FLASK_RUN_FROM_CLI"] == "true"


def test_version(invoke):
    """--version needs no application."""
    lines = invoke("--version").output.splitlines()

    assert [line.split()[0] for line in lines] == ["Python", "asyncflask", "uvicorn"]


def test_main_is_the_command_line(monkeypatch, capsys, project):
    """The console script and `python -m asyncflask` run the same group."""
    monkeypatch.setattr(sys, "argv", ["asyncflask", "--version"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 0
    assert __main__.main is main
    assert cli.name == "asyncflask"


def test_click_can_be_taken_from_the_module():
    """As from flask.cli, where extensions find it."""
    assert asyncflask.cli.click is click
