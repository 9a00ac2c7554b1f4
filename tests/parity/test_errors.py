"""Errors and their handlers, as applications lean on them: the same on Flask 3.1, checked there."""

from __future__ import annotations

import logging
import sys
from io import StringIO

import pytest

from asyncflask import Blueprint, Flask, Response, abort, redirect, request
from asyncflask.exceptions import (
    BadRequest,
    Conflict,
    Forbidden,
    HTTPException,
    InternalServerError,
    NotFound,
)
from asyncflask.routing import BaseConverter, RequestRedirect


class MyError(Exception):
    pass


class MySpecialError(MyError):
    pass


@pytest.fixture
def app():
    """An app that answers errors as in production."""
    app = Flask(__name__, static_folder=None)
    app.secret_key = "key"
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def raising(error):
    """A view that raises `error`."""

    def view(**values):
        raise error

    return view


# -- the 500 handler


@pytest.mark.parametrize("hook", ["before_request", "after_request"])
def test_errors_of_hooks_reach_the_500_handler(app, client, coloured, hook):
    """An error in a before or after function is answered as one of the view's."""

    def fail_once(*args):
        if not failed:
            failed.append(True)
            raise MyError
        return args[0] if args else None

    failed = []
    getattr(app, hook)(coloured(fail_once))
    app.register_error_handler(500, coloured(lambda exc: ("sorry", 500)))
    app.add_url_rule("/", view_func=coloured(lambda: "fine"))

    response = client.get("/")

    assert (response.status_code, response.text) == (500, "sorry")


def test_after_functions_run_on_error_responses(app, client, coloured):
    """The 500 page goes through the after functions too."""

    def mark(response):
        response.headers["X-After"] = "yes"
        return response

    app.after_request(coloured(mark))
    app.add_url_rule("/", view_func=coloured(raising(MyError())))

    response = client.get("/")

    assert (response.status_code, response.headers["X-After"]) == (500, "yes")


@pytest.mark.parametrize("registered", [500, InternalServerError])
def test_500_handler_gets_the_original(app, client, coloured, registered):
    """What the 500 handler gets is an InternalServerError that holds the error."""
    error = MyError()
    seen = []
    app.register_error_handler(registered, coloured(lambda exc: seen.append(exc) or ("", 500)))
    app.add_url_rule("/", view_func=coloured(raising(error)))

    client.get("/")

    assert type(seen[0]) is InternalServerError
    assert seen[0].original_exception is error


def test_aborted_500_has_no_original(app, client, coloured):
    """abort(500) reaches the same handler, and there is no original error."""
    seen = []
    app.register_error_handler(500, coloured(lambda exc: seen.append(exc) or ("", 500)))
    app.add_url_rule("/", view_func=coloured(lambda: abort(500)))

    client.get("/")

    assert seen[0].original_exception is None


def test_handler_for_exception_gets_everything(app, client, coloured):
    """A handler for Exception gets errors as they are, HTTP errors among them."""
    seen = []
    app.register_error_handler(Exception, coloured(lambda exc: seen.append(type(exc)) or "ok"))
    app.add_url_rule("/", view_func=coloured(raising(MyError())))

    texts = [client.get("/").text, client.get("/missing").text]

    assert texts == ["ok", "ok"]
    assert seen == [MyError, NotFound]


@pytest.mark.parametrize("setting", ["TESTING", "PROPAGATE_EXCEPTIONS"])
def test_unhandled_errors_are_raised_in_tests(app, client, coloured, setting):
    """With TESTING or PROPAGATE_EXCEPTIONS the client raises the view's error itself."""
    error = MyError()
    app.config[setting] = True
    app.add_url_rule("/", view_func=coloured(raising(error)))

    with pytest.raises(MyError) as caught:
        client.get("/")

    assert caught.value is error


def test_unhandled_errors_are_raised_in_debug(app, client, coloured):
    """In debug mode the error is raised too."""
    app.debug = True
    app.add_url_rule("/", view_func=coloured(raising(MyError())))

    with pytest.raises(MyError):
        client.get("/")


