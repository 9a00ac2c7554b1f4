"""Blueprints: what is recorded, and what an app has after registering them."""

from __future__ import annotations

import pytest

from asyncflask.app import Flask
from asyncflask.blueprints import Blueprint, BlueprintSetupState
from asyncflask.ctx import current


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


# Names


def test_endpoints_start_with_the_blueprints_name(app, make):
    """An endpoint is the blueprint's name, a dot and the view's name or given endpoint."""
    blueprint = make()
    blueprint.add_url_rule("/", view_func=view)
    blueprint.add_url_rule("/x", endpoint="other", view_func=view)

    app.register_blueprint(blueprint)

    assert set(rules(app)) == {"shop.view", "shop.other"}
    assert app.view_functions == {"shop.view": view, "shop.other": view}
    assert app.blueprints == {"shop": blueprint}


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "may not be empty.*give the blueprint a name"), ("a.b", r"'name' may not contain a dot")],
)
def test_bad_names(name, message, make):
    """A blueprint's name is neither empty nor dotted."""
    with pytest.raises(ValueError, match=message):
        make(name)


def test_endpoint_with_a_dot(make):
    """A dotted endpoint is refused, for dots separate blueprints."""
    with pytest.raises(
        ValueError, match=r"'endpoint' may not contain a dot.*use another character"
    ):
        make().add_url_rule("/", endpoint="a.b", view_func=view)


def test_view_name_with_a_dot(make):
    """A view whose name is dotted is refused."""

    def dotted():
        return ""

    dotted.__name__ = "a.b"

    with pytest.raises(ValueError, match=r"'view_func' name may not contain a dot"):
        make().route("/")(dotted)


def test_endpoint_decorator_takes_the_whole_name(app, make):
    """`endpoint` on a blueprint binds a view to that very endpoint."""
    blueprint = make()
    blueprint.endpoint("shop.index")(view)
    blueprint.add_url_rule("/", endpoint="index")

    app.register_blueprint(blueprint)

    assert app.view_functions == {"shop.index": view}


def test_same_blueprint_twice(app, make):
    """Registering a blueprint again under its name raises, and says how to do it."""
    blueprint = make()
    app.register_blueprint(blueprint)

    with pytest.raises(ValueError, match=r"'shop' is already registered for this blueprint\. Use"):
        app.register_blueprint(blueprint)


def test_two_blueprints_of_one_name(app, make):
    """Two blueprints of one name cannot both be registered under it."""
    app.register_blueprint(make())

    with pytest.raises(ValueError, match=r"'shop' is already registered for a different"):
        app.register_blueprint(make())


def test_same_blueprint_under_another_name(app, make):
    """With `name` a blueprint is registered once more, with all its endpoints."""
    blueprint = make()
    blueprint.add_url_rule("/", view_func=view)

    app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="market", url_prefix="/market")

    assert {name: rule.rule for name, rule in rules(app).items()} == {
        "shop.view": "/",
        "market.view": "/market/",
    }


# Prefixes, subdomains, defaults


@pytest.mark.parametrize(
    ("prefix", "rule", "expected"),
    [
        (None, "/x", "/x"),
        ("", "/x", "/x"),
        ("/p", "/x", "/p/x"),
        ("/p/", "/x", "/p/x"),
        ("/p//", "//x", "/p/x"),
        ("/p", "x", "/p/x"),
        ("/p", "/", "/p/"),
        ("/p", "", "/p"),
        ("/p/", "", "/p/"),
    ],
)
def test_prefix_and_rule_are_joined(prefix, rule, expected, app, make):
    """Prefix and rule meet at one slash; an empty rule is the prefix itself."""
    blueprint = make(url_prefix=prefix)
    blueprint.add_url_rule(rule, view_func=view)

    app.register_blueprint(blueprint)

    assert rules(app)["shop.view"].rule == expected


def test_prefix_given_at_registration_wins(app, make):
    """`url_prefix` of register_blueprint replaces the blueprint's own; None leaves it."""
    blueprint = make(url_prefix="/own")
    blueprint.add_url_rule("/", view_func=view)

    app.register_blueprint(blueprint, url_prefix="/given")
    app.register_blueprint(blueprint, url_prefix=None, name="again")

    assert rules(app)["shop.view"].rule == "/given/"
    assert rules(app)["again.view"].rule == "/own/"


def test_url_defaults_join(app, make):
    """Defaults come from the blueprint, then the registration, then the rule itself."""
    blueprint = make(url_defaults={"a": 1, "b": 1, "c": 1})
    blueprint.add_url_rule("/", view_func=view, defaults={"c": 3})

    app.register_blueprint(blueprint, url_defaults={"b": 2, "c": 2})

    assert rules(app)["shop.view"].defaults == {"a": 1, "b": 2, "c": 3}


