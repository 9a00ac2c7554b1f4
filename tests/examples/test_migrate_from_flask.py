"""The migrate_from_flask example: a Flask app and a new one behind one address, with one login."""

from __future__ import annotations

import json

import flask
import pytest
from websockets.sync.client import connect

from asyncflask.testing import WebSocketDenied

ADA = {"user": "ada", "password": "lovelace"}
WAIT = 20  # seconds


@pytest.fixture
def example(load):
    return load("migrate_from_flask")


@pytest.fixture
def client(example):
    return example.app.test_client()


@pytest.fixture
def user(client):
    """A client that has logged in at the old site."""
    client.post("/login", data=ADA)
    return client


def test_the_old_site_is_flask(example):
    """It is a real Flask application."""
    assert type(example.old_site) is flask.Flask


def test_the_old_pages(client):
    """What has not moved is answered by the old site, static files by either."""
    board, style = client.get("/"), client.get("/static/style.css")

    assert "<h1>The board</h1>" in board.text
    assert style.status_code == 200


@pytest.mark.parametrize(
    ("path", "href"), [("/", "/about"), ("/about", "/login"), ("/login", "/static/style.css")]
)
def test_links(client, path, href):
    """Each application builds the URLs of the other."""
    assert f'href="{href}"' in client.get(path).text


def test_a_login_holds_in_both(user):
    """The new application's page knows who has logged in at the old one."""
    assert "You are logged in as <strong>ada</strong>" in user.get("/about").text
    assert "Log out ada" in user.get("/").text


def test_a_logout_holds_in_both(user):
    """And who has logged out."""
    user.post("/logout")

    assert "You are not logged in" in user.get("/about").text


def test_a_path_that_has_moved_with_one_method(user):
    """GET is the new application's, POST the old one's."""
    response = user.post("/notes", data={"text": "Tea at five"}, follow_redirects=True)
    notes = user.get("/notes").json

    assert "Tea at five" in response.text
    assert [(note["author"], note["text"]) for note in notes] == [("ada", "Tea at five")]


def test_writing_without_a_login(client):
    """The message that the old site leaves in the session is there on the next page."""
    response = client.post("/notes", data={"text": "Tea"}, follow_redirects=True)

    assert response.request.path == "/login"
    assert "Please log in first." in response.text


def test_a_wrong_login(client):
    """It is refused, and leaves no session."""
    response = client.post("/login", data=ADA | {"password": "hopper"})

    assert response.status_code == 401
    assert "You are not logged in" in client.get("/about").text


def test_the_websocket_tells_of_the_old_sites_notes(user):
    """A note that a sync Flask view takes in is sent by the new site's WebSocket."""
    with user.websocket_connect("/live") as live:
        user.post("/notes", data={"text": "Tea at five"})
        note = live.receive_json()

    assert (note["author"], note["text"]) == ("ada", "Tea at five")


def test_the_websocket_is_for_users(client):
    """Who has not logged in at the old site is denied."""
    with pytest.raises(WebSocketDenied) as caught, client.websocket_connect("/live"):
        pass

    assert caught.value.status_code == 401


def test_a_page_that_neither_has(client):
    """The old site has the last word."""
    response = client.get("/nothing")

    assert response.status_code == 404


def test_on_a_real_server(serve):
    """The README's command serves both: login, page, note and WebSocket."""
    client = serve("migrate_from_flask")
    client.follow_redirects = True
    client.post("/login", data=ADA)
    address = str(client.base_url.join("/live")).replace("http", "ws", 1)
    cookie = f"session={client.cookies['session']}"

    with connect(address, additional_headers={"Cookie": cookie}, proxy=None) as live:
        client.post("/notes", data={"text": "Tea at five"})
        note = json.loads(live.recv(timeout=WAIT))

    assert note["text"] == "Tea at five"
    assert "logged in as <strong>ada</strong>" in client.get("/about").text


def test_in_a_browser(serve, browser):
    """A note that is written in one window appears in the other, without loading it again."""
    site = serve("migrate_from_flask").base_url
    browser.visit(site.join("/login"))
    browser.run("document.querySelector('[name=user]').value = 'ada'")
    browser.run("document.querySelector('[name=password]').value = 'lovelace'")
    browser.click("form.card button")
    browser.wait_until("document.getElementById('state').textContent.startsWith('New notes')")
    other = browser.open_tab()
    other.visit(site)

    other.run("document.querySelector('[name=text]').value = '<b>Tea</b> at five'")
    other.click("form.card button")
    browser.wait_until("document.querySelector('#notes li')")

    assert browser.text("#notes li").startswith("<b>Tea</b> at five")
    assert other.text("#notes li") == browser.text("#notes li")
