"""The redirects that the framework makes by itself: they stay on the origin that was asked for."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest

from asyncflask import Flask
from asyncflask.utils import append_slash_redirect, redirect

HOST = "Host: localhost"

STARTS = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/%2fevil.example",
    "/%2f%2fevil.example",
    "/%2F/evil.example",
    "//%2fevil.example",
    "/\\evil.example",
    "/\\\\evil.example",
    "/%5cevil.example",
    "/%5C%5Cevil.example",
    "/%5c/evil.example",
    "//%5cevil.example",
    "/%09/evil.example",
    "/%09%2fevil.example",
    "/%0a/evil.example",
    "/%0d%0a/evil.example",
    "/%20/evil.example",
    "/%00/evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/%2e%2e//evil.example",
    "/;//evil.example",
    "/@evil.example",
    "/%40evil.example",
    "//@evil.example",
    "/:80@evil.example",
    "//user:pass@evil.example:80",
    "/http:evil.example",
    "/http:/evil.example",
    "/http://evil.example",
    "/http:%2f%2fevil.example",
    "/https:evil.example",
    "/javascript:alert(1)",
    "/data:text%2fhtml,x",
    "/%3f//evil.example",
    "/%23//evil.example",
    "/[evil.example",
    "/%E3%80%82evil.example",
    "/%EF%BC%8Fevil.example",
    "/\u2044evil.example",
]


@pytest.fixture(scope="module")
def app():
    app = Flask("redirects")

    @app.get("/")
    @app.get("/docs/")
    @app.get("/<path:rest>/folder/")
    @app.get("/<path:rest>/docs//")
    def page(rest=""):
        return "page"

    @app.get("/<name>/pages/", defaults={"page": 1})
    @app.get("/<name>/pages/<int:page>")
    def pages(name, page):
        return f"{name}: {page}"

    @app.get("/users/<path:name>", alias=True, endpoint="user")
    @app.get("/people/<path:name>", endpoint="user")
    def user(name):
        return name

    app.add_url_rule("/old/<path:rest>", endpoint="old", redirect_to="new/<rest>")
    app.add_url_rule("/older/<path:rest>", endpoint="older", redirect_to="<rest>")
    app.add_url_rule("/oldest/<path:rest>", endpoint="oldest", redirect_to="/<rest>")
    app.add_url_rule(
        "/any/<path:rest>", endpoint="any", redirect_to=lambda adapter, rest: f"new/{rest}"
    )
    return app


@pytest.fixture(scope="module")
def server(serve, app):
    return serve(app)


ENDS = ["/folder", "//folder/", "/docs//docs", "/pages/1", "/folder?next=//evil.example"]
RULES = ["", "/users", "/old", "/older", "/oldest", "/any"]


@pytest.mark.parametrize("start", STARTS, ids=range(len(STARTS)))
def test_no_path_leads_away(server, start):
    """By slashes that are added or merged, by defaults, aliases and `redirect_to`."""
    for path in [*(f"{start}{end}" for end in ENDS), *(f"{rule}{start}" for rule in RULES)]:
        answer = server.ask(f"GET {path} HTTP/1.1".encode(), HOST)
        assert answer.status in {200, 308, 400, 404}
        if answer.status != 308:
            continue
        [location] = answer.headers.get_all("Location")
        assert location.isascii()
        assert location.isprintable()
        assert not set('\\ "<>') & set(location)
        assert urlsplit(urljoin("http://localhost/a/b", location))[:2] == ("http", "localhost")


@pytest.mark.parametrize("path", ["/docs", "//docs", "/a//pages/", "/a/pages/1"])
def test_the_redirects_are_made(server, path):
    """So that the test before shows something."""
    assert server.ask(f"GET {path} HTTP/1.1", HOST).status == 308


@pytest.mark.parametrize(
    "query", ["%0d%0aLocation:%20//evil.example", "next=//evil.example", "#@evil.example", "\xff"]
)
def test_a_query_is_carried_along_as_a_query(server, query):
    """And as nothing else."""
    answer = server.ask(f"GET /docs?{query} HTTP/1.1", HOST)

    assert answer.status in {308, 400}
    if answer.status == 308:
        [location] = answer.headers.get_all("Location")
        assert urlsplit(location)[:3] == ("http", "localhost", "/docs/")


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "//evil.example:80", "/@a"])
def test_a_slash_appended_by_hand_leads_to_the_same_host(path):
    """The address is relative to the last part of the path."""
    scope = {"type": "http", "path": path, "query_string": b"", "headers": []}

    location = append_slash_redirect(scope).headers["Location"]

    assert urlsplit(urljoin(f"http://localhost{path}", location)).path.startswith("/")
    assert urlsplit(urljoin("http://localhost/a", location)).netloc == "localhost"


@pytest.mark.parametrize(
    "location",
    [
        '"><script>alert(1)</script>',
        "javascript:'\"><svg onload=x>",
        "/a?b=<c>&d='e'",
        "&quot;><b>",
    ],
)
def test_the_page_of_a_redirect_escapes_its_address(location):
    """For those whose browser does not follow."""
    page = redirect(location).get_data(as_text=True)

    assert "<script" not in page
    assert "<svg" not in page
    assert "<b>" not in page
    assert "<c>" not in page
