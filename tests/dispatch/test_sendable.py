"""Responses that cannot be sent are errors of the app's, found in time for its error handlers."""

from __future__ import annotations

import logging

import pytest

from asyncflask import Flask, Response, request, send_file
from asyncflask.bridge import inline


@pytest.fixture
def app():
    return Flask("sendable")


def answer_with(app, change, **kwargs):
    """Let a view's response be changed before it is returned, and return what the client gets."""

    @app.get("/")
    def view():
        response = Response("text", **kwargs)
        change(response)
        return response

    return app.test_client().get("/")


def set_header(name, value):
    return lambda response: response.headers.set(name, value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("X-Name", "☃", "only carry Latin-1"),
        ("X-Name", "\ud800", "only carry Latin-1"),
        ("X-Name", "a\x01b", "without control characters"),
        ("X-Name", "a\x7f", "without control characters"),
        ("X Name", "a", "Rename it"),
        ("X:Name", "a", "Rename it"),
        ("Ñame", "a", "Rename it"),
        ("", "a", "Rename it"),
    ],
)
def test_a_header_that_http_cannot_carry_is_a_500(app, caplog, name, value, words):
    """The log names the header and says what to do."""
    answer = answer_with(app, set_header(name, value))

    assert answer.status_code == 500
    [record] = caplog.records
    assert record.getMessage() == "Exception on / [GET]"
    assert repr(name) in str(record.exc_info[1])
    assert words in str(record.exc_info[1])


@pytest.mark.parametrize("value", ["", "a", "a\tb", "a b", "ä", "\xa0ä\xa0", "~!@#$%^&*()"])
def test_a_header_that_http_can_carry_is_sent(app, value):
    """Latin-1 is."""
    assert answer_with(app, set_header("X-Name", value)).headers["X-Name"] == value


@pytest.mark.parametrize("value", [" a", "a ", "\ta\t", "  "])
def test_whitespace_around_a_header_is_not_sent(app, value):
    """It is no part of the value, and h11 would refuse it."""
    assert answer_with(app, set_header("X-Name", value)).headers["X-Name"] == value.strip()


@pytest.mark.parametrize("name", ["Location", "Content-Location"])
@pytest.mark.parametrize("status", [200, 201, 302])
def test_an_address_is_quoted(app, name, status):
    """So any text will do, half a surrogate pair included."""
    answer = answer_with(app, set_header(name, "/☃/\ud800 x"), status=status)

    assert answer.status_code == status
    assert answer.headers[name] == "/%E2%98%83/%3F%20x"


@pytest.mark.parametrize("status", [0, 99, 100, 199, 600, 999, "wrong"])
def test_a_status_that_is_none_is_a_500(app, caplog, status):
    """A server would cut the connection, or the client wait for another response."""
    answer = answer_with(app, lambda response: None, status=status)

    assert answer.status_code == 500
    assert "200 to 599" in str(caplog.records[0].exc_info[1])


@pytest.mark.parametrize("items", [[1], ["a", None], [b"a", object()]])
def test_a_list_with_what_is_no_text_is_a_500(app, items):
    """It is encoded in time."""
    assert (
        answer_with(app, lambda response: setattr(response, "response", items)).status_code == 500
    )


@pytest.mark.parametrize("is_async", [False, True])
def test_the_apps_handler_answers(app, is_async):
    """The one for 500, as for errors of after functions."""
    set_snowman = set_header("X-Name", "☃")

    @app.errorhandler(500)
    def handle_500(exc):
        return f"handled: {type(exc.original_exception).__name__}", 500

    if is_async:

        @app.get("/")
        async def view():
            response = Response("text")
            set_snowman(response)
            return response

        answer = app.test_client().get("/")
    else:
        answer = answer_with(app, set_snowman)

    assert answer.text == "handled: ValueError"


def test_an_after_function_that_spoils_every_response_is_the_servers_error(app):
    """The 500 page is spoilt too: what is left is to raise."""

    @app.after_request
    def spoil(response):
        response.headers["X-Name"] = "☃"
        return response

    with pytest.raises(ValueError, match="'X-Name'"):
        app.test_client().get("/")


@pytest.mark.parametrize("is_async", [False, True])
def test_a_response_that_is_not_sent_is_closed(app, is_async):
    """Its generator, and the functions of call_on_close."""
    closed = []

    def refuse():
        response = Response(iter(["never"]), headers={"X Name": "a"})
        response.call_on_close(lambda: closed.append(True))
        return response

    app.add_url_rule("/", view_func=inline(refuse) if is_async else refuse)

    app.test_client().get("/")

    assert closed == [True]


@pytest.mark.parametrize("size", [10, 1_000_000])
@pytest.mark.parametrize("colour", [inline, lambda view: view], ids=["loop", "worker"])
def test_a_file_that_vanishes_is_a_500(app, tmp_path, caplog, size, colour):
    """It is opened while the error can still be answered."""
    path = tmp_path / "file.bin"

    @colour
    def view():
        path.write_bytes(b"x" * size)
        response = send_file(path, mimetype="text/plain")
        path.unlink()
        return response

    app.add_url_rule("/", view_func=view)

    answer = app.test_client().get("/")

    assert answer.status_code == 500
    assert isinstance(caplog.records[0].exc_info[1], FileNotFoundError)


@pytest.mark.parametrize("size", [0, 10, 1_000_000])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_is_sent_whole(app, tmp_path, size, method):
    """Small or large; nobody opens it for HEAD."""
    path = tmp_path / "file.bin"
    path.write_bytes(b"x" * size)
    app.add_url_rule("/", view_func=lambda: send_file(path, mimetype="text/plain"))

    answer = app.test_client().open("/", method=method)

    assert answer.content_length == size
    assert len(answer.data) == (size if method == "GET" else 0)


def test_errors_propagate_in_tests(app, caplog):
    """With TESTING the test sees the error itself."""
    app.testing = True

    with pytest.raises(ValueError, match="X-Name"), caplog.at_level(logging.CRITICAL):
        answer_with(app, set_header("X-Name", "☃"))


def test_teardown_is_told_of_the_error(app):
    """The error is one of the request's."""
    told = []
    app.teardown_request(lambda exc: told.append((request.path, type(exc))))

    answer_with(app, set_header("X-Name", "☃"))

    assert told == [("/", ValueError)]
