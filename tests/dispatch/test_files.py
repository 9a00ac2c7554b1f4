"""Files as responses: send_file and send_from_directory."""

from __future__ import annotations

import io
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from asyncflask.dispatch import files
from asyncflask.exceptions import NotFound, RequestedRangeNotSatisfiable
from asyncflask.wrappers.response import Response


def make_scope(method="GET", **headers):
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "path": "/", "headers": pairs}


def send_file(path_or_file, scope=None, **arguments):
    return files.send_file(path_or_file, scope or make_scope(), **arguments)


def read(response):
    response.direct_passthrough = False
    with response:
        return response.get_data()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "digits.txt"
    path.write_bytes(b"0123456789")
    os.utime(path, (1577836800, 1577836800))
    return path


# Paths


@pytest.mark.parametrize("convert", [str, Path])
def test_a_path_is_sent_with_all_that_is_known_of_it(path, convert):
    """Type, size, date, tag and name; clients may keep it, but ask each time."""
    response = send_file(convert(path))

    assert response.direct_passthrough
    assert read(response) == b"0123456789"
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.content_length == 10
    assert response.last_modified == datetime(2020, 1, 1, tzinfo=UTC)
    assert response.headers["Content-Disposition"] == "inline; filename=digits.txt"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.get_etag()[0].startswith("1577836800.0-10-")


def test_a_relative_path_is_looked_for_in_the_root_path(path):
    """Which is the app's folder, not the current one."""
    response = send_file("digits.txt", root_path=path.parent)

    assert read(response) == b"0123456789"


def test_a_missing_path_is_an_error_of_the_application(path):
    """send_file is for paths that the application has chosen."""
    with pytest.raises(FileNotFoundError):
        send_file(path.with_name("missing"))


def test_a_directory_is_refused(path):
    """As open() does."""
    with pytest.raises(IsADirectoryError):
        send_file(path.parent)


@pytest.mark.parametrize("source", [None, b"/etc/passwd", 5])
def test_what_is_neither_path_nor_file_is_refused(source):
    """The error says what can be sent."""
    with pytest.raises(TypeError, match=r"os\.PathLike, or a file object"):
        send_file(source)


def test_the_tag_differs_with_path_size_and_time(path):
    """And is the same for the same file."""
    other = path.with_name("other.txt")
    other.write_bytes(b"0123456789")
    os.utime(other, (1577836800, 1577836800))
    first, again = send_file(path).get_etag(), send_file(path).get_etag()

    assert first == again
    assert send_file(other).get_etag() != first
    os.utime(path, (1577836801, 1577836801))
    assert send_file(path).get_etag() != first


def test_the_tag_can_be_chosen_or_left_out(path):
    """A text is the tag; False sends none."""
    assert send_file(path, etag="own").headers["ETag"] == '"own"'
    assert "ETag" not in send_file(path, etag=False).headers


@pytest.mark.parametrize("moment", [1577836800, datetime(2020, 1, 1, tzinfo=UTC)])
def test_the_date_can_be_chosen(moment):
    """As a datetime or in seconds."""
    response = send_file(io.BytesIO(), mimetype="a/b", last_modified=moment)

    assert response.headers["Last-Modified"] == "Wed, 01 Jan 2020 00:00:00 GMT"


@pytest.mark.parametrize(
    ("max_age", "cache_control"),
    [
        (None, "no-cache"),
        (60, "public, max-age=60"),
        (0, "no-cache, max-age=0"),
        (lambda path: 60 if path else None, "public, max-age=60"),
    ],
)
def test_max_age_says_how_long_it_may_be_kept(path, max_age, cache_control):
    """It may be a function of the path; with it goes an expiry date for old caches."""
    response = send_file(path, max_age=max_age)

    assert response.headers["Cache-Control"] == cache_control
    assert ("Expires" in response.headers) == (max_age is not None)


def test_the_function_gets_none_for_a_file_object():
    """A file object has no path."""
    response = send_file(
        io.BytesIO(), mimetype="a/b", max_age=lambda path: 1 if path is None else 0
    )

    assert response.cache_control.max_age == 1


def test_the_class_can_be_chosen(path):
    """The app's response class, that is."""

    class Own(Response):
        pass

    assert type(send_file(path, response_class=Own)) is Own


# Names and types


