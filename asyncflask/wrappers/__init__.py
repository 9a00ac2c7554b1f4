"""What a view is given and what it gives back: the request or WebSocket, and the response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..deferred import import_on_use
from .request import Request
from .response import Response
from .websocket import WebSocket

if TYPE_CHECKING:
    from .event_stream import EventStream
    from .events import ServerSentEvent
    from .live_form import Part
else:
    __getattr__, __dir__ = import_on_use(
        __name__,
        {
            ".event_stream": ("EventStream",),
            ".events": ("ServerSentEvent",),
            ".live_form": ("Part",),
        },
    )

__all__ = ["EventStream", "Part", "Request", "Response", "ServerSentEvent", "WebSocket"]
