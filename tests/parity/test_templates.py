"""Templates, as applications lean on them: the same on Flask 3.1, checked there."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from jinja2 import TemplateNotFound

from asyncflask import Blueprint, Flask, render_template, render_template_string
from asyncflask.json.provider import DefaultJSONProvider

NASTY = {"a": "</script><b>'\"&", "ü": ["\u2028", None, 1.5, True]}


@pytest.fixture
def app(tmp_path):
    app = Flask(__name__, root_path=str(tmp_path), static_folder=None)
    app.testing = True
    return app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def write(tmp_path):
    """Write a template below the root path."""

    def write(path, text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    return write


# -- tojson


class Reader(HTMLParser):
    """Reads the data attribute and the text of a page as a browser does."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attribute, self.text = [], None, ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attribute = dict(attributes).get("data-x", self.attribute)

    def handle_data(self, data):
        self.text += data


def read_page(client, app, template, value, coloured):
    app.add_url_rule("/", view_func=coloured(lambda: render_template_string(template, value=value)))
    return Reader(client.get("/").text)


def test_tojson_in_a_script(app, client, coloured):
    """A browser reads one script with the value in it, whatever the value holds."""
    template = "<script>{{ value|tojson }}</script>"

    page = read_page(client, app, template, NASTY, coloured)

    assert page.tags == ["script"]
    assert json.loads(page.text) == NASTY


def test_tojson_in_the_text(app, client, coloured):
    """In the text of a page the value makes no tags."""
    page = read_page(client, app, "<p>{{ value|tojson }}</p>", NASTY, coloured)

    assert page.tags == ["p"]
    assert json.loads(page.text) == NASTY


@pytest.mark.parametrize(
    "template",
    [
        "<a data-x='{{ value|tojson }}'>",
        '<a data-x="{{ value|tojson|forceescape }}">',
    ],
    ids=["single quotes", "double quotes"],
)
def test_tojson_in_an_attribute(app, client, coloured, template):
    """In single quotes the value is safe as it is, in double quotes with forceescape."""
    page = read_page(client, app, template, NASTY, coloured)

    assert page.tags == ["a"]
    assert json.loads(page.attribute) == NASTY


def test_tojson_uses_the_apps_provider(app, client, coloured):
    """A provider of the app's own writes the JSON of templates too, safely."""

    class Provider(DefaultJSONProvider):
        def dumps(self, obj, **kwargs):
            return f'["<mine>", {super().dumps(obj, **kwargs)}]'

    app.json = Provider(app)

    page = read_page(client, app, "<p>{{ value|tojson }}</p>", 1, coloured)

    assert page.tags == ["p"]
    assert json.loads(page.text) == ["<mine>", 1]


# -- what a template sees


def test_explicit_variables_beat_everything(app, client, coloured):
    """What the view gives wins over processors, Flask's own names and globals."""
    shop = Blueprint("shop", __name__)
    shop.context_processor(lambda: {"a": "blueprint", "b": "blueprint"})
    app.context_processor(lambda: {"a": "app", "b": "app", "c": "app"})
    app.template_global("d")(lambda: "global")
    template = "{{ a }} {{ b }} {{ c }} {{ d }} {{ request }} {{ g }}"
    values = {"a": "view", "d": "view", "request": "view", "g": "view"}
    shop.add_url_rule("/", "index", coloured(lambda: render_template_string(template, **values)))
    app.register_blueprint(shop)

    response = client.get("/")

    assert response.text == "view blueprint app view view view"


@pytest.mark.parametrize("kind", ["filter", "test", "global"])
@pytest.mark.parametrize("name", [None, "given"])
@pytest.mark.parametrize("of_blueprint", [False, True])
def test_template_decorators(app, kind, name, of_blueprint):
    """Each decorator registers the function under its own name or a given one."""
    owner = Blueprint("shop", __name__) if of_blueprint else app
    prefix = "app_template_" if of_blueprint else "template_"

    @getattr(owner, prefix + kind)(*([name] if name else []))
    def own(*args):
        return args

    if of_blueprint:
        app.register_blueprint(owner)
    registered = getattr(app.jinja_env, f"{kind}s")
    assert registered[name or "own"] is own
    assert (name is None) is ("own" in registered)


# -- EXPLAIN_TEMPLATE_LOADING


@pytest.fixture
def shop(app):
    """A blueprint with a template folder of its own."""
    blueprint = Blueprint("shop", __name__, root_path=app.root_path, template_folder="shop")
    app.register_blueprint(blueprint)
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    return blueprint


def explain(app, caplog, coloured, name):
    """The log of a request whose view renders the template."""
    app.add_url_rule("/", view_func=coloured(lambda: render_template(name)))
    with caplog.at_level("INFO"):
        app.test_client().get("/")
    return "\n".join(caplog.messages)


def test_loading_is_explained(app, shop, write, caplog, coloured):
    """The log names the template, each loader in its turn, and the file that was found."""
    write("shop/cart.html", "cart")

    log = explain(app, caplog, coloured, "cart.html")

    places = [
        log.index(part)
        for part in ("'cart.html'", "application", "no match", "blueprint 'shop'", "found (")
    ]
    assert places == sorted(places)


def test_several_candidates_are_explained(app, shop, write, caplog, coloured):
    """Where several loaders have the template, there is a warning about it."""
    write("templates/cart.html", "app's")
    write("shop/cart.html", "shop's")

    log = explain(app, caplog, coloured, "cart.html")

    assert log.count("found (") == 2
    assert "Warning:" in log


def test_failed_loading_is_explained(app, shop, caplog, coloured):
    """A missing template is an error, after an explanation of where it was looked for."""
    with pytest.raises(TemplateNotFound):
        explain(app, caplog, coloured, "missing.html")

    log = "\n".join(caplog.messages)
    assert "blueprint 'shop'" in log
    assert "Error: the template could not be found" in log


def test_nothing_is_explained_by_default(app, shop, write, caplog, coloured):
    """Without the setting the log stays silent."""
    app.config["EXPLAIN_TEMPLATE_LOADING"] = False
    write("shop/cart.html", "cart")

    log = explain(app, caplog, coloured, "cart.html")

    assert log == ""
