"""The rest_methodview example: a JSON API, errors included."""

from __future__ import annotations

import pytest


@pytest.fixture
def app(load):
    return load("rest_methodview").app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def task(client):
    """A task that exists, as /tasks/1."""
    return client.post("/tasks", json={"title": "Buy tea"}).json


def test_add(client):
    """A new task is answered with 201, its URL and its defaults."""
    response = client.post("/tasks", json={"title": "Buy tea"})

    assert response.status_code == 201
    assert response.location == "/tasks/1"
    assert response.json == {"id": 1, "title": "Buy tea", "done": False}


def test_list(client, task):
    """The list may be limited to what is done or is not."""
    client.post("/tasks", json={"title": "Rest", "done": True})

    titles = {
        query: [task["title"] for task in client.get(f"/tasks{query}").json]
        for query in ("", "?done=true", "?done=false")
    }

    assert titles == {"": ["Buy tea", "Rest"], "?done=true": ["Rest"], "?done=false": ["Buy tea"]}


def test_change(client, task):
    """PATCH changes the fields it names."""
    response = client.patch("/tasks/1", json={"done": True})

    assert response.json == {"id": 1, "title": "Buy tea", "done": True}


def test_replace(client, task):
    """PUT replaces every field."""
    client.put("/tasks/1", json={"title": "Buy coffee", "done": True})

    assert client.get("/tasks/1").json == {"id": 1, "title": "Buy coffee", "done": True}


def test_remove(client, task):
    """A removed task is gone."""
    response = client.delete("/tasks/1")

    assert (response.status_code, response.data) == (204, b"")
    assert client.get("/tasks/1").status_code == 404


def test_a_missing_task(client):
    """A 404 of a view says in JSON what is missing."""
    response = client.get("/tasks/7")

    assert response.status_code == 404
    assert response.json == {
        "error": {"code": 404, "name": "Not Found", "description": "There is no task 7."}
    }


def test_an_unknown_url(client):
    """A 404 of the router is JSON too."""
    response = client.get("/nowhere")

    assert (response.status_code, response.mimetype) == (404, "application/json")


def test_a_wrong_method(client):
    """A 405 is JSON and keeps its Allow header."""
    response = client.delete("/tasks")

    assert response.json["error"]["code"] == 405
    assert response.allow.as_set() == {"get", "head", "options", "post"}


@pytest.mark.parametrize(
    ("body", "description"),
    [
        ([], "Send a JSON object."),
        ({}, "Missing: title."),
        ({"title": 7}, "'title' must be of type str."),
        ({"title": "Rest", "due": "today"}, "A task has no 'due'."),
    ],
)
def test_bad_fields(client, body, description):
    """A 400 says which field is wrong."""
    response = client.post("/tasks", json=body)

    assert response.status_code == 400
    assert response.json["error"]["description"] == description


def test_broken_json(client):
    """A body that is not the JSON it says it is gets a 400."""
    response = client.post("/tasks", data="{", content_type="application/json")

    assert response.json["error"]["code"] == 400


def test_another_content_type(client):
    """A form is not JSON: 415."""
    response = client.post("/tasks", data={"title": "Buy tea"})

    assert response.json["error"]["code"] == 415


def test_a_bug(app, client):
    """An unexpected exception is a 500 in JSON, without its message."""

    @app.get("/bug")
    async def divide():
        return {"answer": 1 / 0}

    response = client.get("/bug")

    assert response.json["error"]["name"] == "Internal Server Error"
    assert "division" not in response.text


def test_on_a_real_server(serve):
    """The README's command serves the API and its errors."""
    client = serve("rest_methodview")

    added = client.post("/tasks", json={"title": "Buy tea"})
    changed = client.patch(added.headers["location"], json={"done": True})
    too_soon = client.get("/tasks/2")

    assert changed.json() == {"id": 1, "title": "Buy tea", "done": True}
    assert client.get("/tasks", params={"done": "true"}).json() == [changed.json()]
    assert (too_soon.status_code, too_soon.json()["error"]["code"]) == (404, 404)
