"""The adapter: what it adds to matching and building, and that its redirects stay on its host."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from asyncflask.datastructures import MultiDict
from asyncflask.exceptions import MethodNotAllowed, NotFound
from asyncflask.routing import (
    BaseConverter,
    BuildError,
    Map,
    MapAdapter,
    RequestRedirect,
    Rule,
    WebsocketMismatch,
)


def redirect_of(adapter: MapAdapter, path: str, **options: Any) -> str:
    with pytest.raises(RequestRedirect) as caught:
        adapter.match(path, **options)
    return caught.value.new_url


def bind(*rules: Rule, **options: Any) -> MapAdapter:
    return Map(rules, **options).bind("h")


def test_a_match_gives_endpoint_or_rule() -> None:
    """With the arguments."""
    rule = Rule("/<int:x>", endpoint="e")
    adapter = bind(rule)

    assert adapter.match("/1") == ("e", {"x": 1})
    assert adapter.match("/1", return_rule=True) == (rule, {"x": 1})


def test_what_is_not_given_comes_from_the_adapter() -> None:
    """Path, method and protocol."""
    map_ = Map(
        [Rule("/a", endpoint="a", methods=["POST"]), Rule("/w", endpoint="w", websocket=True)]
    )

    adapter = map_.bind("h", path_info="/a", default_method="POST")
    websocket = map_.bind("h", path_info="/w", url_scheme="wss")

    assert adapter.match() == ("a", {})
    assert websocket.match() == ("w", {})


def test_a_method_may_be_in_small_letters() -> None:
    """It is matched in capitals."""
    assert bind(Rule("/", endpoint="e", methods=["POST"])).match("/", "post") == ("e", {})


def test_an_unknown_path_is_not_found() -> None:
    """A 404."""
    with pytest.raises(NotFound):
        bind(Rule("/a")).match("/b")


def test_an_unknown_method_is_not_allowed() -> None:
    """A 405 that names the methods of all rules of the path."""
    adapter = bind(Rule("/a", methods=["GET"]), Rule("/<x>", methods=["PUT"]))

    with pytest.raises(MethodNotAllowed) as caught:
        adapter.match("/a", "POST")

    assert caught.value.valid_methods == ["GET", "HEAD", "PUT"]


def test_the_wrong_protocol_is_a_mismatch() -> None:
    """Both ways."""
    adapter = bind(Rule("/w", websocket=True), Rule("/h"))

    with pytest.raises(WebsocketMismatch):
        adapter.match("/w")
    with pytest.raises(WebsocketMismatch):
        adapter.match("/h", websocket=True)


def test_a_failing_converter_is_not_hidden() -> None:
    """Only a ValidationError makes a 404."""

    class Broken(BaseConverter):
        def to_python(self, value: str) -> Any:
            raise ValueError("broken")

    adapter = bind(Rule("/<broken:x>"), converters={"broken": Broken})

    with pytest.raises(ValueError, match="broken"):
        adapter.match("/a")


def test_a_missing_slash_is_a_redirect() -> None:
    """To the whole URL, with the query."""
    adapter = Map([Rule("/a/")]).bind("h", "/app", query_args={"x": ["1", "é"]})

    assert redirect_of(adapter, "/a") == "http://h/app/a/?x=1&x=%C3%A9"


def test_a_redirect_keeps_an_encoded_query() -> None:
    """One given to `match` comes before the adapter's."""
    assert redirect_of(bind(Rule("/a/")), "/a", query_args="x=%20") == "http://h/a/?x=%20"


def test_an_alias_leads_to_the_canonical_rule() -> None:
    """With its arguments and the query."""
    adapter = bind(Rule("/u/<int:x>", endpoint="u"), Rule("/u.<x>", endpoint="u", alias=True))

    assert redirect_of(adapter, "/u.5", query_args="a=1") == "http://h/u/5?a=1"


def test_an_alias_that_leads_nowhere_is_not_found() -> None:
    """If the canonical rule cannot take its arguments."""
    adapter = bind(Rule("/u/<int:x>", endpoint="u"), Rule("/u.<x>", endpoint="u", alias=True))

    with pytest.raises(NotFound):
        adapter.match("/u.x")


def test_spelt_out_defaults_lead_to_the_shorter_rule() -> None:
    """Unless the map has it off."""
    rules = [Rule("/", endpoint="p", defaults={"n": 1}), Rule("/<int:n>", endpoint="p")]
    lenient = bind(*(rule.empty() for rule in rules), redirect_defaults=False)
    adapter = bind(*rules)

    assert redirect_of(adapter, "/1") == "http://h/"
    assert lenient.match("/1") == ("p", {"n": 1})


