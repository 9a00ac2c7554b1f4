"""Our routing against Werkzeug's, over generated maps, paths and values.

ASYNCFLASK_DIFFERENTIAL_EXAMPLES raises the number of maps that are generated for each test.

Deliberate differences, all of them where Werkzeug crashes or leaves the host:

- An alias that the canonical rule has no place for is a 404; Werkzeug raises from `match`.
- A redirect for defaults that a converter refuses to put into the URL is not made; Werkzeug raises.
- `redirect_to="<name>"` cannot be led to another host by what stands in the path.
- What is given for a UUID is quoted, if it is none.
- URLs of redirects are quoted throughout, whatever the application's root or the query has in it.
"""

from __future__ import annotations

import os
import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import werkzeug.datastructures
import werkzeug.exceptions
import werkzeug.routing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import asyncflask.datastructures
import asyncflask.exceptions
import asyncflask.routing
from asyncflask.routing.tree import NOWHERE

EXAMPLES = int(os.environ.get("ASYNCFLASK_DIFFERENTIAL_EXAMPLES", "300"))
NAMES = ("p", "q", "r", "s", "t", "u", "v", "w")
UUID = "12345678-1234-ABCD-abcd-1234567890ab"

# Variables as rules write them, and texts and values that they are likely to meet.
FITTING = {
    "{}": ("a", "1", "x.y", "é", "a b", "%2F", "30"),
    "string:{}": ("a", "12"),
    "string(length=2):{}": ("ab", "12", "05"),
    "string(minlength=2, maxlength=3):{}": ("ab", "x.y", "aab"),
    "int:{}": ("1", "2", "05", "٣"),
    "int(fixed_digits=2):{}": ("05", "12", "2"),
    "int(min=2, max=20):{}": ("2", "12", "1", "30"),
    "int(signed=True):{}": ("-3", "1", "12"),
    "float:{}": ("1.5", "1.0", "2.25"),
    "float(signed=True, max=2.0):{}": ("-0.5", "1.5", "2.25"),
    "any(a, b, 'x.y'):{}": ("a", "b", "x.y"),
    "uuid:{}": (UUID,),
    "path:{}": ("a", "a/b", "1/2/", "x.y", "a//b", "//a", "a/", "https://evil.example/"),
    "pair:{}": ("1/2", "1/2/3"),
    "even:{}": ("2", "4", "1"),
    "heavy:{}": ("a", "1", "ab"),
    "grouped:{}": ("a", "ac", "xyz", "x", "b-1"),
}
CONVERTERS = tuple(FITTING)
KNOWN = {**FITTING, "any(s, other):{}": ("s", "other")}
SEGMENTS = ("{}", "{}", "{}", "{}-{}", "{}.{}", "a{}", "{}b", "x{}y{}", "{}{}")
TEXTS = ("a", "b", "ab", "x.y", "é", "a b", "1", "12", "05", "%2F", "a|b", "-")
WORDS = (
    *TEXTS,
    "2",
    "4",
    "30",
    "-3",
    "1.5",
    "-0.5",
    "a-b",
    "a-1.2",
    "1-2",
    "aab",
    "x1y2",
    "٣",
    UUID,
)
ODD = ("", ".", "..", "a\n", "\\evil", "<p>", "?", "#", ":", "@", "1/2", "a;b", "http:", "\x00")
VALUES = (
    *WORDS, *ODD[:7], 1, 2, 4, 12, -3, 300, 1.5, -0.5, True, None, uuid.UUID(UUID),
    [1, 2], ["a"], ("x", "y"), [], "1/2", "a/b",
)  # fmt: skip
DOMAINS = ("", "s", "s.t", "1", "s-1", "other")
DOMAIN_RULES = ("", "s", "s.t", "<{}>", "<{}>.t", "s-<int:{}>", "<any(s, other):{}>")
METHODS = ("GET", "POST", "HEAD", "PUT", "OPTIONS")


