"""Templates: where they come from, what they see, and async functions in them."""

from __future__ import annotations

import gc
import os
import weakref

import pytest
from jinja2 import DictLoader, Template, TemplateNotFound, TemplatesNotFound, pass_context

from asyncflask.app import Flask
from asyncflask.blueprints import Blueprint
from asyncflask.globals import g, session
from asyncflask.signals import before_render_template, template_rendered
from asyncflask.templating import (
    Environment,
    render_template,
    render_template_string,
    stream_template,
    stream_template_string,
)


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


# Rendering


def test_template_of_the_app(app, write):
    """A template of the template folder is rendered with the given variables."""
    write("hello.txt", "Hello {{ name }}")

    with app.app_context():
        text = render_template("hello.txt", name="Ada")

    assert text == "Hello Ada"


def test_source(app):
    """A source is rendered with the given variables."""
    with app.app_context():
        text = render_template_string("Hello {{ name }}", name="Ada")

    assert text == "Hello Ada"


def test_first_of_several(app, write):
    """Of several names the first that exists is rendered."""
    write("second.txt", "second")

    with app.app_context():
        text = render_template(["first.txt", "second.txt"])

    assert text == "second"


def test_template_object(app):
    """A Jinja template is rendered with the app's context."""
    app.context_processor(lambda: {"name": "Ada"})

    with app.app_context():
        text = render_template(Template("Hello {{ name }}"))

    assert text == "Hello Ada"


def test_missing_template(app):
    """A name that no loader has raises."""
    with app.app_context(), pytest.raises(TemplateNotFound, match=r"none\.html"):
        render_template("none.html")


def test_several_missing_templates(app):
    """Names that no loader has raise, each named."""
    with app.app_context(), pytest.raises(TemplatesNotFound, match=r"one\.html, two\.html"):
        render_template(["one.html", "two.html"])


@pytest.mark.parametrize(
    "render", [render_template, render_template_string, stream_template, stream_template_string]
)
def test_no_context(render):
    """Rendering needs to know the app."""
    with pytest.raises(RuntimeError, match="outside of application context"):
        render("x")


@pytest.mark.parametrize(
    ("name", "is_escaped"),
    [
        ("a.html", True),
        ("a.htm", True),
        ("a.xml", True),
        ("a.xhtml", True),
        ("a.svg", True),
        ("a.txt", False),
        ("a.HTML", False),
        ("html", False),
    ],
)
def test_autoescape_by_extension(name, is_escaped, app, write):
    """HTML, XML and SVG files are autoescaped, others are not."""
    write(name, "{{ value }}")

    with app.app_context():
        text = render_template(name, value="<")

    assert text == ("&lt;" if is_escaped else "<")


def test_sources_are_escaped(app):
    """A source without a name is autoescaped."""
    with app.app_context():
        text = render_template_string("{{ value }}", value="<")

    assert text == "&lt;"


def test_autoescape_can_be_overridden(root, write):
    """A subclass decides which templates are autoescaped."""

    class Wary(Flask):
        def select_jinja_autoescape(self, filename):
            return filename == "a.txt"

    app = Wary(__name__, root_path=str(root), static_folder=None)
    write("a.txt", "{{ value }}")

    with app.app_context():
        text = render_template("a.txt", value="<")

    assert text == "&lt;"


def test_tojson_is_the_apps(app):
    """`tojson` goes through the app's provider, and is safe inside HTML."""
    app.json.default = lambda value: f"<{type(value).__name__}>"

    with app.app_context():
        text = render_template_string("{{ value|tojson }}", value={"a": object()})

    assert text == r'{"a": "\u003cobject\u003e"}'


# Variables


def test_globals(app):
    """Templates see request, session, g, config and url_for."""
    source = (
        "{{ request.path }} {{ session.user }} {{ g.unit }} {{ config.TESTING }} {{ url_for('x') }}"
    )
    app.add_url_rule("/x", "x", lambda: "")

    with app.test_request_context("/here"):
        session["user"] = "ada"
        g.unit = "m"
        text = render_template_string(source)

    assert text == "/here ada m True /x"


def test_imported_templates_see_the_globals(app, write):
    """A macro imported without context sees the request too."""
    write("macros.txt", "{% macro where() %}{{ request.path }} {{ g.unit }}{% endmacro %}")

    with app.test_request_context("/here"):
        g.unit = "m"
        text = render_template_string("{% from 'macros.txt' import where %}{{ where() }}")

    assert text == "/here m"


def test_context_processors(app):
    """What a context processor returns is a variable of every template."""
    app.context_processor(lambda: {"injected": 1})

    with app.app_context():
        text = render_template_string("{{ injected }}")

    assert text == "1"


def test_given_variables_win(app):
    """A variable that was given beats processors, and even g and request."""
    app.context_processor(lambda: {"name": "processor"})

    with app.test_request_context():
        text = render_template_string("{{ name }} {{ g }} {{ request }}", name=1, g=2, request=3)

    assert text == "1 2 3"