def test_defaults_that_the_shorter_rule_cannot_spell_lead_nowhere() -> None:
    """The longer rule answers itself, where Werkzeug raises the converter's ValueError."""
    adapter = bind(
        Rule("/<int:p>", endpoint="e", defaults={"q": "a"}), Rule("/<p>/<q>", endpoint="e")
    )

    assert adapter.match("/x/a") == ("e", {"p": "x", "q": "a"})


def test_a_redirect_for_defaults_leads_to_the_rules_subdomain() -> None:
    """Whole URLs can."""
    adapter = bind(
        Rule("/", endpoint="p", defaults={"n": 1}, subdomain="s"), Rule("/<int:n>", endpoint="p")
    )

    assert redirect_of(adapter, "/1") == "http://s.h/"


def test_redirect_to_leads_below_the_applications_root() -> None:
    """On its subdomain."""
    map_ = Map([Rule("/a/<int:x>", redirect_to="b/<x>", subdomain="s")])

    assert redirect_of(map_.bind("h", "app", "s"), "/a/1") == "http://s.h/app/b/1"


def test_redirect_to_may_be_a_function() -> None:
    """Of the adapter and the arguments."""
    adapter = bind(Rule("/<int:x>", redirect_to=lambda adapter, x: f"{adapter.server_name}-{x}"))

    assert redirect_of(adapter, "/1") == "http://h/h-1"


HOSTILE = [
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%5cevil.example",
    "https://evil.example",
    "/@evil.example",
    "/.//evil.example",
    "/x\r\nLocation: https://evil.example",
    "/\x00\x7f\t ",
    "/\ud800\udcff",
    "/%ff%zz%",
]


@pytest.mark.parametrize(
    "rules",
    [
        [Rule("/<path:x>/")],
        [Rule("/<x>/"), Rule("/<x>/<y>/"), Rule("/<x>//<y>/", merge_slashes=False)],
        [Rule("/<path:x>", redirect_to="<x>")],
        [Rule("/<path:x>", redirect_to="/<x>")],
        [Rule("/<path:x>", redirect_to=lambda adapter, x: f"/{x}")],
        [Rule("/c/<path:x>", endpoint="e"), Rule("/<path:x>", endpoint="e", alias=True)],
        [
            Rule("/<path:x>/d", endpoint="e", defaults={"y": "z"}),
            Rule("/<path:x>/<any(z):y>", endpoint="e"),
            Rule("/<path:x>/", endpoint="f"),
        ],
    ],
    ids=["slash", "merge", "template", "rooted", "function", "alias", "defaults"],
)
@pytest.mark.parametrize("path", [path + end for path in HOSTILE for end in ("", "//x", "/z")])
def test_no_path_redirects_to_another_host(rules: list[Rule], path: str) -> None:
    """Nor does any break the line, or the server."""
    adapter = bind(*(rule.empty() for rule in rules))

    answer = adapter.dispatch(lambda endpoint, values: None, path, catch_http_exceptions=True)

    url = getattr(answer, "new_url", "http://h/")
    assert urlsplit(url)[:2] == ("http", "h")
    assert url.isascii()
    assert url.isprintable()
    assert not set(" \\") & set(url)


def test_a_hostile_query_or_root_does_not_break_the_line() -> None:
    """Both are quoted, whatever they come as."""
    adapter = Map([Rule("/a/")]).bind("h", "/é\r\n b", query_args="x=\r\nSet-Cookie: a=b")

    url = redirect_of(adapter, "/a")

    assert url == "http://h/%C3%A9%0D%0A%20b/a/?x=%0D%0ASet-Cookie:%20a=b"


def test_dispatch_calls_with_endpoint_and_arguments() -> None:
    """And returns what the function gives."""
    adapter = bind(Rule("/<x>", endpoint="e"))

    assert adapter.dispatch(lambda endpoint, values: (endpoint, values), "/a") == ("e", {"x": "a"})


def test_dispatch_returns_redirects_and_raises_errors() -> None:
    """Errors are returned too, if asked for."""
    adapter = bind(Rule("/a/"))

    assert isinstance(adapter.dispatch(print, "/a"), RequestRedirect)
    assert isinstance(adapter.dispatch(print, "/b", catch_http_exceptions=True), NotFound)
    with pytest.raises(NotFound):
        adapter.dispatch(print, "/b")


def test_a_path_can_be_tested() -> None:
    """A redirect counts as a match, a wrong method does not."""
    adapter = bind(Rule("/a/", methods=["GET"]))

    assert adapter.test("/a/")
    assert adapter.test("/a")
    assert not adapter.test("/b")
    assert not adapter.test("/a/", "POST")


