"""Uploaded files."""

from __future__ import annotations

import copy
from io import BytesIO
from tempfile import SpooledTemporaryFile, TemporaryFile

import pytest

from asyncflask.datastructures import FileMultiDict, FileStorage, Headers


@pytest.fixture
def upload():
    return FileStorage(
        BytesIO(b"one\ntwo"),
        filename="a.txt",
        name="file",
        content_type="Text/Plain; charset=utf-8",
        content_length=7,
    )


def test_it_tells_what_was_sent(upload):
    """The part's headers are behind the attributes."""
    assert (upload.filename, upload.name, upload.content_length) == ("a.txt", "file", 7)
    assert upload.content_type == upload.headers["Content-Type"] == "Text/Plain; charset=utf-8"
    assert upload.mimetype == "text/plain"
    assert upload.mimetype_params == {"charset": "utf-8"}


def test_an_empty_one_has_nothing():
    """It is falsy, and reads as an empty file."""
    upload = FileStorage()

    assert not upload
    assert (upload.filename, upload.name, upload.content_type) == (None, None, None)
    assert (upload.mimetype, upload.mimetype_params, upload.content_length) == ("", {}, 0)
    assert upload.read() == b""


def test_a_broken_content_length_is_zero():
    """What a client sends is never an error here."""
    assert FileStorage(headers=Headers({"Content-Length": "x"})).content_length == 0


def test_a_file_without_a_name_is_falsy():
    """Browsers send one where no file was chosen."""
    assert not FileStorage(BytesIO(b""), filename="")


def test_it_reads_like_its_stream(upload):
    """Methods it lacks are the stream's, and it gives lines."""
    assert upload.readline() == b"one\n"
    assert list(upload) == [b"two"]
    assert upload.seek(0) == 0
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        upload.nonsense  # noqa: B018  # the access is the test


@pytest.mark.parametrize("as_path", [str, lambda path: path])
def test_it_is_saved_to_a_path(upload, tmp_path, as_path):
    """As str or PathLike."""
    target = tmp_path / "saved.txt"

    upload.save(as_path(target), buffer_size=2)

    assert target.read_bytes() == b"one\ntwo"


def test_it_is_saved_to_a_file(upload):
    """The rest of the stream is copied, and the file stays open."""
    upload.read(4)
    target = BytesIO()

    upload.save(target)

    assert target.getvalue() == b"two"


def test_closing_closes_the_stream(upload):
    """A second time does no harm."""
    upload.close()
    upload.close()

    assert upload.closed


def test_the_name_of_a_file_on_disk_is_taken(tmp_path):
    """Unless another one is given."""
    path = tmp_path / "a.txt"
    path.touch()

    with path.open("rb") as file:
        names = [FileStorage(file).filename, FileStorage(file, filename="b").filename]

    assert names == [str(path), "b"]


@pytest.mark.parametrize("open_file", [TemporaryFile, SpooledTemporaryFile, BytesIO])
def test_temporary_files_have_no_name(open_file):
    """Their numbers and placeholders are no file names."""
    with open_file() as file:
        assert FileStorage(file).filename is None


def test_a_bytes_name_is_decoded():
    """Old code passes bytes."""
    assert FileStorage(filename=b"a.txt").filename == "a.txt"


def test_it_shows_name_and_type(upload):
    """For logs and the debugger."""
    assert repr(upload) == "<FileStorage: 'a.txt' ('Text/Plain; charset=utf-8')>"


def test_it_can_be_copied(upload):
    """Both share the stream."""
    assert copy.copy(upload).stream is upload.stream


def test_files_are_added_from_streams():
    """The type is guessed from the name."""
    files = FileMultiDict()

    files.add_file("doc", BytesIO(b"x"), filename="a.txt")
    files.add_file("doc", BytesIO(b"y"), filename="a.unheard-of")
    files.add_file("doc", BytesIO(b"z"))

    types = [file.content_type for file in files.getlist("doc")]
    assert types == ["text/plain", "application/octet-stream", None]


def test_files_are_added_from_paths(tmp_path):
    """The path is the file name."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"x")
    files = FileMultiDict()

    files.add_file("doc", path)

    assert (files["doc"].filename, files["doc"].name) == (str(path), "doc")
    assert files["doc"].read() == b"x"
    files["doc"].close()


def test_a_file_storage_is_added_as_it_is(upload):
    """Nothing about it is changed."""
    files = FileMultiDict()

    files.add_file("other", upload, filename="ignored")

    assert files["other"] is upload
    assert upload.filename == "a.txt"
