"""What a view is given and what it gives back: the request or WebSocket, and the response."""

from .event_stream import EventStream
from .events import ServerSentEvent
from .live_form import Part
from .request import Request
from .response import Response
from .websocket import WebSocket

__all__ = ["EventStream", "Part", "Request", "Response", "ServerSentEvent", "WebSocket"]
