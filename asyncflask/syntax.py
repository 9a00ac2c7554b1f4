"""The grammar of HTTP headers on plain values: strings in, strings, dicts and dates out."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from time import struct_time, time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# SPEC: RFC 9110 section 5.6.2, tokens.
_TOKEN = r"[\w!#$%&'*+\-.^`|~]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'

_is_token = re.compile(_TOKEN, re.ASCII).fullmatch
_is_quoted = re.compile(_QUOTED, re.DOTALL).fullmatch
_iterate_parameters = re.compile(
    rf";\s*({_TOKEN})=({_TOKEN}|{_QUOTED})", re.ASCII | re.DOTALL
).finditer
_match_quoted = re.compile(_QUOTED, re.DOTALL).match
_match_continuation = re.compile(r"(.*?)\*\d+").fullmatch
_match_charset = re.compile(r"([\w!#$%&*+\-.^`|~]*)'[\w!#$%&*+\-.^`|~]*'(.*)", re.DOTALL).fullmatch
_find_etags = re.compile(r'\s*([Ww]/)?(?:"([^"]*)"\s*(?=,|$)|([^,]*))(?:,|$)').finditer
_unescape_marks = re.compile(r'\\([\\"])').sub
_unescape_all = re.compile(r"\\(.)", re.DOTALL).sub

# SPEC: RFC 8187 section 3.2.1 names UTF-8; the other two are what old senders use.
_EXTENDED_CHARSETS = frozenset({"utf-8", "us-ascii", "ascii", "iso-8859-1"})

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


# Quoting


def quote_header_value(value: Any, allow_token: bool = True) -> str:
    """Put `value` in double quotes; with `allow_token` only where it is not a plain token."""
    text = str(value)
    if allow_token and _is_token(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unquote_header_value(value: str) -> str:
    """Take off double quotes and undo the escapes of quotes and backslashes inside.

    Other backslashes stay: browsers have sent Windows paths without escaping them.
    """
    if not _has_quotes(value):
        return value
    return _unescape(value[1:-1])


def _has_quotes(value: str) -> bool:
    return len(value) >= 2 and value[0] == value[-1] == '"'


def _unescape(text: str) -> str:
    return _unescape_marks(r"\1", text) if "\\" in text else text


def _decode_extended(value: str, charset: str) -> str:
    """Decode percent escapes as `charset` has it; unknown charsets are left as they stand."""
    if charset.lower() not in _EXTENDED_CHARSETS:
        return value
    return unquote(value, encoding=charset)


# Lists and dictionaries


def split_list(value: str) -> Iterator[str]:
    """Split at the commas that stand outside of quotes; the pieces are stripped, quotes kept."""
    items = list(_split_quoted_list(value)) if '"' in value else value.split(",")
    if not items[-1].strip():
        items.pop()
    return map(str.strip, items)


def _split_quoted_list(value: str) -> Iterator[str]:
    """Split at commas outside of quotes. A quote that is never closed reaches to the end."""
    start = position = 0
    while position < len(value):
        mark = value[position]
        if mark == '"':
            position = _end_of_quotes(value, position)
            continue
        if mark == ",":
            yield value[start:position]
            start = position + 1
        position += 1
    yield value[start:]


def _end_of_quotes(value: str, start: int) -> int:
    quoted = _match_quoted(value, start)
    return quoted.end() if quoted else len(value)


def parse_list_header(value: str) -> list[str]:
    """Split a comma-separated header into its members, taking off their quotes."""
    return [_unquote_member(item) for item in split_list(value)]


def _unquote_member(item: str) -> str:
    return _unescape_all(r"\1", item[1:-1]) if _has_quotes(item) and _is_quoted(item) else item


def parse_dict_header(value: str) -> dict[str, str | None]:
    """Parse comma-separated `key=value` members; a key without a value has None.

    A key that ends in `*` has its charset and percent escapes decoded (RFC 8187).
    """
    found: dict[str, str | None] = {}
    for item in split_list(value):
        key, equals, text = item.partition("=")
        key = key.strip()
        if not key:
            continue
        if not equals:
            found[_unquote_member(key)] = None
            continue
        text = text.strip()
        if key[-1] == "*":
            key = key[:-1]
            if extended := _match_charset(text):
                text = _decode_extended(extended[2], extended[1])
        found[key] = _unquote_member(text)
    return found


def dump_header(iterable: Mapping[str, Any] | Iterable[Any]) -> str:
    """Join members with commas, quoting where needed: the inverse of the two parsers above."""
    if isinstance(iterable, dict):
        return ", ".join(_dump_member(key, value) for key, value in iterable.items())
    return ", ".join(quote_header_value(value) for value in iterable)


def _dump_member(key: str, value: Any) -> str:
    if value is None:
        return key
    # A starred key's value is already encoded, and its grammar has no quotes.
    return f"{key}={value if key[-1:] == '*' else quote_header_value(value)}"


# Options: the value; name=value; name="value" of Content-Type, Content-Disposition


def parse_options_header(value: str | None) -> tuple[str, dict[str, str]]:
    """Split `value; name=text; name="text"` into the value and a dict of lower-case names.

    Decodes extended (`name*=UTF-8''...`) and continued (`name*0=...; name*1=...`) parameters.
    Malformed parameters are left out.
    """
    if value is None:
        return "", {}
    main, semicolon, _ = value.partition(";")
    options: dict[str, str] = {}
    if semicolon and main.strip():
        _read_options(value[len(main) :], options)
    return main.strip(), options


def parse_part_options(value: str) -> dict[str, str]:
    """Return the options of a form part's Content-Disposition.

    `name="a"` wins over `name*=...` and `name*0=...`, wherever it stands: what inspects forms on
    their way to the application sees the plain one alone.
    """
    _, options = parse_options_header(value)
    # SPEC: RFC 7578 section 4.2 forbids the extended notation in forms; some clients use it.
    if "*" in value:
        for parameter in _iterate_parameters(value):
            if "*" not in parameter[1]:
                options[parameter[1].lower()] = _plain_value(parameter[2])
    return options


def _plain_value(value: str) -> str:
    if value[:1] != '"':
        return value
    # Browsers write a quote in a file name as %22, and leave other escapes alone.
    return _unescape(value[1:-1]).replace("%22", '"')


def _read_options(text: str, options: dict[str, str]) -> None:
    charset = ""
    for parameter in _iterate_parameters(text):
        name, value = parameter[1].lower(), parameter[2]
        if name[-1] == "*":
            name = name[:-1]
            if extended := _match_charset(value):
                charset, value = extended.groups()
            value = _decode_extended(value, charset)
        value = _plain_value(value)
        if continuation := _match_continuation(name):
            name = continuation[1]
            value = options.get(name, "") + value
        options[name] = value


def dump_options_header(header: str | None, options: Mapping[str, Any]) -> str:
    """Join a value and its options: the inverse of `parse_options_header`.

    Options whose value is None are left out; without `header` only the options are joined.
    """
    parts = [] if header is None else [header]
    parts.extend(_dump_member(name, value) for name, value in options.items() if value is not None)
    return "; ".join(parts)


# Entity tags


def quote_etag(etag: str, weak: bool = False) -> str:
    """Quote an entity tag.

    Raises:
        ValueError: it has a double quote, which no entity tag can hold.
    """
    if '"' in etag:
        raise ValueError(f"The entity tag {etag!r} contains a double quote: pass it unquoted.")
    return f'W/"{etag}"' if weak else f'"{etag}"'


def unquote_etag(etag: str | None) -> tuple[str, bool] | tuple[None, None]:
    """Return an entity tag without its quotes, and whether it is weak."""
    if not etag:
        return None, None
    tag = etag.strip()
    weak = tag[:2] in {"W/", "w/"}
    if weak:
        tag = tag[2:]
    if tag[:1] == tag[-1:] == '"':
        tag = tag[1:-1]
    return tag, weak


def split_etags(value: str) -> tuple[list[str], list[str], bool]:
    """Return the strong tags of a header, its weak tags, and whether it has the star."""
    strong: list[str] = []
    weak: list[str] = []
    for found in _find_etags(value):
        mark, quoted, raw = found.groups()
        tag = raw.strip() if quoted is None else quoted
        if tag == "*" and quoted is None:
            return [], [], True
        if '"' not in tag and (tag or quoted is not None):
            (weak if mark else strong).append(tag)
    return strong, weak, False


def generate_etag(data: bytes) -> str:
    """Return the SHA-1 of `data` in hexadecimal: a strong entity tag."""
    # PERF: with the first tag, for it brings OpenSSL: 2.5 ms and 3.5 MB at start-up.
    from hashlib import sha1

    return sha1(data, usedforsecurity=False).hexdigest()


# Dates and ages


def parse_date(value: str | None) -> datetime | None:
    """Parse an HTTP or mail date to a timezone-aware datetime; None where it is none."""
    if value is None:
        return None
    # PERF: with the first date, for it brings half the mail package: 4.5 ms and 0.5 MB.
    from email.utils import parsedate_to_datetime

    try:
        parsed = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)


def http_date(timestamp: datetime | date | float | struct_time | None = None) -> str:
    """Format a time as `Sun, 06 Nov 1994 08:49:37 GMT`.

    Args:
        timestamp: a datetime (UTC where it is naive), a date (its midnight in UTC), seconds since
            the epoch, a UTC time tuple, or None for now.
    """
    moment = _to_utc(timestamp)
    return (
        f"{_WEEKDAYS[moment.weekday()]}, {moment.day:02d} {_MONTHS[moment.month - 1]}"
        f" {moment.year:04d} {moment.hour:02d}:{moment.minute:02d}:{moment.second:02d} GMT"
    )


def _to_utc(timestamp: datetime | date | float | struct_time | None) -> datetime:
    if isinstance(timestamp, datetime):
        return timestamp if timestamp.tzinfo is None else timestamp.astimezone(UTC)
    if isinstance(timestamp, date):
        return datetime(timestamp.year, timestamp.month, timestamp.day, tzinfo=UTC)
    if isinstance(timestamp, struct_time):
        from calendar import timegm  # PERF: as in `parse_date`

        return datetime.fromtimestamp(timegm(timestamp), UTC)
    return datetime.fromtimestamp(time() if timestamp is None else timestamp, UTC)


def parse_age(value: str | None = None) -> timedelta | None:
    """Parse a header of whole seconds; None where it is empty, negative or no number."""
    if not value:
        return None
    try:
        seconds = int(value)
        return timedelta(seconds=seconds) if seconds >= 0 else None
    except (ValueError, OverflowError):
        return None


def dump_age(age: timedelta | int | None = None) -> str | None:
    """Format an age as whole seconds.

    Raises:
        ValueError: it is negative.
    """
    if age is None:
        return None
    seconds = int(age.total_seconds() if isinstance(age, timedelta) else age)
    if seconds < 0:
        raise ValueError(f"An age cannot be negative, but {seconds} seconds were given.")
    return str(seconds)


# Ranges


def is_byte_range_valid(start: int | None, stop: int | None, length: int | None) -> bool:
    """Whether `start` to `stop` (exclusive) can be a range of something `length` bytes long."""
    if (start is None) != (stop is None):
        return False
    if start is None or stop is None:
        return length is None or length >= 0
    if length is None:
        return 0 <= start < stop
    return 0 <= start < stop and start < length
