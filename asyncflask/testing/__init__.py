"""Test clients, request builders and command runners."""

from .builder import EnvironBuilder
from .client import ClientRedirectError, FlaskClient
from .cookies import Cookie
from .response import TestResponse
from .runner import FlaskCliRunner

__all__ = [
    "ClientRedirectError",
    "Cookie",
    "EnvironBuilder",
    "FlaskCliRunner",
    "FlaskClient",
    "TestResponse",
]
