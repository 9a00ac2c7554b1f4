"""The decorators, registries and folders that apps and blueprints share."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from jinja2 import FileSystemLoader

from asyncflask.exceptions import HTTPException, NotFound
from asyncflask.setup.registrar import (
    Registrar,
    _bind_view,
    _endpoint_from_view_func,
    setupmethod,
)


class Recorder(Registrar):
    """A registrar that notes the rules it is given."""

    name = "recorder"

    def __init__(self, **options):
        super().__init__(__name__, root_path="/srv/shop", **options)
        self.rules = []
        self.is_finished = False

    def _check_setup_finished(self, f_name):
        if self.is_finished:
            raise AssertionError(f_name)

    def add_url_rule(self, rule, endpoint=None, view_func=None, **options):
        self.rules.append((rule, endpoint, view_func, options))


@pytest.fixture
def registrar():
    return Recorder()


def view():
    return ""


# Folders


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        (None, None),
        ("static", "/srv/shop/static"),
        ("static/", "/srv/shop/static"),
        (Path("a/b"), "/srv/shop/a/b"),
        ("/opt/assets/", "/opt/assets"),
        ("", "/srv/shop/"),
    ],
)
def test_static_folder(folder, expected):
    """The static folder is relative to the root path, unless absolute."""
    registrar = Recorder(static_folder=folder)

    static_folder = registrar.static_folder

    assert static_folder == expected
    assert registrar.has_static_folder == (expected is not None)


@pytest.mark.parametrize(
    ("folder", "url_path", "expected"),
    [
        (None, None, None),
        (None, "/assets", "/assets"),
        ("static", None, "/static"),
        ("a/b/", None, "/b"),
        ("", None, ""),
        ("static", "", ""),
        ("static", "/assets/", "/assets"),
    ],
)
def test_static_url_path(folder, url_path, expected):
    """The static URL is the one given, or is named for the folder; without a slash behind."""
    registrar = Recorder(static_folder=folder, static_url_path=url_path)

    static_url_path = registrar.static_url_path

    assert static_url_path == expected


def test_static_folder_can_be_exchanged(registrar):
    """The URL follows a static folder that is set later."""
    registrar.static_folder = "/opt/assets"

    static = (registrar.static_folder, registrar.static_url_path)

    assert static == ("/opt/assets", "/assets")


def test_jinja_loader_reads_the_template_folder():
    """Templates are loaded from the template folder, relative to the root path."""
    registrar = Recorder(template_folder="pages")

    loader = registrar.jinja_loader

    assert isinstance(loader, FileSystemLoader)
    assert loader.searchpath == ["/srv/shop/pages"]


def test_no_template_folder_no_loader(registrar):
    """Without a template folder there is no loader."""
    assert registrar.jinja_loader is None


def test_jinja_loader_can_be_exchanged():
    """An app may set a loader of its own."""
    registrar = Recorder(template_folder="pages")
    loader = FileSystemLoader("/opt/pages")

    registrar.jinja_loader = loader

    assert registrar.jinja_loader is loader


def test_root_path_is_found():
    """The root path is the directory of the module, where it is not given."""
    registrar = Registrar("json")

    assert registrar.root_path == str(Path(json.__file__).parent)


# Routes


def test_route_gives_back_the_function(registrar):
    """`route` registers a view with its options, and leaves it as it is."""
    decorated = registrar.route("/", endpoint="index", methods=["PUT"], strict_slashes=False)(view)

    assert decorated is view
    assert registrar.rules == [("/", "index", view, {"methods": ["PUT"], "strict_slashes": False})]


def test_route_passes_our_own_options(registrar):
    """`stream_body` and `max_content_length` reach add_url_rule."""
    registrar.post("/upload", stream_body=True, max_content_length=10)(view)

    options = registrar.rules[0][3]

    assert options == {"methods": ["POST"], "stream_body": True, "max_content_length": 10}


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
def test_method_decorators(method, registrar):
    """`get` and its kin are `route` with their method."""
    getattr(registrar, method)("/")(view)

    assert registrar.rules == [("/", None, view, {"methods": [method.upper()]})]


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
def test_method_decorators_take_no_methods(method, registrar):
    """`get` with `methods` raises, and names `route`."""
    with pytest.raises(TypeError, match="Use the 'route' decorator"):
        getattr(registrar, method)("/", methods=["POST"])


def test_endpoint_registers_a_view_alone(registrar):
    """`endpoint` binds a view under exactly that name."""
    decorated = registrar.endpoint("shop.index")(view)

    assert decorated is view
    assert registrar.view_functions == {"shop.index": view}


def test_endpoint_is_the_functions_name():
    """A view without endpoint goes by its name."""
    assert _endpoint_from_view_func(view) == "view"


def test_endpoint_of_a_nameless_view():
    """A partial has no name; the error asks for an endpoint."""
    with pytest.raises(TypeError, match="pass endpoint="):
        _endpoint_from_view_func(partial(view))


def test_endpoint_of_no_view():
    """Neither view nor endpoint is an error."""
    with pytest.raises(
        AssertionError, match=r"expected view func.*Pass view_func= to add_url_rule"
    ):
        _endpoint_from_view_func(None)


def test_endpoint_conflict_names_both_views(registrar):
    """A second view for an endpoint raises, naming the endpoint and both functions."""
    _bind_view(registrar.view_functions, "index", view)

    with pytest.raises(AssertionError) as error:
        _bind_view(registrar.view_functions, "index", len)

    for named in ("overwriting an existing endpoint function: index", repr(view), repr(len)):
        assert named in str(error.value)


def test_same_view_for_an_endpoint_again(registrar):
    """One view may be registered for several rules."""
    _bind_view(registrar.view_functions, "index", view)

    _bind_view(registrar.view_functions, "index", view)

    assert registrar.view_functions == {"index": view}


# Hooks


@pytest.mark.parametrize(
    ("decorator", "registry"),
    [
        ("before_request", "before_request_funcs"),
        ("after_request", "after_request_funcs"),
        ("teardown_request", "teardown_request_funcs"),
        ("before_websocket", "before_websocket_funcs"),
        ("after_websocket", "after_websocket_funcs"),
        ("teardown_websocket", "teardown_websocket_funcs"),
        ("context_processor", "template_context_processors"),
        ("url_value_preprocessor", "url_value_preprocessors"),
        ("url_defaults", "url_default_functions"),
    ],
)
def test_hook_decorators(decorator, registry, registrar):
    """A hook is added to its registry, for the whole registrar, and left as it is."""
    decorated = getattr(registrar, decorator)(view)

    assert decorated is view
    assert getattr(registrar, registry) == {None: [view]}


def test_registries_empty_what_was_compiled(registrar):
    """Any change of a registry, at any depth, drops what was derived from it."""
    registrar.error_handler_spec["shop"][404][NotFound] = view
    registrar._compiled["index"] = object()

    registrar.error_handler_spec["shop"][404].clear()

    assert registrar._compiled == {}


# Error handlers


@pytest.mark.parametrize(
    ("code_or_exception", "code", "exc_class"),
    [(404, 404, NotFound), (NotFound, 404, NotFound), (KeyError, None, KeyError)],
)
def test_error_handlers(code_or_exception, code, exc_class, registrar):
    """A handler is registered by its code and class; other errors have the code None."""
    decorated = registrar.errorhandler(code_or_exception)(view)

    assert decorated is view
    assert registrar.error_handler_spec == {None: {code: {exc_class: view}}}


def test_handler_of_all_http_errors(registrar):
    """HTTPException itself has no code."""
    registrar.register_error_handler(HTTPException, view)

    assert registrar.error_handler_spec == {None: {None: {HTTPException: view}}}


@pytest.mark.parametrize("thing", [NotFound(), KeyError("x"), "404"])
def test_handler_for_an_instance(thing, registrar):
    """An instance is no class; the error says what is."""
    with pytest.raises(TypeError, match="is an instance, not a class"):
        registrar.register_error_handler(thing, view)


@pytest.mark.parametrize("cls", [int, BaseException, Path])
def test_handler_for_another_class(cls, registrar):
    """Only Exception classes have handlers."""
    with pytest.raises(ValueError, match=f"'{cls.__name__}' is not a subclass of Exception"):
        registrar.register_error_handler(cls, view)


@pytest.mark.parametrize("code", [0, 200, 999])
def test_handler_for_an_unknown_code(code, registrar):
    """A code without a class is refused; the error says what to do."""
    with pytest.raises(ValueError, match=rf"'{code}' is not a recognized HTTP error code\. Use"):
        registrar.errorhandler(code)(view)


# The setup guard


def test_setupmethod_asks_first(registrar):
    """A set-up method names itself to the guard, and does nothing when that raises."""
    registrar.is_finished = True

    with pytest.raises(AssertionError, match="before_request"):
        registrar.before_request(view)

    assert registrar.before_request_funcs == {}


def test_setupmethod_keeps_the_signature():
    """A set-up method's documentation is the function's own."""

    def before(self):
        """Documented."""

    checked = setupmethod(before)

    assert (checked.__name__, checked.__doc__) == ("before", "Documented.")


@pytest.mark.parametrize(
    "name",
    [
        "get", "post", "put", "delete", "patch", "route", "add_url_rule", "endpoint",
        "before_request", "after_request", "teardown_request", "context_processor",
        "url_value_preprocessor", "url_defaults", "errorhandler", "register_error_handler",
        "websocket", "add_websocket", "before_websocket", "after_websocket", "teardown_websocket",
    ],
)  # fmt: skip
def test_all_methods_that_set_up_are_guarded(name):
    """Every method that sets up refuses to after the end of set-up."""
    method = getattr(Registrar, name)

    assert hasattr(method, "__wrapped__")
