"""Sending a body that is at hand, or in a file. What is produced meanwhile is streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .stream import Streaming

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from .file_body import FileBody
    from .stream import StreamingApp


async def send_whole(start: Message, data: bytes, send: Send) -> None:
    """Send a head and a body that is at hand, in one message."""
    kind = start["type"].removesuffix("start") + "body"
    await send(start)
    await send({"type": kind, "body": data, "more_body": False})


async def send_file_body(
    body: FileBody,
    start: Message,
    connection: tuple[Scope, Receive, Send],
    app: StreamingApp | None,
) -> None:
    """Send a file: by its path where the server can, at once if it is small, or in slices.

    Raises:
        OSError: the file cannot be opened; nothing is sent then.
    """
    scope, receive, send = connection
    if body.is_sent_by_path(scope):
        await send(start)
        await send({"type": "http.response.pathsend", "path": body.path})
    elif body.is_small:
        await send_whole(start, await body.on_thread(body.read_all), send)
    else:
        await Streaming(body, start, receive, send, app).run()
