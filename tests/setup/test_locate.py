"""Finding applications by name."""

from __future__ import annotations

import sys
from functools import partial
from types import ModuleType

import pytest

from asyncflask import Flask
from asyncflask.globals import current_app
from asyncflask.setup.locate import (
    NoAppException,
    find_app,
    find_app_by_string,
    find_best_app,
    locate_app,
    prepare_import,
)

APP = "from asyncflask import Flask\n{name} = Flask({title!r})\n"


def module(**contents: object) -> ModuleType:
    made = ModuleType("shop")
    vars(made).update(contents)
    return made


def app_file(name: str = "app", title: str = "shop") -> str:
    return APP.format(name=name, title=title)


@pytest.mark.parametrize("name", ["app", "application", "my_shop"])
def test_the_only_app_is_found_under_any_name(name):
    """One application in the module is the one, whatever its name."""
    app = Flask("shop")

    found = find_best_app(module(**{name: app}))

    assert found is app


def test_app_wins_over_application():
    """`app` is taken before `application`, and both before other names."""
    app, application, other = Flask("a"), Flask("b"), Flask("c")

    found = find_best_app(module(other=other, application=application, app=app))

    assert found is app


@pytest.mark.parametrize("name", ["create_app", "make_app"])
def test_a_factory_is_called(name):
    """`create_app` and `make_app` are called where there is no application."""
    app = Flask("shop")

    found = find_best_app(module(**{name: lambda: app}))

    assert found is app


def test_a_factory_with_optional_arguments_is_called():
    """A factory whose arguments have defaults needs none."""
    app = Flask("shop")

    def create_app(config=None, *more, **settings):
        return app

    assert find_best_app(module(create_app=create_app)) is app


def test_a_factory_that_needs_arguments_is_explained():
    """The error for a factory with required arguments shows how to pass them."""

    def create_app(config):
        return Flask(config)

    with pytest.raises(NoAppException, match=r"Use 'shop:create_app\(args\)'"):
        find_best_app(module(create_app=create_app))


def test_a_type_error_inside_a_factory_passes():
    """Only a TypeError of the call itself is taken for wrong arguments."""

    def create_app():
        raise TypeError("inside")

    with pytest.raises(TypeError, match="inside"):
        find_best_app(module(create_app=create_app))


def test_several_apps_need_a_name():
    """Two applications under unusual names cannot be told apart."""
    shop = module(first=Flask("a"), second=Flask("b"))

    with pytest.raises(NoAppException, match=r"multiple asyncflask applications .* 'shop:name'"):
        find_best_app(shop)


def test_a_module_without_an_app_is_explained():
    """The error for a module without an application names the module and the remedy."""
    with pytest.raises(NoAppException, match=r"module 'shop'\. Use 'shop:name'"):
        find_best_app(module(create_app=lambda: 3, app="no app"))


def test_an_unbound_proxy_in_the_module_is_no_app():
    """A module that imports current_app and kin is searched without touching them."""
    app = Flask("shop")

    assert find_best_app(module(current_app=current_app, shop=app)) is app


def test_an_app_of_another_framework_is_told():
    """A module that still imports from flask is told what to change."""
    other = type("Flask", (), {"__module__": "flask.app"})()

    with pytest.raises(NoAppException, match="imports from 'flask': change that to 'asyncflask'"):
        find_best_app(module(app=other))


@pytest.mark.parametrize(
    ("text", "args", "kwargs"),
    [
        ("make", (), {}),
        ("make()", (), {}),
        (" make ", (), {}),
        ("make('a', 1)", ("a", 1), {}),
        ("make(x=[1, {'k': None}])", (), {"x": [1, {"k": None}]}),
    ],
)
def test_a_name_or_a_call_with_literals_is_followed(text, args, kwargs):
    """What follows the colon is a name, or a call with literal arguments."""
    calls = []

    def make(*args, **kwargs):
        calls.append((args, kwargs))
        return Flask("shop")

    find_app_by_string(module(make=make), text)

    assert calls == [(args, kwargs)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nope", "Failed to find attribute 'nope' in 'shop'. Name the application"),
        ("nope()", "Failed to find attribute 'nope' in 'shop'"),
        ("make(", r"Failed to parse 'make\(' as an attribute name or function call"),
        ("a.b", "Failed to parse 'a.b' .* Write 'module:name' or"),
        ("a; b", "Failed to parse 'a; b'"),
        ("", "Failed to parse ''"),
        ("1", "Failed to parse '1'"),
        ("make(x)", r"Failed to parse arguments as literal values: 'make\(x\)'"),
        ("make(*x)", "Failed to parse arguments as literal values.* other literals may be passed"),
        ("make(**{'x': 1})", "Failed to parse arguments as literal values"),
        ("make(1, 2)", r"'make\(1, 2\)' in module 'shop' could not be called"),
        ("make(1)", r"application was not obtained from 'shop:make\(1\)', but 'int'"),
        ("number", "application was not obtained from 'shop:number', but 'int'. Name an"),
    ],
)
def test_a_name_that_gives_no_app_is_explained(text, message):
    """Each way to fail has its own message."""
    shop = module(make=lambda x: x, number=3)

    with pytest.raises(NoAppException, match=message):
        find_app_by_string(shop, text)


