"""The request: its body, form, JSON, limits and what routing has found."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace

import pytest

from asyncflask import Flask
from asyncflask.datastructures import ImmutableMultiDict, MultiDict
from asyncflask.exceptions import (
    BadRequest,
    BadRequestKeyError,
    ClientDisconnected,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)
from asyncflask.wrappers.body import Body
from asyncflask.wrappers.enctype import DebugFilesKeyError
from asyncflask.wrappers.request import Request

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=bb"
JSON = "application/json"
FIELD = b'--bb\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
FILE = b'--bb\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\nabc\r\n'
FORM = FIELD + FILE + b"--bb--\r\n"


@pytest.fixture
def post(make_request):
    """Make a POST request of a body and its type."""

    def make(body=b"", content_type=None, **options):
        return make_request(body=body, content_type=content_type, **{"method": "POST"} | options)

    return make


# Construction


def test_a_bare_scope_makes_a_request(make_request):
    """Without app, body and routing everything has its empty value."""
    request = make_request()

    assert request.method == "GET"
    assert request.data == b""
    assert request.get_data(as_text=True) == ""
    assert request.stream.read() == b""
    assert request.form == request.files == request.args == ImmutableMultiDict()
    assert request.values.to_dict() == {}
    assert request.endpoint is request.url_rule is request.view_args is None
    assert request.blueprint is request.routing_exception is None
    assert request.blueprints == []
    assert (request.max_form_memory_size, request.max_form_parts) == (500_000, 1000)
    assert request.max_content_length is None


def test_a_request_takes_any_attribute(make_request):
    """Extensions keep their things on the request, and may replace what is there."""
    request = make_request()

    request.user = "ada"
    request.remote_addr = "198.51.100.1"
    request.form = MultiDict({"a": "b"})

    assert request.user == "ada"
    assert request.remote_addr == "198.51.100.1"
    assert request.form["a"] == "b"
    assert request.files == ImmutableMultiDict()
    assert request.form["a"] == "b"


def test_the_method_is_in_upper_case(make_request):
    """Whatever the server passes on."""
    assert make_request(method="post").method == "POST"


@pytest.mark.parametrize(
    ("endpoint", "blueprint", "blueprints"),
    [("a", None, []), ("a.b", "a", ["a"]), ("a.b.c", "a.b", ["a.b", "a"])],
)
def test_the_blueprint_is_read_from_the_endpoint(make_request, endpoint, blueprint, blueprints):
    """What stands before the last dot, and what that is nested in."""
    request = make_request()
    request.url_rule = SimpleNamespace(endpoint=endpoint)

    assert request.endpoint == endpoint
    assert request.blueprint == blueprint
    assert request.blueprints == blueprints


def test_a_shallow_request_refuses_to_read_its_body(make_request):
    """The error says how to make one that reads."""
    request = Request(make_request(content_type=URLENCODED).scope, shallow=True)

    for read in (lambda: request.form, lambda: request.data, lambda: request.stream):
        with pytest.raises(RuntimeError, match="shallow=False"):
            read()


# Data


def test_data_and_get_data_give_the_bytes(post):
    """As bytes or text, again and again."""
    request = post("ü".encode() + b"\xff", "text/plain")

    assert request.data == request.get_data() == b"\xc3\xbc\xff"
    assert request.get_data(as_text=True) == "ü\ufffd"
    assert request.form == ImmutableMultiDict()


def test_the_stream_is_a_file_of_the_bytes(post):
    """It can be read in pieces; what is read there is gone from data."""
    request = post(b"abcdef", "text/plain")

    assert request.stream.read(2) == b"ab"
    assert request.data == b"cdef"
    assert request.stream.read() == b""


@pytest.mark.parametrize(
    ("content_type", "body"), [(URLENCODED, b"a=b"), (MULTIPART, FIELD + b"--bb--")]
)
def test_the_bytes_of_a_form_are_gone_from_data(post, content_type, body):
    """`data` is what is no form; get_data() before the form gives the bytes and leaves the form."""
    through_data = post(body, content_type)
    through_get_data = post(body, content_type)
    after_form = post(body, content_type)
    _ = after_form.form

    assert through_data.data == b""
    assert through_data.form["a"] == "b"
    assert through_get_data.get_data() == body
    assert through_get_data.form["a"] == "b"
    assert after_form.get_data() == b""


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", 'multipart/form-data; boundary=""', "multipart/mixed; boundary=bb"],
)
def test_a_multipart_body_that_is_no_form_is_data(post, content_type):
    """Without a boundary, or of another kind, the form is empty and the bytes are there."""
    request = post(FORM, content_type)

    assert request.form == request.files == ImmutableMultiDict()
    assert request.data == FORM


# Forms


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_form_comes_with_any_method(post, method):
    """The content type decides, whatever its case; values has the form only where it is usual."""
    request = post(b"a=b", URLENCODED.upper(), method=method, query_string=b"a=c")

    assert request.form == ImmutableMultiDict({"a": "b"})
    expected = ["c", "b"] if method in {"POST", "PUT", "PATCH"} else ["c"]
    assert request.values.getlist("a") == expected


def test_a_multipart_form_has_fields_and_files(post):
    """Both are immutable and keep the order of the parts."""
    request = post(FORM, MULTIPART)

    assert request.form == ImmutableMultiDict({"a": "b"})
    assert request.files["f"].filename == "f.txt"
    assert request.files["f"].read() == b"abc"
    with pytest.raises(TypeError):
        request.form["a"] = "c"
    request.close()


def test_an_empty_multipart_body_is_an_empty_form(post):
    """No bytes at all are no broken form."""
    assert post(b"", MULTIPART).form == ImmutableMultiDict()


def test_a_subclass_chooses_the_classes_of_its_dicts(post):
    """parameter_storage_class is used for args, form and files; a plain dict will do."""

    class MyRequest(Request):
        parameter_storage_class = dict

    request = post(b"a=b", URLENCODED, cls=MyRequest, query_string=b"c=d")

    assert request.form == {"a": "b"}
    assert request.args == {"c": "d"}
    assert request.values.to_dict() == {"a": "b", "c": "d"}


def test_a_subclass_chooses_where_uploads_go(post):
    """_get_file_stream opens the file that an upload is written to."""
    opened = []

    class MyRequest(Request):
        def _get_file_stream(
            self, total_content_length, content_type, filename=None, content_length=None
        ):
            opened.append((total_content_length, filename))
            return BytesIO()

    request = post(FORM, MULTIPART, cls=MyRequest)

    assert isinstance(request.files["f"].stream, BytesIO)
    assert opened == [(len(FORM), "f.txt")]


def test_leaving_the_request_closes_its_files(post):
    """`with request:` closes uploads."""
    with post(FORM, MULTIPART) as request:
        stream = request.files["f"].stream

    assert stream.closed


def test_closing_closes_every_file_of_a_field(post):
    """Several uploads under one name are all closed."""
    with post(FILE + FILE + b"--bb--\r\n", MULTIPART) as request:
        streams = [file.stream for file in request.files.getlist("f")]

    assert [stream.closed for stream in streams] == [True, True]


def test_a_broken_form_is_a_bad_request_at_every_access(post):
    """The same error each time, and in data, which looks for a form first."""
    request = post(FIELD, MULTIPART)
    errors = []

    for read in (lambda: request.form, lambda: request.files, lambda: request.data) * 2:
        with pytest.raises(BadRequest) as caught:
            read()
        errors.append(caught.value)

    assert len(set(map(id, errors))) == 1


# Limits


@pytest.mark.parametrize(
    ("body", "content_type", "name"),
    [
        (b"a=bcd", URLENCODED, "max_content_length"),
        (b"abcde", "text/plain", "max_content_length"),
        (b"a=bcd", URLENCODED, "max_form_memory_size"),
        (FORM.replace(b"\r\nb\r\n", b"\r\nbcde\r\n"), MULTIPART, "max_form_memory_size"),
        (FIELD + FORM + FORM, MULTIPART, "max_form_parts"),
    ],
)
def test_a_limit_set_on_the_request_holds(post, body, content_type, name):
    """A view may lower a limit before it asks for the form."""
    request = post(body, content_type)
    setattr(request, name, 2)

    for _ in range(2):
        with pytest.raises(RequestEntityTooLarge):
            _ = request.form


def test_a_limit_of_the_configuration_holds(post, make_app):
    """The configuration's comes before the default, the request's own before both."""
    app = make_app(MAX_CONTENT_LENGTH=3, MAX_FORM_MEMORY_SIZE=4, MAX_FORM_PARTS=5)
    request = post(b"abcd", "text/plain", app=app)

    limits = (request.max_content_length, request.max_form_memory_size, request.max_form_parts)
    with pytest.raises(RequestEntityTooLarge):
        request.get_data()
    request.max_content_length = None

    assert limits == (3, 4, 5)
    assert request.get_data() == b"abcd"


def test_a_request_made_by_hand_finds_the_current_app(post):
    """Its limits are those of the app whose context it is used in."""
    app = Flask("limits")
    app.config["MAX_FORM_PARTS"] = 5
    request = post()

    with app.app_context():
        assert request.max_form_parts == 5
    assert request.max_form_parts == 1000


def test_a_limit_that_is_lifted_in_time_is_lifted(post, make_app):
    """A hook may raise what a form may use, before the form is asked for."""
    request = post(FORM, MULTIPART, app=make_app(MAX_FORM_PARTS=1))

    request.max_form_parts = None

    assert request.form["a"] == "b"
    request.close()


# Errors of receiving


def test_what_went_wrong_is_raised_at_every_access(post):
    """All ways to the body raise the kept error, but for JSON that isn't JSON."""
    request = post(content_type=URLENCODED)
    error = ClientDisconnected()
    request._attach_body(Body(error=error))
    reads = (
        lambda: request.form,
        lambda: request.files,
        lambda: request.values,
        lambda: request.data,
        lambda: request.get_data(),
        lambda: request.stream,
        lambda: request.get_json(force=True),
        lambda: request.get_json(force=True, silent=True),
    )

    for read in reads * 2:
        with pytest.raises(ClientDisconnected) as caught:
            read()
        assert caught.value is error
    with pytest.raises(UnsupportedMediaType):
        _ = request.json


