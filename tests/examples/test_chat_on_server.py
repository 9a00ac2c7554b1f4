"""The chat example on a real server, with a client that is not ours, and in a browser."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect as connect_to

DEADLINE = 20  # seconds for one answer


@pytest.fixture
def enter(serve):
    """Visit the first page under a name; gives a function that opens rooms."""
    client = serve("chat")
    host = client.base_url.netloc.decode()

    def enter(name):
        client.cookies.clear()
        client.post("/", data={"name": name, "room": "lobby"})
        cookies = "; ".join(f"{cookie}={value}" for cookie, value in client.cookies.items())
        return lambda room="lobby", **options: connect_to(
            f"ws://{host}/rooms/{room}/talk",
            additional_headers={"Cookie": cookies, "Origin": f"http://{host}"},
            proxy=None,
            **options,
        )

    return enter


def next_event(connection):
    return json.loads(connection.recv(timeout=DEADLINE))


def test_a_conversation(enter):
    """Two clients on sockets of their own read what is said, and who is there."""
    with enter("Ada")() as ada, enter("Bob")() as bob:
        welcomes = [next_event(ada)["names"], next_event(bob)["names"]]
        joined = next_event(ada)
        bob.send("Grüße")
        said = [next_event(connection) for connection in (ada, bob)]
        bob.close()
        left = next_event(ada)

    assert welcomes == [["Ada"], ["Ada", "Bob"]]
    assert (joined["kind"], joined["name"]) == ("join", "Bob")
    assert [(event["name"], event["text"]) for event in said] == [("Bob", "Grüße")] * 2
    assert (left["kind"], left["names"]) == ("leave", ["Ada"])


def test_a_connection_that_is_lost(enter):
    """A client that just vanishes is noticed and leaves the room."""
    with enter("Ada")() as ada, enter("Bob")() as bob:
        next_event(ada)
        next_event(ada)
        bob.socket.close()

        assert next_event(ada)["names"] == ["Ada"]


def test_a_stranger(enter):
    """Without a name the handshake is denied with 401."""
    enter("Ada")

    with pytest.raises(InvalidStatus) as caught, enter("")():
        pass

    assert caught.value.response.status_code == 401


def test_a_message_of_megabytes(enter):
    """The server refuses it before it is in memory."""
    with enter("Ada")() as ada:
        next_event(ada)
        ada.send("x" * 1_000_000)

        with pytest.raises(ConnectionClosedError) as caught:
            ada.recv(timeout=DEADLINE)

    assert caught.value.rcvd.code == 1009


def test_a_reader_that_has_stopped(enter):
    """Once the buffers on its way are full it is let go, and the others talk on."""
    with enter("Ada")() as ada, enter("Slow")(compression=None, max_queue=1, close_timeout=0):
        next_event(ada)
        next_event(ada)
        for number in range(10_000):
            # In JSON each of these letters has 12 bytes.
            ada.send(f"{number} {'𝔸' * 480}")
            event = next_event(ada)
            if event["kind"] == "leave":
                break

        assert (event["kind"], event["names"]) == ("leave", ["Ada"])
