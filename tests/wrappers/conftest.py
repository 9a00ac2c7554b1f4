"""Requests made of nothing but a scope and bytes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from asyncflask.wrappers.body import Body
from asyncflask.wrappers.request import Request


def make_scope(path="/", *, headers=None, **changes):
    """A scope as a server gives it; `headers` is a dict or list of str, Host is localhost."""
    pairs = list((headers or {}).items()) if isinstance(headers, dict) else list(headers or [])
    if not any(name.lower() == "host" for name, _ in pairs):
        pairs.insert(0, ("Host", "localhost"))
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [
            (name.lower().encode(), value if isinstance(value, bytes) else value.encode("latin-1"))
            for name, value in pairs
        ],
        "server": ("127.0.0.1", 8000),
        "client": ("192.0.2.1", 5000),
    } | changes


@pytest.fixture
def make_request():
    """Make a request of a path, headers, scope keys and, perhaps, a body with its type."""

    def make(
        path="/", *, body=None, content_type=None, app=None, cls=Request, headers=None, **scope
    ):
        headers = dict(headers or {})
        if content_type is not None:
            headers["Content-Type"] = content_type
        request = cls(make_scope(path, headers=headers, **scope))
        request._app = app
        if body is not None:
            request._attach_body(Body.from_bytes(body))
        return request

    return make


@pytest.fixture
def make_app():
    """Make what a request asks of its app: a configuration, and whether it is in debug mode."""

    def make(debug=False, **config):
        import json

        return SimpleNamespace(config=config, debug=debug, json=json)

    return make
