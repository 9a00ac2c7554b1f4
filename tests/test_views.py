"""Views as classes, sync and async."""

from __future__ import annotations

import functools
import threading

import pytest

from asyncflask import bridge
from asyncflask.app import Flask
from asyncflask.views import MethodView, View


@pytest.fixture
def app():
    app = Flask(__name__, root_path="/srv/app", static_folder=None)
    app.testing = True
    return app


@pytest.fixture
def client(app):
    return app.test_client()


class Index(View):
    """The index."""

    def __init__(self, greeting="hello"):
        self.greeting = greeting

    def dispatch_request(self, name="you"):
        return f"{self.greeting} {name}"


def test_class_view_answers(app, client):
    """A class view gets the URL's values, and its instance the arguments of as_view."""
    app.add_url_rule("/<name>", view_func=Index.as_view("index", greeting="good day"))

    response = client.get("/ada")

    assert response.text == "good day ada"


def test_view_function_is_described():
    """The view function has the given name, and the class's documentation and module."""
    view = Index.as_view("index")

    assert (view.__name__, view.__doc__, view.__module__) == ("index", "The index.", __name__)
    assert view.view_class is Index


def test_view_function_carries_the_routes_options():
    """What the class says of methods, OPTIONS and streaming is on the function."""

    class Upload(View):
        methods = ["PUT"]
        provide_automatic_options = False
        stream_body = True

    view = Upload.as_view("upload")

    assert (view.methods, view.provide_automatic_options, view.stream_body) == (
        ["PUT"],
        False,
        True,
    )


def test_streaming_class_reaches_the_rule(app):
    """`stream_body` of a class is its rule's."""

    class Upload(View):
        stream_body = True

    app.add_url_rule("/", view_func=Upload.as_view("upload"))

    rule = next(app.url_map.iter_rules())
    assert rule.stream_body is True


def test_dispatch_request_must_be_written():
    """View itself answers nothing."""
    with pytest.raises(NotImplementedError, match=r"View has to define dispatch_request\(\)"):
        View().dispatch_request()


def test_decorators_wrap_in_order(app, client):
    """Each decorator wraps what the ones before it made, and sees the view's name."""
    seen = []

    def mark(letter):
        def decorate(view):
            seen.append(view.__name__)

            @functools.wraps(view)
            def marked(**values):
                return f"{letter}({view(**values)})"

            return marked

        return decorate

    class Decorated(Index):
        decorators = [mark("a"), mark("b")]

    app.add_url_rule("/", view_func=Decorated.as_view("index"))

    response = client.get("/")

    assert response.text == "b(a(hello you))"
    assert seen == ["index", "index"]


def test_description_survives_decorators():
    """A decorator that forgets functools.wraps loses nothing that routing needs."""

    class Decorated(Index):
        decorators = [lambda view: lambda **values: view(**values)]
        methods = ["POST"]

    view = Decorated.as_view("index")

    assert (view.__name__, view.methods, view.view_class) == ("index", ["POST"], Decorated)


def test_every_request_has_its_instance(app, client):
    """An instance is made for each request."""
    app.add_url_rule("/", view_func=counting(init_every_request=True).as_view("count"))

    answers = [client.get("/").text for _ in range(2)]

    assert answers == ["1", "1"]


def test_one_instance_for_all(app, client):
    """With init_every_request=False one instance serves all requests."""
    app.add_url_rule("/", view_func=counting(init_every_request=False).as_view("count"))

    answers = [client.get("/").text for _ in range(2)]

    assert answers == ["1", "2"]


def counting(**attributes):
    """A view class whose instances count their requests."""

    class Count(View):
        def __init__(self):
            self.count = 0

        def dispatch_request(self):
            self.count += 1
            return str(self.count)

    return type("Count", (Count,), attributes)


def test_view_class_can_be_exchanged(app, client):
    """Extensions exchange `view_class` on the finished view function."""

    class German(Index):
        def dispatch_request(self, name="du"):
            return f"hallo {name}"

    view = Index.as_view("index")
    view.view_class = German
    app.add_url_rule("/", view_func=view)

    response = client.get("/")

    assert response.text == "hallo du"


# Methods


class Item(MethodView):
    def get(self):
        return "got"

    def post(self):
        return "posted"


def test_methods_are_the_defined_ones():
    """A MethodView is registered for the methods that it defines."""
    assert set(Item.methods) == {"GET", "POST"}


def test_methods_are_inherited():
    """A subclass adds its methods to those of its bases."""

    class Deletable(MethodView):
        def delete(self):
            return "deleted"

    class Both(Item, Deletable):
        def patch(self):
            return "patched"

    assert set(Both.methods) == {"GET", "POST", "DELETE", "PATCH"}


def test_explicit_methods_stay():
    """`methods` of the class itself is not added to; that of a base is inherited."""

    class Odd(MethodView):
        methods = ["PROPFIND"]

        def get(self):
            return "got"

    class Odder(Odd):
        def put(self):
            return "put"

    assert Odd.methods == ["PROPFIND"]
    assert set(Odder.methods) == {"PROPFIND", "GET", "PUT"}


def test_no_methods_at_all():
    """A MethodView that defines nothing leaves `methods` to its subclasses."""

    class Common(MethodView):
        pass

    assert Common.methods is None


@pytest.mark.parametrize(
    ("method", "status", "text"),
    [
        ("GET", 200, "got"),
        ("POST", 200, "posted"),
        ("HEAD", 200, ""),
        ("OPTIONS", 200, ""),
        ("PUT", 405, None),
    ],
)
def test_methods_are_dispatched(method, status, text, app, client):
    """Each request goes to the method of its name, HEAD to get."""
    app.add_url_rule("/", view_func=Item.as_view("item"))

    response = client.open("/", method=method)

    assert response.status_code == status
    assert text is None or response.text == text


