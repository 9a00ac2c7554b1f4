"""The chat example: names, rooms, messages and their limits."""

from __future__ import annotations

import json

import pytest

from asyncflask.testing import WebSocketDenied


@pytest.fixture
def app(load):
    app = load("chat").app
    app.testing = True
    return app


@pytest.fixture
def enter(app):
    """Visit the first page under a name; gives a function that opens rooms."""

    def enter(name):
        client = app.test_client()
        client.post("/", data={"name": name, "room": "lobby"})
        return lambda room="lobby": client.websocket_connect(f"/rooms/{room}/talk")

    return enter


def events(ws, number):
    """So many next events, without the times that they have."""
    received = [ws.receive_json() for _ in range(number)]
    return [{key: each[key] for key in each if key != "time"} for each in received]


# Pages


def test_entering(app):
    """The name is kept in the session, and the way leads to the room."""
    client = app.test_client()

    response = client.post("/", data={"name": " Ada ", "room": "tea"}, follow_redirects=True)

    assert response.request.path == "/rooms/tea"
    assert "You are <strong>Ada</strong>" in response.text
    assert 'data-socket="ws://localhost/rooms/tea/talk"' in response.text


@pytest.mark.parametrize(
    "form", [{"name": " ", "room": "tea"}, {"name": "Ada", "room": ""}, {"name": "A", "room": "/"}]
)
def test_entering_without_a_name(app, form):
    """The form is shown again and says why."""
    response = app.test_client().post("/", data=form)

    assert response.status_code == 400
    assert "You need a name" in response.text


def test_a_room_for_somebody_without_a_name(app):
    """The page leads to the form, which has the room filled in."""
    response = app.test_client().get("/rooms/tea", follow_redirects=True)

    assert response.request.path == "/"
    assert 'value="tea"' in response.text


def test_names_are_escaped(app):
    """A name may be any text."""
    client = app.test_client()

    response = client.post("/", data={"name": "<b>", "room": "tea"}, follow_redirects=True)

    assert "&lt;b&gt;" in response.text
    assert "<b>" not in response.text


# Rooms


def test_talking_without_a_name(app):
    """The handshake is denied."""
    connection = app.test_client().websocket_connect("/rooms/lobby/talk")

    with pytest.raises(WebSocketDenied) as caught, connection:
        pass

    assert caught.value.status_code == 401


def test_the_first_in_a_room(enter):
    """Finds nobody else and nothing said."""
    with enter("Ada")() as ada:
        assert events(ada, 1) == [{"kind": "welcome", "names": ["Ada"], "history": []}]


def test_everybody_reads_what_anybody_says(enter):
    """The one who says it too."""
    with enter("Ada")() as ada, enter("Bob")() as bob:
        events(ada, 2)
        events(bob, 1)
        ada.send(" Tea? ")
        said = [{"kind": "message", "name": "Ada", "text": "Tea?"}]

        assert events(ada, 1) == events(bob, 1) == said


def test_notices(enter):
    """Who is there learns who comes and goes."""
    with enter("Ada")() as ada:
        events(ada, 1)
        with enter("Bob")() as bob:
            events(bob, 1)

        assert events(ada, 2) == [
            {"kind": "join", "name": "Bob", "names": ["Ada", "Bob"]},
            {"kind": "leave", "name": "Bob", "names": ["Ada"]},
        ]


def test_a_second_tab_is_no_news(enter):
    """A name has come once, and is gone when its last tab is."""
    bob = enter("Bob")
    with enter("Ada")() as ada:
        events(ada, 1)
        with bob() as first:
            events(first, 1)
            with bob() as second:
                events(second, 1)
            first.send("Still here.")

            assert [event["kind"] for event in events(ada, 2)] == ["join", "message"]


def test_rooms_are_apart(enter):
    """What is said in one is not heard in another."""
    with enter("Ada")("tea") as ada, enter("Bob")("cups") as bob:
        events(ada, 1)
        events(bob, 1)
        ada.send("Sencha")
        bob.send("blue")

        assert [event["text"] for event in events(ada, 1) + events(bob, 1)] == ["Sencha", "blue"]


def test_history(enter):
    """Who enters reads the last messages, also where everybody has left meanwhile."""
    with enter("Ada")() as ada:
        events(ada, 1)
        for number in range(60):
            ada.send(str(number))
        events(ada, 60)

    with enter("Bob")() as bob:
        (welcome,) = events(bob, 1)

    assert [message["text"] for message in welcome["history"]] == [str(n) for n in range(10, 60)]


# Limits


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("x" * 501, "A message has 500 letters at most."),
        (b"tea", "A message is text."),
        ("  ", "A message is text."),
    ],
)
def test_messages_that_are_refused(enter, message, answer):
    """Only the sender is told."""
    with enter("Ada")() as ada, enter("Bob")() as bob:
        events(ada, 2)
        events(bob, 1)
        ada.send(message)
        refused = events(ada, 1)
        ada.send("x" * 500)

        assert refused == [{"kind": "refusal", "text": answer}]
        assert events(bob, 1) == [{"kind": "message", "name": "Ada", "text": "x" * 500}]


def test_a_reader_that_is_too_slow(enter):
    """It is let go once its backlog is full; the others do not notice."""
    with enter("Ada")() as ada, enter("Slow")() as slow:
        events(ada, 2)
        for number in range(400):
            ada.send(str(number))
            (event,) = events(ada, 1)
            if event["kind"] == "leave":
                break
        # What was on its way to the slow one still comes, and then the end.
        read = [event["text"] for event in map(json.loads, slow) if event["kind"] == "message"]

        assert (slow.close_code, slow.close_reason) == (1013, "You have fallen behind.")
        assert read == [str(earlier) for earlier in range(len(read))]
        assert len(read) < number


@pytest.mark.anyio
async def test_empty_rooms_are_forgotten_in_time(load):
    """The memory for what was said is bounded; a room with people in it is never forgotten."""
    rooms = load("chat").Rooms(empty=2)

    with rooms["open"].joined("Ada"):
        for name in ["a", "b", "c", "d"]:
            rooms[name].say("Ada", name)

        assert [name for name in ("open", *"abcd") if name in rooms] == ["open", "c", "d"]
