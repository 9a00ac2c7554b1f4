"""The tagged format: what it keeps, and that it is Flask's to the letter."""

from __future__ import annotations

import datetime
import uuid
from collections import OrderedDict, namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from asyncflask.json.tag import JSONTag, TagDict, TaggedJSONSerializer

UTC = datetime.timezone.utc  # noqa: UP017
IDENTIFIER = uuid.UUID("12345678-1234-5678-1234-567812345678")

# What Flask 3.1.3's flask.json.tag.TaggedJSONSerializer().dumps gave, outside any app.
FLASKS_FORMAT = [
    (1, "1"),
    (None, "null"),
    ("é", '"\\u00e9"'),
    ([], "[]"),
    ({}, "{}"),
    ((), '{" t":[]}'),
    ((1, 2), '{" t":[1,2]}'),
    ([1, (2,)], '[1,{" t":[2]}]'),
    ({"a": (1,)}, '{"a":{" t":[1]}}'),
    (b"", '{" b":""}'),
    (b"ab\xff", '{" b":"YWL/"}'),
    (Markup("<b>"), '{" m":"<b>"}'),
    (IDENTIFIER, '{" u":"12345678123456781234567812345678"}'),
    (datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), '{" d":"Thu, 02 Jan 2020 03:04:05 GMT"}'),
    ({" t": [1]}, '{" di":{" t__":[1]}}'),
    ({" t": (1,)}, '{" di":{" t__":{" t":[1]}}}'),
    ({" di": 1}, '{" di":{" di__":1}}'),
    ({" d": 1, "x": 2}, '{" d":1,"x":2}'),
    ({" x": 1}, '{" x":1}'),
    ({" t__": 1}, '{" t__":1}'),
    ({"a": {"b": [{" u": "x"}]}}, '{"a":{"b":[{" di":{" u__":"x"}}]}}'),
]


@pytest.fixture
def serializer():
    return TaggedJSONSerializer()


@pytest.mark.parametrize(("value", "text"), FLASKS_FORMAT)
def test_values_are_written_as_flask_writes_them(serializer, value, text):
    """Cookies are interchangeable only if every byte of the format is."""
    assert serializer.dumps(value) == text


@pytest.mark.parametrize(("value", "text"), FLASKS_FORMAT)
def test_what_flask_wrote_is_read(serializer, value, text):
    """Values come back equal and of the same type."""
    found = serializer.loads(text)

    assert found == value
    assert type(found) is type(value)


keys = st.sampled_from([" t", " b", " m", " u", " d", " di", " di__", " t__", "a", ""]) | st.text()
leaves = (
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.uuids()
    | st.text().map(Markup)
    | st.datetimes(min_value=datetime.datetime(1000, 1, 1), timezones=st.just(UTC)).map(
        lambda moment: moment.replace(microsecond=0)
    )
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=10,
)


@given(values)
def test_every_value_round_trips(value):
    """Whatever is nested in whatever, look-alikes of tags included, comes back."""
    serializer = TaggedJSONSerializer()

    assert serializer.loads(serializer.dumps(value)) == value


def test_naive_datetimes_are_taken_to_be_in_utc(serializer):
    """They come back aware, to the second."""
    value = datetime.datetime(2020, 1, 2, 3, 4, 5, 678)

    found = serializer.loads(serializer.dumps(value))

    assert found == datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_what_has_html_comes_back_as_markup(serializer):
    """An object with `__html__` is kept as the HTML it stood for."""

    class Fragment:
        def __html__(self):
            return "<b>"

    found = serializer.loads(serializer.dumps(Fragment()))

    assert found == Markup("<b>")
    assert isinstance(found, Markup)


def test_subclasses_become_what_they_extend(serializer):
    """A named tuple comes back as a tuple, an OrderedDict as a dict."""
    Point = namedtuple("Point", "x y")

    assert serializer.loads(serializer.dumps(Point(1, 2))) == (1, 2)
    assert serializer.dumps(OrderedDict(a=(1,))) == '{"a":{" t":[1]}}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nope",
        '{" t":1}',
        '{" b":1}',
        '{" b":null}',
        '{" u":"x"}',
        '{" u":5}',
        '{" d":5}',
        '{" di":1}',
        '{" di":{}}',
    ],
)
def test_text_that_nobody_wrote_is_a_value_error(serializer, text):
    """Broken JSON and content that does not fit its tag are one class of error."""
    with pytest.raises(ValueError):
        serializer.loads(text)


