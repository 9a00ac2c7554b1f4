"""The proxies as users meet them."""

import pytest

from asyncflask import Flask, Request, g, request, session, websocket
from asyncflask.dispatch.steps import is_awaitable


@pytest.mark.parametrize("proxy", [request, websocket, session, g], ids=lambda proxy: "proxy")
def test_outside_of_a_context(proxy):
    """Outside of a context every attribute, known or not, says what is missing."""
    for name in ("get", "method", "scope", "no_such_name"):
        with pytest.raises(RuntimeError, match="Working outside of"):
            getattr(proxy, name)


def test_a_requests_own_class():
    """Attributes that a subclass of Request adds or overrides are read like the others."""

    class OwnRequest(Request):
        tenant = "acme"

        @property
        def args(self):
            return {"own": "args"}

    app = Flask(__name__)
    app.request_class = OwnRequest

    with app.test_request_context("/?q=x"):
        assert request.tenant == "acme"
        assert request.args == {"own": "args"}


def test_mutation_through_the_proxy():
    """What is set on the proxy is set on the request, and the proxy shows it."""
    app = Flask(__name__)

    with app.test_request_context("/"):
        request.method = "PUT"
        request.args = {"set": "by hand"}

        assert request._get_current_object().method == "PUT"
        assert request.args == {"set": "by hand"}


def test_never_awaited():
    """A proxy forwards `await`, but is not taken for something to be awaited itself."""
    app = Flask(__name__)

    with app.test_request_context("/"):
        assert not any(map(is_awaitable, (request, session, g)))


def test_a_context_of_an_app_alone_within_a_request():
    """The proxies reach past a context that has no request, to the one around it."""
    app = Flask(__name__)

    with app.test_request_context("/?q=x"), app.app_context():
        assert request.args["q"] == "x"


def test_names_of_the_users_own():
    """An attribute of `g` may have any name, also one that the proxy has for itself."""
    app = Flask(__name__)

    with app.app_context():
        g.get, g._value = "own", "too"

        assert (g.get, g._value) == ("own", "too")