def test_a_rules_own_subdomain_wins(make):
    """Rules match on the blueprint's subdomain, save those that name one."""
    app = Flask(__name__, root_path="/srv/app", static_folder=None, subdomain_matching=True)
    blueprint = make(subdomain="shop")
    blueprint.add_url_rule("/", "index", view)
    blueprint.add_url_rule("/", "other", view, subdomain="other")

    app.register_blueprint(blueprint)

    subdomains = {name: rule.subdomain for name, rule in rules(app).items()}
    assert subdomains == {"shop.index": "shop", "shop.other": "other"}


def test_our_own_route_options_reach_the_rule(app, make):
    """`stream_body` and `max_content_length` work on a blueprint's routes."""
    blueprint = make()
    blueprint.post("/", stream_body=True, max_content_length=10)(view)

    app.register_blueprint(blueprint)

    rule = rules(app)["shop.view"]
    assert (rule.stream_body, rule.max_content_length) == (True, 10)


def test_websockets_are_recorded_as_routes_are(app, make):
    """They get the prefix, the name, the subdomain and the defaults of the registration."""
    blueprint = make(url_prefix="/shop", subdomain="eu", url_defaults={"lang": "en"})
    blueprint.websocket("/a/<int:id>", origins="*")(view)
    blueprint.add_websocket("/b", "other", view, defaults={"id": 1}, strict_slashes=False)

    app.register_blueprint(blueprint)

    first, second = rules(app)["shop.view"], rules(app)["shop.other"]
    assert (first.rule, first.websocket, first.subdomain) == ("/shop/a/<int:id>", True, "eu")
    assert (first.origins, first.defaults) == ("*", {"lang": "en"})
    assert (second.origins, second.defaults) == (..., {"lang": "en", "id": 1})


def test_websockets_names_hold_no_dot(make):
    """The blueprint's name and a dot are put before them."""
    with pytest.raises(ValueError, match="'endpoint' may not contain a dot"):
        make().add_websocket("/", endpoint="a.b")


# Nesting


def test_nested_names_and_prefixes_join(app, make):
    """Names join with dots and prefixes with slashes, outermost first."""
    parent, child = make("parent", url_prefix="/parent/"), make("child", url_prefix="/child/")
    child.add_url_rule("/x", view_func=view)
    parent.register_blueprint(child)

    app.register_blueprint(parent, name_prefix="zone")

    assert {name: rule.rule for name, rule in rules(app).items()} == {
        "zone.parent.child.view": "/parent/child/x"
    }
    assert list(app.blueprints) == ["zone.parent", "zone.parent.child"]


@pytest.mark.parametrize(
    ("parent_prefix", "child_prefix", "given", "expected"),
    [
        (None, None, None, "/x"),
        ("/p", None, None, "/p/x"),
        (None, "/c", None, "/c/x"),
        ("/p", "/c", None, "/p/c/x"),
        ("/p", "/c", "/g", "/p/g/x"),
        ("/p", None, "/g/", "/p/g/x"),
        ("/", "/c", None, "/c/x"),
    ],
)
def test_nested_prefixes(parent_prefix, child_prefix, given, expected, app, make):
    """What is given where a child is nested replaces the child's own prefix."""
    parent, child = make("p", url_prefix=parent_prefix), make("c", url_prefix=child_prefix)
    child.add_url_rule("/x", view_func=view)
    parent.register_blueprint(child, url_prefix=given)

    app.register_blueprint(parent)

    assert rules(app)["p.c.view"].rule == expected


@pytest.mark.parametrize(
    ("parent_subdomain", "child_subdomain", "given", "expected"),
    [
        ("p", None, None, "p"),
        (None, "c", None, "c"),
        ("p", "c", None, "c.p"),
        ("p", "c", "g", "g.p"),
    ],
)
def test_nested_subdomains(parent_subdomain, child_subdomain, given, expected, make):
    """Subdomains join as child.parent."""
    app = Flask(__name__, root_path="/srv/app", static_folder=None, subdomain_matching=True)
    parent, child = make("p", subdomain=parent_subdomain), make("c", subdomain=child_subdomain)
    child.add_url_rule("/x", view_func=view)
    parent.register_blueprint(child, subdomain=given)

    app.register_blueprint(parent)

    assert rules(app)["p.c.view"].subdomain == expected


def test_url_defaults_are_not_inherited(app, make):
    """A parent's URL defaults are for its own rules."""
    parent, child = make("parent", url_defaults={"a": 1}), make("child")
    child.add_url_rule("/", view_func=view)
    parent.register_blueprint(child)

    app.register_blueprint(parent)

    assert not rules(app)["parent.child.view"].defaults


