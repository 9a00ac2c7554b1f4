"""Test clients, request builders and command runners."""

from .builder import EnvironBuilder
from .client import ClientRedirectError, FlaskClient
from .cookies import Cookie
from .multipart import encode_multipart
from .response import TestResponse
from .runner import FlaskCliRunner
from .websockets import AsyncWebSocketSession, WebSocketClosed, WebSocketDenied, WebSocketSession

# COMPAT: the name that werkzeug.test has for it.
Client = FlaskClient

__all__ = [
    "AsyncWebSocketSession",
    "Client",
    "ClientRedirectError",
    "Cookie",
    "EnvironBuilder",
    "FlaskCliRunner",
    "FlaskClient",
    "TestResponse",
    "WebSocketClosed",
    "WebSocketDenied",
    "WebSocketSession",
    "encode_multipart",
]
