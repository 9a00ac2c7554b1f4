"""Forms that are read part by part while they arrive."""

from __future__ import annotations

import re
from io import BytesIO

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncflask import bridge
from asyncflask.exceptions import BadRequest, ClientDisconnected, RequestEntityTooLarge
from asyncflask.wrappers.forms import FormLimits
from asyncflask.wrappers.live_form import LiveForm, PartLimits
from asyncflask.wrappers.multipart_form import MultipartForm

pytestmark = pytest.mark.anyio


class Source:
    """Gives the bytes of a body in pieces of `step`; then `failure` is raised, or it ends."""

    def __init__(self, body, step=None, failure=None):
        step = step or max(len(body), 1)
        self.pieces = [body[start : start + step] for start in range(0, len(body), step)]
        self.failure = failure

    async def next_chunk(self):
        await anyio.lowlevel.checkpoint()
        if self.pieces:
            return self.pieces.pop(0)
        if self.failure is not None:
            raise self.failure
        return b""


def part(name, value, filename=None, *headers):
    """One part of a form, with the boundary `bb` before it."""
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    return "\r\n".join(["--bb", disposition, *headers, "", ""]).encode() + value + b"\r\n"


END = b"--bb--\r\n"


def make_form(*parts, end=END, step=None, failure=None, **limits):
    """A form of these parts; its limits are None unless they are given."""
    limits = {"size": None, "parts": None, "memory": None, "header": 1000, **limits}
    return LiveForm(Source(b"".join(parts) + end, step, failure), "bb", PartLimits(**limits))


async def read_all(form):
    return [(part.name, part.filename, await part.read()) async for part in form]


@pytest.mark.parametrize("step", [1, 7, None])
async def test_parts_come_in_their_order(step):
    """Fields and files, however the bytes are cut into pieces."""
    form = make_form(
        part("a", b"one"),
        part("f", b"two\r\n--b", "f.txt", "Content-Type: Text/Plain; charset=latin-1"),
        part("a", b""),
        step=step,
    )

    assert await read_all(form) == [
        ("a", None, b"one"),
        ("f", "f.txt", b"two\r\n--b"),
        ("a", None, b""),
    ]


async def test_a_part_says_what_was_sent_of_it():
    """Its names, its type, its headers, and how much has come."""
    form = make_form(part("f", b"12345", "f.txt", "Content-Type: Text/Plain; charset=x", "X-A: b"))

    found = await anext(form)
    size_before = found.size
    await found.read()

    assert (found.content_type, found.mimetype) == ("Text/Plain; charset=x", "text/plain")
    assert found.mimetype_params == {"charset": "x"}
    assert found.headers["X-A"] == "b"
    assert (size_before, found.size) == (0, 5)
    assert repr(found) == "<Part 'f' 'f.txt' ('Text/Plain; charset=x')>"


async def test_a_part_without_a_type_has_none():
    """None and "", as a FileStorage has."""
    found = await anext(make_form(part("a", b"")))

    assert (found.content_type, found.mimetype, found.mimetype_params) == (None, "", {})


@given(
    parts=st.lists(
        st.tuples(
            st.sampled_from(["a", "", "ü", "a b", "x\\\\y"]),
            st.binary(max_size=20),
            st.none() | st.sampled_from(["f", "", "ü.txt", "../a", "C:\\\\b.txt", "%22q"]),
        )
    ),
    step=st.integers(1, 50),
)
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
def test_names_and_values_are_those_of_a_received_form(parts, step, anyio_backend):
    """Whatever is sent, the form that is received before the view has the same."""
    body = b"".join(part(name, value, filename) for name, value, filename in parts) + END
    received = MultipartForm("bb", FormLimits(None, None))
    received.feed(body)
    form = received.finish()
    fields = [(name, None, value) for name, value in form.fields]
    files = [(name, file.filename, file.read()) for name, file in form.files]
    form.close()

    live = make_form(body, end=b"", step=step)
    found = anyio.run(read_all, live)

    assert [(n, f, v.decode("utf-8", "replace")) for n, f, v in found if f is None] == fields
    assert [each for each in found if each[1] is not None] == files


@pytest.mark.parametrize("step", [1, 4, None])
async def test_asking_for_the_next_part_skips_the_rest(step):
    """Of a part that was read in part, or not at all."""
    form = make_form(part("a", b"x" * 50), part("b", b"y" * 50), part("c", b"z"), step=step)

    first = await anext(form)
    start = await first.read(3)
    await anext(form)
    third = await anext(form)

    assert (start, await third.read()) == (b"xxx", b"z")


