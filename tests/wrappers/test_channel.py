"""The connection below a WebSocket: its states, its limits, and who reads."""

from __future__ import annotations

import anyio
import pytest

from asyncflask import WebSocketDisconnected
from asyncflask.wrappers.channel import MOST_AHEAD, Channel, check_closing, fitting_reason

pytestmark = pytest.mark.anyio


class Server:
    """What a channel receives from and sends to."""

    def __init__(self, *messages):
        self.to_receive = list(messages)
        self.sent = []
        self.reading = 0

    async def receive(self):
        self.reading += 1
        assert self.reading == 1, "two tasks read from the server at once"
        try:
            await anyio.lowlevel.checkpoint()
            if self.to_receive:
                return self.to_receive.pop(0)
            await anyio.sleep_forever()
        finally:
            self.reading -= 1

    async def send(self, message):
        self.sent.append(message)

    @property
    def sent_types(self):
        return [message["type"].removeprefix("websocket.") for message in self.sent]


def text(data):
    return {"type": "websocket.receive", "text": data}


GONE = {"type": "websocket.disconnect", "code": 1001, "reason": "bye"}


def make(*messages, **options):
    server = Server(*messages)
    scope = {"type": "websocket", "subprotocols": ["a", "b"]}
    return server, Channel(scope, server.receive, server.send, **options)


