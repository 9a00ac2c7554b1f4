"""Explanations for developers."""

from __future__ import annotations

import os

import pytest
from jinja2 import DictLoader, TemplateNotFound

from asyncflask.app import Flask
from asyncflask.blueprints import Blueprint
from asyncflask.debughelpers import FormDataRoutingRedirect
from asyncflask.routing import RequestRedirect
from asyncflask.templating import render_template


@pytest.fixture
def root(tmp_path):
    """A root path with an empty template folder."""
    (tmp_path / "templates").mkdir()
    return tmp_path


@pytest.fixture
def app(root):
    app = Flask(__name__, root_path=str(root), static_folder=None)
    app.secret_key = "key"
    app.testing = True
    return app


@pytest.fixture
def write(root):
    """Write a template."""

    def write_template(name, text, folder="templates"):
        path = root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write_template


@pytest.fixture
def shop(app):
    """A registered blueprint with a template folder."""
    blueprint = Blueprint("shop", __name__, root_path=app.root_path, template_folder="shop")
    app.register_blueprint(blueprint)
    return blueprint


def test_explained_loading(app, shop, write, caplog):
    """EXPLAIN_TEMPLATE_LOADING logs each loader that was asked, and what it found."""
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    path = write("a.txt", "", folder="shop")

    with caplog.at_level("INFO"), app.app_context():
        render_template("a.txt")

    message = caplog.messages[0]
    for part in (
        "Locating template 'a.txt'",
        f"1: trying loader of application '{__name__}'",
        os.path.join(app.root_path, "templates"),
        "-> no match",
        f"2: trying loader of blueprint 'shop' ({__name__})",
        f"-> found ({str(path)!r})",
    ):
        assert part in message


def test_explained_failure(app, shop, caplog):
    """Where a blueprint's view asked for a missing template, the explanation says so."""
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    other = Blueprint("other", __name__, root_path=app.root_path)
    other.add_url_rule("/", "index", lambda: render_template("none.txt"))
    app.register_blueprint(other)

    with caplog.at_level("INFO"), pytest.raises(TemplateNotFound):
        app.test_client().get("/")

    message = caplog.messages[0]
    assert "Error: the template could not be found." in message
    assert "belongs to the blueprint 'other'" in message


def test_explained_ambiguity(app, shop, write, caplog):
    """Where several loaders have a template, the explanation warns."""
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    write("a.txt", "app")
    write("a.txt", "shop", folder="shop")

    with caplog.at_level("INFO"), app.app_context():
        text = render_template("a.txt")

    assert text == "app"
    assert "Warning:" in caplog.messages[0]


def test_explained_loader_without_files(app, caplog):
    """A template that comes from no file is said to be a string."""
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    app.jinja_loader = DictLoader({"a.txt": ""})

    with caplog.at_level("INFO"), app.app_context():
        render_template("a.txt")

    assert "class: jinja2.loaders.DictLoader" in caplog.messages[0]
    assert "-> found ('<string>')" in caplog.messages[0]


def test_redirect_that_loses_a_form(app):
    """The explanation names both URLs, the method, and the slash where that is the cause."""
    request = app.test_request_context("/a?q=1", method="POST").request
    request.routing_exception = RequestRedirect("http://localhost/a/?q=1")

    message = str(FormDataRoutingRedirect(request))

    for part in ("POST", "'http://localhost/a?q=1'", "'http://localhost/a/?q=1'", "trailing slash"):
        assert part in message


def test_redirect_elsewhere(app):
    """The slash is not blamed where the redirect leads elsewhere."""
    request = app.test_request_context("/a", method="POST").request
    request.routing_exception = RequestRedirect("http://localhost/b")

    message = str(FormDataRoutingRedirect(request))

    assert "'http://localhost/b'" in message
    assert "slash" not in message
