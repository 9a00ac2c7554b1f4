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


def test_server_name_alone_restricts_nothing(app, client, coloured, recwarn):
    """With SERVER_NAME, requests to any host are still answered, without a warning."""
    app.config["SERVER_NAME"] = "example.com"
    app.debug = True
    app.add_url_rule("/", view_func=coloured(lambda: request.host))

    hosts = ["http://example.com", "http://other.org", "http://sub.example.com:8000"]
    texts = [client.get("/", base_url=host).text for host in hosts]

    assert texts == ["example.com", "other.org", "sub.example.com:8000"]
    assert list(recwarn) == []


def test_subdomains_match_when_asked_for(coloured):
    """With subdomain_matching a rule's subdomain is below SERVER_NAME."""
    app = Flask(__name__, subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "example.com"
    app.add_url_rule("/", "main", coloured(lambda: "main"))
    app.add_url_rule("/", "user", coloured(lambda name: name), subdomain="<name>")
    client = app.test_client()

    texts = [client.get("/").text, client.get("/", subdomain="ada").text]

    assert texts == ["main", "ada"]


@pytest.mark.parametrize("debug", [True, False])
def test_foreign_host_warns_and_is_not_found(coloured, debug):
    """With subdomain_matching a host outside SERVER_NAME matches nothing, and is warned of."""
    app = Flask(__name__, subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "example.com"
    app.debug = debug
    app.add_url_rule("/", view_func=coloured(lambda: ""))

    with pytest.warns(UserWarning, match=r"other\.org.*example\.com"):
        response = app.test_client().get("/", base_url="http://other.org")

    assert response.status_code == 404


@pytest.mark.parametrize("subdomain", ["", "shop"])
def test_own_hosts_do_not_warn(coloured, recwarn, subdomain):
    """SERVER_NAME itself and what is below it are no foreign hosts."""
    app = Flask(__name__, subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "example.com"
    app.debug = True
    app.add_url_rule("/", view_func=coloured(lambda: "here"), subdomain=subdomain)

    response = app.test_client().get("/", subdomain=subdomain)

    assert response.text == "here"
    assert list(recwarn) == []


def test_hosts_match_when_asked_for(coloured):
    """With host_matching each rule has its host."""
    app = Flask(__name__, host_matching=True, static_folder=None)
    app.add_url_rule("/", "one", coloured(lambda: "one"), host="one.org")
    app.add_url_rule("/", "any", coloured(lambda host: host), host="<host>")
    client = app.test_client()

    hosts = ["http://one.org", "http://two.org"]
    texts = [client.get("/", base_url=host).text for host in hosts]

    assert texts == ["one", "two.org"]


@pytest.mark.parametrize(
    ("of_parent", "of_child", "host"),
    [
        ("shop", "api", "api.shop.example.com"),
        ("shop", None, "shop.example.com"),
        (None, "api", "api.example.com"),
        (None, None, "example.com"),
    ],
)
@pytest.mark.parametrize("given", ["to the blueprint", "at registration"])
def test_subdomains_of_nested_blueprints_join(coloured, of_parent, of_child, host, given):
    """A child's subdomain stands in front of its parent's, wherever it was given."""
    app = Flask(__name__, subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "example.com"
    own, late = (1, 0) if given == "to the blueprint" else (0, 1)
    parent = Blueprint("parent", __name__, subdomain=of_parent if own else None)
    child = Blueprint("child", __name__, subdomain=of_child if own else None)
    child.add_url_rule("/", "index", coloured(lambda: request.host))
    parent.register_blueprint(child, **({"subdomain": of_child} if late and of_child else {}))
    app.register_blueprint(parent, **({"subdomain": of_parent} if late and of_parent else {}))
    client = app.test_client()

    found = client.get("/", base_url=f"http://{host}")
    lost = client.get("/", base_url="http://x.y.example.com")

    assert (found.text, lost.status_code) == (host, 404)


def test_grandchildren_join_too(coloured):
    """Three levels of subdomains and prefixes come together."""
    app = Flask(__name__, subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "example.com"
    one, two, three = (Blueprint(name, __name__) for name in ("one", "two", "three"))
    three.add_url_rule("/", "index", coloured(lambda: request.endpoint))
    two.register_blueprint(three, subdomain="c", url_prefix="/c")
    one.register_blueprint(two, subdomain="b", url_prefix="/b")
    app.register_blueprint(one, subdomain="a", url_prefix="/a")

    response = app.test_client().get("/a/b/c/", base_url="http://c.b.a.example.com")

    assert response.text == "one.two.three.index"


@pytest.mark.parametrize("child", ["/child", "/child/"])
@pytest.mark.parametrize("parent", ["/parent", "/parent/"])
def test_slashes_of_prefixes_are_normalised(app, client, coloured, parent, child):
    """Prefixes and rules meet at one slash, whether or not either has it."""
    outer = Blueprint("outer", __name__, url_prefix=parent)
    inner = Blueprint("inner", __name__, url_prefix=child)
    inner.add_url_rule("/page", "page", coloured(lambda: request.path))
    inner.add_url_rule("/", "index", coloured(lambda: request.path))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)

    texts = [client.get(path).text for path in ("/parent/child/page", "/parent/child/")]

    assert texts == ["/parent/child/page", "/parent/child/"]


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


def test_build_error_handlers_may_have_nothing_to_say(app):
    """None is no URL: the next handler is asked, and in the end the first error is raised."""
    app.url_build_error_handlers.append(lambda error, endpoint, values: None)
    with app.test_request_context(), pytest.raises(BuildError, match="'missing'"):
        url_for("missing")

    app.url_build_error_handlers.append(lambda error, endpoint, values: "/made")
    with app.test_request_context():
        url = url_for("missing")

    assert url == "/made"


def test_build_error_is_raised_again(app):
    """Where every handler raises what it was given, that very error is the one to see."""
    seen = []

    def refuse(error, endpoint, values):
        seen.append(error)
        raise error

    app.url_build_error_handlers += [refuse, refuse]

    with app.test_request_context(), pytest.raises(BuildError) as caught:
        url_for("missing")

    assert caught.value.endpoint == "missing"
    assert seen == [caught.value, caught.value]


def test_build_error_of_a_handler_goes_on(app):
    """A handler may raise a build error of its own, which the next one gets."""
    mine = BuildError("mine", {}, None)
    seen = []

    def refuse(error, endpoint, values):
        raise mine

    app.url_build_error_handlers += [refuse, lambda error, endpoint, values: seen.append(error)]

    with app.test_request_context(), pytest.raises(BuildError) as caught:
        url_for("missing")

    assert caught.value is mine
    assert seen == [mine]


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
    """A route that comes too late is an error that names the method, and says what to do."""
    app.add_url_rule("/", view_func=coloured(lambda: ""))
    client.get("/")

    with pytest.raises(AssertionError) as caught:
        app.add_url_rule("/late", view_func=coloured(lambda: ""))

    message = str(caught.value)
    assert "setup method 'add_url_rule' can no longer be called" in message
    assert "Make sure all imports, decorators, functions" in message


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
