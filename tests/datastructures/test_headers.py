"""Header lists, alone and against Werkzeug's."""

from __future__ import annotations

import copy
import pickle

import pytest
import werkzeug.datastructures as reference
from hypothesis import given
from hypothesis import strategies as st

from asyncflask.datastructures import Headers, MultiDict, RequestHeaders

NAMES = st.sampled_from(["A", "a", "B", "C"])
VALUES = st.integers(0, 9)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["add", "set", "setdefault", "__setitem__"]), NAMES, VALUES),
        st.tuples(st.sampled_from(["setlist", "setlistdefault"]), NAMES, st.lists(VALUES)),
        st.tuples(st.sampled_from(["remove", "__delitem__"]), NAMES),
        st.tuples(st.just("pop"), NAMES, st.none()),
        st.tuples(
            st.sampled_from(["extend", "update"]),
            st.dictionaries(NAMES, VALUES | st.lists(VALUES)) | st.lists(st.tuples(NAMES, VALUES)),
        ),
    )
)


@pytest.fixture
def headers():
    return Headers([("X-A", "1"), ("Content-Type", "text/plain"), ("x-a", "3")])


@pytest.fixture
def sent():
    return RequestHeaders(
        [
            (b"host", b"example.com"),
            (b"x-token", b"1"),
            (b"x-token", b"2"),
            (b"cookie", b"a=1"),
            (b"cookie", b"b=2"),
            (b"x-name", "ü".encode("latin-1")),
        ]
    )


@pytest.mark.parametrize(
    "source",
    [
        [("A", 1), ("A", 2), ("B", "x")],
        {"A": [1, 2], "B": "x"},
        {"A": (1, 2), "B": {"x"}},
        MultiDict([("A", 1), ("A", 2), ("B", "x")]),
        Headers([("A", 1), ("A", 2), ("B", "x")]),
    ],
)
def test_they_are_made_of_pairs_and_mappings(source):
    """Lists of a mapping are several headers, and values become strings."""
    assert Headers(source).to_wsgi_list() == [("A", "1"), ("A", "2"), ("B", "x")]


def test_names_are_looked_up_without_case(headers):
    """[], get, in and getlist ignore case."""
    assert headers["x-A"] == headers.get("X-a") == "1"
    assert headers.getlist("X-A") == headers.get_all("x-a") == ["1", "3"]
    assert "CONTENT-TYPE" in headers
    assert "missing" not in headers


def test_a_missing_name_is_a_key_error(headers):
    """get gives the default instead."""
    assert headers.get("missing", "default") == "default"
    with pytest.raises(KeyError):
        headers["missing"]


def test_values_are_converted(headers):
    """What `type` refuses gives the default, or is left out of lists."""
    headers.add("X-A", "x")

    assert headers.get("X-A", type=int) == 1
    assert headers.get("Content-Type", 7, type=int) == 7
    assert headers.getlist("X-A", type=int) == [1, 3]


def test_positions_and_slices_are_looked_up(headers):
    """A position gives a pair, a slice headers."""
    assert headers[1] == ("Content-Type", "text/plain")
    assert headers[:1] == Headers([("X-A", "1")])


def test_positions_and_slices_are_changed(headers):
    """Values are checked there too."""
    headers[0] = ("New", 1)
    headers[1:] = [("Last", 2)]

    assert headers.to_wsgi_list() == [("New", "1"), ("Last", "2")]
    del headers[0]
    assert headers.to_wsgi_list() == [("Last", "2")]


def test_pairs_names_and_values_are_iterated(headers):
    """lower=True gives the names in lower case."""
    assert list(headers) == list(headers.items()) == headers.to_wsgi_list()
    assert list(headers.keys(lower=True)) == ["x-a", "content-type", "x-a"]
    assert list(headers.values()) == ["1", "text/plain", "3"]
    assert (len(headers), bool(Headers())) == (3, False)