def test_propagation_may_be_off_in_tests(app, client, coloured):
    """PROPAGATE_EXCEPTIONS = False gives the 500 page even while testing."""
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/", view_func=coloured(raising(MyError())))

    response = client.get("/")

    assert response.status_code == 500


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_base_exceptions_pass(app, client, coloured, error):
    """What is no Exception is nobody's to handle: it leaves through the client."""
    app.register_error_handler(500, lambda exc: "never")
    app.add_url_rule("/", view_func=coloured(raising(error())))

    with pytest.raises(error):
        client.get("/")


# -- which handler


def test_handlers_are_found_by_class(app, client, coloured):
    """The handler of the nearest class in the error's MRO answers."""
    app.register_error_handler(MyError, coloured(lambda exc: "general"))
    app.register_error_handler(MySpecialError, coloured(lambda exc: "special"))
    app.add_url_rule("/general", "general", coloured(raising(MyError())))
    app.add_url_rule("/special", "special", coloured(raising(MySpecialError())))

    texts = [client.get("/general").text, client.get("/special").text]

    assert texts == ["general", "special"]


def test_blueprints_handler_comes_first(app, client, coloured):
    """A blueprint's handler answers for its views, the app's for the others."""
    shop = Blueprint("shop", __name__, url_prefix="/shop")
    shop.register_error_handler(403, coloured(lambda exc: ("shop", 403)))
    shop.add_url_rule("/", "index", coloured(raising(Forbidden())))
    app.register_error_handler(403, coloured(lambda exc: ("app", 403)))
    app.add_url_rule("/", "index", coloured(raising(Forbidden())))
    app.register_blueprint(shop)

    texts = [client.get("/shop/").text, client.get("/").text]

    assert texts == ["shop", "app"]


def test_code_comes_before_class(app, client, coloured):
    """The app's handler of the code answers before a blueprint's of a base class."""
    shop = Blueprint("shop", __name__)
    shop.register_error_handler(HTTPException, coloured(lambda exc: "class"))
    shop.add_url_rule("/", "index", coloured(raising(Conflict())))
    app.register_error_handler(409, coloured(lambda exc: "code"))
    app.register_blueprint(shop)

    response = client.get("/")

    assert response.text == "code"


def test_unmatched_404_goes_to_the_app(app, client, coloured):
    """No blueprint answers a 404 for a URL that is no rule's, even below its prefix."""
    shop = Blueprint("shop", __name__, url_prefix="/shop")
    shop.register_error_handler(404, coloured(lambda exc: ("shop", 404)))
    shop.add_url_rule("/gone", "gone", coloured(lambda: abort(404)))
    app.register_error_handler(404, coloured(lambda exc: ("app", 404)))
    app.register_blueprint(shop)

    texts = [client.get("/shop/missing").text, client.get("/shop/gone").text]

    assert texts == ["app", "shop"]


def test_handlers_for_all_blueprints(app, client, coloured):
    """app_errorhandler of a blueprint is a handler of the app."""
    shop = Blueprint("shop", __name__)
    shop.app_errorhandler(404)(coloured(lambda exc: ("from the shop", 404)))
    app.register_blueprint(shop)

    response = client.get("/missing")

    assert response.text == "from the shop"


def test_routing_redirects_reach_no_handler(app, client, coloured):
    """The redirect to the URL with a slash is no error, even to a handler of Exception."""
    app.register_error_handler(Exception, coloured(lambda exc: "handled"))
    app.register_error_handler(RequestRedirect, coloured(lambda exc: "handled"))
    app.add_url_rule("/folder/", view_func=coloured(lambda: "inside"))

    response = client.get("/folder")

    assert (response.status_code, response.location) == (308, "http://localhost/folder/")