@pytest.mark.parametrize(
    ("name", "content_type", "encoding"),
    [
        ("a.html", "text/html; charset=utf-8", None),
        ("a.js", "text/javascript; charset=utf-8", None),
        ("a.svg", "image/svg+xml; charset=utf-8", None),
        ("a.json", "application/json", None),
        ("a.PNG", "image/png", None),
        ("a", "application/octet-stream", None),
        ("a.tar.gz", "application/x-tar", "gzip"),
    ],
)
def test_the_type_is_guessed_of_the_name(name, content_type, encoding):
    """Compressed files say what they are compressed with."""
    response = send_file(io.BytesIO(), download_name=name)

    assert response.content_type == content_type
    assert response.content_encoding == encoding


def test_an_attachment_is_not_unpacked():
    """With a Content-Encoding browsers would save the tar file under the name .tar.gz."""
    response = send_file(io.BytesIO(), download_name="a.tar.gz", as_attachment=True)

    assert response.content_encoding is None


def test_a_mimetype_is_taken_as_it_is(path):
    """Nothing is guessed then, nor an encoding."""
    response = send_file(path, mimetype="text/x-digits", download_name="a.gz")

    assert response.mimetype == "text/x-digits"
    assert response.content_encoding is None


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("plain.txt", "attachment; filename=plain.txt"),
        ("two words.txt", 'attachment; filename="two words.txt"'),
        ('quo"te.txt', 'attachment; filename="quo\\"te.txt"'),
        ("né.txt", "attachment; filename=ne.txt; filename*=UTF-8''n%C3%A9.txt"),
        ("☃", "attachment; filename=\"\"; filename*=UTF-8''%E2%98%83"),
    ],
)
def test_the_download_name_is_sent_for_new_and_old_clients(path, name, disposition):
    """In ASCII, and in full where that is not all of it."""
    response = send_file(path, as_attachment=True, download_name=name)

    assert response.headers["Content-Disposition"] == disposition


def test_a_name_cannot_start_another_header(path):
    """Line breaks are refused."""
    with pytest.raises(ValueError, match="newline"):
        send_file(path, download_name="a\r\nX-Evil: 1")


def test_a_file_object_needs_a_name_or_a_type():
    """Otherwise there is nothing to tell its type by."""
    with pytest.raises(TypeError, match="'mimetype' or 'download_name'"):
        send_file(io.BytesIO())


def test_an_attachment_needs_a_name():
    """A type alone is not enough to save a file."""
    with pytest.raises(TypeError, match="download_name"):
        send_file(io.BytesIO(), mimetype="text/plain", as_attachment=True)


# File objects


def test_a_file_object_is_sent_from_where_it_stands():
    """Its size is what is left of it."""
    file = io.BytesIO(b"head0123456789")
    file.seek(4)

    response = send_file(file, mimetype="text/plain")

    assert response.content_length == 10
    assert read(response) == b"0123456789"
    assert file.closed


def test_an_open_file_has_a_size_too(path):
    """So that ranges of it can be asked for; it has no tag, for lack of a path."""
    response = send_file(path.open("rb"), make_scope(range="bytes=-3"), mimetype="text/plain")

    assert response.status_code == 206
    assert "ETag" not in response.headers
    assert read(response) == b"789"


def test_a_file_object_of_unknown_size_is_sent_without_it():
    """Ranges cannot be served then."""

    class Source:
        def __init__(self):
            self.chunks = [b"one", b"two", b""]

        def read(self, size=-1):
            return self.chunks.pop(0)

    response = send_file(Source(), make_scope(range="bytes=0-1"), mimetype="text/plain")

    assert response.status_code == 200
    assert response.content_length is None
    assert read(response) == b"onetwo"


def test_a_file_object_in_text_mode_is_refused(path):
    """The error says how to open it."""
    with path.open() as file, pytest.raises(ValueError, match='mode "rb"'):
        send_file(file, mimetype="text/plain")


def test_text_in_memory_is_refused():
    """BytesIO is what is needed."""
    with pytest.raises(ValueError, match=r"io\.BytesIO"):
        send_file(io.StringIO("x"), mimetype="text/plain")


def test_a_temporary_file_in_text_mode_is_refused():
    """The wrapper around it does not hide that."""
    with (
        tempfile.NamedTemporaryFile("w+") as file,
        pytest.raises(ValueError, match='mode "rb"'),
    ):
        send_file(file, mimetype="text/plain")


# Conditions


def test_a_good_copy_is_not_sent_again(path):
    """304 for the tag or the date that was sent before."""
    first = send_file(path)

    by_tag = send_file(path, make_scope(if_none_match=first.headers["ETag"]))
    by_date = send_file(path, make_scope(if_modified_since=first.headers["Last-Modified"]))

    assert by_tag.status_code == by_date.status_code == 304


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_range_is_sent(path, method):
    """With its place in the whole."""
    response = send_file(path, make_scope(method, range="bytes=2-4"))

    assert response.status_code == 206
    assert response.headers["Content-Range"] == "bytes 2-4/10"
    assert response.content_length == 3
    assert read(response) == b"234"


