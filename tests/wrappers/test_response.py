"""A response as views and after-request functions handle it, before it is sent."""

from __future__ import annotations

import copy
import pickle
from http import HTTPStatus

import pytest

from asyncflask.datastructures import Headers
from asyncflask.exceptions import NotFound
from asyncflask.wrappers.response import Response

# Construction


def test_text_becomes_html_in_utf_8():
    """A text is encoded as UTF-8 and sent as HTML with its size in bytes."""
    response = Response("grün")

    assert response.response == [b"gr\xc3\xbcn"]
    assert list(response.headers) == [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", "5"),
    ]


def test_a_response_without_body_has_no_content_length_yet():
    """The size of an empty body is only set when it is sent."""
    response = Response()

    assert response.response == []
    assert "Content-Length" not in response.headers


@pytest.mark.parametrize(
    ("mimetype", "content_type"),
    [
        ("text/plain", "text/plain; charset=utf-8"),
        ("application/xml", "application/xml; charset=utf-8"),
        ("image/svg+xml", "image/svg+xml; charset=utf-8"),
        ("application/json", "application/json"),
        ("image/png", "image/png"),
    ],
)
def test_only_text_types_get_a_charset(mimetype, content_type):
    """The MIME type decides whether the charset is named."""
    response = Response("", mimetype=mimetype)

    assert response.content_type == content_type


def test_a_content_type_is_taken_as_it_is():
    """content_type beats mimetype and gets no charset."""
    response = Response("", mimetype="text/css", content_type="text/plain")

    assert response.content_type == "text/plain"


def test_headers_may_name_the_content_type():
    """The default MIME type does not replace a Content-Type among the headers."""
    response = Response("", headers={"content-type": "text/csv"})

    assert response.headers.getlist("Content-Type") == ["text/csv"]


def test_a_mimetype_beats_the_headers():
    """A MIME type that is passed replaces a Content-Type among the headers."""
    response = Response("", headers={"content-type": "text/csv"}, mimetype="text/css")

    assert response.headers.getlist("Content-Type") == ["text/css; charset=utf-8"]


def test_a_headers_object_is_used_as_it_is():
    """Headers are not copied; pairs are."""
    headers = Headers({"X-Own": "1"})

    response = Response(headers=headers)

    assert response.headers is headers


def test_a_list_in_headers_makes_several():
    """A mapping's list gives one header for each item."""
    response = Response(headers={"X-Own": ["1", "2"]})

    assert response.headers.getlist("X-Own") == ["1", "2"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"mimetype": "text/html\r\nX-Evil: 1"},
        {"content_type": "text/html\nX-Evil: 1"},
        {"headers": {"X-Own": "1\r\nX-Evil: 1"}},
        {"headers": {"X-Own\r\nX-Evil": "1"}},
    ],
)
def test_no_argument_can_start_another_header(arguments):
    """Line breaks are refused wherever they would end up in the head."""
    with pytest.raises(ValueError, match=r"line break|newline"):
        Response("", **arguments)


def test_a_subclass_sets_the_defaults():
    """default_mimetype and default_status are the subclass's to choose."""

    class Created(Response):
        default_status = 201
        default_mimetype = "application/json"

    response = Created("{}")

    assert response.status == "201 CREATED"
    assert response.content_type == "application/json"


def test_a_subclass_may_leave_the_content_type_out():
    """Without a default MIME type there is no Content-Type."""

    class Untyped(Response):
        default_mimetype = None

    assert "Content-Type" not in Untyped("x").headers


def test_users_may_set_attributes():
    """Extensions keep data of their own on responses."""
    response = Response()

    response.colour = "blue"

    assert response.colour == "blue"


# Status


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        (None, "200 OK", 200),
        (404, "404 NOT FOUND", 404),
        (HTTPStatus.CREATED, "201 CREATED", 201),
        ("418", "418 I'M A TEAPOT", 418),
        ("404 Not Here", "404 Not Here", 404),
        ("  201 ", "201 CREATED", 201),
        (999, "999 UNKNOWN", 999),
        ("wrong", "0 wrong", 0),
    ],
)
def test_status_and_code_agree(given, status, code):
    """A status can be a number, an HTTPStatus or a text; both properties follow."""
    response = Response(status=given)

    assert (response.status, response.status_code) == (status, code)


def test_setting_the_code_sets_the_status():
    """The reason that was sent for the old code is gone."""
    response = Response(status="200 Fine")

    response.status_code = 404

    assert response.status == "404 NOT FOUND"


def test_setting_the_status_sets_the_code():
    """A text with a reason is kept as it is."""
    response = Response()

    response.status = "503 Tired"

    assert (response.status, response.status_code) == ("503 Tired", 503)