def test_allow_lists_the_methods(app, client):
    """A refused method is told of those that there are."""
    app.add_url_rule("/", view_func=Item.as_view("item"))

    response = client.put("/")

    assert set(response.allow) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_head_of_its_own(app, client):
    """A `head` method is preferred to `get`."""

    class Own(Item):
        def head(self):
            return "", 204

    app.add_url_rule("/", view_func=Own.as_view("item"))

    response = client.head("/")

    assert response.status_code == 204


def test_method_that_is_named_only(app, client):
    """A method in `methods` that the class does not define raises, and is named."""

    class Incomplete(Item):
        methods = ["GET", "PUT"]

    app.add_url_rule("/", view_func=Incomplete.as_view("item"))

    with pytest.raises(AssertionError, match="Unimplemented method 'PUT'"):
        client.put("/")


def test_unusual_method(app, client):
    """Any method that `methods` names is dispatched."""

    class Dav(MethodView):
        methods = ["PROPFIND"]

        def propfind(self):
            return "found"

    app.add_url_rule("/", view_func=Dav.as_view("dav"))

    response = client.open("/", method="PROPFIND")

    assert response.text == "found"


# Async


class AsyncIndex(View):
    async def dispatch_request(self):
        return where()


class AsyncItem(MethodView):
    async def get(self):
        return where()

    async def post(self):
        return where()


class MixedItem(MethodView):
    async def get(self):
        return where()

    def post(self):
        return where()

    @bridge.inline
    def put(self):
        return where()


def where():
    """Which side this runs on."""
    return "loop" if bridge.is_on_event_loop() else "worker"


@pytest.mark.parametrize(
    ("view_class", "is_async"),
    [(Index, False), (AsyncIndex, True), (Item, False), (AsyncItem, True), (MixedItem, True)],
)
def test_view_function_is_as_async_as_the_class(view_class, is_async):
    """The view function is async where dispatch_request or any method is."""
    view = view_class.as_view("index")

    assert bridge.is_async(view) == is_async


@pytest.mark.parametrize(
    ("view_class", "method", "side"),
    [
        (AsyncIndex, "GET", "loop"),
        (AsyncItem, "GET", "loop"),
        (AsyncItem, "HEAD", "loop"),
        (AsyncItem, "POST", "loop"),
        (MixedItem, "GET", "loop"),
        (MixedItem, "POST", "worker"),
        (MixedItem, "PUT", "loop"),
    ],
)
def test_each_method_runs_on_its_side(view_class, method, side, app, client):
    """Async methods run on the event loop, sync ones in a worker, inline ones on the loop."""
    sides = []

    class Noting(view_class):
        decorators = [lambda view: noting(view, sides)]

    view = Noting.as_view("index")
    app.add_url_rule("/", view_func=view, methods=["GET", "POST", "PUT"])

    response = client.open("/", method=method)

    assert response.status_code == 200
    assert sides == [side]


def noting(view, sides):
    """Note what an async view returns."""

    @functools.wraps(view)
    async def noted(**values):
        sides.append(await view(**values))
        return ""

    return noted


def test_all_sync_methods_share_one_hop(app, client):
    """A sync MethodView runs in the thread of the hooks around it."""
    threads = []

    class Noting(MethodView):
        def get(self):
            threads.append(threading.get_ident())
            return ""

    app.before_request(lambda: threads.append(threading.get_ident()))
    app.add_url_rule("/", view_func=Noting.as_view("index"))

    client.get("/")

    assert threads[0] == threads[1]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_sync_override_waits_for_async_methods(method, app, client):
    """A sync dispatch_request that calls super() gets the result, whatever the method's colour."""

    class Wrapped(MixedItem):
        def dispatch_request(self, **values):
            return f"<{super().dispatch_request(**values)}>"

    app.add_url_rule("/", view_func=Wrapped.as_view("index"))

    response = client.open("/", method=method)

    assert response.text == {"GET": "<loop>", "POST": "<worker>"}[method]


def test_sync_decorator_on_an_async_method(app, client):
    """A method whose decorator returns its coroutine is awaited."""

    def plain(method):
        @functools.wraps(method)
        def call(*args, **values):
            return method(*args, **values)

        return call

    class Decorated(MixedItem):
        @plain
        async def post(self):
            return where()

    app.add_url_rule("/", view_func=Decorated.as_view("index"))

    response = client.post("/")

    assert response.text == "loop"


def test_async_methods_get_the_urls_values(app, client):
    """An async method gets the values of the URL, as a sync one does."""

    class User(MethodView):
        async def get(self, number):
            return str(number + 1)

        def delete(self, number):
            return str(number - 1)

    app.add_url_rule("/<int:number>", view_func=User.as_view("user"))

    answers = (client.get("/5").text, client.delete("/5").text)

    assert answers == ("6", "4")


def test_errors_of_async_methods_reach_handlers(app, client):
    """An error in an async or sync method of a mixed class goes to its handler."""

    class Failing(MethodView):
        async def get(self):
            raise KeyError("get")

        def post(self):
            raise KeyError("post")

    app.register_error_handler(KeyError, lambda exc: f"handled {exc}")
    app.add_url_rule("/", view_func=Failing.as_view("index"))

    answers = (client.get("/").text, client.post("/").text)

    assert answers == ("handled 'get'", "handled 'post'")
