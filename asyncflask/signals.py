"""The signals that an app sends; the sender is always the app. Nothing here decides when."""

from __future__ import annotations

from blinker import Namespace

# A namespace of our own, so that a receiver of Flask's signals in the same process stays apart.
_signals = Namespace()

template_rendered = _signals.signal(
    "template-rendered", "After a template was rendered. Sends `template` and `context`."
)
before_render_template = _signals.signal(
    "before-render-template", "Before a template is rendered. Sends `template` and `context`."
)
request_started = _signals.signal(
    "request-started", "The context is pushed; no request function has run."
)
request_finished = _signals.signal(
    "request-finished", "The response is ready to be sent. Sends `response`."
)
request_tearing_down = _signals.signal(
    "request-tearing-down", "The request context ends. Sends `exc`, the unhandled error or None."
)
got_request_exception = _signals.signal(
    "got-request-exception", "An error goes to the 500 handler or the server. Sends `exception`."
)
got_serving_exception = _signals.signal(
    "got-serving-exception", "Start-up or shutdown has failed. Sends `exception`."
)
got_background_exception = _signals.signal(
    "got-background-exception", "A background task has failed. Sends `exception`."
)
websocket_started = _signals.signal(
    "websocket-started", "The context is pushed; no websocket function has run."
)
websocket_finished = _signals.signal(
    "websocket-finished",
    "The handler has ended. Sends `response`, which denies the handshake, or None.",
)
websocket_tearing_down = _signals.signal(
    "websocket-tearing-down",
    "The websocket context ends. Sends `exc`, the unhandled error or None.",
)
got_websocket_exception = _signals.signal(
    "got-websocket-exception", "An error goes to the 500 handler or the server. Sends `exception`."
)
appcontext_tearing_down = _signals.signal(
    "appcontext-tearing-down", "The app context ends. Sends `exc`, the unhandled error or None."
)
appcontext_pushed = _signals.signal("appcontext-pushed", "An app context was pushed.")
appcontext_popped = _signals.signal("appcontext-popped", "An app context was popped.")
message_flashed = _signals.signal(
    "message-flashed", "A message was flashed. Sends `message` and `category`."
)