def test_later_processors_win(app):
    """A blueprint's processors run after the app's, the innermost blueprint's last."""
    parent, child = (Blueprint(name, __name__, root_path=app.root_path) for name in ("p", "c"))
    app.context_processor(lambda: {"a": "app", "b": "app", "c": "app"})
    parent.context_processor(lambda: {"b": "parent", "c": "parent"})
    child.context_processor(lambda: {"c": "child"})
    child.add_url_rule("/", view_func=lambda: render_template_string("{{ a }} {{ b }} {{ c }}"))
    parent.register_blueprint(child)
    app.register_blueprint(parent)

    response = app.test_client().get("/")

    assert response.text == "app parent child"


def test_blueprints_processors_stay_with_it(app):
    """A blueprint's processor adds nothing to templates that other views render."""
    blueprint = Blueprint("shop", __name__, root_path=app.root_path)
    blueprint.context_processor(lambda: {"name": "shop"})
    app.register_blueprint(blueprint)
    app.add_url_rule("/", "index", lambda: render_template_string("[{{ name }}]"))

    response = app.test_client().get("/")

    assert response.text == "[]"


def test_processors_may_be_added_at_any_time(app):
    """A processor that an extension adds to the registry later is seen."""
    with app.app_context():
        before = render_template_string("{{ late }}")
        app.template_context_processors[None].append(lambda: {"late": 1})
        after = render_template_string("{{ late }}")

    assert (before, after) == ("", "1")


def test_update_template_context(app):
    """update_template_context adds g and request, and leaves the session alone."""
    context = {"x": 1}

    with app.test_request_context() as request_context:
        app.update_template_context(context)

    assert set(context) == {"x", "g", "request"}
    assert context["request"] is request_context.request


def test_rendering_does_not_touch_the_session(app):
    """A page that shows nothing of the session does not vary by cookie."""
    app.add_url_rule("/", "index", lambda: render_template_string("x"))

    response = app.test_client().get("/")

    assert "Vary" not in response.headers


@pytest.mark.parametrize("kind", ["filter", "test", "global"])
def test_template_functions(kind, app):
    """Filters, tests and globals are registered with a name of their own."""

    def double(value):
        return value * 2

    getattr(app, f"template_{kind}")("twice")(double)
    source = {
        "filter": "{{ 2|twice }}",
        "test": "{{ 4 if 2 is twice }}",
        "global": "{{ twice(2) }}",
    }[kind]

    with app.app_context():
        text = render_template_string(source)

    assert text == "4"


def test_functions_get_what_the_template_passes_and_no_more(app):
    """In a loop and in a block, where Jinja knows more variables than they ask for."""

    def show(*args, **kwargs):
        return f"{args}{kwargs}"

    loop = "{% for i in [1] %}{% set j = i %}{{ show(i, j=j)|safe }}{% endfor %}"
    source = f"{{% block b %}}{loop}{{% endblock %}}"
    with app.app_context():
        text = render_template_string(source, show=show)

    assert text == "(1,){'j': 1}"


@pytest.mark.parametrize("is_method", [False, True])
def test_functions_that_ask_for_the_context_get_it(app, is_method):
    """With what was set in the loop around the call."""

    class Shelf:
        @pass_context
        def look(self, context):
            return context["j"]

    @pass_context
    def look(context):
        return context["j"]

    source = "{% for i in [1, 2] %}{% set j = i %}{{ look() }}{% endfor %}"
    with app.app_context():
        text = render_template_string(source, look=Shelf().look if is_method else look)

    assert text == "12"


def test_callable_objects_may_ask_for_the_context(app):
    """At their `__call__`."""

    class Look:
        @pass_context
        def __call__(self, context):
            return context["name"]

    with app.app_context():
        text = render_template_string("{{ look() }}", look=Look(), name="here")

    assert text == "here"


@pytest.mark.parametrize("find", [lambda: next(iter(())), iter(()).__next__])
def test_a_function_that_has_nothing_left_is_undefined(app, find):
    """An iterator that is exhausted does not end the template."""
    with app.app_context():
        text = render_template_string("[{{ find() }}]", find=find)

    assert text == "[]"


# Signals


@pytest.fixture
def heard(app):
    """The template signals that the app sends, as (name of signal, template, value of x)."""
    signals = []

    def note_before(sender, template, context, **extra):
        signals.append(("before", template.name, context.get("x")))

    def note_after(sender, template, context, **extra):
        signals.append(("after", template.name, context.get("x")))

    with (
        before_render_template.connected_to(note_before, app),
        template_rendered.connected_to(note_after, app),
    ):
        yield signals


def test_signals_around_rendering(app, write, heard):
    """Rendering is announced before and after, with the template and its variables."""
    write("a.txt", "{{ x }}")

    with app.app_context():
        render_template("a.txt", x=1)

    assert heard == [("before", "a.txt", 1), ("after", "a.txt", 1)]


def test_before_signal_may_add_variables(app):
    """A receiver of before_render_template may change the variables."""

    def add(sender, template, context, **extra):
        context["x"] = 1

    with before_render_template.connected_to(add, app), app.app_context():
        text = render_template_string("{{ x }}")

    assert text == "1"


