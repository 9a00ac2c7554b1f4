"""Accept headers as containers."""

from __future__ import annotations

import pytest

from asyncflask.datastructures import Accept, CharsetAccept, LanguageAccept, MIMEAccept


def test_the_best_comes_first():
    """Specific before wildcard, then by quality, then as the client named them."""
    accept = Accept([("*", 1), ("a", 0.5), ("b", 1), ("c", 0.5)])

    assert list(accept.values()) == ["b", "a", "c", "*"]
    assert accept.best == "b"


@pytest.mark.parametrize("values", [None, (), []])
def test_an_empty_one_accepts_nothing(values):
    """It is falsy, and every choice is the default."""
    accept = Accept(values)

    assert not accept
    assert accept.best is None
    assert accept.best_match(["a"], default="d") == "d"


@pytest.mark.parametrize(
    ("values", "provided"),
    [((), True), (None, False), (Accept(None), False), (Accept([("a", 1)]), True)],
)
def test_an_empty_header_is_told_from_a_missing_one(values, provided):
    """None stands for a header that was not sent; a copy knows what its original knew."""
    assert Accept(values).provided is provided


def test_look_ups_take_values_and_positions():
    """A value gives its quality, a position its pair."""
    accept = Accept([("a", 0.5), ("b", 1)])

    assert (accept["A"], accept.quality("b"), accept["missing"]) == (0.5, 1, 0)
    assert accept[0] == ("b", 1)
    assert accept[:1] == [("b", 1)]
    assert "a" in accept
    assert "missing" not in accept


def test_positions_are_found():
    """find gives -1 where index raises."""
    accept = Accept([("a", 0.5), ("b", 1)])

    assert (accept.index("a"), accept.index(("b", 1)), accept.find("missing")) == (1, 0, -1)
    with pytest.raises(ValueError, match="'missing' is not accepted"):
        accept.index("missing")


def test_a_quality_of_zero_is_a_refusal():
    """Even where a wildcard would take it."""
    accept = Accept([("*", 0.5), ("a", 0)])

    assert accept.best_match(["a"]) is None
    assert accept.best_match(["a", "b"]) == "b"


def test_equals_are_chosen_in_the_servers_order():
    """The first on offer wins."""
    assert Accept([("a", 0.5), ("b", 0.5)]).best_match(["b", "a"]) == "b"


def test_the_more_specific_wish_wins_among_equals():
    """text/html was asked for, the image only let pass."""
    accept = MIMEAccept([("*/*", 1), ("text/html", 1)])

    assert accept.best_match(["image/png", "text/html"]) == "text/html"


def test_it_becomes_a_header_again():
    """A quality of 1 is not written."""
    assert str(Accept([("a", 0.5), ("b", 1)])) == "b,a;q=0.5"


def test_it_cannot_be_changed():
    """It is what the client sent."""
    with pytest.raises(TypeError, match="'Accept' objects are immutable"):
        Accept().append(("a", 1))


@pytest.mark.parametrize(
    ("item", "offer", "matches"),
    [
        ("text/html", "TEXT/HTML", True),
        ("text/*", "text/html", True),
        ("*/*", "text/html", True),
        ("text/html;level=1", "text/html; LEVEL=1", True),
        ("text/html;a=1;b=2", "text/html;b=2;a=1", True),
        ("text/html", "text/html;level=1", False),
        ("text/html;level=1", "text/html", False),
        ("text/html", "text/*", True),
        ("*/html", "text/html", False),
        ("nonsense", "text/html", False),
    ],
)
def test_mimetypes_match(item, offer, matches):
    """Wildcards match either way, parameters must agree in any order."""
    assert (offer in MIMEAccept([(item, 1)])) is matches


@pytest.mark.parametrize("offer", ["nonsense", "*/html", "*"])
def test_a_server_offers_real_mimetypes(offer):
    """What is none is the program's mistake, and raises."""
    with pytest.raises(ValueError, match=r"invalid mimetype .* Write it as type/subtype"):
        MIMEAccept([("*/*", 1)]).best_match([offer])


def test_common_types_have_properties():
    """XHTML is HTML, XML is XHTML."""
    xml = MIMEAccept([("application/xml", 1)])
    json = MIMEAccept([("application/*", 1)])

    assert (xml.accept_html, xml.accept_xhtml, xml.accept_json) == (True, True, False)
    assert json.accept_json


@pytest.mark.parametrize(
    ("items", "offers", "expected"),
    [
        (["en-gb"], ["en_GB"], "en_GB"),
        (["en-US"], ["en"], "en"),
        (["en"], ["fr", "en-US"], "en-US"),
        (["de-AT", "fr"], ["de", "fr"], "fr"),
        (["de-AT"], ["de-DE"], None),
        (["*"], ["fr"], "fr"),
    ],
)
def test_languages_match(items, offers, expected):
    """Exact tags first, then the client's primary tags, then the server's."""
    assert LanguageAccept([(item, 1) for item in items]).best_match(offers) == expected


@pytest.mark.parametrize(
    ("item", "offer"), [("utf-8", "UTF8"), ("iso-8859-1", "latin1"), ("bogus", "BOGUS"), ("*", "a")]
)
def test_charsets_match_under_any_name(item, offer):
    """A charset's other names count as itself; unknown ones are compared without case."""
    assert CharsetAccept([(item, 0.5)]).quality(offer) == 0.5
