"""IRIs made URIs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncflask.wrappers.uri import iri_to_uri


@pytest.mark.parametrize(
    ("iri", "uri"),
    [
        ("/plain/path?a=b", "/plain/path?a=b"),
        ("/a b", "/a%20b"),
        ("/%C3%A9%", "/%C3%A9%"),
        ('/"<>\\^`{|}[]', "/%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D"),
        ("/?q=a b+c", "/?q=a%20b+c"),
        ("#ä", "#%C3%A4"),
        ("http://é.com:8080/ü?x=ö#ä", "http://xn--9ca.com:8080/%C3%BC?x=%C3%B6#%C3%A4"),
        ("http://us er:pä@h/", "http://us%20er:p%C3%A4@h/"),
        ("http://[::1]:80/x y", "http://[::1]:80/x%20y"),
        ("http://good.example\\@evil.example", "http://good.example%5C@evil.example"),
        ("http://good.example%5C.evil.example/é", "http://good.example%5C.evil.example/%C3%A9"),
        ("mailto:a@b", "mailto:a@b"),
    ],
)
def test_each_part_is_quoted_in_its_own_way(iri, uri):
    """Hosts become IDNA; what is quoted already stays."""
    assert iri_to_uri(iri) == uri


@pytest.mark.parametrize("iri", ["http://h:x/é", "http://[bad/é"])
def test_what_is_no_address_is_quoted_as_a_whole(iri):
    """A broken address is no reason to fail."""
    assert iri_to_uri(iri).endswith("/%C3%A9")


@given(st.text())
def test_the_result_is_fit_for_a_header(iri):
    """Whatever the text: printable ASCII without spaces, and nothing is quoted twice."""
    try:
        iri.encode()
    except UnicodeEncodeError:
        return

    uri = iri_to_uri(iri)

    assert uri.isascii()
    assert all("!" <= letter <= "~" for letter in uri)
    assert iri_to_uri(uri) == uri