def test_keywords_become_parameters():
    """They are quoted where needed, dashes stand for underscores, None is left out."""
    headers = Headers()

    headers.add("Content-Disposition", "attachment", filename="a b.txt", my_size=3, x=None)
    headers.set("X-Only", None, a="b")

    assert headers["content-disposition"] == 'attachment; filename="a b.txt"; my-size=3'
    assert headers["x-only"] == "a=b"


def test_setting_keeps_the_place_of_the_first(headers):
    """Later headers of the name are removed; further values go to the end."""
    headers.setlist("X-A", [7, 8])

    assert headers.to_wsgi_list() == [("X-A", "7"), ("Content-Type", "text/plain"), ("X-A", "8")]


def test_updating_replaces_and_extending_adds(headers):
    """Keywords count as a mapping."""
    headers.update({"X-A": ["5", "6"]}, etag="t")
    headers.extend([("X-A", "7")], etag="u")

    assert headers.getlist("X-A") == ["5", "6", "7"]
    assert headers.getlist("etag") == ["t", "u"]


def test_defaults_are_set_once(headers):
    """setdefault and setlistdefault give what is there afterwards."""
    assert headers.setdefault("X-A", 9) == "1"
    assert headers.setdefault("X-New", 9) == "9"
    assert headers.setlistdefault("X-List", [1, 2]) == ["1", "2"]


def test_headers_are_popped(headers):
    """By name all of it, by position or without a key one pair."""
    assert headers.pop("x-a") == "1"
    assert headers.to_wsgi_list() == [("Content-Type", "text/plain")]
    assert headers.pop("x-a", None) is None
    with pytest.raises(KeyError):
        headers.pop("x-a")
    assert headers.popitem() == ("Content-Type", "text/plain")


@pytest.mark.parametrize("text", ["a\nb", "a\r\nSet-Cookie: x", "a\0"])
@pytest.mark.parametrize(
    "change",
    [
        lambda headers, text: headers.add("A", text),
        lambda headers, text: headers.add("A", "x", option=text),
        lambda headers, text: headers.add(text, "x"),
        lambda headers, text: headers.set("A", text),
        lambda headers, text: headers.set(text, "x"),
        lambda headers, text: headers.setlist("A", ["x", text]),
        lambda headers, text: headers.extend({"A": text}),
        lambda headers, text: headers.update([("A", text)]),
        lambda headers, text: headers.__setitem__("A", text),
        lambda headers, text: headers.__setitem__(0, ("A", text)),
        lambda headers, text: headers.__setitem__(slice(0, 1), [("A", text)]),
        lambda headers, text: headers.setdefault("A", text),
    ],
)
def test_no_header_can_be_smuggled_in(headers, change, text):
    """Newlines and NUL are refused in names and values, and nothing is changed."""
    before = headers.to_wsgi_list()

    with pytest.raises(ValueError, match="must not contain newline characters or NUL"):
        change(headers, text)

    assert headers.to_wsgi_list() == before


@given(CHANGES)
def test_they_behave_as_werkzeugs(changes):
    """A series of changes gives the same results and the same headers in the same order."""
    mine, theirs = Headers(), reference.Headers()

    results = [
        [getattr(headers, name)(*arguments) for name, *arguments in changes]
        for headers in (mine, theirs)
    ]

    assert results[0] == results[1]
    assert mine.to_wsgi_list() == theirs.to_wsgi_list()
    assert str(mine) == str(theirs)


def test_they_are_equal_in_any_order(headers):
    """The case of names does not count either."""
    assert headers == Headers([("x-a", "3"), ("x-a", "1"), ("content-type", "text/plain")])
    assert headers != Headers()
    assert headers != headers.to_wsgi_list()


@pytest.mark.parametrize(
    "duplicate", [Headers.copy, copy.copy, lambda headers: pickle.loads(pickle.dumps(headers))]
)
def test_a_copy_is_independent(headers, duplicate):
    """Changing it leaves the original alone."""
    copied = duplicate(headers)
    copied.clear()

    assert len(headers) == 3