def test_a_type_error_inside_a_named_factory_passes():
    """A TypeError from the factory's body is not softened."""

    def make():
        raise TypeError("inside")

    with pytest.raises(TypeError, match="inside"):
        find_app_by_string(module(make=make), "make()")


@pytest.mark.parametrize(
    ("path", "name", "folder"),
    [
        ("shop", "shop", "."),
        ("shop.py", "shop", "."),
        ("shop.views", "shop.views", "."),
        ("src/shop.py", "shop", "src"),
        ("package/__init__.py", "package", "."),
        ("package/inner/part.py", "package.inner.part", "."),
        ("package/inner/part", "package.inner.part", "."),
        ("package/inner/", "package.inner", "."),
    ],
)
def test_a_path_becomes_a_module_name(project, write, path, name, folder):
    """The outermost package's folder is put first on sys.path."""
    write("package/__init__.py", "")
    write("package/inner/__init__.py", "")

    module_name = prepare_import(path)

    assert (module_name, sys.path[0]) == (name, str((project / folder).resolve()))


def test_a_missing_module_is_softened(project):
    """A module that does not exist is told in one line, without a traceback."""
    with pytest.raises(NoAppException, match="Could not import 'no_such_module'") as caught:
        locate_app("no_such_module", None)

    assert "Traceback" not in caught.value.message


def test_a_missing_module_may_be_none(project):
    """With raise_if_not_found=False a missing module gives None."""
    assert locate_app("no_such_module", None, raise_if_not_found=False) is None


@pytest.mark.parametrize("must_exist", [True, False])
def test_an_import_error_of_the_module_itself_shows(project, write, must_exist):
    """What the module fails to import is told with the traceback that leads there."""
    write("broken.py", "import no_such_module\n")
    locate = partial(locate_app, prepare_import("broken.py"), None, raise_if_not_found=must_exist)

    with pytest.raises(NoAppException) as caught:
        locate()

    assert "While importing 'broken', an ImportError was raised" in caught.value.message
    assert "No module named 'no_such_module'" in caught.value.message


@pytest.mark.parametrize(
    ("source", "error"), [("x = (", SyntaxError), ("1 / 0", ZeroDivisionError)]
)
def test_other_errors_of_a_module_pass(project, write, source, error):
    """An error that is no ImportError reaches the caller as it is."""
    write("broken.py", source)

    with pytest.raises(error):
        find_app("broken")


@pytest.mark.parametrize("filename", ["app.py", "wsgi.py", "asgi.py", "app/__init__.py"])
def test_an_app_is_found_without_a_name(project, write, filename):
    """Without an import path the current folder's app, wsgi or asgi module is taken."""
    write(filename, app_file())

    assert find_app(None).import_name == "shop"


def test_the_asgi_module_is_looked_at_first(project, write):
    """asgi.py comes before wsgi.py, and that before app.py."""
    for name in ("app", "wsgi", "asgi"):
        write(f"{name}.py", app_file(title=name))

    assert find_app(None).import_name == "asgi"


def test_an_empty_folder_is_explained(project):
    """Where there is no application the error names every way to give one."""
    with pytest.raises(NoAppException) as caught:
        find_app(None)

    for remedy in ("asyncflask --app", "ASYNCFLASK_APP", "app.py", "wsgi.py", "asgi.py"):
        assert remedy in caught.value.message


@pytest.mark.parametrize("path", ["src/shop.py:made", "src/shop.py:build('made')"])
def test_an_import_path_names_file_and_attribute(project, write, path):
    """The module part may be a file; the part after the colon is followed."""
    write("src/shop.py", app_file("made", "made") + "def build(name):\n    return Flask(name)\n")

    assert find_app(path).import_name == "made"


def test_a_colon_of_a_drive_is_part_of_the_path(project):
    r"""`C:\shop` is a path, not the attribute `\shop` of a module C."""
    with pytest.raises(NoAppException, match="Could not import"):
        find_app(r"C:\shop")
