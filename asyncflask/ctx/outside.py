"""What the errors say where there is no context, or one of the other kind."""

from __future__ import annotations

from typing import Final

NO_APP: Final = (
    "Working outside of application context.\n\n"
    "Something here needs the current app, and no context of one is active. Put the code in"
    " `with app.app_context():`, or run it in a view, a hook or a command."
)
NO_REQUEST: Final = (
    "Working outside of request context.\n\n"
    "Something here needs an active HTTP request. In a test, put the code in"
    " `with app.test_request_context():`; for a thread or task begun in a view, use"
    " copy_current_request_context."
)
WEBSOCKET_INSTEAD: Final = (
    "Working outside of request context.\n\n"
    "What is active here is a WebSocket, not an HTTP request. Use `websocket` in place of"
    " `request`: it has the URL, the headers, the cookies and the query as well."
)
NO_WEBSOCKET: Final = (
    "Working outside of websocket context.\n\n"
    "Something here needs an active WebSocket. It is there in functions decorated with"
    " @app.websocket, and in the hooks around them; for a thread or task begun in one, use"
    " copy_current_websocket_context."
)
REQUEST_INSTEAD: Final = (
    "Working outside of websocket context.\n\n"
    "What is active here is an HTTP request, not a WebSocket. Use `request` in place of"
    " `websocket`, or route the view with @app.websocket in place of @app.route."
)
