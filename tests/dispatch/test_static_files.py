"""Static files: in a thread at first, and on the event loop while the system has them in memory."""

from __future__ import annotations

import os

import pytest

from asyncflask import Blueprint, Flask, Response
from asyncflask.setup import registrar

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(disk, tmp_path):
    """A static file, and a system that could read it at once."""
    path = tmp_path / "static" / "page.css"
    path.parent.mkdir()
    path.write_bytes(b"0123456789")
    return path


@pytest.fixture
def app(path):
    return Flask("files", root_path=str(path.parent.parent))


@pytest.fixture
def hops(monkeypatch):
    """The files that a thread was asked for."""
    names = []
    run_io = registrar.run_io

    def note(function, name):
        names.append(name)
        return run_io(function, name)

    monkeypatch.setattr(registrar, "run_io", note)
    return names


async def test_a_file_is_found_by_a_thread_and_then_at_hand(app, hops, exchange):
    """The answers are the same."""
    first = await exchange(app, "/static/page.css")

    second = await exchange(app, "/static/page.css")

    assert hops == ["page.css"]
    assert second.messages == first.messages
    assert second.body == b"0123456789"
    assert set(second.headers) == {
        "content-type",
        "content-disposition",
        "content-length",
        "last-modified",
        "etag",
        "cache-control",
    }


async def test_a_file_that_has_changed_is_seen_at_once(app, path, exchange):
    """Its content, its size and its tag."""
    first = await exchange(app, "/static/page.css")
    path.write_bytes(b"abc")

    second = await exchange(app, "/static/page.css")

    assert second.body == b"abc"
    assert second.headers["content-length"] == "3"
    assert second.headers["etag"] != first.headers["etag"]


async def test_a_file_that_was_replaced_by_one_of_its_size(app, path, exchange):
    """Its date tells."""
    first = await exchange(app, "/static/page.css")
    path.write_bytes(b"9876543210")
    os.utime(path, (1577836800, 1577836800))

    second = await exchange(app, "/static/page.css")

    assert second.body == b"9876543210"
    assert second.headers["last-modified"] == "Wed, 01 Jan 2020 00:00:00 GMT"
    assert second.headers["etag"] != first.headers["etag"]


async def test_a_file_that_was_removed(app, path, exchange):
    """404."""
    await exchange(app, "/static/page.css")
    path.unlink()

    assert (await exchange(app, "/static/page.css")).status == 404


@pytest.mark.parametrize("state", ["cold", "partly cold", "unable"])
async def test_a_file_that_the_system_has_dropped(app, disk, hops, exchange, state):
    """A thread waits for the disk."""
    await exchange(app, "/static/page.css")
    disk.state = state

    answer = await exchange(app, "/static/page.css")

    assert answer.body == b"0123456789"
    assert hops == ["page.css"] * 2


@pytest.mark.parametrize(
    ("method", "headers", "status", "body"),
    [
        ("HEAD", {}, 200, b""),
        ("GET", {"Range": "bytes=2-4"}, 206, b"234"),
        ("GET", {"Range": "bytes=20-"}, 416, None),
        ("GET", {"If-Modified-Since": "Wed, 01 Jan 2100 00:00:00 GMT"}, 304, b""),
    ],
)
async def test_conditions_of_a_file_at_hand(app, hops, exchange, method, headers, status, body):
    """As of any other."""
    await exchange(app, "/static/page.css")

    answer = await exchange(app, "/static/page.css", headers=headers, method=method)

    assert hops == ["page.css"]
    assert answer.status == status
    assert body is None or answer.body == body


class OwnAge(Flask):
    """Says itself how long files may be kept."""

    def get_send_file_max_age(self, filename):
        return 60


class OwnFiles(Flask):
    """Finds its files itself."""

    def send_static_file(self, filename):
        return Response(f"own {filename}")


class OwnResponse(Flask):
    """Makes responses of a class of its own."""

    response_class = type("OwnResponseClass", (Response,), {})


