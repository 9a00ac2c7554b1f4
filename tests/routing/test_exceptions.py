"""What routing raises."""

from __future__ import annotations

import pytest

from asyncflask.exceptions import BadRequest, HTTPException
from asyncflask.routing import (
    BuildError,
    Map,
    MapAdapter,
    RequestRedirect,
    RoutingException,
    Rule,
    WebsocketMismatch,
)


@pytest.fixture(name="adapter")
def make_adapter() -> MapAdapter:
    return Map(
        [
            Rule("/u/<int:id>/<tab>", endpoint="user.show", methods=["GET", "POST"]),
            Rule("/u", endpoint="user.list", methods=["GET"]),
            Rule("/p/<x>", endpoint="page", defaults={"y": 1}),
        ]
    ).bind("h")


def message(adapter: MapAdapter, endpoint: str, method: str | None = None, **values: object) -> str:
    with pytest.raises(BuildError) as caught:
        adapter.build(endpoint, values, method)
    return str(caught.value)


def test_a_redirect_answers_with_its_url() -> None:
    """Status 308, so that method and body are kept."""
    response = RequestRedirect("http://h/a/").get_response()

    assert (response.status_code, response.headers["Location"]) == (308, "http://h/a/")


def test_a_redirect_is_an_http_and_a_routing_exception() -> None:
    """A handler for either catches it."""
    assert issubclass(RequestRedirect, HTTPException)
    assert issubclass(RequestRedirect, RoutingException)


def test_a_websocket_mismatch_is_a_bad_request() -> None:
    """Status 400."""
    assert issubclass(WebsocketMismatch, BadRequest)


def test_a_misspelt_endpoint_is_corrected(adapter: MapAdapter) -> None:
    """By the most similar one."""
    text = message(adapter, "user.shwo")

    expected = "Could not build url for endpoint 'user.shwo'. Did you mean 'user.show' instead?"
    assert text == expected


def test_missing_values_are_named(adapter: MapAdapter) -> None:
    """And those that were given."""
    text = message(adapter, "user.show", id=1)

    expected = "with values ['id']. Did you forget to specify values ['tab']?"
    assert text.endswith(expected)


def test_values_with_defaults_are_not_missed(adapter: MapAdapter) -> None:
    """Only what is needed is asked for."""
    assert message(adapter, "page").endswith("Did you forget to specify values ['x']?")


def test_a_wrong_method_is_corrected(adapter: MapAdapter) -> None:
    """By those of the rule."""
    text = message(adapter, "user.list", "POST")

    expected = "endpoint 'user.list' ('POST'). Did you mean to use methods ['GET', 'HEAD']?"
    assert text.endswith(expected)


def test_the_suggested_rule_is_at_hand(adapter: MapAdapter) -> None:
    """For those who handle the error."""
    suggested = BuildError("user.lits", {}, None, adapter).suggested

    assert suggested is not None
    assert suggested.endpoint == "user.list"


def test_values_decide_between_similar_endpoints() -> None:
    """The rule that takes all values is the likelier one."""
    adapter = Map([Rule("/a", endpoint="ab1"), Rule("/b/<x>", endpoint="ab2")]).bind("h")

    suggested = BuildError("ab3", {"x": 1}, None, adapter).suggested

    assert suggested is not None
    assert suggested.endpoint == "ab2"


def test_without_rules_nothing_is_suggested() -> None:
    """Nor without an adapter."""
    assert message(Map().bind("h"), "x") == "Could not build url for endpoint 'x'."
    assert BuildError("x", {}, None).suggested is None


def test_a_build_error_is_a_lookup_error() -> None:
    """It has what was asked for as its arguments."""
    error = BuildError("x", {"a": 1}, "GET")

    assert isinstance(error, LookupError)
    assert error.args == ("x", {"a": 1}, "GET")
