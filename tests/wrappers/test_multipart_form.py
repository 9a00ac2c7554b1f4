"""Multipart forms from their bytes."""

from __future__ import annotations

import os
import tempfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncflask.exceptions import BadRequest, RequestEntityTooLarge
from asyncflask.wrappers.forms import FILE_MEMORY, FormLimits, open_spooled_file
from asyncflask.wrappers.multipart_form import MultipartForm

NO_LIMITS = FormLimits(None, None)


def part(name, value, filename=None, *headers):
    """One part of a multipart form, with the boundary `bb` before it."""
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    lines = ["--bb", disposition, *headers, "", ""]
    return "\r\n".join(lines).encode() + value + b"\r\n"


def parse(*parts, limits=NO_LIMITS, end=b"--bb--\r\n", boundary="bb", step=None, length=None):
    """Feed parts to a form, at once or `step` bytes at a time."""
    body = b"".join(parts) + end
    form = MultipartForm(boundary, limits, None, length)
    for start in range(0, len(body), step or len(body)):
        form.feed(body[start : start + (step or len(body))])
    return form.finish()


@pytest.mark.parametrize("step", [None, 1, 7])
def test_fields_and_files_come_in_order(step):
    """Parts with a file name are files, others are fields, however the bytes are cut."""
    form = parse(
        part("a", "ü".encode()),
        part("f", b"line\r\n--b\r\n", "ü.txt", "Content-Type: text/plain; charset=x", "X-Y: z"),
        part("a", b""),
        step=step,
    )

    assert form.fields == [("a", "ü"), ("a", "")]
    [(name, file)] = form.files
    assert (name, file.name, file.filename) == ("f", "f", "ü.txt")
    assert (file.mimetype, file.mimetype_params) == ("text/plain", {"charset": "x"})
    assert file.headers["X-Y"] == "z"
    assert file.read() == b"line\r\n--b\r\n"
    form.close()


@pytest.mark.parametrize(
    ("disposition", "name", "filename"),
    [
        ('form-data; name="f"; filename=""', "f", ""),
        (r'form-data; name="f"; filename="C:\\x\\y.txt"', "f", r"C:\x\y.txt"),
        ("form-data; name=f; filename*=UTF-8''%e2%82%ac.txt", "f", "€.txt"),
        ('form-data; name="a%22b"; filename="c%22d"', 'a"b', 'c"d'),
        ('FORM-DATA; NAME="f"; FILENAME="x"', "f", "x"),
        ('form-data; filename="x"', "", "x"),
    ],
)
def test_names_are_read_as_browsers_write_them(disposition, name, filename):
    """Quotes, escapes, extended parameters and missing names."""
    body = f"--bb\r\nContent-Disposition: {disposition}\r\n\r\nv\r\n".encode()

    form = parse(body)

    assert [(key, file.filename) for key, file in form.files] == [(name, filename)]
    form.close()


def test_undecodable_names_and_values_do_not_raise():
    """Bytes that are no UTF-8 are replaced."""
    body = b'--bb\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xfe\r\n'

    assert parse(body).fields == [("\ufffd", "\ufffd")]


@pytest.mark.parametrize(
    ("charset", "text"), [("iso-8859-1", "é"), ("us-ascii", "\ufffd"), ("utf-16", "\ufffd")]
)
def test_a_field_may_name_one_of_a_few_charsets(charset, text):
    """Charsets that are not known to be harmless are read as UTF-8."""
    body = part("a", b"\xe9", None, f"Content-Type: text/plain; charset={charset}")

    assert parse(body).fields == [("a", text)]


@pytest.mark.parametrize(
    "body",
    [
        part("a", b"v"),
        part("a", b"v") + b"--bb",
        part("a", b"v")[:-30],
        b"--other\r\n\r\n",
        b"garbage",
        b"--bb\r\nX: y\r\n\r\nv\r\n--bb--\r\n",
        b"--bb\r\nno colon\r\n\r\nv\r\n--bb--\r\n",
    ],
)
def test_a_broken_form_is_a_bad_request(body):
    """Truncated, without its boundary or with malformed headers, it is refused with a reason."""
    with pytest.raises(BadRequest, match="The multipart form is broken: "):
        parse(body, end=b"")


