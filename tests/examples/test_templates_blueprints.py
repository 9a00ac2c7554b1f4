"""The templates_blueprints example: a package with accounts, notes and a database."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

ADA = {"name": "Ada", "password": "difference"}
GRACE = {"name": "Grace", "password": "compiler"}


@pytest.fixture
def database(tmp_path, monkeypatch):
    path = tmp_path / "data" / "notes.sqlite"
    monkeypatch.setenv("FLASK_DATABASE", str(path))
    return path


@pytest.fixture
def module(load, database):
    return load("templates_blueprints")


@pytest.fixture
def app(module):
    return module.app


@pytest.fixture
def client(app):
    return app.test_client()


def log_in(client, account):
    client.post("/auth/register", data=account)
    client.post("/auth/login", data=account)
    return client


@pytest.fixture
def ada(app):
    return log_in(app.test_client(), ADA)


@pytest.fixture
def grace(app):
    return log_in(app.test_client(), GRACE)


def write(client, title="Tea", body="Green, please."):
    return client.post("/new", data={"title": title, "body": body}, follow_redirects=True)


def rows(database, query):
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def test_the_factory(module, tmp_path):
    """Each app that the factory makes has its own configuration."""
    apps = [module.create_app({"DATABASE": name, "TESTING": name == "b"}) for name in "ab"]

    assert [app.config["DATABASE"] for app in apps] == ["a", "b"]
    assert [app.testing for app in apps] == [False, True]


def test_init_db(module, tmp_path):
    """The init-db command makes the database, its folder and its tables."""
    path = tmp_path / "elsewhere" / "notes.sqlite"
    runner = module.create_app({"DATABASE": str(path)}).test_cli_runner()

    result = runner.invoke(args=["init-db"])

    assert result.output == f"The database is ready: {path}\n"
    assert rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'") == [
        ("user",),
        ("note",),
    ]


def test_init_db_again(app, ada, database):
    """The init-db command leaves what is there."""
    app.test_cli_runner().invoke(args=["init-db"])

    assert rows(database, "SELECT name FROM user") == [("Ada",)]


def test_one_connection_for_a_context(app):
    """A context has one connection, which is closed with it."""
    from notepad.db import get_db

    with app.app_context():
        connection = get_db()
        assert get_db() is connection

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_register(client, database):
    """A password is kept as a salted hash only."""
    response = client.post("/auth/register", data=ADA)

    assert response.location == "/auth/login"
    [(name, password)] = rows(database, "SELECT name, password FROM user")
    assert name == "Ada"
    assert password.startswith("scrypt:")


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        (ADA | {"name": "  "}, "A name is needed."),
        (ADA | {"password": "short"}, "A password has at least 8 characters."),
        (GRACE | {"name": "aDA"}, "The name aDA is taken."),
    ],
)
def test_a_registration_that_fails(ada, database, form, problem):
    """A registration that cannot be says why and adds nobody."""
    response = ada.post("/auth/register", data=form)

    assert response.status_code == 422
    assert problem in response.text
    assert rows(database, "SELECT count(*) FROM user") == [(1,)]


@pytest.mark.parametrize("form", [ADA | {"password": "guessing"}, ADA | {"name": "Nobody"}])
def test_a_login_that_fails(ada, client, form):
    """A wrong password and an unknown name get the same answer."""
    response = client.post("/auth/login", data=form)

    assert response.status_code == 401
    assert "not a name and password that belong together" in response.text


@pytest.mark.parametrize("url", ["/", "/new", "/1"])
def test_pages_for_users_only(client, url):
    """Visitors are sent to the login page."""
    response = client.get(url)

    assert response.location == "/auth/login"


def test_logout(ada):
    """After logging out the notes are out of reach."""
    ada.post("/auth/logout")

    assert ada.get("/").location == "/auth/login"


def test_the_cookie(client):
    """Other sites' forms do not carry the session cookie."""
    response = client.post("/auth/logout")

    assert "SameSite=Lax" in response.headers["Set-Cookie"]


def test_write(ada):
    """A new note is listed, its markup shown as text."""
    page = write(ada, title="Tea & <biscuits>").text

    assert "Noted." in page
    assert "Tea &amp; &lt;biscuits&gt;" in page
    assert "Green, please." in page


def test_a_note_without_a_title(ada):
    """A note without a title is called after its first line."""
    page = write(ada, title="", body="Shopping\nmilk").text

    assert '<a href="/1">Shopping</a>' in page


def test_change(ada):
    """The form to change a note holds what is there, and replaces it."""
    write(ada)

    form = ada.get("/1").text
    page = ada.post("/1", data={"title": "Coffee", "body": ""}, follow_redirects=True).text

    assert 'value="Tea"' in form
    assert "Coffee" in page
    assert "Tea" not in page


def test_delete(ada):
    """A deleted note is gone."""
    write(ada)

    page = ada.post("/1/delete", follow_redirects=True).text

    assert "Nothing yet." in page


@pytest.mark.parametrize(("method", "url"), [("GET", "/1"), ("POST", "/1"), ("POST", "/1/delete")])
def test_notes_of_others(ada, grace, method, url):
    """Somebody else's note is as good as none."""
    write(ada)

    response = grace.open(url, method=method, data={"title": "Mine", "body": ""})

    assert response.status_code == 404
    assert "Green, please." in ada.get("/").text
    assert "Green, please." not in grace.get("/").text


@pytest.mark.parametrize(
    ("method", "url", "status", "title"),
    [
        ("GET", "/nowhere", 404, "Not Found"),
        ("GET", "/auth/logout", 405, "Method Not Allowed"),
        ("POST", "/auth/login", 400, "Bad Request"),
    ],
)
def test_error_pages(client, method, url, status, title):
    """Errors have the look of the other pages."""
    response = client.open(url, method=method)

    assert response.status_code == status
    assert f"<h1>{title}</h1>" in response.text
    assert "style.css" in response.text


def test_a_page_for_bugs(app, client):
    """An unexpected exception has a page that gives nothing away."""

    @app.get("/bug")
    def divide():
        return str(1 / 0)

    response = client.get("/bug")

    assert response.status_code == 500
    assert "<h1>Internal Server Error</h1>" in response.text
    assert "division" not in response.text


def test_on_a_real_server(serve, tmp_path):
    """The README's command makes its database and keeps notes in it over a restart."""
    environment = {"FLASK_DATABASE": tmp_path / "notes.sqlite", "FLASK_SECRET_KEY": "kept"}
    client = serve("templates_blueprints", **environment)
    log_in(client, ADA)
    client.post("/new", data={"title": "Tea", "body": "Green, please."})

    restarted = serve("templates_blueprints", **environment)
    restarted.cookies = client.cookies
    page = restarted.get("/")

    assert page.status_code == 200
    assert "Green, please." in page.text