# JSON


def test_json_is_parsed_once(post):
    """The value is kept; with cache=False it is made anew each time the bytes are there."""
    request = post(b'{"a": 1}', JSON)

    first = request.json

    assert first == {"a": 1}
    assert request.json is request.get_json() is request.get_json(silent=True) is first
    assert request.get_json(cache=False) is not first
    assert request.data == b'{"a": 1}'


def test_json_may_be_in_any_encoding_of_unicode(post):
    """UTF-16 is recognised."""
    assert post('"é"'.encode("utf-16"), JSON).json == "é"


def test_json_that_is_nested_too_deeply_is_a_bad_request(post):
    """The parser's RecursionError is the client's fault."""
    request = post(b"[" * 100_000, JSON)

    with pytest.raises(BadRequest):
        _ = request.json
    assert request.get_json(silent=True) is None


@pytest.mark.parametrize("body", [b"", b"{bad", b"\xff", b'"\xe9"'])
def test_broken_json_is_a_bad_request(post, body):
    """Outside of debug mode nothing is told; silent gives None."""
    request = post(body, JSON)

    assert request.get_json(silent=True) is None
    with pytest.raises(BadRequest) as caught:
        _ = request.json
    assert caught.value.description == BadRequest.description


def test_broken_json_is_explained_in_debug_mode(post, make_app):
    """The parser's message is in the description."""
    request = post(b"{bad", JSON, app=make_app(debug=True))

    with pytest.raises(BadRequest, match="Failed to decode JSON object: Expecting property name"):
        _ = request.json


