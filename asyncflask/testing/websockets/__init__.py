"""The test clients' side of websockets: the same rules for both, in sync and async spelling."""

from .connection import PATIENCE, Connection
from .dialogue import Denial, Dialogue
from .errors import WebSocketClosed, WebSocketDenied
from .scope import in_http_terms, to_http_url, to_websocket_scope
from .session import AsyncWebSocketSession, WebSocketSession, async_session, sync_session

__all__ = [
    "PATIENCE",
    "AsyncWebSocketSession",
    "Connection",
    "Denial",
    "Dialogue",
    "WebSocketClosed",
    "WebSocketDenied",
    "WebSocketSession",
    "async_session",
    "in_http_terms",
    "sync_session",
    "to_http_url",
    "to_websocket_scope",
]