@pytest.mark.parametrize("status", ["", "   "])
def test_an_empty_status_is_refused(status):
    """Nothing could be sent for it."""
    with pytest.raises(ValueError, match="status is empty"):
        Response(status=status)


# Body


def test_setting_the_data_sets_its_size():
    """Text is encoded; the old Content-Length goes."""
    response = Response("old and long")

    response.data = "né"

    assert response.data == b"n\xc3\xa9"
    assert response.content_length == 3


def test_the_data_can_be_read_as_text():
    """get_data(as_text=True), get_data(True) and text are the same."""
    response = Response("né")

    assert response.get_data(as_text=True) == response.get_data(True) == response.text == "né"


def test_a_generator_is_streamed_until_it_is_read():
    """Reading the data runs the generator and keeps what it gave."""
    response = Response(piece for piece in ["a", b"b"])
    assert response.is_streamed
    assert not response.is_sequence

    assert response.get_data() == b"ab"

    assert response.response == [b"a", b"b"]
    assert not response.is_streamed


def test_reading_a_stream_can_be_forbidden():
    """implicit_sequence_conversion = False makes reading an error that names the remedy."""
    response = Response(iter(["a"]))
    response.implicit_sequence_conversion = False

    with pytest.raises(RuntimeError, match="make_sequence"):
        response.get_data()


def test_direct_passthrough_cannot_be_read():
    """The error says how to read it nevertheless."""
    response = Response(iter(["a"]), direct_passthrough=True)

    with pytest.raises(RuntimeError, match="direct_passthrough = False"):
        response.get_data()


def test_an_item_of_another_type_is_named():
    """A list of numbers is no body."""
    response = Response([5])

    with pytest.raises(TypeError, match="5 is of type 'int'"):
        response.get_data()


def test_text_assigned_to_response_is_one_piece():
    """`response.response = "text"` does not fall apart into letters."""
    response = Response()

    response.response = "text"

    assert list(response.iter_encoded()) == [b"text"]


@pytest.mark.anyio
async def test_an_async_body_says_how_to_be_read():
    """On the event loop it cannot be waited for, so the error names the async spelling."""

    async def pieces():
        yield "a"

    response = Response(pieces())

    with pytest.raises(RuntimeError, match=r"await response\.amake_sequence"):
        response.get_data()


@pytest.mark.anyio
async def test_an_async_body_can_be_kept():
    """amake_sequence awaits every item."""

    async def pieces():
        yield "a"
        yield b"b"

    response = Response(pieces())

    await response.amake_sequence()

    assert response.get_data() == b"ab"


def test_an_async_body_can_be_read_from_sync_code():
    """Off the event loop, reading waits for the items."""

    async def pieces():
        yield "a"
        yield "b"

    response = Response(pieces())

    assert response.get_data() == b"ab"


def test_content_length_of_a_stream_is_calculated_by_reading_it():
    """The items are kept, so nothing is lost."""
    response = Response(iter(["ab", "c"]))

    assert response.calculate_content_length() == 3

    assert response.get_data() == b"abc"


def test_content_length_that_cannot_be_known_is_none():
    """A body that is passed through is not read for its size."""
    response = Response(iter(["ab"]), direct_passthrough=True)

    assert response.calculate_content_length() is None


def test_content_length_is_not_set_where_it_is_off():
    """automatically_set_content_length = False leaves the header to the application."""

    class Sizeless(Response):
        automatically_set_content_length = False

    assert "Content-Length" not in Sizeless("abc").headers


def test_the_stream_writes_to_the_body():
    """What is written is appended; the size is known only at the end."""
    response = Response("a")

    response.stream.write("é")
    response.stream.writelines([b"c", b"d"])

    assert response.get_data() == "aécd".encode()
    assert response.stream.tell() == 5
    assert "Content-Length" not in response.headers


def test_a_closed_stream_refuses_writing():
    """As a closed file does."""
    stream = Response().stream
    stream.close()

    with pytest.raises(ValueError, match="closed"):
        stream.write("x")


# JSON


@pytest.mark.parametrize("mimetype", ["application/json", "application/problem+json"])
def test_json_is_parsed(mimetype):
    """JSON's own MIME type and those built on it are JSON."""
    response = Response('{"a": 1}', mimetype=mimetype)

    assert response.is_json
    assert response.json == response.get_json() == {"a": 1}


def test_other_types_are_json_only_by_force():
    """json is None unless the MIME type says JSON; force does not look at it."""
    response = Response("[1]", mimetype="text/plain")

    assert response.json is None
    assert response.get_json(force=True) == [1]


def test_broken_json_raises_unless_silent():
    """silent=True gives None in place of the error."""
    response = Response("{", mimetype="application/json")

    with pytest.raises(ValueError, match="Expecting"):
        response.get_json()
    assert response.get_json(silent=True) is None


