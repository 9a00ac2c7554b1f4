"""The hello example: routes, converters, sync and async views."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def client(load):
    return load("hello").app.test_client()


def test_every_link_of_the_index_answers(client):
    """The index page links to views that exist, by URLs that url_for built."""
    page = client.get("/").text

    links = re.findall(r'<a href="([^"]+)"', page)
    quick = [link for link in links if "countdown" not in link]

    assert len(links) == 6
    assert {client.get(link.replace("&amp;", "&")).status_code for link in quick} == {200}


@pytest.mark.parametrize(
    ("url", "heading"),
    [
        ("/hello/", "<h1>Hello, World!</h1>"),
        ("/hello/Ada?greeting=Hi", "<h1>Hi, Ada!</h1>"),
        ("/hello/%3Cb%3E", "<h1>Hello, &lt;b&gt;!</h1>"),
    ],
)
def test_hello(client, url, heading):
    """A name from the path and a greeting from the query are escaped."""
    response = client.get(url)

    assert response.text == heading


def test_integers(client):
    """Signed integers arrive as numbers and leave as JSON."""
    response = client.get("/sum/40/-2")

    assert response.json == {"a": 40, "b": -2, "sum": 38}


@pytest.mark.parametrize(
    "url", ["/sum/1/two", "/paint/mauve", "/weekday/2026-02-30", "/weekday/today", "/countdown/11"]
)
def test_what_no_converter_takes(client, url):
    """A URL that its converter refuses is not found."""
    response = client.get(url)

    assert response.status_code == 404


def test_a_converter_of_its_own(client):
    """A date in the path arrives as a date."""
    response = client.get("/weekday/2026-12-31")

    assert response.json == {"day": "2026-12-31", "weekday": "Thursday"}


def test_an_async_view(client):
    """An async view answers as a sync one does."""
    response = client.get("/together")

    assert response.json == {"tea": "enough tea", "biscuits": "enough biscuits"}


def test_an_async_generator(client):
    """What an async generator yields is streamed."""
    response = client.get("/countdown/1")

    assert response.is_streamed
    assert response.text == "1 …\nLift-off!\n"


def test_on_a_real_server(serve):
    """The README's command serves sync, async and streaming views."""
    client = serve("hello")

    answers = [client.get(url) for url in ("/", "/hello/Ada", "/together", "/countdown/1")]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert answers[1].text == "<h1>Hello, Ada!</h1>"
    assert answers[3].text == "1 …\nLift-off!\n"
    assert "content-length" not in answers[3].headers
    assert client.get("/static/style.css").headers["content-type"] == "text/css; charset=utf-8"