def test_json_of_another_type_is_unsupported(post):
    """The content type must be JSON's, unless that is waived."""
    request = post(b"{}", "text/plain")

    with pytest.raises(UnsupportedMediaType, match="text/plain and not 'application/json'"):
        _ = request.json
    assert request.get_json(silent=True) is None
    assert request.get_json(force=True) == {}


def test_a_subclass_decides_about_broken_json(post):
    """What on_json_loading_failed returns is the result."""

    class MyRequest(Request):
        def on_json_loading_failed(self, e):
            return "no type" if e is None else "broken"

    assert post(b"{bad", JSON, cls=MyRequest).json == "broken"
    assert post(b"{bad", cls=MyRequest).json == "no type"


def test_json_is_loaded_by_the_apps_provider(post, make_app):
    """Or by the module of a subclass."""
    app = make_app()
    app.json = SimpleNamespace(loads=lambda data: ("app", data))

    class MyRequest(Request):
        json_module = SimpleNamespace(loads=lambda data: ("module", data))

    assert post(b"{}", JSON, app=app).json == ("app", b"{}")
    assert post(b"{}", JSON, app=app, cls=MyRequest).json == ("module", b"{}")


# Missing keys


def test_a_missing_field_is_a_key_error_and_a_bad_request(post):
    """In args, form and files alike."""
    request = post(b"a=b", URLENCODED)

    for source in (request.args, request.form, request.files):
        with pytest.raises(BadRequestKeyError):
            _ = source["missing"]


def test_a_file_that_was_sent_as_a_field_is_explained_in_debug_mode(post, make_app):
    """The error names the enctype to set and what was sent instead."""
    request = post(b"f=a.txt&f=b", URLENCODED, app=make_app(debug=True))

    with pytest.raises(DebugFilesKeyError) as caught:
        _ = request.files["f"]

    assert 'enctype="multipart/form-data"' in str(caught.value)
    assert "no file contents were transmitted" in str(caught.value)
    assert "This was submitted: 'a.txt', 'b'" in str(caught.value)
    assert caught.value.msg == str(caught.value)
    assert isinstance(caught.value, KeyError)
    assert request.files.get("f") is None


@pytest.mark.parametrize(
    ("body", "content_type", "debug"),
    [(b"f=a.txt", URLENCODED, False), (b"g=a.txt", URLENCODED, True), (FIELD, MULTIPART, True)],
)
def test_other_missing_files_are_plain_bad_requests(post, make_app, body, content_type, debug):
    """Outside of debug mode, of other fields and of proper forms nothing is explained."""
    end = b"--bb--" if content_type == MULTIPART else b""
    request = post(body + end, content_type, app=make_app(debug=debug))

    with pytest.raises(BadRequestKeyError):
        _ = request.files["f"]