def test_json_module_can_be_replaced():
    """The app's JSON takes the place of the standard library's."""

    class Upper:
        @staticmethod
        def loads(data):
            return data.decode().upper()

    response = Response("a", mimetype="application/json")
    response.json_module = Upper

    assert response.json == "A"


# ETag and freezing


def test_etags_are_quoted():
    """set_etag takes the bare tag; get_etag gives it back."""
    response = Response()

    response.set_etag("abc", weak=True)

    assert response.headers["ETag"] == 'W/"abc"'
    assert response.get_etag() == ("abc", True)


def test_add_etag_is_made_of_the_body_and_stable():
    """Equal bodies get equal tags; a tag that is there stays unless it is to be replaced."""
    first, second = Response("abc"), Response(iter(["ab", "c"]))

    first.add_etag()
    second.set_etag("old")
    second.add_etag()

    assert second.get_etag() == ("old", False)
    second.add_etag(overwrite=True)
    assert second.headers["ETag"] == first.headers["ETag"]


def test_freeze_makes_a_stream_ready_to_be_cached():
    """A frozen response is a list of bytes with size and ETag, and can be pickled."""
    response = Response(iter(["a", "b"]))

    response.freeze()

    thawed = pickle.loads(pickle.dumps(response))
    assert thawed.response == [b"a", b"b"]
    assert thawed.content_length == 2
    assert thawed.get_etag()[0] is not None


def test_a_response_can_be_copied():
    """The copy is of the same class and status."""
    response = copy.copy(Response("x", status=404))

    assert (response.data, response.status_code) == (b"x", 404)


# Classes


def test_force_type_changes_the_class_in_place():
    """The same object comes back as the subclass."""

    class Own(Response):
        pass

    response = Response("x", status=404)

    assert Own.force_type(response) is response
    assert type(response) is Own


def test_force_type_takes_an_http_error():
    """Its response is made one of the class."""

    class Own(Response):
        pass

    response = Own.force_type(NotFound())

    assert type(response) is Own
    assert response.status_code == 404


def test_force_type_refuses_anything_else():
    """The error says what can be converted."""
    with pytest.raises(TypeError, match="another response"):
        Response.force_type("text")


def test_http_errors_answer_with_this_class():
    """Importing the module lets HTTP errors build their responses."""
    response = NotFound().get_response()

    assert isinstance(response, Response)


def test_repr_shows_size_and_status():
    """A stream has no size to show."""
    assert repr(Response("hello world!")) == "<Response 12 bytes [200 OK]>"
    assert repr(Response(iter("x"), status=404)) == "<Response streamed [404 NOT FOUND]>"


# Closing


def record_closing(response):
    closed = []
    response.call_on_close(lambda: closed.append("first"))
    response.call_on_close(lambda: closed.append("second"))
    return closed


def test_close_runs_everything_once():
    """The body is closed first, then the functions run in their order, and never again."""
    closed = []

    class Rows:
        def __iter__(self):
            return iter(["a"])

        def close(self):
            closed.append("body")

    response = Response(Rows())
    response.call_on_close(lambda: closed.append("first"))
    response.call_on_close(lambda: closed.append("second"))

    response.close()
    response.close()

    assert closed == ["body", "first", "second"]


def test_call_on_close_is_a_decorator():
    """It gives the function back."""
    response = Response()

    def function():
        pass

    assert response.call_on_close(function) is function


def test_a_response_is_a_context_manager():
    """Leaving the block closes it."""
    closed = record_closing(response := Response())

    with response as entered:
        assert entered is response
        assert closed == []

    assert closed == ["first", "second"]


@pytest.mark.anyio
async def test_a_response_is_an_async_context_manager():
    """Leaving the block closes it, awaiting what is async."""
    closed = record_closing(response := Response())

    @response.call_on_close
    async def third():
        closed.append("third")

    async with response:
        assert closed == []

    assert closed == ["first", "second", "third"]


def test_a_failing_function_does_not_keep_the_others_from_running():
    """All run; then the first error is raised."""
    response = Response()
    response.call_on_close(lambda: 1 / 0)
    closed = record_closing(response)

    with pytest.raises(ZeroDivisionError):
        response.close()

    assert closed == ["first", "second"]


def test_async_functions_are_waited_for_off_the_loop():
    """close() in sync code runs an async function to its end."""
    response, closed = Response(), []

    @response.call_on_close
    async def later():
        closed.append("later")

    response.close()

    assert closed == ["later"]


def test_a_body_made_a_sequence_is_still_closed():
    """Reading all items does not keep the iterable's close() from running at the end."""
    closed = []

    class Rows:
        def __iter__(self):
            return iter(["a"])

        def close(self):
            closed.append(True)

    response = Response(Rows())
    response.make_sequence()
    assert closed == []

    response.close()

    assert closed == [True]