def test_error_that_carries_a_response(app, client, coloured):
    """An abort with a response sends it, past all handlers."""
    app.register_error_handler(HTTPException, coloured(lambda exc: "handled"))
    app.add_url_rule("/", view_func=coloured(lambda: abort(Response("mine", status=418))))

    response = client.get("/")

    assert (response.status_code, response.text) == (418, "mine")


def test_error_in_a_handler_is_a_500(app, client, coloured):
    """A handler that fails itself is answered with 500."""
    app.register_error_handler(MyError, coloured(raising_for_any(LookupError())))
    app.add_url_rule("/", view_func=coloured(raising(MyError())))

    response = client.get("/")

    assert response.status_code == 500


def raising_for_any(error):
    def handler(exc):
        raise error

    return handler


def test_handler_may_redirect(app, client, coloured):
    """A handler returns what a view may return."""
    app.register_error_handler(403, coloured(lambda exc: redirect("/login")))
    app.add_url_rule("/", view_func=coloured(raising(Forbidden())))

    response = client.get("/")

    assert (response.status_code, response.location) == (302, "/login")


# -- registration


def test_instances_cannot_be_registered(app):
    """A handler is for a class; an instance is a TypeError."""
    with pytest.raises(TypeError):
        app.register_error_handler(NotFound(), lambda exc: "")


@pytest.mark.parametrize("wrong", [object, 999])
def test_wrong_classes_and_codes_cannot_be_registered(app, wrong):
    """What is no exception, and a code without one, is a ValueError."""
    with pytest.raises(ValueError):
        app.register_error_handler(wrong, lambda exc: "")


# -- missing keys


def test_missing_form_key_is_a_400(app, client, coloured):
    """A missing key is a bad request, and does not tell its name."""
    app.add_url_rule("/", view_func=coloured(lambda: request.form["secret_name"]), methods=["POST"])

    response = client.post("/")

    assert response.status_code == 400
    assert "secret_name" not in response.text


def test_missing_form_key_is_named_in_debug(app, client, coloured):
    """In debug mode the page names the key, where the error is not trapped."""
    app.debug = True
    app.config["TRAP_BAD_REQUEST_ERRORS"] = False
    app.add_url_rule("/", view_func=coloured(lambda: request.form["missing"]), methods=["POST"])

    response = client.post("/")

    assert response.status_code == 400
    assert "missing" in response.text


def test_missing_form_key_is_a_key_error(app, client, coloured):
    """The view may catch it as a KeyError."""

    def view():
        try:
            return request.form["name"]
        except KeyError:
            return "nobody"

    app.add_url_rule("/", view_func=coloured(view), methods=["POST"])

    response = client.post("/")

    assert response.text == "nobody"


def test_trapped_bad_requests_are_raised(app, client, coloured):
    """TRAP_BAD_REQUEST_ERRORS lets the KeyError out to whoever debugs it."""
    app.config.update(TESTING=True, TRAP_BAD_REQUEST_ERRORS=True)
    app.add_url_rule("/", view_func=coloured(lambda: request.form["name"]), methods=["POST"])

    with pytest.raises(KeyError, match="name"):
        client.post("/")


def test_trapped_http_errors_are_raised(app, client, coloured):
    """TRAP_HTTP_EXCEPTIONS makes HTTP errors errors like any other."""
    app.config.update(TESTING=True, TRAP_HTTP_EXCEPTIONS=True)
    app.add_url_rule("/", view_func=coloured(lambda: abort(400)))

    with pytest.raises(BadRequest):
        client.get("/")


def test_wrong_enctype_explains_itself(app, client, coloured):
    """In debug mode a file that was sent as a plain field is explained."""
    app.debug = app.testing = True
    app.add_url_rule("/", view_func=coloured(lambda: request.files["photo"]), methods=["POST"])

    with pytest.raises(KeyError, match="multipart/form-data"):
        client.post("/", data={"photo": "me.png"})


def test_slash_redirect_keeps_a_form(app, client, coloured):
    """A slash redirect of a POST is a 308, which sends method and form again."""
    app.add_url_rule("/form/", view_func=coloured(lambda: request.form["name"]), methods=["POST"])

    response = client.post("/form", data={"name": "ada"}, follow_redirects=True)

    assert (response.text, response.history[0].status_code) == ("ada", 308)


