"""That the samples on async views, streams, events and WebSockets do what the pages say."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from asyncflask.testing import WebSocketDenied
from tests.docs.conftest import PAGES


class TestAsync:
    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("/", "Hello, Ada!"),
            ("/ping", "pong"),
            ("/stock/tea", '{"stock":7}\n'),
            ("/about", "This is asyncflask."),
            ("/shelf", "7 packets of tea"),
            ("/ticks", "0 for /ticks\n1 for /ticks\n2 for /ticks\n"),
        ],
    )
    def test_views(self, client_of, path, text):
        """Sync and async views answer alike."""
        response = client_of("async").get(path, headers={"Authorization": "secret"})

        assert response.text == text
        assert response.headers["X-Served-By"] == "asyncflask"

    def test_copied_context(self, client_of):
        """The thread sees the request."""
        assert client_of("async").post("/reports").text == "report of /reports"

    def test_sync_code_in_an_async_view(self, client_of, tmp_path, monkeypatch):
        """It is awaited, and runs in a thread meanwhile."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "notes.txt").write_text("Buy tea.")

        assert client_of("async").get("/notes").text == "Buy tea."

    def test_plain_rendering_explains_itself(self, run_page):
        """In an async view the plain function cannot wait for the processor, and says so."""
        page = run_page(PAGES / "async.md")

        @page.app.get("/wrong")
        async def wrong():
            return page.render_template_string("{{ packets('tea') }}")

        page.app.testing = True
        with pytest.raises(RuntimeError, match="render_template_string_async"):
            page.app.test_client().get("/wrong")


class TestStreaming:
    def test_rows_of_a_database(self, client_of, tmp_path, monkeypatch):
        """The sync generator reads what the hook has opened."""
        monkeypatch.chdir(tmp_path)
        with closing(sqlite3.connect("stock.db")) as db, db:
            db.execute("CREATE TABLE stock (article, packets)")
            db.execute("INSERT INTO stock VALUES ('tea', 7)")

        assert client_of("streaming").get("/export.csv").text == "article,packets\ntea,7\n"

    def test_numbers(self, client_of, tmp_path, monkeypatch):
        """The async generator sees the request."""
        monkeypatch.chdir(tmp_path)

        assert client_of("streaming").get("/count?to=2").text == "0\n1\n"

    def test_a_stream_that_asks_whether_the_server_stops(self, client_of, tmp_path, monkeypatch):
        """It ends by itself."""
        monkeypatch.chdir(tmp_path)
        client = client_of("streaming")
        client.application.shutdown_event.set()

        assert client.get("/load").text == ""


class TestServerSentEvents:
    def test_events(self, client_of):
        """JSON, text, and an event with a type of its own."""
        text = client_of("server-sent-events").get("/prices").text

        assert text == (
            'data: {"article": "tea", "price": 7}\n\ndata: closed for today\n\n'
            'event: sold-out\ndata: {"article": "cup"}\n\n'
        )

    def test_going_on(self, client_of):
        """After the last event that the client has got."""
        response = client_of("server-sent-events").get("/numbers", headers={"Last-Event-ID": "7"})

        assert re.findall(r"id: (.*)", response.text) == ["8", "9", "10"]

    def test_many_clients(self, client_of):
        """Each hears what one has said; who leaves is forgotten."""
        client = client_of("server-sent-events")
        listeners = client.application.view_functions["hear"].__globals__["listeners"]

        streams = [client.get("/messages") for _ in range(2)]
        status = client.post("/messages", json="hello").status_code
        heard = [next(stream.iter_encoded()) for stream in streams]
        for stream in streams:
            stream.close()

        assert status == 202
        assert heard == [b"data: hello\n\n"] * 2
        assert listeners == set()


class TestWebSockets:
    @pytest.fixture
    def client(self, client_of):
        return client_of("websockets")

    def test_rooms(self, client):
        """Async and sync views answer each message."""
        received = []
        for path in ("/rooms/tea", "/shout"):
            with client.websocket_connect(path) as connection:
                connection.send("hello")
                received.append(connection.receive())

        assert received == ["tea: hello", "HELLO"]

    def test_orders(self, client):
        """The subprotocol is chosen, and JSON goes both ways."""
        with client.websocket_connect("/orders", subprotocols=["v1", "v2"]) as connection:
            connection.send_json({"article": "cup"})
            received = connection.receive_json()

        assert connection.accepted_subprotocol == "v2"
        assert received == {"article": "cup", "accepted": True}

    def test_news(self, client):
        """A request sends to all that listen."""
        with client.websocket_connect("/news") as connection:
            published = client.post("/news/hello").json
            received = connection.receive()

        assert (published, received) == ({"listeners": 1}, "hello")

    def test_denial(self, client):
        """The error handler's answer denies."""
        with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/private"):
            pass

        assert denied.value.status_code == 401
        assert denied.value.response.json == {"error": "log in first"}

    def test_survey(self, client, caplog):
        """The view is told how the client has gone."""
        with caplog.at_level("INFO"), client.websocket_connect("/survey") as connection:
            connection.receive()
            connection.send("yes")
            connection.receive()
            connection.close(4000)

        assert "left with 4000 after 1 answers" in caplog.text

    def test_origins(self, client):
        """Other pages may connect where they are named."""
        welcome = []
        for path in ("/rooms/tea", "/ticker", "/partners"):
            for origin in ("https://shop.example.org", "https://evil.example"):
                try:
                    with client.websocket_connect(path, headers={"Origin": origin}):
                        welcome.append(True)
                except WebSocketDenied:
                    welcome.append(False)

        assert welcome == [False, False, True, True, True, False]