def test_a_boundary_that_cannot_be_one_is_a_bad_request():
    """Line breaks in the boundary are refused."""
    with pytest.raises(BadRequest):
        MultipartForm("a\r\nb", NO_LIMITS)


def test_what_surrounds_the_parts_means_nothing():
    """Preamble and epilogue are skipped."""
    form = parse(b"preamble\r\n", part("a", b"v"), end=b"--bb--\r\nepilogue" + part("b", b"w"))

    assert form.fields == [("a", "v")]


def test_fields_share_one_limit_of_memory_and_files_are_free():
    """The values of all fields together are held against the limit."""
    limits = FormLimits(memory=3)

    form = parse(part("a", b"12"), part("b", b"3"), part("f", b"12345", "f"), limits=limits)
    with pytest.raises(RequestEntityTooLarge):
        parse(part("a", b"12"), part("b", b"34"), limits=limits)

    assert form.memory == 3
    form.close()


def test_the_number_of_parts_is_limited():
    """Fields and files count alike; the error's note names the setting."""
    limits = FormLimits(parts=2)

    form = parse(part("a", b""), part("f", b"", "f"), limits=limits)
    with pytest.raises(RequestEntityTooLarge) as caught:
        parse(part("a", b""), part("b", b""), part("c", b""), limits=limits)

    assert form.parts == 2
    assert "MAX_FORM_PARTS" in caught.value.__notes__[0]
    form.close()


@pytest.mark.parametrize(
    "headers",
    [[f"X-{number}: y" for number in range(100)], ["X: " + "y" * 100_000]],
)
def test_the_headers_of_a_part_are_limited(headers):
    """Too many headers, or too long ones, are too large."""
    with pytest.raises(RequestEntityTooLarge):
        parse(part("a", b"v", None, *headers))


@pytest.mark.parametrize("size", [0, 1, 300_000, FILE_MEMORY])
@pytest.mark.parametrize("length", [None, FILE_MEMORY + 100, 10 * FILE_MEMORY])
def test_a_small_file_stays_in_memory(size, length):
    """Up to its share, which counts; however long the body is said to be."""
    form = parse(part("f", b"x" * size, "f"), step=65536, length=length)

    file = form.files[0][1]
    assert isinstance(file.stream, BytesIO)
    assert file.read() == b"x" * size
    form.close()