def test_lost_form_explains_itself(app, client, coloured):
    """In debug mode a redirect whose status would drop a form's body is an explained error."""
    app.debug = app.testing = True
    app.url_map.converters["old"] = Old
    app.add_url_rule("/<old:name>", view_func=coloured(lambda name: name), methods=["POST"])

    with pytest.raises(AssertionError, match="http://localhost/new"):
        client.post("/old", data={"name": "ada"})


class Old(BaseConverter):
    """A converter that redirects with a status that makes browsers send a GET."""

    def to_python(self, value):
        error = RequestRedirect("http://localhost/new")
        error.code = 301
        raise error


# -- the log


def test_unhandled_errors_are_logged(coloured, monkeypatch):
    """The traceback goes to the sys.stderr of the moment, under the path and method."""
    # Without pytest's handlers, and under a name that no other test has given a handler.
    monkeypatch.setattr(logging.root, "handlers", [])
    app = Flask("parity_logging")
    client = app.test_client()
    app.logger.debug("The handler of Flask's own is set up with this.")
    app.add_url_rule("/broken", view_func=coloured(raising(MyError("why"))))
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    client.get("/broken")

    logged = stream.getvalue()
    assert "Exception on /broken [GET]" in logged
    assert "Traceback (most recent call last)" in logged
    assert "MyError: why" in logged


def test_handled_errors_are_not_logged(app, client, coloured, caplog):
    """An error that has a handler is no news."""
    app.register_error_handler(MyError, coloured(lambda exc: "handled"))
    app.add_url_rule("/", view_func=coloured(raising(MyError())))

    client.get("/")

    assert caplog.records == []


# -- replaced methods and live registries


@pytest.mark.parametrize("method", ["handle_user_exception", "handle_exception"])
def test_replaced_error_methods(app, client, coloured, method):
    """Extensions put a plain function in place of the app's method."""
    seen = []

    def replacement(exc):
        seen.append(type(exc))
        return app.make_response(("replaced", 500))

    app.add_url_rule("/", view_func=coloured(raising(MyError())))
    setattr(app, method, replacement)

    response = client.get("/")

    assert response.text == "replaced"
    assert seen == [MyError]


def test_replaced_dispatch(app, client, coloured):
    """A wrapper around dispatch_request sees every request, and calls the original."""
    dispatch = app.dispatch_request

    def wrapped():
        return f"<{dispatch()}>" if request.path == "/wrapped" else dispatch()

    app.dispatch_request = wrapped
    app.add_url_rule("/wrapped", view_func=lambda: "text")

    response = client.get("/wrapped")

    assert response.text == "<text>"


def test_registries_are_live(app, client, coloured):
    """Functions put into the registries directly run, after the first request too."""
    app.add_url_rule("/", view_func=coloured(lambda: "view"))
    client.get("/")

    app.before_request_funcs[None] = [coloured(lambda: "early")]
    early = client.get("/").text
    app.before_request_funcs[None].clear()
    late = client.get("/").text

    assert (early, late) == ("early", "view")


def test_after_functions_may_be_inserted(app, client, coloured):
    """An extension inserts where it wants to be; the functions run last to first."""

    def append(letter):
        def after(response):
            response.data += letter
            return response

        return coloured(after)

    app.after_request(append(b"a"))
    app.after_request_funcs[None].insert(0, append(b"b"))
    app.add_url_rule("/", view_func=coloured(lambda: "view "))

    response = client.get("/")

    assert response.text == "view ab"


def test_ensure_sync_gives_a_plain_callable(app, client):
    """What extensions get from ensure_sync is called like any function, in a sync view."""

    async def work(number):
        return number + 1

    app.add_url_rule("/", view_func=lambda: str(app.ensure_sync(work)(1)))

    response = client.get("/")

    assert response.text == "2"
