"""Running an app's commands in tests."""

from __future__ import annotations

import os

import click
import pytest

from asyncflask.app import Flask
from asyncflask.globals import current_app
from asyncflask.setup.commands import ScriptInfo
from asyncflask.testing import FlaskCliRunner


@pytest.fixture
def app():
    return Flask("shop")


def test_commands_of_the_app_are_the_default(app):
    """Without a command the app's own group is run."""

    @app.cli.command("hello")
    def hello():
        click.echo("Hello!")

    result = app.test_cli_runner().invoke(args=["hello"])

    assert result.output == "Hello!\n"


def test_arguments_may_be_one_string(app):
    """Arguments can be written as in a shell."""

    @app.cli.command("greet")
    @click.argument("name")
    def greet(name):
        click.echo(name)

    result = app.test_cli_runner().invoke(args='greet "Ada L."')

    assert result.output == "Ada L.\n"


def test_commands_run_in_the_context_of_the_app(app):
    """The command's app is the one that the runner is for."""

    @app.cli.command("name")
    def name():
        click.echo(current_app.name)

    result = app.test_cli_runner().invoke(args=["name"])

    assert result.output == "shop\n"


def test_async_commands_run(app):
    """A command may be async."""

    @app.cli.command("name")
    async def name():
        click.echo(current_app.name)

    result = app.test_cli_runner().invoke(args=["name"])

    assert result.output == "shop\n"


def test_other_commands_know_the_app_too(app):
    """A command that is passed gets a ScriptInfo that loads the app."""

    @click.command()
    @click.pass_obj
    def show(info):
        click.echo(info.load_app().name)

    result = app.test_cli_runner().invoke(show)

    assert result.output == "shop\n"


def test_own_script_info_is_taken(app):
    """An `obj` that is passed is used."""
    info = ScriptInfo(create_app=lambda: Flask("other"))

    @app.cli.command("name")
    def name():
        click.echo(current_app.name)

    result = app.test_cli_runner().invoke(args=["name"], obj=info)

    assert result.output == "other\n"


def test_errors_are_kept_in_the_result(app):
    """An error of a command is not raised."""

    @app.cli.command("fail")
    def fail():
        raise ValueError("out of stock")

    result = app.test_cli_runner().invoke(args=["fail"])

    assert result.exit_code == 1
    assert isinstance(result.exception, ValueError)


def test_options_of_clicks_runner_are_passed_on(app):
    """The runner takes what click's takes."""

    @app.cli.command("show")
    def show():
        click.echo(os.environ["REGION"])

    result = app.test_cli_runner(env={"REGION": "north"}).invoke(args=["show"])

    assert result.output == "north\n"


def test_runner_class_can_be_replaced(app):
    """An app may bring a runner of its own."""

    class Runner(FlaskCliRunner):
        pass

    app.test_cli_runner_class = Runner

    assert isinstance(app.test_cli_runner(), Runner)
