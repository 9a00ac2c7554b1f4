"""The code samples of Flask's page on class-based views, with only the import changed; and async.

The samples are in samples/views, one file each, in the page's order here. They are code from
Flask's documentation (Copyright 2010 Pallets, BSD-3-Clause). What the page leaves out is filled
in: a body for its ellipses, a colon after `def dispatch_request(self, id)`, the name and the
method that `UserList` lacks where it is decorated, and the item that `GroupAPI.post` stores. The
page's SQLAlchemy models are small ones in SQLite, in samples/views/store.py; `login_required` and
`cache` are below. All of the page's code blocks are runnable, so none is left out.
"""

from __future__ import annotations

import functools

import pytest


@pytest.fixture
def store(load):
    """A new database with two users and a story, and the names that go with it."""
    store = load("views/store.py")
    store.add(store.User, "ada", "grace")
    store.add(store.Story, "how it began")
    yield store
    store.connection.close()


@pytest.fixture
def models(store):
    return {"User": store.User, "Story": store.Story}


@pytest.mark.parametrize("sample", ["function", "user_list", "list_view", "init_once"])
def test_list_of_users(load, models, sample):
    """The view function and each of the classes it is turned into show the same."""
    client = load(f"views/{sample}.py", **models).app.test_client()

    response = client.get("/users/")

    assert response.text == "<li>ada</li><li>grace</li>"


@pytest.mark.parametrize("sample", ["list_view", "init_once"])
def test_class_is_reused_for_another_model(load, models, sample):
    """One class is two views, each with its own model and template."""
    client = load(f"views/{sample}.py", **models).app.test_client()

    response = client.get("/stories/")

    assert response.text == "<p>how it began</p>"


@pytest.mark.parametrize(
    ("path", "status", "text"), [("/users/2", 200, "<h1>grace</h1>"), ("/users/9", 404, "")]
)
def test_url_variables(load, models, path, status, text):
    """What the URL captures is an argument of dispatch_request."""
    client = load("views/detail_view.py", **models).app.test_client()

    response = client.get(path)

    assert response.status_code == status
    assert text in response.text


@pytest.mark.parametrize(("sample", "count"), [("list_view", 3), ("init_once", 1)])
def test_lifetime_of_instances(load, models, sample, count):
    """A view has an instance for each request, or with init_every_request = False one for all."""
    module = load(f"views/{sample}.py", **models)
    made = []
    initialize = module.ListView.__init__

    def record(self, model, template):
        made.append(self)
        initialize(self, model, template)

    module.ListView.__init__ = record
    view = module.ListView.as_view("recorded", module.User, "users.html")
    module.app.add_url_rule("/recorded", view_func=view)
    client = module.app.test_client()

    for _ in range(3):
        client.get("/recorded")

    assert len(made) == count


@pytest.mark.parametrize("sample", ["decorators", "decorators_by_hand", "decorators_on_function"])
def test_decorators(load, sample):
    """The last decorator of the list is the outermost, as if it stood first above the function."""
    order = []
    client = load(
        f"views/{sample}.py",
        cache=lambda minutes: wrapping(order, f"cache {minutes}"),
        login_required=wrapping(order, "login"),
        list_users=lambda: "the users",
    ).app.test_client()

    response = client.get("/users/")

    assert response.text == "the users"
    assert order == ["login", "cache 2"]


def wrapping(order, name):
    """A decorator as applications have them: sync, whatever the view is."""

    def decorate(view):
        @functools.wraps(view)
        def wrapper(*args, **kwargs):
            order.append(name)
            return view(*args, **kwargs)

        return wrapper

    return decorate


@pytest.mark.parametrize("sample", ["methods", "methods_by_hand"])
def test_methods(load, sample):
    """The class's methods, or the rule's, are those that are answered."""
    client = load(f"views/{sample}.py").app.test_client()

    texts = [client.get("/my-view").text, client.post("/my-view").text]

    assert texts == ["shown", "posted"]
    assert client.put("/my-view").status_code == 405


@pytest.fixture
def api(load, store, models):
    names = {"db": store.db, "generate_validator": store.generate_validator}
    return load("views/api.py", **models, **names).app.test_client()


@pytest.mark.parametrize("name", ["users", "stories"])
def test_api_lists(api, name):
    """GET of the group lists all."""
    items = {"users": ["ada", "grace"], "stories": ["how it began"]}

    response = api.get(f"/{name}/")

    assert [item["name"] for item in response.json] == items[name]


@pytest.mark.parametrize("name", ["users", "stories"])
def test_api_creates(api, name):
    """POST to the group stores a new item, which can be fetched then."""
    response = api.post(f"/{name}/", json={"name": "new"})

    assert response.json["name"] == "new"
    assert api.get(f"/{name}/{response.json['id']}").json == response.json


@pytest.mark.parametrize("name", ["users", "stories"])
def test_api_edits(api, name):
    """PATCH of an item changes it."""
    response = api.patch(f"/{name}/1", json={"name": "edited"})

    assert response.json == api.get(f"/{name}/1").json == {"id": 1, "name": "edited"}


@pytest.mark.parametrize("name", ["users", "stories"])
def test_api_deletes(api, name):
    """DELETE of an item removes it."""
    response = api.delete(f"/{name}/1")

    assert (response.status_code, response.data) == (204, b"")
    assert api.get(f"/{name}/1").status_code == 404


@pytest.mark.parametrize(("method", "path"), [("post", "/users/"), ("patch", "/users/1")])
def test_api_validates(api, method, path):
    """Data that is not valid is answered with its errors."""
    response = getattr(api, method)(path, json={"age": 36})

    assert (response.status_code, response.json) == (400, {"name": "is missing"})


def test_api_methods(api):
    """A MethodView answers to the methods that it has, and names them."""
    group, item = api.delete("/users/"), api.post("/users/1")

    assert (group.status_code, item.status_code) == (405, 405)
    assert set(group.allow) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert set(item.allow) == {"GET", "HEAD", "OPTIONS", "PATCH", "DELETE"}