def test_nested_in_itself(make):
    """A blueprint cannot hold itself."""
    blueprint = make()

    with pytest.raises(ValueError, match=r"on itself, as was asked of .* or on another blueprint"):
        blueprint.register_blueprint(blueprint)


def test_same_child_twice(app, make):
    """A child nested twice needs two names; the error gives the full one."""
    parent, child = make("parent"), make("child")
    parent.register_blueprint(child)
    parent.register_blueprint(child)

    with pytest.raises(ValueError, match=r"'child' is already .* this blueprint 'parent\.child'"):
        app.register_blueprint(parent)


def test_same_child_under_two_names(app, make):
    """A child is nested twice under two names."""
    parent, child = make("parent"), make("child")
    child.add_url_rule("/", view_func=view)
    parent.register_blueprint(child, url_prefix="/1")
    parent.register_blueprint(child, url_prefix="/2", name="twin")

    app.register_blueprint(parent)

    assert set(rules(app)) == {"parent.child.view", "parent.twin.view"}


# Recording


def test_recorded_functions_get_the_state(app, make):
    """`record` functions are given the registration, with what it came to."""
    states = []
    blueprint = make(url_prefix="/own", url_defaults={"a": 1})
    blueprint.record(states.append)

    app.register_blueprint(blueprint, subdomain="s", colour="red")

    state = states[0]
    assert (state.app, state.blueprint, state.first_registration) == (app, blueprint, True)
    assert (state.url_prefix, state.subdomain, state.url_defaults) == ("/own", "s", {"a": 1})
    assert (state.name, state.name_prefix) == ("shop", "")
    assert state.options["colour"] == "red"


def test_record_once_runs_once_on_an_app(app, make):
    """`record_once` functions run for the first registration on each app."""
    registrations = []
    blueprint = make()
    blueprint.record_once(lambda state: registrations.append((state.app, state.name)))
    other_app = Flask(__name__, root_path="/srv/app", static_folder=None)

    app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="again")
    other_app.register_blueprint(blueprint)

    assert registrations == [(app, "shop"), (other_app, "shop")]


def test_setup_state_class_can_be_exchanged(app, make):
    """A subclass may make states of its own."""

    class State(BlueprintSetupState):
        def add_url_rule(self, rule, *args, **options):
            super().add_url_rule(f"/v1{rule}", *args, **options)

    class Versioned(Blueprint):
        def make_setup_state(self, app, options, first_registration=False):
            return State(self, app, options, first_registration)

    blueprint = Versioned("shop", __name__, root_path="/srv/app")
    blueprint.add_url_rule("/x", view_func=view)

    app.register_blueprint(blueprint)

    assert rules(app)["shop.view"].rule == "/v1/x"


def test_setup_state_can_be_patched(app, make, monkeypatch):
    """Extensions patch BlueprintSetupState.add_url_rule and see every rule."""
    seen = []

    def add_url_rule(self, rule, endpoint=None, view_func=None, **options):
        seen.append((rule, endpoint))

    monkeypatch.setattr(BlueprintSetupState, "add_url_rule", add_url_rule)
    blueprint = make(static_folder="static")
    blueprint.add_url_rule("/x", view_func=view)

    app.register_blueprint(blueprint)

    assert seen == [("/static/<path:filename>", "static"), ("/x", None)]


@pytest.mark.parametrize(
    "name",
    [
        "record", "record_once", "route", "add_url_rule", "register_blueprint", "before_request",
        "before_app_request", "after_app_request", "teardown_app_request", "app_errorhandler",
        "app_context_processor", "app_template_filter", "add_app_template_filter",
        "app_template_test", "add_app_template_test", "app_template_global",
        "add_app_template_global", "app_url_value_preprocessor", "app_url_defaults",
    ],
)  # fmt: skip
def test_set_up_ends_with_registration(name, app, make):
    """After registration a set-up method raises, with its name and what to do."""
    blueprint = make()
    app.register_blueprint(blueprint)

    with pytest.raises(AssertionError) as error:
        getattr(blueprint, name)(view)

    for part in (f"{name!r} can no longer", "'shop'", "before registering it"):
        assert part in str(error.value)


# Merging


@pytest.mark.parametrize(
    ("decorator", "registry"),
    [
        ("before_request", "before_request_funcs"),
        ("after_request", "after_request_funcs"),
        ("teardown_request", "teardown_request_funcs"),
        ("context_processor", "template_context_processors"),
        ("url_value_preprocessor", "url_value_preprocessors"),
        ("url_defaults", "url_default_functions"),
    ],
)
def test_hooks_are_copied_under_the_full_name(decorator, registry, app, make):
    """A blueprint's hooks are in the app's registry, by the name it is registered under."""
    parent, child = make("parent"), make("child")
    getattr(child, decorator)(view)
    parent.register_blueprint(child)

    app.register_blueprint(parent)

    assert getattr(app, registry)["parent.child"] == [view]