def test_the_union_replaces(headers):
    """| makes new headers, |= changes those there are."""
    union = headers | {"X-A": "new"}
    headers |= [("X-A", "newer")]

    assert union.getlist("x-a") == ["new"]
    assert headers.getlist("x-a") == ["newer"]
    with pytest.raises(TypeError, match="unsupported operand"):
        headers | 3


def test_trusted_pairs_are_taken_as_they_are():
    """The list is not copied."""
    pairs = [("A", "1")]

    headers = Headers.trusted(pairs)
    pairs.append(("B", "2"))

    assert headers["B"] == "2"


def test_raw_headers_are_what_asgi_sends(headers):
    """Names in lower case, everything in Latin-1."""
    headers.set("X-Name", "ü")

    assert headers.raw() == [
        (b"x-a", b"1"),
        (b"content-type", b"text/plain"),
        (b"x-a", b"3"),
        (b"x-name", b"\xfc"),
    ]


def test_what_latin_1_cannot_say_is_refused_when_sent():
    """The error names the header and the remedy."""
    headers = Headers({"X-Price": "5 €"})

    with pytest.raises(ValueError, match=r"'X-Price' has the value '5 €'.*Percent-encode"):
        headers.raw()


def test_a_requests_headers_are_looked_up(sent):
    """Names ignore case; values are Latin-1."""
    assert sent["Host"] == sent.get("HOST") == "example.com"
    assert sent.get("X-Name") == "ü"
    assert sent.get("missing") is None
    assert "x-token" in sent
    with pytest.raises(KeyError):
        sent["missing"]


def test_repeated_headers_are_joined(sent):
    """As a WSGI server joins them, cookies by semicolons; getlist gives each."""
    assert sent["X-Token"] == "1, 2"
    assert sent["Cookie"] == "a=1; b=2"
    assert sent.getlist("x-token", type=int) == [1, 2]


def test_underscores_find_dashed_names(sent):
    """Flask users write request.headers["X_TOKEN"] too."""
    assert sent["X_TOKEN"] == "1, 2"


def test_a_requests_headers_are_iterated(sent):
    """Names are shown in title case, repeated ones each by themselves."""
    assert list(sent)[:3] == [("Host", "example.com"), ("X-Token", "1"), ("X-Token", "2")]
    assert len(sent) == 6
    assert sent[0] == ("Host", "example.com")
    assert sent[:1] == Headers({"Host": "example.com"})
    assert dict(sent)["X-Token"] == "1, 2"


@pytest.mark.parametrize(
    "change",
    [
        lambda headers: headers.add("a", "b"),
        lambda headers: headers.set("a", "b"),
        lambda headers: headers.remove("host"),
        lambda headers: headers.pop("host", None),
        lambda headers: headers.update({}),
        lambda headers: headers.clear(),
        lambda headers: headers.__setitem__("a", "b"),
        lambda headers: headers.__delitem__("host"),
        lambda headers: headers.__ior__({}),
    ],
)
def test_a_requests_headers_refuse_changes(sent, change):
    """They are what the client sent."""
    with pytest.raises(TypeError, match="'RequestHeaders' objects are immutable"):
        change(sent)


@pytest.mark.parametrize("duplicate", [RequestHeaders.copy, copy.copy, lambda sent: sent | {}])
def test_a_requests_headers_are_not_copied(sent, duplicate):
    """The error says how to get headers that can be changed."""
    with pytest.raises(TypeError, match=r"Headers\(request.headers\)"):
        duplicate(sent)

    assert Headers(sent).getlist("x-token") == ["1", "2"]


def test_a_single_look_up_decodes_nothing_else():
    """A broken header elsewhere costs nothing until it is asked for."""
    sent = RequestHeaders([(b"host", b"a"), (b"x-broken", None)])

    assert sent.get("host") == "a"
