"""The state of a request's scope."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from asyncflask import Request
from asyncflask.wrappers.websocket import WebSocket

pytestmark = pytest.mark.parametrize("wrapper", [Request, WebSocket])


def test_what_the_lifespan_yielded_is_read(wrapper):
    """Attributes and items are the same."""
    state = wrapper({"type": "http", "state": {"pool": 5}}).state

    assert (state.pool, state["pool"]) == (5, 5)


def test_what_is_set_is_in_the_scope(wrapper):
    """Middleware around the app sees it, also where the server hands on no state."""
    scope = {"type": "http"}

    wrapper(scope).state.user = "Ada"

    assert scope["state"] == {"user": "Ada"}


def test_missing_name(wrapper):
    """What is not there is an AttributeError."""
    with pytest.raises(AttributeError, match="pool"):
        _ = wrapper({"type": "http"}).state.pool


def test_scope_that_is_read_only(wrapper):
    """A scope that is no dict has a state of its own."""
    request = wrapper(MappingProxyType({"type": "http"}))

    request.state.user = "Ada"

    assert request.state.user == "Ada"
