"""Routing, as applications lean on it: the same on Flask 3.1, checked there."""

from __future__ import annotations

import pytest

from asyncflask import Blueprint, Flask, abort, g, request, url_for
from asyncflask.routing import BaseConverter, BuildError


@pytest.fixture
def app():
    app = Flask(__name__, static_folder=None)
    app.secret_key = "key"
    app.testing = True
    return app


@pytest.fixture
def client(app):
    return app.test_client()


class Known(BaseConverter):
    """A converter that answers by itself."""

    def to_python(self, value):
        if value == "secret":
            abort(403)
        return value.upper()

    def to_url(self, value):
        return super().to_url(value.lower())


# -- methods


def test_own_options_view_suppresses_the_automatic_one(app, client, coloured):
    """A lower-case "options" among the methods is the view's own to answer."""
    app.add_url_rule("/", view_func=coloured(lambda: "mine"), methods=["get", "options"])

    response = client.options("/")

    assert response.text == "mine"


def test_automatic_options_may_be_off(app, client, coloured):
    """Without automatic options, OPTIONS is not allowed."""
    app.add_url_rule("/", view_func=coloured(lambda: ""), provide_automatic_options=False)

    response = client.options("/")

    assert response.status_code == 405


def test_head_follows_get(app, client, coloured):
    """HEAD runs the GET view; its body is left out, and its headers stay."""
    app.add_url_rule("/", view_func=coloured(lambda: f"answer to {request.method}"))

    response = client.head("/")

    assert (response.data, response.content_length) == (b"", len("answer to HEAD"))


def test_allow_merges_the_rules_of_a_path(app, client, coloured):
    """OPTIONS and a 405 name the methods of all rules for the path."""
    app.add_url_rule("/", "get", coloured(lambda: ""), methods=["GET"])
    app.add_url_rule("/", "put", coloured(lambda: ""), methods=["PUT"])

    options, refused = client.options("/"), client.delete("/")

    assert set(options.allow) == {"GET", "HEAD", "OPTIONS", "PUT"}
    assert (refused.status_code, set(refused.allow)) == (405, set(options.allow))


# -- converters


def test_converters_go_both_ways(app, client, coloured):
    """A converter makes the argument from the URL, and the URL from the argument."""
    app.url_map.converters["known"] = Known
    app.add_url_rule("/<known:name>", "named", coloured(lambda name: name))
    app.add_url_rule("/url/", "url", coloured(lambda: url_for("named", name="ADA")))

    texts = [client.get("/ada").text, client.get("/url/").text]

    assert texts == ["ADA", "/ada"]


def test_converter_may_abort(app, client, coloured):
    """An abort in a converter is the routing error, and reaches the app's handler."""
    app.url_map.converters["known"] = Known
    app.register_error_handler(403, coloured(lambda exc: (f"refused {request.path}", 403)))
    app.add_url_rule("/<known:name>", "named", coloured(lambda name: name))

    response = client.get("/secret")

    assert (response.status_code, response.text) == (403, "refused /secret")


# -- hosts


def test_server_name_alone_restricts_nothing(app, client, coloured):
    """With SERVER_NAME, requests to any host are still answered."""
    app.config["SERVER_NAME"] = "example.com"
    app.add_url_rule("/", view_func=coloured(lambda: request.host))

    texts = [client.get("/").text, client.get("/", base_url="http://other.org").text]

    assert texts == ["example.com", "other.org"]