@pytest.mark.parametrize(
    ("decorator", "registry"),
    [
        ("before_app_request", "before_request_funcs"),
        ("after_app_request", "after_request_funcs"),
        ("teardown_app_request", "teardown_request_funcs"),
        ("app_context_processor", "template_context_processors"),
        ("app_url_value_preprocessor", "url_value_preprocessors"),
        ("app_url_defaults", "url_default_functions"),
    ],
)
def test_app_hooks_are_added_to_the_app_once(decorator, registry, app, make):
    """A hook of the whole app is added once, however often the blueprint is registered."""
    blueprint = make()
    decorated = getattr(blueprint, decorator)(view)

    app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="again")

    assert decorated is view
    assert getattr(app, registry)[None].count(view) == 1


def test_error_handlers_are_copied_under_the_full_name(app, make):
    """A blueprint's error handlers are in the app's registry, those for the app under None."""
    blueprint = make()
    blueprint.errorhandler(KeyError)(view)
    blueprint.app_errorhandler(ValueError)(len)

    app.register_blueprint(blueprint)

    assert app.error_handler_spec["shop"] == {None: {KeyError: view}}
    assert app.error_handler_spec[None][None][ValueError] is len


@pytest.mark.parametrize(
    ("kind", "registry"), [("filter", "filters"), ("test", "tests"), ("global", "globals")]
)
@pytest.mark.parametrize("spelling", ["named", "unnamed", "bare", "function"])
def test_template_functions_are_the_apps(kind, registry, spelling, app, make):
    """A blueprint adds filters, tests and globals to the app's templates, with or without name."""
    blueprint = make()
    decorator = getattr(blueprint, f"app_template_{kind}")
    if spelling == "named":
        decorator("view")(view)
    elif spelling == "unnamed":
        decorator()(view)
    elif spelling == "bare":
        decorator(view)
    else:
        getattr(blueprint, f"add_app_template_{kind}")(view)

    app.register_blueprint(blueprint)

    assert getattr(app.jinja_env, registry)["view"] is view


def test_order_of_hooks(app, make):
    """Before functions run from the app inwards, the others outwards."""
    order = []
    parent, child = make("parent"), make("child")
    for part, name in ((app, "app"), (parent, "parent"), (child, "child")):
        note_hooks(part, name, order)
    child.add_url_rule("/", view_func=view)
    parent.register_blueprint(child)
    app.register_blueprint(parent)

    app.test_client().get("/")

    inwards = ["app", "parent", "child"]
    assert [name for kind, name in order if kind == "values"] == inwards
    assert [name for kind, name in order if kind == "before"] == inwards
    assert [name for kind, name in order if kind == "after"] == inwards[::-1]
    assert [name for kind, name in order if kind == "teardown"] == inwards[::-1]


def note_hooks(part, name, order):
    """Add hooks to an app or a blueprint that note when they run."""

    @part.url_value_preprocessor
    def values(endpoint, values):
        order.append(("values", name))

    @part.before_request
    def before():
        order.append(("before", name))

    @part.after_request
    def after(response):
        order.append(("after", name))
        return response

    @part.teardown_request
    def teardown(exc):
        order.append(("teardown", name))


def test_children_inherit_error_handlers(app, make):
    """A parent's handler answers for a child's view; the child's own handler comes first."""
    parent, child = make("parent"), make("child")
    parent.register_error_handler(KeyError, lambda exc: "parent")
    parent.register_error_handler(ValueError, lambda exc: "parent")
    child.register_error_handler(ValueError, lambda exc: "child")

    @child.route("/<name>")
    def fail(name):
        raise {"key": KeyError, "value": ValueError}[name]

    parent.register_blueprint(child)
    app.register_blueprint(parent)
    client = app.test_client()

    answers = (client.get("/key").text, client.get("/value").text)

    assert answers == ("parent", "child")


def test_blueprint_of_the_request(app, make):
    """In a view the request knows its blueprints, innermost first."""
    seen = []
    parent, child = make("parent"), make("child")

    @child.route("/")
    def look():
        request = current().request
        seen.append((request.blueprint, request.blueprints))
        return ""

    parent.register_blueprint(child)
    app.register_blueprint(parent)

    app.test_client().get("/")

    assert seen == [("parent.child", ["parent.child", "parent"])]


def test_repr_names_the_blueprint(make):
    """A blueprint shows its name."""
    assert repr(make()) == "<Blueprint 'shop'>"