@pytest.mark.parametrize("step", [None, 65536])
@pytest.mark.parametrize("length", [None, 3 * FILE_MEMORY])
def test_a_large_file_leaves_memory(step, length):
    """Past its share of memory a file is on disk, and reads the same."""
    content = bytes(range(256)) * (FILE_MEMORY // 128)

    form = parse(part("f", content, "f"), step=step, length=length)

    file = form.files[0][1]
    assert file.stream._rolled
    assert file.read() == content
    form.close()


def test_a_file_in_memory_can_be_written_to():
    """As any other, where a view wants to add to it."""
    form = parse(part("f", b"x" * 300_000, "f"), step=65536, length=400_000)
    stream = form.files[0][1].stream

    stream.seek(0, os.SEEK_END)
    stream.write(b"end")

    assert stream.getvalue() == b"x" * 300_000 + b"end"
    form.close()


def test_what_is_in_an_upload_need_not_be_kept_beside_it():
    """Pieces that follow each other are one; those with anything else in them are not."""
    form = MultipartForm("bb", NO_LIMITS, None, 10_000)
    body = [part("f", b"", "f")[:-2], b"0123", b"4567", b"\r", b"\nabc", b"defg", b"\r\n--bb--"]

    kept = [form.feed(data) for data in body]

    assert kept[0] is kept[3] is kept[4] is kept[6] is None
    assert kept[1] is kept[2]
    assert [bytes(kept[2]), bytes(kept[5])] == [b"01234567", b"defg"]
    form.close()


def test_it_can_be_told_what_stays_in_memory():
    """What may be fed where nobody may wait for a disk."""
    form = MultipartForm("bb", NO_LIMITS)
    at_first = form.stays_in_memory(FILE_MEMORY), form.stays_in_memory(FILE_MEMORY + 1)

    form.feed(part("f", b"x" * 100, "f")[:-2])
    in_a_file = form.stays_in_memory(FILE_MEMORY - 100), form.stays_in_memory(FILE_MEMORY - 99)
    form.feed(b"x" * FILE_MEMORY)
    on_disk = form.stays_in_memory(0)
    form.feed(b"\r\n--bb\r\n")
    after_it = form.stays_in_memory(FILE_MEMORY)

    assert (at_first, in_a_file, on_disk, after_it) == ((True, False), (True, False), False, True)
    assert not MultipartForm("bb", NO_LIMITS, open_spooled_file).stays_in_memory(1)
    form.close()


def test_files_are_opened_by_the_callers_function():
    """The function is told the lengths, type and name, and its file is filled and rewound."""
    calls = []
    stream = BytesIO()

    def open_file(*args):
        calls.append(args)
        return stream

    form = MultipartForm("bb", NO_LIMITS, open_file, content_length=1000)
    form.feed(part("f", b"abc", "f.txt", "Content-Type: text/plain", "Content-Length: 3"))
    form.feed(b"--bb--")
    parsed = form.finish()

    assert calls == [(1000, "text/plain", "f.txt", 3)]
    assert parsed.files[0][1].stream is stream
    assert stream.read() == b"abc"


@pytest.mark.parametrize(
    ("open_file", "size", "on_disk"),
    [(None, 3, 0), (None, FILE_MEMORY + 9, 2), (open_spooled_file, 3, 2)],
)
def test_closing_a_form_closes_its_files(monkeypatch, open_file, size, on_disk):
    """Finished files and the one being written are closed, wherever they are."""
    opened = []

    class NotingFile(tempfile.SpooledTemporaryFile):
        def __init__(self, *args):
            super().__init__(*args)
            opened.append(self)

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", NotingFile)
    form = MultipartForm("bb", NO_LIMITS, open_file)
    content = b"x" * size
    form.feed(part("f", content, "f") + part("g", content, "g")[:-5])
    finished = form.form.files[0][1].stream

    form.close()

    assert finished.closed
    assert [file.closed for file in opened] == [True] * on_disk


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.binary(max_size=50)), min_size=1, max_size=5),
    st.integers(1, 40),
)
def test_any_bytes_survive_however_they_are_cut(fields, step):
    """A file holds exactly the bytes that were sent."""
    form = parse(*(part(name, value, "f") for name, value in fields), step=step)

    received = [(name, file.read()) for name, file in form.files]
    form.close()
    assert received == [(name, value) for name, value in fields]


@given(st.binary(max_size=300))
def test_any_garbage_is_refused_or_parsed(garbage):
    """Nothing but the two HTTP errors comes out of hostile bytes."""
    form = MultipartForm("bb", FormLimits())

    try:
        form.feed(b"--bb\r\n" + garbage)
        form.finish()
    except (BadRequest, RequestEntityTooLarge):
        form.close()

    assert form.form.parts <= 1000


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("line_break", ["\n", "\r", "\x0c\n"])
def test_a_header_with_a_line_break_is_refused(line_break, size):
    """However the body is cut into chunks; found by fuzzing."""
    head = f'--b\r\nContent-Disposition: form-data; name="a"{line_break}X-Other: b\r\n\r\n'
    body = head.encode() + b"text\r\n--b--\r\n"
    form = MultipartForm("b", FormLimits())

    with pytest.raises(BadRequest):
        for at in range(0, len(body), size):
            form.feed(body[at : at + size])
