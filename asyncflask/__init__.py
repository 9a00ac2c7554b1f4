"""Flask's API, async-first over ASGI: `from asyncflask import Flask`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import json
from .app import Flask
from .blueprints import Blueprint
from .bridge import inline, run_sync
from .config import Config
from .ctx import (
    after_this_request,
    copy_current_request_context,
    copy_current_websocket_context,
    has_app_context,
    has_request_context,
    has_websocket_context,
)
from .deferred import import_on_use
from .globals import current_app, g, request, session, websocket
from .helpers import (
    abort,
    flash,
    get_flashed_messages,
    get_template_attribute,
    make_response,
    redirect,
    send_file,
    send_from_directory,
    stream_with_context,
    url_for,
)
from .json import jsonify
from .signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    before_render_template,
    got_background_exception,
    got_request_exception,
    got_serving_exception,
    got_websocket_exception,
    message_flashed,
    request_finished,
    request_started,
    request_tearing_down,
    template_rendered,
    websocket_finished,
    websocket_started,
    websocket_tearing_down,
)
from .templating import (
    render_template,
    render_template_async,
    render_template_string,
    render_template_string_async,
    stream_template,
    stream_template_async,
    stream_template_string,
    stream_template_string_async,
)
from .wrappers import Request, Response, WebSocket
from .wrappers.channel import WebSocketDisconnected

if TYPE_CHECKING:
    from . import cli
    from .wrappers import EventStream, ServerSentEvent
else:
    __getattr__, __dir__ = import_on_use(
        __name__,
        {
            ".": ("cli", "debughelpers", "testing"),
            ".wrappers": ("EventStream", "ServerSentEvent"),
        },
    )

__version__ = "0.1.0"

__all__ = [
    "Blueprint",
    "Config",
    "EventStream",
    "Flask",
    "Request",
    "Response",
    "ServerSentEvent",
    "WebSocket",
    "WebSocketDisconnected",
    "abort",
    "after_this_request",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "cli",
    "copy_current_request_context",
    "copy_current_websocket_context",
    "current_app",
    "flash",
    "g",
    "get_flashed_messages",
    "get_template_attribute",
    "got_background_exception",
    "got_request_exception",
    "got_serving_exception",
    "got_websocket_exception",
    "has_app_context",
    "has_request_context",
    "has_websocket_context",
    "inline",
    "json",
    "jsonify",
    "make_response",
    "message_flashed",
    "redirect",
    "render_template",
    "render_template_async",
    "render_template_string",
    "render_template_string_async",
    "request",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "run_sync",
    "send_file",
    "send_from_directory",
    "session",
    "stream_template",
    "stream_template_async",
    "stream_template_string",
    "stream_template_string_async",
    "stream_with_context",
    "template_rendered",
    "url_for",
    "websocket",
    "websocket_finished",
    "websocket_started",
    "websocket_tearing_down",
]
