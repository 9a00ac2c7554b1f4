"""A WSGI application below a path, on a real server: clients that leave, and the server's end."""

from __future__ import annotations

import threading

import flask
import pytest

from asyncflask import Flask

WAIT = 20  # seconds, for what happens at once unless something is wrong
HOST = "Host: example.org"


class Site:
    """A Flask app in an asyncflask app, and what has happened in it."""

    def __init__(self):
        self.read, self.errors = threading.Event(), []
        self.closed = threading.Event()
        self.app = Flask("host")
        self.app.config["THREADPOOL_SIZE"] = 2
        old = flask.Flask("old")
        old.add_url_rule("/size", view_func=self.size, methods=["POST"])
        old.add_url_rule("/endless", view_func=self.endless)
        old.add_url_rule("/broken", view_func=self.broken)
        self.app.mount("/old", old)
        self.app.mount("/raising", self.raising)

    def size(self):
        try:
            return str(len(flask.request.get_data()))
        except Exception as exc:
            self.errors.append(exc)
            raise
        finally:
            self.read.set()

    def endless(self):
        def pieces():
            try:
                while True:
                    yield b"x" * 1000
            finally:
                self.closed.set()

        return flask.Response(pieces())

    def broken(self):
        def pieces():
            yield b"first"
            raise ZeroDivisionError("in the body")

        return flask.Response(pieces())

    def raising(self, environ, start_response):
        start_response("200 OK", [])
        raise ZeroDivisionError("before the body")


@pytest.fixture
def site():
    return Site()


def test_upload(serve, site):
    """An upload of 5 MB in chunks comes whole."""
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"

    answer = serve(site.app).ask(
        "POST /old/size HTTP/1.1",
        HOST,
        "Transfer-Encoding: chunked",
        body=chunk * 80 + b"0\r\n\r\n",
    )

    assert answer.text == str(80 * 65536)


def test_clients_that_leave_while_they_upload(serve, site):
    """None keeps a thread, and none's part of a body is taken for the whole."""
    server = serve(site.app)

    for _ in range(5):
        site.read.clear()
        with server.connect() as connection:
            connection.send(
                "POST /old/size HTTP/1.1", HOST, "Content-Length: 1000000", body=b"x" * 1000
            )
            connection.close()
        assert site.read.wait(WAIT)

    answer = server.ask("POST /old/size HTTP/1.1", HOST, "Content-Length: 3", body=b"abc")
    assert answer.text == "3"
    assert [type(exc).__name__ for exc in site.errors] == ["ClientDisconnected"] * 5


def test_clients_that_leave_an_endless_response(serve, site):
    """Each response is closed, so that its thread is free for the next one."""
    server = serve(site.app)

    for _ in range(5):
        site.closed.clear()
        with server.connect() as connection:
            connection.send("GET /old/endless HTTP/1.1", HOST)
            connection.socket.recv(1000)
            connection.close()
        assert site.closed.wait(WAIT)

    answer = server.ask("POST /old/size HTTP/1.1", HOST, "Content-Length: 3", body=b"abc")
    assert answer.text == "3"


def test_a_client_that_does_not_read(serve, site):
    """A response that waits for its client is closed when the client leaves."""
    server = serve(site.app)

    with server.connect() as connection:
        connection.send("GET /old/endless HTTP/1.1", HOST)
        connection.socket.recv(1000)
        # The other buffers between here and the application fill up by themselves.
        assert not site.closed.is_set()
        connection.close()

    assert site.closed.wait(WAIT)


def test_error_before_the_body(serve, site, caplog):
    """It is answered with 500, and logged."""
    answer = serve(site.app).ask("GET /raising HTTP/1.1", HOST)

    assert answer.status == 500
    assert "before the body" in caplog.text


def test_error_in_the_body(serve, site, caplog):
    """The connection ends, so that the client knows that there was more; and it is logged."""
    server = serve(site.app)

    with server.connect() as connection:
        connection.send("GET /old/broken HTTP/1.1", HOST)
        received = connection.read_all()

    assert b"first" in received
    assert not received.endswith(b"0\r\n\r\n")
    assert "in the body" in caplog.text