class TestHandshake:
    async def test_states(self):
        """A channel is handshaking until it was accepted, or closed."""
        _, channel = make()
        states = [channel.is_handshaking]

        await channel.accept()
        states.append(channel.is_handshaking)

        assert (states, channel.is_accepted) == ([True, False], True)

    async def test_what_is_sent(self):
        """The subprotocol, and the headers in lower case; those of `prepare` come last."""
        server, channel = make()

        async def prepare():
            return [(b"set-cookie", b"a=b")]

        channel.prepare = prepare

        await channel.accept("b", [("X-A", "1")])

        assert server.sent == [
            {
                "type": "websocket.accept",
                "subprotocol": "b",
                "headers": [(b"x-a", b"1"), (b"set-cookie", b"a=b")],
            }
        ]

    async def test_once_only(self):
        """A second call is a mistake, also after a first message."""
        _, channel = make()
        await channel.send("x")

        with pytest.raises(RuntimeError, match="accepted already"):
            await channel.accept()

    async def test_first_messages_of_two_tasks(self):
        """Both accept, which happens once."""
        server, channel = make(text("x"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(channel.send, "a")
            tasks.start_soon(channel.send, "b")
            tasks.start_soon(channel.receive)

        assert sorted(server.sent_types) == ["accept", "send", "send"]

    @pytest.mark.parametrize(
        ("subprotocol", "message"), [("c", "asked for 'a', 'b'"), ("", "asked for 'a', 'b'")]
    )
    async def test_foreign_subprotocol(self, subprotocol, message):
        """It is a mistake; nothing is sent."""
        server, channel = make()

        with pytest.raises(ValueError, match=message):
            await channel.accept(subprotocol)

        assert server.sent == []

    @pytest.mark.parametrize(
        ("header", "message"),
        [
            (("X-A", "1\r\nX-B: 2"), "line breaks"),
            (("X-A\n", "1"), "line breaks"),
            (("X-A", "\x00"), "control characters"),
            (("Sec-WebSocket-Protocol", "a"), r"accept\(subprotocol=...\)"),
            (("X-A", "€"), "latin-1"),
        ],
    )
    async def test_impossible_headers(self, header, message):
        """They are mistakes; nothing is sent."""
        server, channel = make()

        with pytest.raises(ValueError, match=message):
            await channel.accept(None, [header])

        assert server.sent == []

    async def test_closing_before_it(self):
        """It denies; nothing can be sent afterwards."""
        server, channel = make()

        await channel.close()

        assert server.sent_types == ["close"]
        with pytest.raises(WebSocketDisconnected):
            await channel.send("x")


class TestMessages:
    async def test_types(self):
        """Text, bytes and what is like bytes are sent; else the error names send_json."""
        server, channel = make()

        for data in ("a", b"b", bytearray(b"c"), memoryview(b"d")):
            await channel.send(data)
        with pytest.raises(TypeError, match="send_json"):
            await channel.send({"a": 1})

        assert [message.get("text", message.get("bytes")) for message in server.sent[1:]] == [
            "a",
            b"b",
            b"c",
            b"d",
        ]

    async def test_both_keys(self):
        """A server may send both, one of them None."""
        _, channel = make(
            {"type": "websocket.receive", "text": None, "bytes": b"a"},
            {"type": "websocket.receive", "text": "", "bytes": None},
        )

        assert [await channel.receive(), await channel.receive()] == [b"a", ""]

    @pytest.mark.parametrize("data", ["x" * 13, "é" * 7, b"x" * 13])
    async def test_too_long(self, data):
        """Bytes count; the connection is closed with 1009 and the receiver told."""
        message = {"type": "websocket.receive", "bytes" if data[:1] == b"x" else "text": data}
        server, channel = make(message, max_message_size=12)

        with pytest.raises(WebSocketDisconnected) as closed:
            await channel.receive()

        assert (closed.value.code, server.sent[-1]["code"]) == (1009, 1009)

    @pytest.mark.parametrize("data", ["x" * 12, "é" * 6, "€" * 4])
    async def test_just_short_enough(self, data):
        """A message of the limit's length passes."""
        _, channel = make(text(data), max_message_size=12)

        assert await channel.receive() == data

    async def test_no_limit(self):
        """None lifts it."""
        _, channel = make(text("x" * 100_000), max_message_size=None)

        assert len(await channel.receive()) == 100_000


class TestReadingAhead:
    async def test_order_is_kept(self):
        """What was read ahead comes first."""
        _, channel = make(text("a"), text("b"), text("c"), GONE)
        await channel.accept()
        for _ in range(2):
            await channel.read_ahead()

        received = [await channel.receive() for _ in range(3)]

        assert received == ["a", "b", "c"]

    async def test_disconnect_behind_messages(self):
        """The messages can still be received, and nothing sent any more."""
        _, channel = make(text("a"), GONE)
        await channel.accept()
        while await channel.read_ahead():
            pass

        with pytest.raises(WebSocketDisconnected):
            await channel.send("x")
        assert await channel.receive() == "a"
        with pytest.raises(WebSocketDisconnected) as closed:
            await channel.receive()
        assert (closed.value.code, closed.value.reason) == (1001, "bye")

    async def test_it_stops_with_enough(self):
        """With MOST_AHEAD bytes unread the rest is left with the server until some are taken."""
        message = text("x" * (MOST_AHEAD // 2))
        server, channel = make(message, message, text("y"))
        await channel.accept()

        async def read():
            while await channel.read_ahead():
                pass

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await anyio.wait_all_tasks_blocked()
            left = [len(server.to_receive)]
            await channel.receive()
            await anyio.wait_all_tasks_blocked()
            left.append(len(server.to_receive))
            tasks.cancel_scope.cancel()

        assert left == [1, 0]

    async def test_two_receivers_and_a_reader(self):
        """The server is asked by one at a time, and every message comes to one receiver."""
        _, channel = make(*(text(str(number)) for number in range(20)), GONE)
        await channel.accept()
        received = []

        async def receive():
            while True:
                try:
                    received.append(await channel.receive())
                except WebSocketDisconnected:
                    return

        async def read():
            while await channel.read_ahead():
                pass

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(receive)
            tasks.start_soon(read)
            tasks.start_soon(receive)

        assert sorted(received, key=int) == [str(number) for number in range(20)]

    async def test_cancelled_receiver_loses_nothing(self):
        """The next receiver gets what the reader has kept."""
        server, channel = make()
        await channel.accept()

        async def read():
            while await channel.read_ahead():
                pass

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await anyio.wait_all_tasks_blocked()
            with anyio.move_on_after(0.01):
                await channel.receive()
            tasks.cancel_scope.cancel()
        server.to_receive.append(text("a"))

        assert await channel.receive() == "a"


class TestClosing:
    async def test_once_only(self):
        """A second close is left alone, and so is one after the client's."""
        server, channel = make(GONE)
        await channel.accept()

        await channel.close(4000, "enough")
        await channel.close()

        assert server.sent[1:] == [{"type": "websocket.close", "code": 4000, "reason": "enough"}]
        assert channel.closed == (4000, "enough")

    @pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1014, 3000, 4999])
    def test_codes_that_may_be_sent(self, code):
        """Nothing is wrong with them."""
        assert check_closing(code, "") is None

    @pytest.mark.parametrize("code", [0, 999, 1002, 1004, 1005, 1006, 1015, 2999, 5000, "1000"])
    def test_codes_that_may_not(self, code):
        """The error says which may."""
        with pytest.raises(ValueError, match="4000 to 4999"):
            check_closing(code, "")

    def test_long_reason(self):
        """Bytes count, not characters."""
        check_closing(1000, "x" * 123)
        with pytest.raises(ValueError, match="126 bytes"):
            check_closing(1000, "é" * 63)

    def test_fitting_reason(self):
        """It is one line, cut between characters."""
        assert fitting_reason("a\r\nb  c") == "a b c"
        assert fitting_reason("é" * 100) == "é" * 61