def test_the_methods_of_a_path_can_be_asked_for() -> None:
    """None are listed where all are allowed, or nothing matches."""
    adapter = bind(Rule("/a", methods=["GET", "POST"]), Rule("/b"))

    assert sorted(adapter.allowed_methods("/a")) == ["GET", "HEAD", "POST"]
    assert adapter.allowed_methods("/b") == []
    assert adapter.allowed_methods("/c") == []


def test_the_host_of_a_domain_part() -> None:
    """A subdomain's, or the domain part itself with host matching; None for our own."""
    adapter = Map().bind("h", subdomain="s")
    hosts = Map(host_matching=True).bind("h")

    assert [adapter.get_host(part) for part in (None, "", "t")] == ["s.h", "h", "t.h"]
    assert [hosts.get_host(part) for part in (None, "other")] == ["h", "other"]


def test_a_url_on_our_host_is_a_path() -> None:
    """Below the application's root."""
    adapter = Map([Rule("/a/<x>", endpoint="e")]).bind("h", "/app")

    assert adapter.build("e", {"x": "é"}) == "/app/a/%C3%A9"


def test_a_url_may_be_whole() -> None:
    """In our scheme, another, or none."""
    adapter = bind(Rule("/a", endpoint="e"))

    assert adapter.build("e", force_external=True) == "http://h/a"
    assert adapter.build("e", force_external=True, url_scheme="https") == "https://h/a"
    assert adapter.build("e", force_external=True, url_scheme="") == "//h/a"


def test_a_url_elsewhere_is_whole() -> None:
    """On another subdomain or host."""
    adapter = bind(Rule("/a", endpoint="e", subdomain="<x>"))
    hosts = Map([Rule("/a", endpoint="e", host="other")], host_matching=True).bind("h")

    assert adapter.build("e", {"x": "s"}) == "http://s.h/a"
    assert hosts.build("e") == "http://other/a"


def test_a_websockets_url_is_whole() -> None:
    """As secure as our scheme, or the one given."""
    adapter = bind(Rule("/w", endpoint="w", websocket=True))

    assert adapter.build("w") == "ws://h/w"
    assert adapter.build("w", url_scheme="https") == "wss://h/w"


def test_a_page_built_in_a_websocket_is_for_http() -> None:
    """Of the same security."""
    adapter = Map([Rule("/a", endpoint="e")]).bind("h", url_scheme="wss")

    assert adapter.build("e", force_external=True) == "https://h/a"


def test_unknown_values_become_the_query() -> None:
    """Lists repeat a parameter; None is left out; so are all if not wanted."""
    adapter = bind(Rule("/a", endpoint="e"))
    values = {"x": [1, 2], "y": None, "z": "é &"}

    assert adapter.build("e", values) == "/a?x=1&x=2&z=%C3%A9+%26"
    assert adapter.build("e", values, append_unknown=False) == "/a"


def test_a_multidict_gives_all_its_values() -> None:
    """The only one of a key is no list."""
    adapter = bind(Rule("/<int:id>", endpoint="e"))

    assert adapter.build("e", MultiDict([("id", 1), ("x", 1), ("x", 2)])) == "/1?x=1&x=2"


def test_the_rule_for_the_method_is_built() -> None:
    """By default that of the adapter, if there is one."""
    adapter = bind(
        Rule("/post", endpoint="e", methods=["POST"]), Rule("/get", endpoint="e", methods=["GET"])
    )

    assert adapter.build("e") == "/get"
    assert adapter.build("e", method="POST") == "/post"


def test_the_rule_that_takes_most_values_is_built() -> None:
    """And an alias never before the canonical rule."""
    adapter = bind(
        Rule("/a/<x>/alias", endpoint="e", alias=True),
        Rule("/a", endpoint="e"),
        Rule("/a/<x>", endpoint="e"),
    )

    assert adapter.build("e", {"x": 1}) == "/a/1"
    assert adapter.build("e") == "/a"


def test_with_host_matching_our_host_is_preferred() -> None:
    """Else it is the first that can be built."""
    rules = [Rule("/x", endpoint="e", host="other"), Rule("/y", endpoint="e", host="h")]
    map_ = Map(rules, host_matching=True)

    assert map_.bind("h").build("e") == "/y"
    assert map_.bind("third").build("e") == "http://other/x"


def test_what_cannot_be_built_is_an_error() -> None:
    """With all that was asked for."""
    adapter = bind(Rule("/<x>", endpoint="e"))

    with pytest.raises(BuildError) as caught:
        adapter.build("e", {"x": None, "y": 1}, "POST")

    error = caught.value
    assert (error.endpoint, error.values, error.method) == ("e", {"y": 1}, "POST")
    assert error.adapter is adapter
