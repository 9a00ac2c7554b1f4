"""A blueprint's commands, static files and resources."""

from __future__ import annotations

from datetime import timedelta

import pytest

from asyncflask.app import Flask
from asyncflask.blueprints import Blueprint


@pytest.fixture
def app():
    app = Flask(__name__, root_path="/srv/app", static_folder=None)
    app.testing = True
    return app


@pytest.fixture
def make():
    """Make a blueprint that needs no folder."""

    def make_blueprint(name="shop", **options):
        return Blueprint(name, __name__, root_path="/srv/app", **options)

    return make_blueprint


def view(**values):
    return ""


def rules(app):
    """Each rule of the app by its endpoint."""
    return {rule.endpoint: rule for rule in app.url_map.iter_rules()}


# Commands


@pytest.mark.parametrize(
    ("options", "registration", "expected"),
    [
        ({}, {}, ["shop"]),
        ({"cli_group": None}, {}, ["greet"]),
        ({"cli_group": "market"}, {}, ["market"]),
        ({"cli_group": "market"}, {"cli_group": "given"}, ["given"]),
        ({}, {"cli_group": None}, ["greet"]),
        ({}, {"name": "again"}, ["again"]),
    ],
)
def test_commands_are_grouped(options, registration, expected, app, make):
    """Commands are grouped by the blueprint's name, by cli_group, or not at all."""
    blueprint = make(**options)
    blueprint.cli.command("greet")(view)

    app.register_blueprint(blueprint, **registration)

    assert list(app.cli.commands) == expected


def test_no_commands_no_group(app, make):
    """A blueprint without commands adds no group."""
    app.register_blueprint(make())

    assert app.cli.commands == {}


# Files


@pytest.fixture
def folder(tmp_path):
    """A root path with a static file, a template and a resource."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "site.css").write_text("body {}")
    (tmp_path / "schema.sql").write_text("select 1")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({}, "/static/<path:filename>"),
        ({"url_prefix": "/shop"}, "/shop/static/<path:filename>"),
        ({"url_prefix": "/shop/", "static_url_path": "files/"}, "/shop/files/<path:filename>"),
        ({"static_url_path": ""}, "/<path:filename>"),
    ],
)
def test_static_rule(options, rule, app, make):
    """A static folder has a rule below the blueprint's prefix."""
    blueprint = make(static_folder="static", **options)

    app.register_blueprint(blueprint)

    assert rules(app)["shop.static"].rule == rule


def test_static_files_are_served(app, folder):
    """The static rule sends the folder's files, and 404 for others."""
    blueprint = Blueprint(
        "shop", __name__, root_path=str(folder), static_folder="static", url_prefix="/shop"
    )
    app.register_blueprint(blueprint)
    client = app.test_client()

    found, missing = client.get("/shop/static/site.css"), client.get("/shop/static/none.css")

    assert (found.status_code, found.text) == (200, "body {}")
    assert found.mimetype == "text/css"
    assert missing.status_code == 404


def test_max_age_can_be_overridden(app, folder):
    """A subclass decides for how long its static files are kept."""

    class Kept(Blueprint):
        def get_send_file_max_age(self, filename):
            return len(filename)

    app.register_blueprint(Kept("shop", __name__, root_path=str(folder), static_folder="static"))

    response = app.test_client().get("/static/site.css")

    assert response.cache_control.max_age == len("site.css")


@pytest.mark.parametrize(
    ("setting", "seconds"), [(None, None), (60, 60), (timedelta(minutes=2), 120)]
)
def test_max_age_is_the_apps(setting, seconds, app, make):
    """The default is the current app's SEND_FILE_MAX_AGE_DEFAULT, in seconds."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = setting
    blueprint = make()

    with app.app_context():
        max_age = blueprint.get_send_file_max_age("site.css")

    assert max_age == seconds


def test_static_file_without_a_folder(app, make):
    """A blueprint without static folder cannot send a file of it."""
    blueprint = make()

    with (
        app.test_request_context(),
        pytest.raises(RuntimeError, match=r"'static_folder' .* Pass static_folder="),
    ):
        blueprint.send_static_file("site.css")


def test_resources_are_text_or_bytes(folder):
    """open_resource reads below the root path; text is UTF-8 by default."""
    blueprint = Blueprint("shop", __name__, root_path=str(folder))

    with (
        blueprint.open_resource("schema.sql") as raw,
        blueprint.open_resource("schema.sql", "r") as text,
    ):
        contents = (raw.read(), text.read(), text.encoding)

    assert contents == (b"select 1", "select 1", "utf-8")
