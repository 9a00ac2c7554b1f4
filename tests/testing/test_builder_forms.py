"""Forms and files of the requests that tests build."""

from __future__ import annotations

from io import BytesIO

import pytest

from asyncflask.datastructures import FileStorage, MultiDict
from asyncflask.wrappers import Request


def test_mapping_is_a_form(request_of):
    """Without files a form is urlencoded."""
    request = request_of("/", data={"a": 1, "b": ["x", "ä &"], "c": None, "d": True})

    assert request.mimetype == "application/x-www-form-urlencoded"
    assert request.form.to_dict(flat=False) == {"a": ["1"], "b": ["x", "ä &"], "d": ["True"]}


def test_multidict_is_a_form(request_of):
    """All values of a MultiDict are sent."""
    request = request_of("/", data=MultiDict([("a", "1"), ("a", "2")]))

    assert request.form.getlist("a") == ["1", "2"]


def test_form_may_be_sent_as_multipart(request_of):
    """The content type decides about the encoding."""
    request = request_of("/", data={"a": "1"}, content_type="multipart/form-data")

    assert request.mimetype == "multipart/form-data"
    assert request.form["a"] == "1"


def test_boundary_may_be_chosen(build):
    """The boundary of a content type that was given is used."""
    builder = build("/", data={"a": "1"}, content_type="multipart/form-data; boundary=edge")

    assert builder.get_data().startswith(b"--edge\r\n")


@pytest.mark.parametrize(
    "file",
    [
        (BytesIO(b"hi"), "f.txt"),
        (BytesIO(b"hi"), "f.txt", "text/plain"),
        FileStorage(BytesIO(b"hi"), "f.txt"),
        [(BytesIO(b"hi"), "f.txt")],
    ],
)
def test_files_make_a_form_multipart(request_of, file):
    """A tuple or a FileStorage is a file."""
    request = request_of("/", data={"f": file, "a": "1"})

    assert request.form["a"] == "1"
    assert request.files["f"].read() == b"hi"
    assert (request.files["f"].filename, request.files["f"].mimetype) == ("f.txt", "text/plain")


def test_open_file_has_its_own_name(request_of, tmp_path):
    """An open file is sent with the name that it has."""
    path = tmp_path / "f.txt"
    path.write_bytes(b"hi")

    with path.open("rb") as file:
        request = request_of("/", data={"f": file})

    assert request.files["f"].filename == str(path)
    assert request.files["f"].read() == b"hi"


def test_file_may_be_given_by_its_path(request_of, tmp_path):
    """The first item of a tuple may be a path."""
    path = tmp_path / "f.txt"
    path.write_bytes(b"hi")

    request = request_of("/", data={"f": (path, "name.txt")})

    assert request.files["f"].filename == "name.txt"
    assert request.files["f"].read() == b"hi"


def test_scope_and_body_have_the_same_boundary(build):
    """A form's body can be read with the content type of the scope."""
    builder = build("/", data={"f": (BytesIO(b"hi"), "f.txt")})

    with Request(builder.get_scope()) as request:
        request._attach_body(builder.get_body())

        assert request.files["f"].read() == b"hi"


def test_form_can_be_filled_afterwards(build):
    """form and files may be added to, and decide about the content type."""
    builder = build("/", method="POST")
    builder.form["a"] = "1"
    of_form = builder.content_type
    builder.files.add_file("f", BytesIO(b"hi"), "f.txt")

    with builder.get_request() as request:
        assert (of_form, builder.content_type) == (
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        )
        assert request.form["a"] == "1"
        assert request.files["f"].read() == b"hi"


@pytest.mark.parametrize("part", ["form", "files"])
def test_stream_is_no_form(build, part):
    """There is no form beside a stream."""
    builder = build("/", data=b"abc")

    with pytest.raises(AttributeError, match=r"an input stream is defined.*set form or files"):
        getattr(builder, part)


def test_form_replaces_the_stream(build):
    """Setting the form drops the stream, and the other way round."""
    builder = build("/", data=b"abc")
    builder.form = MultiDict({"a": "1"})
    of_form = builder.get_data()
    builder.input_stream = BytesIO(b"abc")

    assert (of_form, builder.get_data()) == (b"a=1", b"abc")


def test_form_of_another_type_is_not_sent(build):
    """Where the content type is no form's, there is no body."""
    builder = build("/", data={"a": "1"}, content_type="text/plain")

    assert builder.get_data() == b""


def test_closing_closes_all_files(build):
    """No file is left open, of a name with several ones either."""
    files = [BytesIO(b"1"), BytesIO(b"2")]
    builder = build("/", data={"f": [(files[0], "1"), (files[1], "2")]})

    builder.close()

    assert builder.closed
    assert all(file.closed for file in files)