def test_a_range_that_is_not_there_closes_the_file():
    """416, and nothing is left open."""
    file = io.BytesIO(b"0123456789")

    with pytest.raises(RequestedRangeNotSatisfiable):
        send_file(file, make_scope(range="bytes=10-"), mimetype="text/plain")

    assert file.closed


def test_conditions_can_be_turned_off(path):
    """The whole file is sent then, whatever the request asks for."""
    response = send_file(path, make_scope(range="bytes=2-4"), conditional=False)

    assert response.status_code == 200


# The server in front


def test_the_server_in_front_can_send_the_file(path):
    """It is given the path; body, size and ranges are its own affair."""
    response = send_file(path, make_scope(range="bytes=2-4"), use_x_sendfile=True)

    assert response.headers["X-Sendfile"] == str(path)
    assert response.status_code == 200
    assert response.get_data() == b""


def test_the_server_in_front_sends_no_copy_that_is_good(path):
    """A 304 comes without the path."""
    scope = make_scope(if_none_match='"own"')

    response = send_file(path, scope, use_x_sendfile=True, etag="own")

    assert response.status_code == 304
    assert "X-Sendfile" not in response.headers


def test_the_path_is_quoted_for_the_server_in_front(tmp_path):
    """Headers carry no other characters."""
    path = tmp_path / "né.txt"
    path.write_bytes(b"")

    response = send_file(path, use_x_sendfile=True)

    assert response.headers["X-Sendfile"].endswith("/n%C3%A9.txt")


def test_file_objects_are_sent_by_ourselves():
    """The server in front has no path to them."""
    response = send_file(io.BytesIO(b"abc"), mimetype="a/b", use_x_sendfile=True)

    assert "X-Sendfile" not in response.headers
    assert read(response) == b"abc"


# Folders


@pytest.fixture
def folder(tmp_path):
    """A folder with files in it and beside it."""
    folder = tmp_path / "public"
    (folder / "sub").mkdir(parents=True)
    (folder / "page.txt").write_bytes(b"page")
    (folder / "sub" / "né.txt").write_bytes(b"inner")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    return folder


def send_from(folder, name, **arguments):
    return files.send_from_directory(folder, name, make_scope(), **arguments)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.txt", b"page"),
        ("sub/né.txt", b"inner"),
        (Path("sub") / "né.txt", b"inner"),
        ("./page.txt", b"page"),
        ("sub/../page.txt", b"page"),
    ],
)
def test_files_in_the_folder_are_sent(folder, name, data):
    """Names have forward slashes; what stays inside is fine."""
    assert read(send_from(folder, name)) == data


@pytest.mark.parametrize(
    "name",
    [
        "missing.txt",
        "",
        ".",
        "..",
        "sub",
        "sub/",
        "../secret.txt",
        "sub/../../secret.txt",
        "../public/page.txt",
        "..\\secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "//etc/passwd",
        "/etc/passwd",
        "page.txt\0",
        "page.txt\0.png",
        "\udcff",
        "a" * 5000,
    ],
)
def test_nothing_else_is_sent(folder, name):
    """What is not a file inside the folder is not found, whatever the trick."""
    with pytest.raises(NotFound):
        send_from(folder, name)


def test_an_absolute_path_is_not_found_even_if_it_is_inside(folder):
    """Names are relative to the folder."""
    with pytest.raises(NotFound):
        send_from(folder, str(folder / "page.txt"))


def test_symbolic_links_are_followed(folder):
    """Who can put a link into the folder decides what is in it."""
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")

    assert read(send_from(folder, "link.txt")) == b"secret"


def test_the_folder_is_relative_to_the_root_path(folder):
    """Which is the app's folder."""
    assert read(send_from("public", "page.txt", root_path=folder.parent)) == b"page"


def test_arguments_are_passed_on(folder):
    """All of send_file's."""
    response = send_from(folder, "page.txt", as_attachment=True, max_age=60)

    assert response.headers["Content-Disposition"] == "attachment; filename=page.txt"
    assert response.cache_control.max_age == 60


@pytest.mark.anyio
async def test_a_whole_file_is_sent(exchange, folder):
    """The response sends itself."""
    answer = await exchange(send_from(folder, "page.txt"))

    assert answer.body == b"page"
    assert answer.headers["content-length"] == "4"