def test_untag_leaves_other_dicts_alone(serializer):
    """Only a dict with one key, which is a tag's, stands for something else."""
    assert serializer.untag({" t": [1]}) == (1,)
    assert serializer.untag({" t": [1], "x": 1}) == {" t": [1], "x": 1}
    assert serializer.untag({"x": [1]}) == {"x": [1]}


def test_a_tag_with_its_space_escaped_is_a_tag(serializer):
    """Another writer of JSON may spell it so."""
    assert serializer.loads(r'{"\u0020t": [1]}') == (1,)


def test_a_subclass_may_tag_what_needs_no_tag():
    """Its methods have the say in every value."""

    class Doubling(TaggedJSONSerializer):
        def tag(self, value):
            return value * 2

    class Sizing(TaggedJSONSerializer):
        def untag(self, value):
            return len(value)

    assert Doubling().dumps(2) == "4"
    assert Sizing().loads('{"a":1,"b":2}') == 2


class TagOrderedDict(JSONTag):
    __slots__ = ()
    key = " od"

    def check(self, value):
        return isinstance(value, OrderedDict)

    def to_json(self, value):
        return [[key, self.serializer.tag(item)] for key, item in value.items()]

    def to_python(self, value):
        return OrderedDict(value)


class TestRegister:
    def test_a_tag_for_a_subclass_goes_first(self, serializer):
        """With index 0 it is checked before the type it extends."""
        serializer.register(TagOrderedDict, index=0)
        value = OrderedDict(b=(1,), a=2)

        text = serializer.dumps(value)

        assert text == '{" od":[["b",{" t":[1]}],["a",2]]}'
        assert type(serializer.loads(text)) is OrderedDict

    def test_without_an_index_it_goes_last(self, serializer):
        """Everything registered before has the first say."""
        serializer.register(TagOrderedDict)

        assert isinstance(serializer.order[-1], TagOrderedDict)
        assert serializer.dumps(OrderedDict(a=1)) == '{"a":1}'

    def test_a_key_is_registered_once(self, serializer):
        """The error names the key and the way out."""
        serializer.register(TagOrderedDict)

        with pytest.raises(KeyError, match=r"' od' is already registered.*force=True"):
            serializer.register(TagOrderedDict)

    def test_force_replaces(self, serializer):
        """With force the new tag reads the key."""

        class Shouting(TagOrderedDict):
            def to_python(self, value):
                return "OD"

        serializer.register(TagOrderedDict, index=0)
        serializer.register(Shouting, force=True, index=0)

        assert serializer.loads(serializer.dumps(OrderedDict(a=1))) == "OD"

    def test_look_alikes_of_new_tags_are_escaped(self, serializer):
        """A dict with the new key only is still a dict when it comes back."""
        serializer.register(TagOrderedDict, index=0)

        assert serializer.dumps({" od": 1}) == '{" di":{" od__":1}}'
        assert serializer.loads('{" di":{" od__":1}}') == {" od": 1}

    def test_serializers_do_not_share_tags(self, serializer):
        """Registering with one leaves the others as they were."""
        serializer.register(TagOrderedDict)

        assert " od" not in TaggedJSONSerializer().tags

    def test_a_subclass_may_choose_its_tags(self):
        """`default_tags` is what a serializer begins with."""

        class Few(TaggedJSONSerializer):
            default_tags = [TagDict]

        assert list(Few().tags) == [" di"]


@pytest.mark.parametrize("method", ["check", "to_json", "to_python"])
def test_a_tag_says_what_it_lacks(serializer, method):
    """The interface alone names the class and the method to define."""
    tag = JSONTag(serializer)

    with pytest.raises(NotImplementedError, match=rf"JSONTag has to define {method}\(\)"):
        getattr(tag, method)(1)
