"""The grammar of headers on plain values, alone and against Werkzeug's."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import werkzeug.http as reference
from hypothesis import given
from hypothesis import strategies as st

from asyncflask import syntax

WORDS = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=20)
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


def test_a_token_is_left_unquoted():
    """Only what is no token is put in quotes."""
    quoted = [syntax.quote_header_value(value) for value in ("gzip", 3, "a b", "", 'a"\\')]

    assert quoted == ["gzip", "3", '"a b"', '""', '"a\\"\\\\"']


def test_quotes_can_be_demanded():
    """allow_token=False quotes tokens too."""
    assert syntax.quote_header_value("gzip", allow_token=False) == '"gzip"'


@given(WORDS)
def test_quoting_round_trips(text):
    """Unquoting gives back what was quoted."""
    quoted = syntax.quote_header_value(text, allow_token=False)

    assert syntax.unquote_header_value(quoted) == text


def test_unquoting_keeps_a_windows_path():
    """A backslash before anything but quotes and backslashes stays."""
    assert syntax.unquote_header_value(r'"C:\dir\a.txt"') == r"C:\dir\a.txt"


@pytest.mark.parametrize(
    ("header", "members"),
    [
        ("a, b ,c", ["a", "b", "c"]),
        ('"a, b", c', ["a, b", "c"]),
        (r'"a\"b", c', ['a"b', "c"]),
        ('"a" b, c', ['"a" b', "c"]),
        ("a,,b,", ["a", "", "b"]),
        ('"never closed, c', ['"never closed, c']),
        ("", []),
    ],
)
def test_lists_split_at_commas_outside_of_quotes(header, members):
    """Quotes protect commas and are taken off; a trailing comma adds nothing."""
    assert syntax.parse_list_header(header) == members


@given(st.lists(WORDS))
def test_lists_round_trip(members):
    """Parsing gives back the members that were dumped."""
    assert syntax.parse_list_header(syntax.dump_header(members)) == members


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('a=b, c="d, e", f', {"a": "b", "c": "d, e", "f": None}),
        ("a = b, a=c=d", {"a": "c=d"}),
        ("a*=UTF-8''%e2%82%ac", {"a": "€"}),
        ("=b,  , a=", {"a": ""}),
        ("*=", {"": ""}),
    ],
)
def test_dicts_are_parsed(header, expected):
    """Members without a value have None, those without a key are left out."""
    assert syntax.parse_dict_header(header) == expected


@given(st.dictionaries(NAMES, WORDS | st.none()))
def test_dicts_round_trip(members):
    """Parsing gives back the members that were dumped."""
    assert syntax.parse_dict_header(syntax.dump_header(members)) == members


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("text/html; charset=utf-8", ("text/html", {"charset": "utf-8"})),
        ('form-data; NAME="a;b"; x=1', ("form-data", {"name": "a;b", "x": "1"})),
        ("a; f*=UTF-8''%e2%82%ac.txt", ("a", {"f": "€.txt"})),
        ("a; f*=utf-7''%41", ("a", {"f": "%41"})),
        ("a; f*0=one; f*1=two", ("a", {"f": "onetwo"})),
        ("a; f*0*=UTF-8''one%20; f*1*=%41; f*2=b", ("a", {"f": "one Ab"})),
        ('a; f="say %22hi%22"', ("a", {"f": 'say "hi"'})),
        ('a; f="never closed; b=c', ("a", {"b": "c"})),
        ("a; b; c=; =d; e = f", ("a", {})),
        ("; b=c", ("", {})),
        ("", ("", {})),
        (None, ("", {})),
    ],
)
def test_options_are_parsed(header, expected):
    """Extended and continued parameters are decoded, malformed ones are left out."""
    assert syntax.parse_options_header(header) == expected


@given(st.dictionaries(NAMES, WORDS.filter(lambda text: "%22" not in text)))
def test_options_round_trip(options):
    """Parsing gives back the options that were dumped."""
    header = syntax.dump_options_header("form-data", options)

    assert syntax.parse_options_header(header) == ("form-data", options)


def test_options_without_a_value_are_not_dumped():
    """None leaves an option out, and no main value leaves only the options."""
    assert syntax.dump_options_header(None, {"a": None, "b": 3, "c": "d e"}) == 'b=3; c="d e"'


@given(st.text(alphabet="ab;=,\"\\' *%0f-é", max_size=24))
def test_options_agree_with_werkzeug(text):
    """Whatever the client sends, options are read as Werkzeug reads them."""
    header = f"form-data; {text}"

    assert syntax.parse_options_header(header) == reference.parse_options_header(header)


@given(st.text(max_size=200))
def test_parsers_never_raise(text):
    """Broken headers give empty values, not exceptions."""
    syntax.parse_options_header(text)
    syntax.parse_dict_header(text)
    syntax.parse_list_header(text)
    syntax.parse_date(text)
    syntax.parse_age(text)
    syntax.split_etags(text)
    syntax.unquote_etag(text)


@pytest.mark.parametrize(
    ("etag", "expected"),
    [
        ('"a"', ("a", False)),
        ('W/"a"', ("a", True)),
        ('w/"a"', ("a", True)),
        (" a ", ("a", False)),
        ("", (None, None)),
        (None, (None, None)),
    ],
)
def test_etags_are_unquoted(etag, expected):
    """Quotes go, and weakness is told."""
    assert syntax.unquote_etag(etag) == expected


def test_an_etag_cannot_hold_a_quote():
    """Quoting what is quoted already is an error that says so."""
    with pytest.raises(ValueError, match="pass it unquoted"):
        syntax.quote_etag('"a"')


def test_a_generated_etag_follows_the_data():
    """Equal data have equal tags."""
    assert syntax.generate_etag(b"abc") == "a9993e364706816aba3e25717850c26c9cd0d89d"


@pytest.mark.parametrize(
    "value",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 09:49:37 +0100",
        "Sun, 06 Nov 1994 08:49:37 -0000",
    ],
)
def test_dates_of_all_ages_are_parsed(value):
    """The three formats of RFC 9110 and those of mail are understood, and know their zone."""
    parsed = syntax.parse_date(value)

    assert parsed == MOMENT
    assert parsed.tzinfo is not None


@pytest.mark.parametrize("value", [None, "", "soon", "1994-11-06", "Sun, 99 Nov 1994 08:49:37 GMT"])
def test_what_is_no_date_is_none(value):
    """A broken date is no date."""
    assert syntax.parse_date(value) is None


@pytest.mark.parametrize(
    "timestamp",
    [
        784111777,
        784111777.9,
        MOMENT,
        MOMENT.replace(tzinfo=None),
        MOMENT.astimezone(timezone(timedelta(hours=2))),
        time.gmtime(784111777),
    ],
)
def test_times_are_formatted_in_utc(timestamp):
    """Naive datetimes and tuples are UTC, others are converted to it."""
    assert syntax.http_date(timestamp) == "Sun, 06 Nov 1994 08:49:37 GMT"


def test_a_date_is_its_midnight():
    """A date without a time starts its day."""
    assert syntax.http_date(date(94, 1, 1)) == "Fri, 01 Jan 0094 00:00:00 GMT"


@given(st.datetimes())
def test_dates_agree_with_werkzeug(moment):
    """Every datetime is formatted as Werkzeug formats it."""
    assert syntax.http_date(moment) == reference.http_date(moment)


@pytest.mark.parametrize("value", ["-1", "x", "", None, "1.5", "9" * 30, "9" * 5000])
def test_what_is_no_age_is_none(value):
    """An age is a number of seconds that is not negative and not endless."""
    assert syntax.parse_age(value) is None


def test_ages_round_trip():
    """Whole seconds survive."""
    assert syntax.parse_age(syntax.dump_age(timedelta(minutes=2))) == timedelta(seconds=120)


def test_a_negative_age_is_refused():
    """An age below zero is a mistake of the program."""
    with pytest.raises(ValueError, match="cannot be negative"):
        syntax.dump_age(-1)


@given(*[st.none() | st.integers(-2, 6)] * 3)
def test_byte_ranges_agree_with_werkzeug(start, stop, length):
    """Validity of a range is judged as Werkzeug judges it."""
    expected = reference.is_byte_range_valid(start, stop, length)

    assert syntax.is_byte_range_valid(start, stop, length) is expected
