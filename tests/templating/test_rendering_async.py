"""Async functions in templates, rendered from sync and from async code."""

from __future__ import annotations

import httpx
import pytest

from asyncflask import bridge
from asyncflask.app import Flask
from asyncflask.globals import request
from asyncflask.signals import template_rendered
from asyncflask.templating import (
    render_template,
    render_template_async,
    render_template_string,
    render_template_string_async,
    stream_template_async,
    stream_template_string,
    stream_template_string_async,
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


async def load(value=1):
    """An async template function, filter or test."""
    return value * 2


SOURCES = ["{{ load(2) }}", "{{ 2|load }}", "{{ 4 if 2 is load }}", "{{ item.load(2) }}"]


class Item:
    """An object whose method is async."""

    async def load(self, value):
        return value * 2


@pytest.fixture
def async_app(app):
    """An app with async template functions, a mixed lot of processors, and views for both sides."""
    app.add_template_global(load)
    app.add_template_filter(load)
    app.add_template_test(load)

    @app.route("/sync")
    def sync_view():
        return render_template_string(request.args["source"], item=Item())

    @app.route("/async")
    async def async_view():
        return await render_template_string_async(request.args["source"], item=Item())

    @app.route("/plain")
    async def plain_view():
        return render_template_string(request.args["source"], item=Item())

    return app


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_async_functions_in_templates(path, source, async_app):
    """Async functions, filters, tests and methods give their results on either side."""
    response = async_app.test_client().get(path, query_string={"source": source})

    assert response.text == "4"


@pytest.mark.parametrize("source", SOURCES)
def test_async_functions_in_plain_rendering_on_the_loop(source, async_app):
    """On the event loop the plain function cannot wait, and names the one that can."""
    client = async_app.test_client()

    with pytest.raises(RuntimeError, match=r"load.*await render_template_async"):
        client.get("/plain", query_string={"source": source})


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_async_context_processors(path, async_app):
    """Async and sync context processors run in their order, on either side."""

    @async_app.context_processor
    async def first():
        return {"a": 1, "b": 1}

    @async_app.context_processor
    def second():
        return {"b": 2}

    client = async_app.test_client()

    response = client.get(path, query_string={"source": "{{ a }} {{ b }} {{ request.path }}"})

    assert response.text == f"1 2 {path}"


def test_async_context_processors_in_plain_rendering_on_the_loop(async_app):
    """An async context processor is named where the event loop cannot wait for it."""

    @async_app.context_processor
    async def inject_user():
        return {}

    client = async_app.test_client()

    with pytest.raises(RuntimeError, match=r"inject_user.*await render_template_async"):
        client.get("/plain", query_string={"source": "x"})


def test_plain_rendering_on_the_loop(async_app):
    """Without anything async a template is rendered by the plain function in async code too."""
    async_app.context_processor(lambda: {"x": 1})

    response = async_app.test_client().get("/plain", query_string={"source": "{{ x }}"})

    assert response.text == "1"


@pytest.mark.parametrize(
    ("decorate", "side"), [(lambda f: f, "worker"), (bridge.inline, "loop")], ids=["sync", "inline"]
)
def test_sync_processors_of_async_rendering(decorate, side, async_app):
    """A sync context processor runs in a worker, one marked inline on the event loop."""

    @async_app.context_processor
    @decorate
    def where():
        return {"side": "loop" if bridge.is_on_event_loop() else "worker"}

    response = async_app.test_client().get("/async", query_string={"source": "{{ side }}"})

    assert response.text == side


def test_given_variables_win_in_async_rendering(app):
    """A given variable beats an async context processor."""

    @app.context_processor
    async def inject():
        return {"x": "processor"}

    @app.route("/")
    async def index():
        return await render_template_string_async("{{ x }}", x="given")

    response = app.test_client().get("/")

    assert response.text == "given"


def test_overridden_update_template_context(root):
    """An app's own update_template_context is used by async rendering too."""

    class Own(Flask):
        def update_template_context(self, context):
            super().update_template_context(context)
            context["own"] = 1

    app = Own(__name__, root_path=str(root), static_folder=None)
    app.testing = True

    @app.route("/")
    async def index():
        return await render_template_string_async("{{ own }}")

    response = app.test_client().get("/")

    assert response.text == "1"


def test_async_templates_include_and_extend(app, write):
    """Async rendering loads parents, includes and macros like plain rendering."""
    write("base.html", "<{% block body %}{% endblock %}>{% include 'part.html' %}")
    write("part.html", "{{ load(x) }}")
    write("macros.html", "{% macro double(x) %}{{ load(x) }}{% endmacro %}")
    write(
        "page.html",
        "{% extends 'base.html' %}{% from 'macros.html' import double %}"
        "{% block body %}{{ double(2) }}{% endblock %}",
    )
    app.add_template_global(load)

    @app.route("/async")
    async def async_view():
        return await render_template_async("page.html", x=3)

    @app.route("/sync")
    def sync_view():
        return render_template("page.html", x=3)

    client = app.test_client()

    texts = (client.get("/async").text, client.get("/sync").text)

    assert texts == ("<4>6", "<4>6")


def test_async_iterables(async_app):
    """A loop of an async template takes an async iterable."""

    @async_app.template_global()
    async def numbers():
        for number in range(3):
            yield number

    source = "{% for number in numbers() %}{{ number }}{% endfor %}"

    response = async_app.test_client().get("/async", query_string={"source": source})

    assert response.text == "012"


def test_async_stream(app, write):
    """A view returns an async stream, and its pieces see the request."""
    write("a.txt", "{{ load(x) }} {{ request.path }} {{ y }}")
    app.add_template_global(load)

    @app.context_processor
    async def inject():
        return {"y": 3}

    @app.route("/here")
    async def here():
        return stream_template_async("a.txt", x=1)

    @app.route("/string")
    async def string():
        return stream_template_string_async("{{ load(x) }}", x=1)

    client = app.test_client()

    texts = (client.get("/here").text, client.get("/string").text)

    assert texts == ("2 /here 3", "2")


@pytest.mark.anyio
async def test_every_event_loop(async_app):
    """Async functions and sync processors work on asyncio, uvloop and trio."""
    async_app.context_processor(lambda: {"two": 2})
    transport = httpx.ASGITransport(async_app)

    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        responses = [
            await client.get(path, params={"source": "{{ load(two) }}"})
            for path in ("/async", "/sync")
        ]

    assert [response.text for response in responses] == ["4", "4"]


def test_sync_stream_with_async_functions(app):
    """A sync stream waits for async functions in the worker that makes it."""
    app.add_template_global(load)
    app.add_url_rule("/", "index", lambda: stream_template_string("{{ load(2) }}"))

    response = app.test_client().get("/")

    assert response.text == "4"


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_async_signal_receivers(path, async_app):
    """Receivers of the template signals may be sync or async, on either side."""
    heard = []

    async def note_async(sender, template, context, **extra):
        heard.append("async")

    def note_sync(sender, template, context, **extra):
        heard.append("sync")

    client = async_app.test_client()

    with (
        template_rendered.connected_to(note_async, async_app),
        template_rendered.connected_to(note_sync, async_app),
    ):
        client.get(path, query_string={"source": "x"})

    assert sorted(heard) == ["async", "sync"]


def test_sync_functions_keep_their_identity(app):
    """What is registered is found again; an async filter is kept as a plain callable."""
    app.add_template_filter(len, "size")
    app.jinja_env.filters["load"] = load

    filters = app.jinja_env.filters

    assert filters["size"] is len
    assert not bridge.is_async(filters["load"])


def test_async_environment_shares_functions(app):
    """Filters, tests and globals that are added later are seen by async templates."""
    twin = app.jinja_env.asynchronous

    app.jinja_env.filters["load"] = load
    app.jinja_env.globals["x"] = 1

    assert twin.filters["load"] is load
    assert twin.globals["x"] == 1
    assert app.jinja_env.asynchronous is twin


def test_async_environment_follows_auto_reload(app):
    """Turning on auto reload turns it on for async templates too."""
    before = app.jinja_env.asynchronous.auto_reload

    app.jinja_env.auto_reload = True

    assert (before, app.jinja_env.asynchronous.auto_reload) == (False, True)


def test_environment_that_is_async_itself(root):
    """An app whose jinja_options say enable_async renders with either function."""

    class Own(Flask):
        jinja_options = {"enable_async": True}

    app = Own(__name__, root_path=str(root), static_folder=None)
    app.add_template_global(load)
    app.add_url_rule("/sync", "sync", lambda: render_template_string("{{ load(2) }}"))

    @app.route("/async")
    async def async_view():
        return await render_template_string_async("{{ load(2) }}")

    client = app.test_client()

    texts = (client.get("/sync").text, client.get("/async").text)

    assert texts == ("4", "4")
