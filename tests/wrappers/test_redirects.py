"""Redirects: where they lead, and what they let through."""

from __future__ import annotations

import pytest

from asyncflask.wrappers.redirects import append_slash_redirect, redirect
from asyncflask.wrappers.response import Response


def test_a_redirect_is_found_and_html():
    """302 with the address in Location, and a page that links to it."""
    response = redirect("/there")

    assert response.status_code == 302
    assert response.location == "/there"
    assert response.mimetype == "text/html"
    assert '<a href="/there">/there</a>' in response.text


@pytest.mark.parametrize("code", [301, 303, 307, 308])
def test_the_code_can_be_chosen(code):
    """Any status is taken."""
    assert redirect("/", code).status_code == code


def test_the_class_can_be_chosen():
    """As `Response`, which is what the parameter is called."""

    class Own(Response):
        pass

    assert type(redirect("/", Response=Own)) is Own


def test_the_page_escapes_the_address():
    """An address from a user cannot put markup into the page."""
    text = redirect('/"><script>alert(1)</script>').text

    assert "<script>" not in text
    assert '"><' not in text


@pytest.mark.parametrize("location", ["/a\r\nX-Evil: 1", "/a\nb", "/a\rb", "/a\0b"])
def test_an_address_cannot_start_another_header(location):
    """Line breaks and NUL are refused."""
    with pytest.raises(ValueError, match="newline"):
        redirect(location)


@pytest.mark.anyio
@pytest.mark.parametrize("location", ["/ü ☃", "/a%20b", "http://é.example/?q=ö"])
async def test_the_address_is_sent_quoted(exchange, location):
    """Whatever is no URI is made one; what is quoted already stays."""
    answer = await exchange(redirect(location))

    assert (
        answer.headers["location"]
        == {
            "/ü ☃": "/%C3%BC%20%E2%98%83",
            "/a%20b": "/a%20b",
            "http://é.example/?q=ö": "http://xn--9ca.example/?q=%C3%B6",
        }[location]
    )


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/foo", b"", "foo/"),
        ("/foo/bar", b"a=b", "bar/?a=b"),
        ("/", b"", "./"),
        ("/foo/", b"", "./"),
        ("/what?#now", b"", "what%3F%23now/"),
        ("/javascript:alert(1)", b"", "./javascript:alert(1)/"),
    ],
)
def test_append_slash_is_relative(path, query, location):
    """The last segment, quoted, with a slash, and the query; it cannot be read as a scheme."""
    scope = {"type": "http", "path": path, "query_string": query}

    response = append_slash_redirect(scope)

    assert response.status_code == 308
    assert response.location == location