async def test_a_part_that_went_by_cannot_be_read():
    """The error names it and says what to do, also once the form is over."""
    form = make_form(part("a", b"one"), part("b", b"two"))
    first, second = await anext(form), await anext(form)
    with pytest.raises(StopAsyncIteration):
        await anext(form)

    for left in (first, second):
        with pytest.raises(RuntimeError, match=r"Read or save each part before"):
            await left.read(1)
        with pytest.raises(RuntimeError, match=repr(left.name)):
            await left.save(BytesIO())


async def test_a_part_is_read_as_a_file_is():
    """Fewer bytes than asked for come only at the end, and then none."""
    found = await anext(make_form(part("f", b"123456789", "f"), step=1))

    assert [await found.read(4) for _ in range(4)] == [b"1234", b"5678", b"9", b""]


async def test_a_part_is_iterated_in_the_pieces_that_come():
    """What an earlier read has left over comes first."""
    found = await anext(make_form(part("f", b"1234567890" * 3, "f"), step=40))

    start = await found.read(2)
    chunks = [chunk async for chunk in found]

    assert start + b"".join(chunks) == b"1234567890" * 3
    assert all(chunks)


async def test_a_text_has_the_charset_of_its_part():
    """UTF-8 unless it names one of those that Flask knows."""
    form = make_form(
        part("a", "ü".encode()),
        part("b", b"\xfc", None, "Content-Type: text/plain; charset=iso-8859-1"),
        part("c", b"\xfc", None, "Content-Type: text/plain; charset=utf-7"),
    )

    assert [await part.text() async for part in form] == ["ü", "ü", "�"]


async def test_a_form_without_parts():
    """Its first boundary is its last; and a body of no bytes is a form of no parts."""
    empty = LiveForm(Source(b""), "bb", PartLimits(None, None, None, 100))

    assert await read_all(make_form()) == []
    assert await read_all(empty) == []


async def test_what_follows_the_last_boundary_means_nothing():
    """It is read to its end, so that the connection is free for the next request."""
    source = Source(part("a", b"b") + END + b"more" * 20, step=7)
    form = LiveForm(source, "bb", PartLimits(None, None, None, 100))

    assert await read_all(form) == [("a", None, b"b")]
    assert source.pieces == []


# What goes wrong


@pytest.mark.parametrize(
    "body",
    [
        b"no boundary at all",
        part("a", b"b"),
        part("a", b"b") + b"--bb",
        part("a", b"b") + b"--bbx",
        b"--bb\r\nno header\r\n\r\nx\r\n--bb--",
        b"--bb\r\nX-A: b\r\n\r\nx\r\n--bb--",
    ],
)
async def test_a_broken_form_is_a_bad_request(body):
    """The same one again when it is tried again."""
    form = make_form(body, end=b"", step=5)

    with pytest.raises(BadRequest, match="The multipart form is broken") as caught:
        await read_all(form)
    with pytest.raises(BadRequest) as again:
        await anext(form)

    assert again.value is caught.value


async def test_a_form_that_is_cut_off_never_looks_complete():
    """Neither in a part nor after the last boundary, where the body's own end is missing."""
    gone = ClientDisconnected()
    in_part = make_form(part("f", b"xxx", "f")[:-4], end=b"", failure=gone)
    after_all = make_form(part("f", b"xxx", "f"), failure=gone)

    with pytest.raises(ClientDisconnected):
        await read_all(in_part)
    with pytest.raises(ClientDisconnected):
        await read_all(after_all)


@pytest.mark.parametrize(
    ("limits", "note"),
    [
        ({"size": 9}, "The part 'f' is longer than 9 bytes.* max_part_size"),
        ({"parts": 1}, "more than 1 parts.* MAX_FORM_PARTS"),
        ({"memory": 9}, "fields are longer than 9 bytes.* MAX_FORM_MEMORY_SIZE"),
    ],
)
@pytest.mark.parametrize("reads", [True, False])
async def test_limits(limits, note, reads):
    """413 with a note, for parts that are skipped too."""
    form = make_form(
        part("f", b"x" * (10 if "size" in limits else 5), "f"),
        part("a", b"x" * 5),
        part("b", b"x" * 5),
        step=3,
        **limits,
    )

    with pytest.raises(RequestEntityTooLarge) as caught:
        async for found in form:
            if reads:
                await found.read(100)

    assert re.search(note, caught.value.__notes__[0])


async def test_parts_within_the_limits():
    """As much as is allowed is allowed."""
    form = make_form(part("f", b"x" * 5, "f"), part("a", b"x" * 5), size=5, parts=2, memory=5)

    assert len(await read_all(form)) == 2