def converters(routing: Any) -> dict[str, Any]:
    """The same converters of a user's own, for either library."""

    class Pair(routing.BaseConverter):
        regex = r"\d/\d"

    class Even(routing.BaseConverter):
        regex = r"\d+"

        def to_python(self, value: str) -> Any:
            if int(value) % 2:
                raise routing.ValidationError
            return int(value)

        def to_url(self, value: Any) -> str:
            if not isinstance(value, int) or value % 2:
                raise routing.ValidationError
            return str(value)

    class Heavy(routing.UnicodeConverter):
        weight = 150

    class Grouped(routing.BaseConverter):
        regex = "(a|b)(c)?[^/]*|x|xyz"
        part_isolating = True
        weight = 70

    class QuotedUUID(routing.UUIDConverter):
        def to_url(self, value: Any) -> str:
            return asyncflask.routing.BaseConverter.to_url(self, value)

    return {"pair": Pair, "even": Even, "heavy": Heavy, "grouped": Grouped, "uuid": QuotedUUID}


@dataclass
class Plan:
    """A map to be made in both libraries."""

    options: dict[str, Any]
    rules: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def build(self, routing: Any) -> Any:
        map_ = routing.Map(converters=converters(routing), **self.options)
        for number, (string, options) in enumerate(self.rules):
            rule = routing.Rule(string, **options)
            rule.number = number
            map_.add(rule)
        return map_


@st.composite
def rule_strings(draw: st.DrawFn, names: list[str]) -> str:
    """A path with variables, whose names are taken from `names`."""
    segments = []
    for _ in range(draw(st.integers(0, 3))):
        if not names or draw(st.booleans()):
            segments.append(draw(st.sampled_from((*TEXTS, "a", "b", "a", ""))))
            continue
        segment = draw(st.sampled_from(SEGMENTS))
        for _ in range(segment.count("{}")):
            variable = f"<{draw(st.sampled_from(CONVERTERS))}>".format(names.pop(0))
            segment = segment.replace("{}", variable, 1)
        segments.append(segment)
    end = "/" if draw(st.booleans()) else ""
    return "/" + "/".join(segments) + end


@st.composite
def rules(draw: st.DrawFn, domains: tuple[str, ...], part: str) -> tuple[str, dict[str, Any]]:
    """A rule's string, and its other arguments; `part` is "host" or "subdomain"."""
    string = draw(rule_strings(list(NAMES[:-1])))
    options: dict[str, Any] = {"endpoint": draw(st.sampled_from(("e1", "e1", "e2")))}
    options[part] = draw(st.sampled_from(domains)).format(NAMES[-1]) or None
    if draw(st.integers(0, 9)) == 0:
        options["websocket"] = True
        options["methods"] = draw(st.sampled_from((None, ["GET"])))
    else:
        options["methods"] = draw(st.sampled_from((None, ["GET"], ["POST"], ["get", "POST"])))
    used = [name for name in NAMES if f"{name}>" in string]
    if draw(st.integers(0, 2)) == 0:
        free = [name for name in NAMES[:3] if name not in used]
        options["defaults"] = {name: draw(st.sampled_from((1, "a", 12))) for name in free[:1]}
    for flag, chance in (("strict_slashes", 2), ("merge_slashes", 4)):
        if draw(st.integers(0, chance)) == 0:
            options[flag] = draw(st.booleans())
    for flag in ("alias", "build_only"):
        if draw(st.integers(0, 7)) == 0:
            options[flag] = True
    if draw(st.integers(0, 7)) == 0:
        targets = ["z", "/z/?k=1", "../z", redirect_function, *(f"{name}<{name}>" for name in used)]
        options["redirect_to"] = draw(st.sampled_from([*targets, *(f"<{name}>" for name in used)]))
    return string, options


def redirect_function(adapter: Any, **values: Any) -> str:
    return f"f/{len(values)}"


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A map's settings and up to seven rules, most of them in one or two domains."""
    host_matching = draw(st.integers(0, 5)) == 0
    domains = tuple(draw(st.lists(st.sampled_from(("", *DOMAIN_RULES)), min_size=1, max_size=2)))
    plan = Plan(
        {
            "host_matching": host_matching,
            "strict_slashes": draw(st.booleans()),
            "merge_slashes": draw(st.integers(0, 2)) > 0,
            "redirect_defaults": draw(st.integers(0, 2)) > 0,
            "sort_parameters": draw(st.booleans()),
            "default_subdomain": draw(st.sampled_from(("", "", "s"))),
        }
    )
    part = "host" if host_matching else "subdomain"
    plan.rules = draw(st.lists(rules(domains, part), min_size=1, max_size=7))
    return plan


