"""The table of routes."""

from __future__ import annotations

import pytest

APP = """\
from asyncflask import Flask
app = Flask("shop", static_folder=None)

@app.route("/items/<int:item>", methods=["GET", "POST"])
def item(item): ...

@app.get("/z")
def all_items(): ...

@app.post("/cart")
def put(): ...
"""


@pytest.fixture
def routes(invoke, write):
    """The lines that the routes command prints for an application's source."""

    def run(source, *args):
        write("app.py", source)
        return invoke("routes", *args).output.splitlines()

    return run


def endpoints(lines):
    return [line.split()[0] for line in lines[2:]]


def test_the_table(routes):
    """Endpoint, methods and rule in aligned columns under a header, sorted by endpoint."""
    assert routes(APP) == [
        "Endpoint   Methods    Rule",
        "---------  ---------  -----------------",
        "all_items  GET        /z",
        "item       GET, POST  /items/<int:item>",
        "put        POST       /cart",
    ]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("endpoint", ["all_items", "item", "put"]),
        ("methods", ["all_items", "item", "put"]),
        ("rule", ["put", "item", "all_items"]),
        ("domain", ["item", "all_items", "put"]),
        ("match", ["item", "all_items", "put"]),
    ],
)
def test_sorting(routes, sort, order):
    """--sort orders the table; 'match' is the map's own order."""
    assert endpoints(routes(APP, "--sort", sort)) == order


def test_all_methods(routes):
    """--all-methods shows the automatic methods too."""
    lines = routes(APP, "--all-methods", "-s", "rule")

    assert "OPTIONS, POST" in lines[2]
    assert "GET, HEAD, OPTIONS, POST" in lines[3]


def test_subdomains_have_a_column(routes):
    """A subdomain column appears where a rule has one."""
    lines = routes(
        "from asyncflask import Flask\n"
        "app = Flask('shop', static_folder=None, subdomain_matching=True)\n"
        "app.add_url_rule('/b', 'b', subdomain='y')\n"
        "app.add_url_rule('/a', 'a', subdomain='x')\n",
        "-s",
        "domain",
    )

    assert lines == [
        "Endpoint  Methods  Subdomain  Rule",
        "--------  -------  ---------  ----",
        "a         GET      x          /a",
        "b         GET      y          /b",
    ]


def test_hosts_have_a_column(routes):
    """With host matching the column is the host's."""
    lines = routes(
        "from asyncflask import Flask\n"
        "app = Flask('shop', static_folder=None, host_matching=True)\n"
        "app.add_url_rule('/a', 'a', host='shop.test')\n"
    )

    assert lines == [
        "Endpoint  Methods  Host       Rule",
        "--------  -------  ---------  ----",
        "a         GET      shop.test  /a",
    ]


def test_no_routes(routes):
    """An application without routes says so."""
    lines = routes("from asyncflask import Flask\napp = Flask('shop', static_folder=None)\n")

    assert lines == ["No routes were registered."]


def test_an_unknown_order(invoke):
    """The orders are listed where another one is asked for."""
    result = invoke("routes", "--sort", "colour")

    assert result.exit_code == 2
    assert "'match'" in result.output


MOUNTS = """\
from starlette.applications import Starlette

app.mount("/api", Starlette())
app.mount("/admin", Flask("back office"))
"""


def test_mounted_applications_are_listed_below(routes):
    """Where, of which kind, and what they are."""
    lines = routes(APP + MOUNTS)

    assert lines[lines.index("") + 1 :] == [
        "Mounted at  Kind  Application",
        "----------  ----  ----------------------------------",
        "/api        ASGI  starlette.applications.Starlette",
        "/admin      ASGI  asyncflask.app.Flask 'back office'",
    ]


def test_an_app_of_mounts_alone(routes):
    """No empty table of rules comes first."""
    source = """\
from asyncflask import Flask
app = Flask("front", static_folder=None)

async def fallback(scope, receive, send): ...

app.mount("/", fallback)
"""

    assert routes(source)[::2] == [
        "Mounted at  Kind  Application",
        "/           ASGI  app.fallback",
    ]