@pytest.mark.parametrize("headers", [["X-A: " + "b" * 2000], [f"X-{n}: b" for n in range(40)]])
async def test_headers_have_limits_too(headers):
    """One may not be too long, and there may not be too many."""
    with pytest.raises(RequestEntityTooLarge):
        await read_all(make_form(part("a", b"", None, *headers), step=100))


async def test_a_file_is_not_read_at_once_past_what_may_be_held():
    """A file is as long as its sender likes; in pieces it may be read."""
    at_once = await anext(make_form(part("f", b"x" * 50, "f"), memory=20, step=10))
    in_pieces = await anext(make_form(part("f", b"x" * 50, "f"), memory=20, step=10))

    with pytest.raises(RequestEntityTooLarge) as caught:
        await at_once.text()

    assert "save it" in caught.value.__notes__[0]
    assert len(await in_pieces.read(50)) == 50


# Saving


@pytest.mark.parametrize("size", [0, 10, 1_500_000])
async def test_saving_to_a_path(tmp_path, size):
    """All bytes of the part, in batches, and nothing else."""
    found = await anext(make_form(part("f", b"x" * size, "f"), step=100_000))

    await found.save(tmp_path / "saved")

    assert (tmp_path / "saved").read_bytes() == b"x" * size


async def test_saving_what_is_left_to_an_open_file():
    """It stays open."""
    found = await anext(make_form(part("f", b"12345", "f")))
    target = BytesIO()

    await found.read(2)
    await found.save(target)

    assert target.getvalue() == b"345"


async def test_saving_to_an_async_file(tmp_path):
    """As anyio.open_file gives."""
    found = await anext(make_form(part("f", b"12345", "f")))

    async with await anyio.open_file(tmp_path / "saved", "wb") as target:
        await found.save(target)

    assert (tmp_path / "saved").read_bytes() == b"12345"


async def test_a_file_that_stays_incomplete_is_deleted(tmp_path):
    """In async and sync code alike."""
    cut_off = part("f", b"x" * 2_000_000, "f")[:-100]
    forms = [
        make_form(cut_off, end=b"", step=65536, failure=ClientDisconnected()) for _ in range(2)
    ]

    with pytest.raises(ClientDisconnected):
        await (await anext(forms[0])).save(tmp_path / "saved")
    with pytest.raises(ClientDisconnected):
        await bridge.run_in_worker(lambda: next(iter(forms[1])).save(tmp_path / "saved"))

    assert list(tmp_path.iterdir()) == []


async def test_a_saving_that_is_cancelled_leaves_no_file(tmp_path):
    """The bytes stop coming, and somebody gives up."""

    class Stalled(Source):
        async def next_chunk(self):
            return await super().next_chunk() if self.pieces else await anyio.sleep_forever()

    body = part("f", b"x" * 2_000_000, "f")[:-100]
    form = LiveForm(Stalled(body, 65536), "bb", PartLimits(None, None, None, 1000))
    found = await anext(form)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(found.save, tmp_path / "saved")
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()

    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_cannot_be_opened(tmp_path):
    """The error is the caller's; the part can still be read."""
    found = await anext(make_form(part("f", b"12345", "f")))

    with pytest.raises(FileNotFoundError):
        await found.save(tmp_path / "none" / "saved")

    assert await found.read() == b"12345"


async def test_a_device_is_not_deleted():
    """Only what is a file can be a file that stays incomplete."""
    form = make_form(part("f", b"x", "f")[:-3], end=b"", failure=ClientDisconnected())

    with pytest.raises(ClientDisconnected):
        await (await anext(form)).save("/dev/null")

    assert await anyio.Path("/dev/null").exists()


# In sync code


async def test_sync_code_reads_parts_with_plain_calls(tmp_path):
    """Iterating, reading, text and saving block."""
    form = make_form(
        part("a", "ü".encode()),
        part("f", b"123", "f"),
        part("g", b"x" * 100, "g"),
        part("h", b"y" * 1_500_000, "h"),
        part("i", b"z", "i"),
        step=65536,
    )

    def read():
        parts = iter(form)
        found = [next(parts).text(), next(parts).read(2), b"".join(next(parts))]
        next(parts).save(tmp_path / "saved")
        target = BytesIO()
        next(parts).save(target)
        return [*found, target.getvalue(), list(parts)]

    assert await bridge.run_in_worker(read) == ["ü", b"12", b"x" * 100, b"z", []]
    assert (tmp_path / "saved").stat().st_size == 1_500_000


async def test_a_plain_for_in_async_code_is_told_of_async_for():
    """It would block the event loop."""
    form = make_form(part("a", b"b"))
    with pytest.raises(RuntimeError, match=r"`async for part in request\.multipart"):
        iter(form)

    found = await anext(form)

    with pytest.raises(RuntimeError, match="`async for chunk in part`"):
        next(iter(found))