def fitting(template: str) -> st.SearchStrategy[str]:
    """Texts that a rule, or the rule of a domain, is likely to match."""
    choices = re.split("<(.*?)>", template)
    texts = [st.just(text) for text in choices]
    for position, variable in enumerate(choices[1::2]):
        texts[2 * position + 1] = st.sampled_from(KNOWN[re.sub("[p-w]$", "{}", variable)])
    return st.tuples(*texts).map("".join)


@st.composite
def bindings(draw: st.DrawFn, plan: Plan) -> dict[str, Any]:
    """Arguments of `Map.bind`."""
    binding: dict[str, Any] = {
        "server_name": "h.example",
        "script_name": draw(st.sampled_from((None, "/", "/app", "/app/", "/ä b"))),
        "url_scheme": draw(st.sampled_from(("http", "http", "https", "https", "ws", "wss"))),
        "default_method": draw(st.sampled_from(("GET", "GET", "POST"))),
        "query_args": draw(st.sampled_from((None, "k=1&é=2", {"k": ["1", "é"], "n": None}))),
    }
    part = "host" if plan.options["host_matching"] else "subdomain"
    domain = draw(fitting(draw(st.sampled_from(plan.rules))[1][part] or ""))
    if draw(st.integers(0, 7)) == 0:
        domain = draw(st.sampled_from(DOMAINS))
    if part == "host":
        binding["server_name"] = domain
    else:
        binding["subdomain"] = domain or draw(
            st.sampled_from((None, plan.options["default_subdomain"]))
        )
    return binding


@st.composite
def paths(draw: st.DrawFn, plan: Plan) -> str:
    """A path that has something to do with the rules of the plan."""
    words = st.sampled_from((*WORDS, *WORDS, *ODD))
    if draw(st.integers(0, 7)) == 0:
        path = "/" + "/".join(draw(st.lists(words, max_size=4)))
    else:
        path = draw(fitting(draw(st.sampled_from(plan.rules))[0]))
    change = draw(st.integers(0, 14))
    if change == 0:
        path += "/"
    elif change == 1:
        path = path.rstrip("/")
    elif change == 2:
        path = path.replace("/", "//", draw(st.integers(1, 3)))
    elif change == 3:
        path = f"{path}/{draw(words)}"
    elif change == 4:
        path = path[1:]
    return path


def outcome_of(library: Any, adapter: Any, path: str, method: str, websocket: bool | None) -> Any:
    """What a match comes to, in terms that both libraries share."""
    routing, exceptions = library.routing, library.exceptions
    try:
        rule, args = adapter.match(path, method, return_rule=True, websocket=websocket)
    except routing.RequestRedirect as exc:
        return "redirect", exc.code, quote(exc.new_url, safe="!#$%&'()*+,/:;=?@[]")
    except exceptions.MethodNotAllowed as exc:
        return "methods", sorted(exc.valid_methods)
    except exceptions.HTTPException as exc:
        return type(exc).__name__
    except (routing.BuildError, ValueError, TypeError):
        return "crash"
    return "rule", rule.number, args


