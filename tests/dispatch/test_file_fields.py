"""What headers say of a file."""

from __future__ import annotations

import mimetypes

import pytest

from asyncflask.dispatch import file_fields
from asyncflask.dispatch.file_fields import caching_fields, guess_type, plain_caching_fields


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("a.css", ("text/css", None)),
        ("a.CSS", ("text/css", None)),
        ("a.b.css", ("text/css", None)),
        ("a.tar.gz", ("application/x-tar", "gzip")),
        ("a.tgz", ("application/x-tar", "gzip")),
        ("a.unheard-of", ("application/octet-stream", None)),
        (".css", ("application/octet-stream", None)),
        ("css", ("application/octet-stream", None)),
        ("", ("application/octet-stream", None)),
    ],
)
def test_a_type_is_guessed(name, guess):
    """The same each time."""
    assert [guess_type(name), guess_type(name)] == [guess] * 2


@pytest.mark.parametrize("name", ["page.later", "page.LATER", "page.later.gz"])
def test_a_type_that_is_added_later_is_found(name):
    """Though the name was seen before."""
    before = guess_type(name)[0]

    mimetypes.add_type("text/x-later", ".later")
    try:
        after = guess_type(name)[0]
    finally:
        del mimetypes.types_map[".later"]

    assert (before, after) == ("application/octet-stream", "text/x-later")
    assert guess_type(name)[0] == "application/octet-stream"


@pytest.mark.parametrize("max_age", [None, 0, 60, 1.5])
def test_a_response_without_directives(max_age, monkeypatch):
    """It gets those that any other would, also a second later."""
    now = 1577836800.25
    monkeypatch.setattr(file_fields, "time", lambda: now)

    first = plain_caching_fields(max_age)
    now += 1

    assert first == caching_fields({}, max_age, 1577836800)
    assert plain_caching_fields(max_age) == caching_fields({}, max_age, 1577836801)


def test_what_a_response_has_is_kept():
    """The file's directives come after its own."""
    assert caching_fields({"private": None}, None, 0) == (("Cache-Control", "private, no-cache"),)