def replace_method(app):
    app.get_send_file_max_age = lambda filename: 60
    return app


@pytest.mark.parametrize(
    "make",
    [OwnAge, OwnFiles, OwnResponse, lambda *args, **kwargs: replace_method(Flask(*args, **kwargs))],
)
async def test_code_of_the_apps_own_runs_in_a_thread(path, hops, exchange, make):
    """It may block."""
    app = make("files", root_path=str(path.parent.parent))

    for _ in range(2):
        await exchange(app, "/static/page.css")

    assert hops == ["page.css"] * 2


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda response: response.headers.set("X-Name", " a"), 200),
        (lambda response: response.headers.set("X-Name", "☃"), 500),
        (lambda response: response.headers.set("Location", "/☃"), 200),
        (lambda response: setattr(response, "status_code", 404), 404),
        (lambda response: setattr(response, "status_code", 99), 500),
        (lambda response: setattr(response, "timeout", 10), 200),
    ],
)
async def test_a_files_response_is_as_good_as_any(path, exchange, change, status):
    """What an app changes about it is seen, and checked."""

    class Changing(Flask):
        def send_static_file(self, filename):
            response = super().send_static_file(filename)
            change(response)
            return response

    app = Changing("files", root_path=str(path.parent.parent))

    answers = [await exchange(app, "/static/page.css") for _ in range(2)]

    assert [answer.status for answer in answers] == [status] * 2
    assert answers[0].headers.get("x-name", "a") == "a"
    assert status == 500 or answers[0].body == b"0123456789"


async def test_the_functions_of_call_on_close_are_run(path, exchange):
    """Once the file is sent."""
    closed = []

    class Noting(Flask):
        def send_static_file(self, filename):
            response = super().send_static_file(filename)
            response.call_on_close(lambda: closed.append(filename))
            return response

    await exchange(Noting("files", root_path=str(path.parent.parent)), "/static/page.css")

    assert closed == ["page.css"]


async def test_a_blueprints_files(path, hops, exchange):
    """They are no different."""
    app = Flask("files", root_path=str(path.parent.parent), static_folder=None)
    blue = Blueprint("blue", "files", root_path=app.root_path, static_folder="static")
    app.register_blueprint(blue, url_prefix="/blue")

    answers = [await exchange(app, "/blue/static/page.css") for _ in range(2)]

    assert hops == ["page.css"]
    assert [answer.body for answer in answers] == [b"0123456789"] * 2


async def test_after_functions_see_a_file(app, exchange):
    """It is passed through, and their headers are sent with it."""
    seen = []

    @app.after_request
    async def look(response):
        seen.append((response.direct_passthrough, response.is_streamed))
        response.headers["X-Seen"] = "yes"
        return response

    for _ in range(2):
        answer = await exchange(app, "/static/page.css")

    assert seen == [(True, True)] * 2
    assert (answer.body, answer.headers["x-seen"]) == (b"0123456789", "yes")


async def test_after_functions_may_read_a_file(app, exchange):
    """Once they say that they will."""

    @app.after_request
    async def shout(response):
        response.direct_passthrough = False
        response.set_data(response.get_data() + b"!")
        return response

    for _ in range(2):
        answer = await exchange(app, "/static/page.css")

    assert answer.body == b"0123456789!"


async def test_an_answer_may_be_changed_on_its_way(app, exchange):
    """By a middleware, which does not change the next one."""
    answers = []
    for _ in range(2):
        answer = await exchange(app, "/static/page.css")
        answers.append(len(answer.messages[0]["headers"]))
        answer.messages[0]["headers"].append((b"x-more", b"1"))

    assert answers[0] == answers[1]


async def test_a_server_that_sends_files_itself(app, path, exchange):
    """It is given the path."""
    extensions = {"http.response.pathsend": {}}

    answer = await exchange(app, "/static/page.css", extensions=extensions)

    assert answer.messages[1:] == [{"type": "http.response.pathsend", "path": str(path)}]