def assert_same_outcome(theirs: Any, ours: Any, server: str) -> None:
    """Make sure that they are the same, or differ deliberately."""
    if theirs == "crash":
        assert ours == "NotFound" or ours[0] in {"rule", "redirect"}
    elif theirs != ours:
        assert theirs[0] == ours[0] == "redirect", (theirs, ours)
        assert not urlsplit(theirs[2]).netloc.endswith(server), (theirs, ours)
        assert urlsplit(ours[2]).netloc.endswith(server), (theirs, ours)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_matches_as_werkzeug_does(data: st.DataObject) -> None:
    """The same rule and values, redirect, methods or error; and `find` has the plain matches."""
    plan = data.draw(plans())
    binding = data.draw(bindings(plan))
    ours, theirs = plan.build(asyncflask.routing), plan.build(werkzeug.routing)
    our_adapter, their_adapter = ours.bind(**binding), theirs.bind(**binding)
    websocket = data.draw(st.sampled_from((None, None, False, True)))

    for path in data.draw(st.lists(paths(plan), min_size=6, max_size=6)):
        method = data.draw(st.sampled_from(("GET", "GET", "GET", *METHODS)))
        expected = outcome_of(werkzeug, their_adapter, path, method, websocket)
        outcome = outcome_of(asyncflask, our_adapter, path, method, websocket)
        found = ours.find(
            our_adapter._domain(),
            path,
            method,
            our_adapter.websocket if websocket is None else websocket,
        )

        assert_same_outcome(expected, outcome, our_adapter.server_name)
        plain = ("rule", found[0].number, found[1]) if isinstance(found, tuple) else None
        assert found is not NOWHERE or outcome == "NotFound"
        # A default that the shorter rule cannot spell is found out by `match` only.
        if expected != "crash" or plain is not None:
            assert plain == (outcome if outcome[0] == "rule" else None)
        if outcome_of(werkzeug, their_adapter, path, "--", None) != "crash":
            allowed = set(their_adapter.allowed_methods(path))
            assert set(our_adapter.allowed_methods(path)) == allowed


@st.composite
def requests_to_build(draw: st.DrawFn, plan: Plan) -> tuple[str, dict[str, Any]]:
    """An endpoint, and values that one of its rules is likely to take."""
    string, options = draw(st.sampled_from(plan.rules))
    domain = options.get("host") or options.get("subdomain") or ""
    values = dict(options.get("defaults", {})) if draw(st.booleans()) else {}
    for variable in re.findall("<(.*?)>", domain + string):
        known = KNOWN[re.sub("[p-w]$", "{}", variable)]
        odd = draw(st.integers(0, 6)) == 0
        value = draw(st.sampled_from(VALUES if odd else known))
        values[variable[-1]] = int(value) if "even" in variable and not odd else value
    for name in draw(st.lists(st.sampled_from((*NAMES, "k", "class", "é")), max_size=3)):
        values[name] = draw(st.sampled_from(VALUES))
    return options["endpoint"] if draw(st.integers(0, 9)) else "e2", values


def url_of(library: Any, adapter: Any, endpoint: str, values: Any, options: Any) -> Any:
    """The URL built, or the kind of error that keeps it from being built."""
    try:
        return adapter.build(endpoint, values, **options)
    except library.routing.BuildError:
        return "no rule"
    except (ValueError, TypeError):
        return "no value"


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_builds_as_werkzeug_does(data: st.DataObject) -> None:
    """The same URL, or the same kind of error."""
    plan = data.draw(plans())
    binding = data.draw(bindings(plan))
    our_adapter = plan.build(asyncflask.routing).bind(**binding)
    their_adapter = plan.build(werkzeug.routing).bind(**binding)

    for _ in range(6):
        endpoint, values = data.draw(requests_to_build(plan))
        options = {
            "method": data.draw(st.sampled_from((None, None, "GET", "POST"))),
            "force_external": data.draw(st.booleans()),
            "append_unknown": data.draw(st.booleans()),
            "url_scheme": data.draw(st.sampled_from((None, None, "https", "", "ftp"))),
        }
        expected = url_of(werkzeug, their_adapter, endpoint, values, options)
        built = url_of(asyncflask, our_adapter, endpoint, values, options)

        assert built == expected


@settings(max_examples=EXAMPLES // 3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_traces_rules_as_werkzeug_does(data: st.DataObject) -> None:
    """Extensions that describe an API, as flask-smorest, take the order of variables from it."""
    plan = data.draw(plans())

    ours, theirs = (
        {rule.number: rule._trace for rule in plan.build(routing).iter_rules()}
        for routing in (asyncflask.routing, werkzeug.routing)
    )

    assert ours == theirs
