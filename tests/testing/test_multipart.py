"""Forms as test requests send them."""

from __future__ import annotations

from io import BytesIO, StringIO

import pytest

from asyncflask.datastructures import FileStorage, Headers, MultiDict
from asyncflask.testing.multipart import encode_multipart, encode_query


def test_boundary_and_body_are_returned():
    """The body opens each part with the boundary and ends with it."""
    boundary, body = encode_multipart({"a": "1"}, "edge")

    assert boundary == "edge"
    assert body == (b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--edge--\r\n')


def test_boundary_is_made_up():
    """Two forms get boundaries of their own."""
    first, _ = encode_multipart({"a": "1"})
    second, _ = encode_multipart({"a": "1"})

    assert first != second


@pytest.mark.parametrize(
    ("value", "content"),
    [("ä", b"\xc3\xa4"), (1.5, b"1.5"), (b"\xff", b"\xff"), (None, b"None")],
)
def test_fields_are_text_in_utf8_or_bytes(value, content):
    """Bytes stay as they are, everything else is sent as its text."""
    _, body = encode_multipart({"a": value}, "edge")

    assert b'name="a"\r\n\r\n' + content + b"\r\n--edge--" in body


def test_list_is_several_parts():
    """Each item of a list has a part of its own."""
    _, body = encode_multipart({"a": ["1", "2"]}, "edge")

    assert body.count(b'name="a"') == 2


def test_values_of_a_multidict_are_several_parts():
    """All values of a MultiDict are sent."""
    _, body = encode_multipart(MultiDict([("a", "1"), ("a", "2")]), "edge")

    assert body.count(b'name="a"') == 2


def test_file_has_its_name_and_type():
    """A file's name is sent, and the type that the name stands for."""
    _, body = encode_multipart({"f": FileStorage(BytesIO(b"hi"), "f.txt")}, "edge")

    assert b'name="f"; filename="f.txt"\r\nContent-Type: text/plain\r\n\r\nhi\r\n' in body


def test_given_type_of_a_file_is_kept():
    """A type that was given is not guessed."""
    _, body = encode_multipart({"f": FileStorage(BytesIO(), "f.txt", None, "a/b")}, "edge")

    assert b"Content-Type: a/b\r\n" in body


@pytest.mark.parametrize("name", [None, "f.unheardof"])
def test_unknown_file_is_an_octet_stream(name):
    """A file of no known type, or without a name, is bytes."""
    _, body = encode_multipart({"f": FileStorage(BytesIO(b"hi"), name)}, "edge")

    assert b"Content-Type: application/octet-stream\r\n" in body


def test_further_headers_of_a_file_are_sent():
    """What a FileStorage has beside the type goes with its part."""
    file = FileStorage(BytesIO(), "f", headers=Headers({"X-Kind": "draft"}))

    _, body = encode_multipart({"f": file}, "edge")

    assert b"X-Kind: draft\r\n" in body


def test_names_cannot_end_their_line():
    """Quotes and line breaks in names are percent-encoded, as browsers do."""
    _, body = encode_multipart({'a"\r\nb': FileStorage(BytesIO(), 'f".txt')}, "edge")

    assert b'name="a%22%0D%0Ab"; filename="f%22.txt"' in body


def test_file_can_be_read_again():
    """A file is put back to where it was."""
    file = BytesIO(b"0123")
    file.seek(2)

    _, body = encode_multipart({"f": file}, "edge")

    assert b"\r\n\r\n23\r\n" in body
    assert file.read() == b"23"


class Pipe(BytesIO):
    """A file that can only be read once."""

    def seekable(self):
        return False

    def seek(self, *args):
        raise OSError("not seekable")


def test_content_of_a_pipe_is_kept():
    """What cannot be read twice is remembered."""
    file = FileStorage(Pipe(b"hi"), "f")
    encode_multipart({"f": file}, "edge")

    _, body = encode_multipart({"f": file}, "edge")

    assert b"\r\n\r\nhi\r\n" in body


def test_file_of_text_is_refused():
    """A file that is open for text says what to do."""
    with pytest.raises(TypeError, match='mode "rb"'):
        encode_multipart({"f": StringIO("hi")})


def test_query_takes_lists_tuples_and_sets_apart():
    """Several values of a name are several pairs."""
    assert encode_query({"a": [1, 2], "b": (3, 4), "c": {5}}) == "a=1&a=2&b=3&b=4&c=5"


def test_query_leaves_none_out():
    """None is no value."""
    assert encode_query({"a": None, "b": ""}) == "b="


def test_query_quotes_text_and_bytes():
    """Text is UTF-8; a space is a plus sign."""
    assert encode_query([("ä b", b"\xff"), ("c", True)]) == "%C3%A4+b=%FF&c=True"
