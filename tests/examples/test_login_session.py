"""The login_session example: sessions, redirects, flashes and escaping."""

from __future__ import annotations

import pytest

ADA = {"user": "ada", "password": "lovelace"}


@pytest.fixture
def client(load):
    return load("login_session").app.test_client()


@pytest.fixture
def user(client):
    """A client that is logged in."""
    client.post("/login", data=ADA)
    return client


def test_visits_are_counted(client):
    """The session is kept from one request to the next."""
    pages = [client.get("/").text for _ in range(3)]

    assert "once" in pages[0]
    assert "3 times" in pages[2]


def test_the_cookie(client):
    """The session cookie is out of reach for scripts and for other sites' forms."""
    cookie = client.get("/").headers["Set-Cookie"]

    assert cookie.endswith("; HttpOnly; Path=/; SameSite=Lax")


def test_login(client):
    """Logging in leads to the profile and says so once."""
    response = client.post("/login", data=ADA, follow_redirects=True)

    assert response.request.path == "/profile"
    assert "You are logged in." in response.text
    assert "You are logged in." not in client.get("/profile").text


def test_login_leads_back(client):
    """Who was sent to the login page is led back to where they came from, by GET."""
    sent = client.post("/profile", data={"nickname": "Countess"})
    response = client.post("/login", data=ADA)

    assert sent.location == "/login"
    assert response.location == "/profile"


@pytest.mark.parametrize(
    "form", [ADA | {"password": "hopper"}, {"user": "charles", "password": "lovelace"}]
)
def test_a_wrong_login(client, form):
    """A wrong password and an unknown name get the same answer, and no session."""
    response = client.post("/login", data=form)

    assert response.status_code == 401
    assert "not a name and password that belong together" in response.text
    assert client.get("/profile").location == "/login"


def test_an_incomplete_login(client):
    """A form without a password is a bad request."""
    response = client.post("/login", data={"user": "ada"})

    assert response.status_code == 400


def test_logout(user):
    """After logging out the session is empty."""
    user.post("/logout")

    with user.session_transaction() as session:
        assert set(session) == {"_flashes"}


def test_logout_is_no_link(user):
    """A page that merely links to the logout cannot log anybody out."""
    response = user.get("/logout")

    assert response.status_code == 405


def test_a_nickname_is_escaped(user):
    """Markup in a nickname is text in every page and message."""
    response = user.post("/profile", data={"nickname": "<b>Boo"}, follow_redirects=True)

    assert "<b>" not in response.text
    assert "From now on you are &lt;b&gt;Boo." in response.text


def test_on_a_real_server(serve):
    """The README's command serves the whole way in and out."""
    client = serve("login_session")
    client.follow_redirects = True

    sent_away = client.get("/profile")
    logged_in = client.post("/login", data=ADA)
    logged_out = client.post("/logout")

    assert "Please log in first." in sent_away.text
    assert logged_in.url.path == "/profile"
    assert "You are logged out." in logged_out.text
    assert "Hello, stranger!" in logged_out.text
