"""Builders of requests, and the requests."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from asyncflask.app import Flask
from asyncflask.testing.builder import EnvironBuilder


@pytest.fixture
def app():
    return Flask("shop")


@pytest.fixture
def build(app):
    """A builder for the app, given EnvironBuilder's other arguments."""

    def build(*args, **kwargs):
        return EnvironBuilder(app, *args, **kwargs)

    return build


@pytest.fixture
def request_of(build):
    """The request that is built of these arguments; closed after the test."""
    with ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(build(*args, **kwargs).get_request())
