"""Command groups that know their application."""

from __future__ import annotations

import inspect
import threading

import anyio
import click
import pytest
from click.testing import CliRunner

from asyncflask import Flask
from asyncflask.globals import current_app
from asyncflask.setup.commands import AppGroup, ScriptInfo, pass_script_info, with_appcontext


@pytest.fixture
def app():
    return Flask("shop")


@pytest.fixture
def info(app):
    return ScriptInfo(create_app=lambda: app)


@pytest.fixture
def group():
    return AppGroup("tools")


def run(command, info, *args):
    return CliRunner().invoke(command, args, obj=info)


def test_a_command_runs_in_the_app_context(group, info):
    """A group's command has its application active."""

    @group.command()
    def tell():
        click.echo(current_app.name)

    assert run(group, info, "tell").output == "shop\n"


def test_an_async_command_runs_to_its_end(group, info):
    """An async command is run on an event loop, in the app context."""

    @group.command("tell")
    @click.argument("word")
    async def tell(word):
        click.echo(f"{current_app.name} {word}")

    assert run(group, info, "tell", "hello").output == "shop hello\n"


def test_an_async_command_fails_like_a_sync_one(group, info):
    """A click error raised in async code is told in one line."""

    @group.command()
    async def fail():
        raise click.ClickException("sold out")

    result = run(group, info, "fail")

    assert (result.exit_code, result.output) == (1, "Error: sold out\n")


def test_a_command_may_do_without_the_context(group):
    """with_appcontext=False loads no application."""

    @group.command(with_appcontext=False)
    def tell():
        click.echo(bool(current_app))

    result = run(group, ScriptInfo(create_app=lambda: pytest.fail("loaded")), "tell")

    assert result.output == "False\n"


def test_an_async_command_may_do_without_the_context(group, info):
    """with_appcontext=False still runs async code."""

    @group.command(with_appcontext=False)
    async def tell():
        click.echo(bool(current_app))

    assert run(group, info, "tell").output == "False\n"


def test_the_decorator_works_without_parentheses(group, info):
    """`@group.command` registers the function as `@group.command()` does."""

    @group.command
    async def tell():
        click.echo(current_app.name)

    assert run(group, info, "tell").output == "shop\n"


def test_a_group_in_a_group_is_one_too(group, info):
    """A nested group's commands have the app context as well."""

    @group.group()
    def stock():
        pass

    @stock.command()
    def count():
        click.echo(current_app.name)

    assert isinstance(stock, AppGroup)
    assert run(group, info, "stock", "count").output == "shop\n"


def test_a_groups_own_function_may_be_async(group, info):
    """The function of a nested group runs before its command, async or not."""

    @group.group
    async def stock():
        click.echo("stock")

    @stock.command()
    def count():
        click.echo("count")

    assert run(group, info, "stock", "count").output == "stock\ncount\n"


def test_a_plain_click_command_can_ask_for_the_context(info):
    """with_appcontext decorates any command."""

    @click.command()
    @with_appcontext
    async def tell():
        click.echo(current_app.name)

    assert run(tell, info).output == "shop\n"


def test_an_active_context_is_kept(group, app):
    """A command called inside an app context uses that one and loads no other application."""

    @group.command()
    def tell():
        click.echo(current_app.name)

    with app.app_context():
        result = run(group, ScriptInfo(create_app=lambda: Flask("other")), "tell")

    assert result.output == "shop\n"


def test_the_context_ends_with_the_command(group, app, info):
    """Teardown functions run after click has closed its resources' scope, once."""
    events = []
    app.teardown_appcontext(lambda exc: events.append("teardown"))

    @group.command()
    @click.pass_context
    def tell(ctx):
        ctx.call_on_close(lambda: events.append("close"))
        events.append("command")

    run(group, info, "tell")

    assert events == ["command", "close", "teardown"]


def test_the_wrapped_function_keeps_its_face():
    """Name, docstring and click parameters survive with_appcontext."""

    @with_appcontext
    async def count_stock():
        """Count what is there."""

    assert (count_stock.__name__, count_stock.__doc__) == ("count_stock", "Count what is there.")
    assert not inspect.iscoroutinefunction(count_stock)


def test_an_async_command_on_the_event_loop_is_explained(group, info):
    """Where async code is running the command cannot be waited for, and says so."""

    @group.command()
    async def tell():
        pytest.fail("it ran")

    async def call_on_loop():
        return run(group, info, "tell")

    result = anyio.run(call_on_loop)

    assert isinstance(result.exception, RuntimeError)
    assert "event loop" in str(result.exception)


def test_an_app_is_made_once():
    """load_app gives the same application ever after."""
    info = ScriptInfo(create_app=lambda: Flask("shop"))

    assert info.load_app() is info.load_app()


@pytest.mark.parametrize(("value", "debug"), [("1", True), ("true", True), ("0", False)])
@pytest.mark.parametrize("name", ["ASYNCFLASK_DEBUG", "FLASK_DEBUG"])
def test_the_environment_sets_debug(project, monkeypatch, name, value, debug):
    """A loaded application gets its debug flag from the environment."""
    monkeypatch.setenv(name, value)

    assert ScriptInfo(create_app=lambda: Flask("shop")).load_app().debug is debug


def test_our_variable_wins_over_flasks(project, monkeypatch):
    """ASYNCFLASK_DEBUG decides where FLASK_DEBUG is set too."""
    monkeypatch.setenv("FLASK_DEBUG", "1")
    monkeypatch.setenv("ASYNCFLASK_DEBUG", "0")

    assert ScriptInfo(create_app=lambda: Flask("shop")).load_app().debug is False


def test_debug_may_be_left_alone(project, app):
    """With set_debug_flag=False the application's own flag stays."""
    app.debug = True

    loaded = ScriptInfo(create_app=lambda: app, set_debug_flag=False).load_app()

    assert loaded.debug is True


def test_an_app_is_found_by_path(project, write):
    """app_import_path is looked up as --app is."""
    write("shop.py", "from asyncflask import Flask\nmine = Flask('shop')\n")

    app = ScriptInfo(app_import_path="shop:mine").load_app()

    assert app.import_name == "shop"


@pytest.mark.parametrize(("value", "reads"), [("1", False), ("0", True), ("no", True)])
def test_dotenv_files_can_be_skipped(project, monkeypatch, value, reads):
    """ASYNCFLASK_SKIP_DOTENV turns the default files off."""
    monkeypatch.setenv("ASYNCFLASK_SKIP_DOTENV", value)

    assert ScriptInfo().load_dotenv_defaults is reads


def test_script_info_is_passed_to_commands(info):
    """pass_script_info gives the command the ScriptInfo, made where there is none."""

    @click.command()
    @pass_script_info
    def tell(script_info):
        click.echo(script_info is info)

    assert run(tell, info).output == "True\n"
    assert run(tell, None).output == "False\n"


def test_a_sync_command_runs_in_the_calling_thread(group, info):
    """No thread is started for a command that is not async."""
    seen = []

    @group.command()
    def tell():
        seen.append(threading.current_thread())

    run(group, info, "tell")

    assert seen == [threading.current_thread()]
