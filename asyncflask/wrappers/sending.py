"""Sending a body that is produced while it is sent, and closing what produced it."""

from __future__ import annotations

from inspect import isawaitable
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel

from .. import bridge

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Iterable

    from starlette.types import Message, Receive, Scope, Send

    from .file_body import FileBody

    SendChunk = Callable[[Any], Awaitable[None]]


class ClientDisconnectedError(Exception):
    """The server says that nobody is left to send to."""


def encode_chunk(chunk: Any) -> bytes:
    """An item of a body as bytes; text in UTF-8.

    Raises:
        TypeError: it is neither text nor bytes.
    """
    if type(chunk) is bytes:
        return chunk
    if isinstance(chunk, str):
        return chunk.encode()
    if isinstance(chunk, (bytes, bytearray, memoryview)):
        return bytes(chunk)
    raise TypeError(
        f"A response's body is made of str and bytes, but {chunk!r:.80} is of type"
        f" {type(chunk).__name__!r}. Convert it first."
    )


async def send_whole(start: Message, data: bytes, kind: str, send: Send) -> None:
    """Send a body that is at hand, in one message of type `kind`."""
    await send(start)
    await send({"type": kind, "body": data, "more_body": False})


async def send_file_body(
    body: FileBody, start: Message, kind: str, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send a file: by its path where the server can, at once if it is small, or in slices.

    Raises:
        OSError: the file cannot be opened; nothing is sent then.
    """
    if body.is_sent_by_path(scope):
        await send(start)
        await send({"type": "http.response.pathsend", "path": body.path})
    elif body.is_small:
        await send_whole(start, await body.on_thread(body.read_all), kind, send)
    else:
        await body.on_thread(body.open)
        await send(start)
        await send_stream(body, receive, send, kind)


async def send_stream(body: Any, receive: Receive, send: Send, kind: str) -> None:
    """Send the items of `body` as they come, until its end or until the client has gone.

    A sync iterable is run and closed in a worker; an async one runs in this task, from its
    first item to its `aclose()`.

    Args:
        kind: the type of the messages.
    Raises:
        Exception: whatever `body` raises.
    """

    async def send_chunk(chunk: Any) -> None:
        # An empty item is nothing to send; an empty message may end the body.
        if data := encode_chunk(chunk):
            await _send_or_notice(send, {"type": kind, "body": data, "more_body": True})
        # A send() that does not wait, as uvicorn's once the client has gone, and an iterator that
        # does not either, would keep the event loop for themselves, for ever if it is endless.
        await anyio.lowlevel.checkpoint()

    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_cancel_when_gone, receive, tasks.cancel_scope)
        # A task group would wrap the error that leaves it; the caller is to see the error itself.
        try:
            await send_items(body, send_chunk)
            await _send_or_notice(send, {"type": kind, "body": b"", "more_body": False})
        except ClientDisconnectedError:
            pass
        except Exception as exc:
            failure = exc
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _send_or_notice(send: Send, message: dict[str, Any]) -> None:
    """Send, and tell the server's OSError for a lost client from an OSError of the body."""
    try:
        await send(message)
    except OSError as exc:
        raise ClientDisconnectedError from exc


async def _cancel_when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        # A receive() that never waits must not keep the stream from being sent.
        await anyio.lowlevel.checkpoint()
    scope.cancel()


async def send_items(body: Any, send_chunk: SendChunk) -> None:
    """Hand every item of `body`, sync or async, to `send_chunk`; then close `body`."""
    if hasattr(body, "__aiter__"):
        await _send_async_items(body, send_chunk)
    else:
        await _send_sync_items(body, send_chunk)


async def _send_async_items(body: AsyncIterable[Any], send_chunk: SendChunk) -> None:
    iterator = aiter(body)
    try:
        async for item in iterator:
            await send_chunk(item)
    finally:
        with anyio.CancelScope(shield=True):
            await close_body(iterator)
            if iterator is not body:
                await close_body(body)


async def _send_sync_items(body: Iterable[Any], send_chunk: SendChunk) -> None:
    failure: Exception | None = None
    async with bridge.iterate(body, encode_chunk) as items:
        # See send_stream: the block is a task group too.
        try:
            async for item in items:
                await send_chunk(item)
        except Exception as exc:
            failure = exc
    if failure is not None:
        raise failure


async def close_body(body: Any) -> None:
    """Run the `aclose()` or `close()` of a body, where it has one."""
    aclose = getattr(body, "aclose", None)
    if aclose is not None:
        await aclose()
        return
    close = getattr(body, "close", None)
    if close is not None:
        await run_closing(close)


async def run_closing(function: Callable[[], Any]) -> None:
    """Run a function of the user's: where it may block in a worker, else here."""
    if bridge.blocks(function):
        result = await bridge.run_in_worker(function)
    else:
        result = function()
    if isawaitable(result):
        await result
