"""The default provider: which values it takes, and how responses look."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import gc
import io
import json
import uuid
import weakref

import pytest
from markupsafe import Markup

from asyncflask.json.provider import DefaultJSONProvider, JSONProvider
from asyncflask.wrappers.response import Response


class App:
    """What a provider asks of an app, and that it holds its provider."""

    response_class = Response
    debug = False

    def __init__(self, provider_class=DefaultJSONProvider):
        self.json = provider_class(self)


@dataclasses.dataclass
class Order:
    number: int
    placed: datetime.date


class Fragment:
    def __html__(self):
        return "<b>bold</b>"


@pytest.fixture
def app():
    return App()


class TestDumps:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (datetime.date(2024, 2, 29), '"Thu, 29 Feb 2024 00:00:00 GMT"'),
            (datetime.datetime(2024, 2, 29, 1, 2, 3, 999), '"Thu, 29 Feb 2024 01:02:03 GMT"'),
            (decimal.Decimal("1.10"), '"1.10"'),
            (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
            (Order(1, datetime.date(2024, 2, 29)),
             '{"number": 1, "placed": "Thu, 29 Feb 2024 00:00:00 GMT"}'),
            (Fragment(), '"<b>bold</b>"'),
            (Markup("<i>"), '"<i>"'),
        ],
    )  # fmt: skip
    def test_values_beyond_json(self, app, value, text):
        """Dates, decimals, UUIDs, dataclasses and HTML fragments have a form in JSON."""
        assert app.json.dumps(value) == text

    def test_datetimes_are_converted_to_gmt(self, app):
        """An aware datetime is the same moment in GMT."""
        east = datetime.timezone(datetime.timedelta(hours=2))
        value = datetime.datetime(2024, 2, 29, 1, 0, tzinfo=east)

        assert app.json.dumps(value) == '"Wed, 28 Feb 2024 23:00:00 GMT"'

    @pytest.mark.parametrize("value", [{1}, b"x", object(), Order, Fragment, datetime.timedelta(1)])
    def test_other_values_are_refused(self, app, value):
        """The error names the type and says what to do; classes are not instances."""
        with pytest.raises(TypeError, match=r"is not JSON serializable.*default"):
            app.json.dumps(value)

    def test_keys_are_sorted(self, app):
        """Equal dicts give equal text; the attribute and the keyword turn it off."""
        value = {"b": 1, "a": 2}

        assert app.json.dumps(value) == '{"a": 2, "b": 1}'
        assert app.json.dumps(value, sort_keys=False) == '{"b": 1, "a": 2}'
        app.json.sort_keys = False
        assert app.json.dumps(value) == '{"b": 1, "a": 2}'

    def test_text_is_ascii(self, app):
        """Other characters are escaped until the attribute or the keyword says otherwise."""
        assert app.json.dumps("é") == '"\\u00e9"'
        assert app.json.dumps("é", ensure_ascii=False) == '"é"'
        app.json.ensure_ascii = False
        assert app.json.dumps("é") == '"é"'

    def test_default_can_be_set(self, app):
        """A function on the provider stands for what JSON lacks."""
        app.json.default = lambda value: f"a {type(value).__name__}"

        assert app.json.dumps({1}) == '"a set"'

    def test_default_can_be_a_method(self):
        """A subclass may define default and fall back on the original."""

        class Sets(DefaultJSONProvider):
            def default(self, value):
                if isinstance(value, set):
                    return sorted(value)
                return DefaultJSONProvider.default(value)

        assert App(Sets).json.dumps([{2, 1}, decimal.Decimal(1)]) == '[[1, 2], "1"]'

    def test_dump_writes_to_a_file(self, app):
        """The file gets what dumps gives."""
        file = io.StringIO()

        app.json.dump({"b": 1, "a": 2}, file)

        assert file.getvalue() == '{"a": 2, "b": 1}'


class TestLoads:
    @pytest.mark.parametrize("text", ['{"a": 1}', b'{"a": 1}'])
    def test_text_and_bytes(self, app, text):
        """Both are read."""
        assert app.json.loads(text) == {"a": 1}

    @pytest.mark.parametrize("file", [io.StringIO("[1]"), io.BytesIO(b"[1]")])
    def test_load_reads_a_file(self, app, file):
        """Text and binary files are read."""
        assert app.json.load(file) == [1]

    @pytest.mark.parametrize("text", ["", "{", "nope", b"\xff\xfe\xff", "[1] 2"])
    def test_what_is_no_json_is_a_value_error(self, app, text):
        """One class of error for every kind of brokenness."""
        with pytest.raises(ValueError):
            app.json.loads(text)


class TestResponse:
    @pytest.mark.parametrize(
        ("args", "kwargs", "body"),
        [
            ((), {}, b"null\n"),
            ((None,), {}, b"null\n"),
            ((1,), {}, b"1\n"),
            ((0,), {}, b"0\n"),
            ((1, 2), {}, b"[1,2]\n"),
            (([],), {}, b"[]\n"),
            ((), {"b": 1, "a": {"c": 2}}, b'{"a":{"c":2},"b":1}\n'),
        ],
    )
    def test_arguments_are_the_body(self, app, args, kwargs, body):
        """One is itself, several are a list, keywords an object; compact, then a newline."""
        response = app.json.response(*args, **kwargs)

        assert response.get_data() == body
        assert response.content_type == "application/json"
        assert response.status_code == 200

    def test_arguments_and_keywords_do_not_mix(self, app):
        """Both at once is a TypeError that says so."""
        with pytest.raises(TypeError, match="either args or kwargs, not both"):
            app.json.response(1, a=2)

    def test_debug_mode_indents(self, app):
        """In debug mode people read responses."""
        app.debug = True

        assert app.json.response(a=[1]).get_data() == b'{\n  "a": [\n    1\n  ]\n}\n'

    @pytest.mark.parametrize("debug", [False, True])
    def test_compact_overrides_the_mode(self, app, debug):
        """The attribute decides in either mode once it is set."""
        app.debug = debug

        app.json.compact = True
        compact = app.json.response([1]).get_data()
        app.json.compact = False
        indented = app.json.response([1]).get_data()

        assert compact == b"[1]\n"
        assert indented == b"[\n  1\n]\n"

    def test_the_mimetype_can_be_set(self, app):
        """An API with a media type of its own sets it once."""
        app.json.mimetype = "application/vnd.shop+json"

        assert app.json.response(1).mimetype == "application/vnd.shop+json"

    def test_the_apps_response_class_is_used(self, app):
        """A custom response class makes JSON responses too."""

        class Custom(Response):
            pass

        app.response_class = Custom

        assert type(app.json.response(1)) is Custom


class TestJSONProvider:
    def test_a_subclass_needs_dumps_and_loads_only(self):
        """dump, load and response are built on the two."""

        class Plain(JSONProvider):
            def dumps(self, obj, **kwargs):
                return json.dumps(obj, **kwargs)

            def loads(self, s, **kwargs):
                return json.loads(s, **kwargs)

        provider = App(Plain)
        file = io.StringIO()
        provider.json.dump([1], file)
        response = provider.json.response(a=1)

        assert file.getvalue() == "[1]"
        assert provider.json.load(io.StringIO("[1]")) == [1]
        assert response.get_data() == b'{"a": 1}'
        assert response.mimetype == "application/json"

    @pytest.mark.parametrize("call", [lambda p: p.dumps(1), lambda p: p.loads("1")])
    def test_the_interface_alone_says_what_is_missing(self, call):
        """The error names the class and the method."""
        app = App(JSONProvider)

        with pytest.raises(NotImplementedError, match="JSONProvider has to define"):
            call(app.json)

    def test_the_provider_does_not_keep_its_app(self):
        """App and provider are no cycle: the app goes with its last reference."""
        app = App()
        gone = weakref.ref(app)

        gc.disable()
        try:
            del app
            alive = gone()
        finally:
            gc.enable()

        assert alive is None


class TestNaN:
    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
    def test_is_not_written(self, app, value):
        """The error names the switch."""
        with pytest.raises(ValueError, match=r"app\.json\.allow_nan = True"):
            app.json.dumps({"a": [value]})

    def test_is_written_where_the_app_allows_it(self, app):
        """As JavaScript spells it."""
        app.json.allow_nan = True

        assert app.json.dumps([float("nan"), -float("inf")]) == "[NaN, -Infinity]"

    def test_is_written_where_the_call_allows_it(self, app):
        """Arguments win over the app's attributes."""
        assert app.json.dumps(float("nan"), allow_nan=True) == "NaN"

    def test_other_errors_are_the_librarys(self, app):
        """They have nothing to do with numbers."""
        circle = []
        circle.append(circle)

        with pytest.raises(ValueError, match="Circular"):
            app.json.dumps(circle)

    @pytest.mark.parametrize("text", ["NaN", "[1e999]", b"-Infinity"])
    @pytest.mark.parametrize("options", [{}, {"object_hook": dict}])
    def test_is_not_read(self, app, text, options):
        """Whatever other arguments there are."""
        with pytest.raises(ValueError, match=r"app\.json\.accept_nan = True"):
            app.json.loads(text, **options)

    @pytest.mark.parametrize("options", [{}, {"object_hook": dict}])
    def test_is_read_where_the_app_accepts_it(self, app, options):
        """As Flask reads it."""
        app.json.accept_nan = True

        assert app.json.loads("[1e999, -Infinity]", **options) == [float("inf"), -float("inf")]


class TestBytes:
    def test_are_utf_8(self, app):
        """With or without the mark of byte order."""
        assert app.json.loads('"ä"'.encode()) == app.json.loads('"ä"'.encode("utf-8-sig")) == "ä"

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "latin-1"])
    def test_of_another_encoding_are_refused(self, app, encoding):
        """Nobody guesses."""
        with pytest.raises(ValueError, match=r"."):
            app.json.loads('"ä"'.encode(encoding))