def test_signals_around_a_stream(app, write, heard):
    """A stream is announced when it is made and when it has ended."""
    write("a.txt", "{{ x }}")

    with app.app_context():
        stream = stream_template("a.txt", x=1)
        before = list(heard)
        list(stream)

    assert before == [("before", "a.txt", 1)]
    assert heard == [("before", "a.txt", 1), ("after", "a.txt", 1)]


# Streams


def test_stream_is_made_piece_by_piece(app):
    """A streamed template asks for its items as they are sent."""
    asked = []

    def items():
        for number in range(3):
            asked.append(number)
            yield number

    with app.app_context():
        stream = stream_template_string(
            "{% for item in items %}{{ item }}{% endfor %}", items=items()
        )
        first = next(stream)
        asked_at_first = list(asked)
        rest = list(stream)

    assert (first, rest) == ("0", ["1", "2"])
    assert asked_at_first == [0]


def test_stream_is_a_response(app, write):
    """A view returns the iterator, and the request is there while it is sent."""
    write("a.txt", "{{ x }} {{ request.path }}")
    app.add_url_rule("/here", "index", lambda: stream_template("a.txt", x=1))

    response = app.test_client().get("/here")

    assert response.text == "1 /here"


def test_stream_after_the_context(app):
    """A stream keeps the context it was made in."""
    with app.test_request_context("/here"):
        stream = stream_template_string("{{ request.path }} {{ config.TESTING }}")

    text = "".join(stream)

    assert text == "/here True"


def test_missing_template_of_a_stream(app):
    """A missing template is found out before anything is sent."""
    with app.app_context(), pytest.raises(TemplateNotFound):
        stream_template("none.html")


# Loading


@pytest.fixture
def shop(app):
    """A registered blueprint with a template folder."""
    blueprint = Blueprint("shop", __name__, root_path=app.root_path, template_folder="shop")
    app.register_blueprint(blueprint)
    return blueprint


def test_templates_of_a_blueprint(app, shop, write):
    """A blueprint's template folder is looked into after the app's."""
    write("only.txt", "shop", folder="shop")
    write("both.txt", "shop", folder="shop")
    write("both.txt", "app")

    with app.app_context():
        texts = (render_template("only.txt"), render_template("both.txt"))

    assert texts == ("shop", "app")


def test_list_templates(app, shop, write):
    """The templates of all loaders are listed, each name once."""
    write("a.txt", "")
    write("sub/b.txt", "", folder="shop")
    write("a.txt", "", folder="shop")

    names = app.jinja_env.list_templates()

    assert names == ["a.txt", "sub/b.txt"]


def test_app_with_a_loader_of_its_own(root):
    """A subclass may bring its loader."""

    class Own(Flask):
        jinja_loader = DictLoader({"a.txt": "own"})

    app = Own(__name__, root_path=str(root), static_folder=None)

    with app.app_context():
        text = render_template("a.txt")

    assert text == "own"


def test_environment_class_can_be_exchanged(root):
    """A subclass may bring its environment."""

    class Shouting(Environment):
        def __init__(self, app, **options):
            super().__init__(app, variable_start_string="[[", variable_end_string="]]", **options)

    class Own(Flask):
        jinja_environment = Shouting

    app = Own(__name__, root_path=str(root), static_folder=None)

    with app.app_context():
        text = render_template_string("[[ x ]]", x=1)

    assert text == "1"


def test_jinja_options(root):
    """Options of the class are the environment's."""

    class Own(Flask):
        jinja_options = {"trim_blocks": True, "auto_reload": True}

    app = Own(__name__, root_path=str(root), static_folder=None)

    environment = app.jinja_env

    assert (environment.trim_blocks, environment.auto_reload) == (True, True)


@pytest.mark.parametrize(
    ("setting", "debug", "reloads"),
    [
        (None, False, False),
        (None, True, True),
        (True, False, True),
        (False, True, False),
    ],
)
def test_auto_reload(setting, debug, reloads, app):
    """TEMPLATES_AUTO_RELOAD decides about reloading; None leaves it to the debug mode."""
    app.config["TEMPLATES_AUTO_RELOAD"] = setting
    app.debug = debug

    environment = app.jinja_env

    assert environment.auto_reload is reloads


def test_reloaded_template(app, write):
    """With auto reload a changed template is read again."""
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    path = write("a.txt", "old")

    with app.app_context():
        old = render_template("a.txt")
        path.write_text("new")
        os.utime(path, (1, 1))
        new = render_template("a.txt")

    assert (old, new) == ("old", "new")


def test_app_is_freed_with_its_environment(root):
    """Neither environment nor loader keeps its app alive."""
    app = Flask(__name__, root_path=str(root), static_folder=None)
    with app.app_context():
        render_template_string("{{ 1 }}")
    reference = weakref.ref(app)
    gc.collect()
    gc.disable()

    del app

    try:
        assert reference() is None
    finally:
        gc.enable()