def test_subdomains_match_when_asked_for(coloured):
    """With subdomain_matching a rule's subdomain is below SERVER_NAME."""
    app = Flask(__name__, subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "example.com"
    app.add_url_rule("/", "main", coloured(lambda: "main"))
    app.add_url_rule("/", "user", coloured(lambda name: name), subdomain="<name>")
    client = app.test_client()

    texts = [client.get("/").text, client.get("/", subdomain="ada").text]

    assert texts == ["main", "ada"]


def test_foreign_host_warns_and_is_not_found(coloured):
    """With subdomain_matching a host outside SERVER_NAME matches nothing, and is warned of."""
    app = Flask(__name__, subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "example.com"
    app.debug = True
    app.add_url_rule("/", view_func=coloured(lambda: ""))

    with pytest.warns(UserWarning, match="other.org"):
        response = app.test_client().get("/", base_url="http://other.org")

    assert response.status_code == 404


def test_hosts_match_when_asked_for(coloured):
    """With host_matching each rule has its host."""
    app = Flask(__name__, host_matching=True, static_folder=None)
    app.add_url_rule("/", "one", coloured(lambda: "one"), host="one.org")
    app.add_url_rule("/", "any", coloured(lambda host: host), host="<host>")
    client = app.test_client()

    hosts = ["http://one.org", "http://two.org"]
    texts = [client.get("/", base_url=host).text for host in hosts]

    assert texts == ["one", "two.org"]


def test_subdomains_of_nested_blueprints_join(coloured):
    """A child's subdomain stands in front of its parent's."""
    app = Flask(__name__, subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "example.com"
    parent, child = Blueprint("parent", __name__), Blueprint("child", __name__)
    child.add_url_rule("/", "index", coloured(lambda: request.host))
    parent.register_blueprint(child, subdomain="api")
    app.register_blueprint(parent, subdomain="shop")

    response = app.test_client().get("/", base_url="http://api.shop.example.com")

    assert (response.status_code, response.text) == (200, "api.shop.example.com")


# -- URLs


def test_url_defaults_fill_what_endpoints_expect(app, client, coloured):
    """A language code is taken from the URL, and put into URLs that have a place for it."""

    def pull(endpoint, values):
        g.lang = (values or {}).pop("lang", None)

    def push(endpoint, values):
        if app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values.setdefault("lang", g.lang)

    app.url_value_preprocessor(pull)
    app.url_defaults(push)
    app.add_url_rule("/<lang>/about", "about", coloured(lambda: url_for("about")))
    app.add_url_rule("/<lang>/", "index", coloured(lambda: url_for("plain")))
    app.add_url_rule("/plain", "plain", coloured(lambda: ""))

    texts = [client.get("/de/about").text, client.get("/de/").text]

    assert texts == ["/de/about", "/plain"]


def test_build_error_handlers_chain(app):
    """Each handler is asked in turn; the first that does not raise gives the URL."""
    asked = []

    def refuse(error, endpoint, values):
        asked.append((endpoint, dict(values)))
        raise error

    app.url_build_error_handlers.append(refuse)
    app.url_build_error_handlers.append(lambda error, endpoint, values: f"/made/{endpoint}")

    with app.test_request_context():
        url = url_for("missing", a=1, _anchor="top", _method="POST")

    assert url == "/made/missing"
    special = {"_anchor": "top", "_method": "POST", "_scheme": None, "_external": False}
    assert asked == [("missing", {"a": 1, **special})]


def test_build_error_is_raised_again(app):
    """Where every handler refuses, the first error is the one to see."""

    def refuse(error, endpoint, values):
        raise error

    app.url_build_error_handlers.append(refuse)

    with app.test_request_context(), pytest.raises(BuildError) as caught:
        url_for("missing")

    assert caught.value.endpoint == "missing"


def test_urls_outside_of_requests(app, coloured):
    """SERVER_NAME, APPLICATION_ROOT and PREFERRED_URL_SCHEME make whole URLs."""
    app.config.update(
        SERVER_NAME="example.com", APPLICATION_ROOT="/shop", PREFERRED_URL_SCHEME="https"
    )
    app.add_url_rule("/cart", "cart", coloured(lambda: ""))

    with app.app_context():
        urls = [url_for("cart"), url_for("cart", _external=False)]

    assert urls == ["https://example.com/shop/cart", "/shop/cart"]


def test_no_urls_without_a_server_name(app, coloured):
    """Outside of a request SERVER_NAME is needed, and the error says so."""
    app.add_url_rule("/cart", "cart", coloured(lambda: ""))

    with app.app_context(), pytest.raises(RuntimeError, match="SERVER_NAME"):
        url_for("cart")


def test_relative_endpoints_are_the_blueprints(app, client, coloured):
    """An endpoint that begins with a dot is of the view's own blueprint."""
    shop = Blueprint("shop", __name__, url_prefix="/shop")
    shop.add_url_rule("/cart", "cart", coloured(lambda: url_for(".index") + url_for("index")))
    shop.add_url_rule("/", "index", coloured(lambda: ""))
    app.add_url_rule("/", "index", coloured(lambda: ""))
    app.register_blueprint(shop)

    response = client.get("/shop/cart")

    assert response.text == "/shop//"


# -- set-up


def test_setup_after_the_first_request(app, client, coloured):
    """A route that comes too late is an error that names the method."""
    app.add_url_rule("/", view_func=coloured(lambda: ""))
    client.get("/")

    with pytest.raises(AssertionError, match="add_url_rule"):
        app.add_url_rule("/late", view_func=coloured(lambda: ""))


def test_endpoint_cannot_be_another_function(app, coloured):
    """Two functions for one endpoint are an error that names it."""
    app.add_url_rule("/", "index", coloured(lambda: ""))

    with pytest.raises(AssertionError, match="index"):
        app.add_url_rule("/other", "index", coloured(lambda: ""))


def test_two_registrations_need_two_names(app, client, coloured):
    """A blueprint is registered again under another name, and then works at both places."""
    shop = Blueprint("shop", __name__)
    shop.add_url_rule("/", "index", coloured(lambda: request.endpoint))
    app.register_blueprint(shop, url_prefix="/one")

    with pytest.raises(ValueError, match="shop"):
        app.register_blueprint(shop, url_prefix="/two")
    app.register_blueprint(shop, url_prefix="/two", name="second")

    assert client.get("/one/").text == "shop.index"
    assert client.get("/two/").text == "second.index"


def test_order_of_blueprints(app, client, coloured):
    """Before functions run from the app inwards, after and teardown functions outwards."""
    order = []
    parent = Blueprint("parent", __name__, url_prefix="/parent")
    child = Blueprint("child", __name__, url_prefix="/child")

    def record(word, result=None):
        return coloured(lambda *args: order.append(word) or (args[0] if args else None))

    for name, scope in (("app", app), ("parent", parent), ("child", child)):
        scope.before_request(record(f"before {name}"))
        scope.after_request(record(f"after {name}"))
        scope.teardown_request(record(f"teardown {name}"))
    child.add_url_rule("/", "index", coloured(lambda: request.endpoint))
    parent.register_blueprint(child)
    app.register_blueprint(parent)

    response = client.get("/parent/child/")

    assert response.text == "parent.child.index"
    assert order == [
        *("before app", "before parent", "before child"),
        *("after child", "after parent", "after app"),
        *("teardown child", "teardown parent", "teardown app"),
    ]


def test_handlers_of_a_parent_answer_for_its_child(app, client, coloured):
    """A nested blueprint inherits error handlers, and its own come first."""
    parent = Blueprint("parent", __name__)
    plain, own = Blueprint("plain", __name__), Blueprint("own", __name__)
    parent.register_error_handler(403, coloured(lambda exc: ("parent", 403)))
    own.register_error_handler(403, coloured(lambda exc: ("own", 403)))
    for child in (plain, own):
        child.add_url_rule("/", "index", coloured(lambda: abort(403)))
        parent.register_blueprint(child, url_prefix=f"/{child.name}")
    app.register_blueprint(parent)

    texts = [client.get("/plain/").text, client.get("/own/").text]

    assert texts == ["parent", "own"]
