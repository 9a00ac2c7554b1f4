"""The map: all rules of an application, and the fast way from a path to its rule."""

from __future__ import annotations

from pprint import pformat
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from ..exceptions import BadHost
from .adapter import MapAdapter
from .binding import read_scope, to_scope
from .converters import DEFAULT_CONVERTERS, ValidationError
from .exceptions import NoMatch, RequestAliasRedirect, RequestPath
from .tree import NEEDS_SLASH, NOWHERE, Miss, Node, plant, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .binding import Origin
    from .converters import BaseConverter
    from .rules import Rule, RuleFactory
    from .tree import Ending, Found, Lost


class Match(NamedTuple):
    """A rule that fits the path; `args` is this request's own dict."""

    rule: Rule
    args: dict[str, Any]


class Map:
    """The rules of an application, with the settings that hold for all of them.

    Args:
        rules: the first rules; more may be added at any time.
        default_subdomain: the subdomain of rules that name none.
        strict_slashes: whether a slash at the end counts.
        merge_slashes: whether a path with repeated slashes is redirected to one without.
        redirect_defaults: whether a request is redirected to the shorter rule whose defaults it
            spells out, and from an alias to the canonical rule.
        converters: additional converters by name.
        sort_parameters: whether the parameters of built queries are sorted.
        sort_key: sorts them, given (name, value).
        host_matching: whether rules have whole hosts in place of subdomains.
    """

    # The converters that every map has.
    default_converters: Mapping[str, type[BaseConverter]] = DEFAULT_CONVERTERS

    # Makes the lock under which rules are added and compiled.
    lock_class: Callable[[], Any] = Lock

    def __init__(
        self,
        rules: Iterable[RuleFactory] | None = None,
        default_subdomain: str = "",
        strict_slashes: bool = True,
        merge_slashes: bool = True,
        redirect_defaults: bool = True,
        converters: Mapping[str, type[BaseConverter]] | None = None,
        sort_parameters: bool = False,
        sort_key: Callable[[Any], Any] | None = None,
        host_matching: bool = False,
    ) -> None:
        self.default_subdomain = default_subdomain
        self.strict_slashes = strict_slashes
        self.merge_slashes = merge_slashes
        self.redirect_defaults = redirect_defaults
        self.host_matching = host_matching
        self.converters = {**self.default_converters, **(converters or {})}
        self.sort_parameters = sort_parameters
        self.sort_key = sort_key
        self._added: list[Rule] = []
        self._rules_by_endpoint: dict[Any, list[Rule]] = {}
        self._remap = True
        self._remap_lock = type(self).lock_class()
        self._root = Node()
        # The rules that need no walk, by path, and by domain, method and whether for WebSockets.
        self._plain: dict[str, dict[tuple[str, str, bool], Rule]] = {}
        for factory in rules or ():
            self.add(factory)

    def add(self, rulefactory: RuleFactory) -> None:
        """Bind and add the rules of a factory; a rule is its own. Safe at any time.

        Raises:
            RuntimeError: a rule is bound to a map already.
            ValueError, LookupError: a rule is malformed, or its converter unknown.
        """
        for rule in rulefactory.get_rules(self):
            rule.bind(self)
            with self._remap_lock:
                self._added.append(rule)
                self._rules_by_endpoint.setdefault(rule.endpoint, []).append(rule)
                self._remap = True

    def update(self) -> None:
        """Compile what was added since the last time. Matching and building do this first."""
        if not self._remap:
            return
        with self._remap_lock:
            if not self._remap:
                return
            # All is built aside and then put in place: other threads are matching.
            for endpoint, rules in self._rules_by_endpoint.items():
                self._rules_by_endpoint[endpoint] = _sort_for_building(rules)
            root = plant(self._added)
            for rule in self._added:
                asks_more = rule.defaults or rule._rivals or rule.alias
                rule._is_direct = not asks_more and rule.redirect_to is None
            self._plain = _find_plain(root)
            self._root = root
            self._remap = False

    def find(
        self, domain: str, path: str, method: str, websocket: bool = False
    ) -> tuple[Rule, dict[str, Any]] | Lost | None:
        """Match a path in as few steps as may be.

        Args:
            domain: the subdomain, or the host if `host_matching` is set.
            path: decoded and below the application's root.
            method: in capitals.
        Returns:
            The rule, and the values of its arguments. NOWHERE where no rule has the path, whatever
            the method. None for all else, as for a 405 or a redirect: ask a MapAdapter then.
        """
        if self._remap:
            self.update()
        # PERF: a path with variables is not looked for with domain and method: 0.1 µs less.
        if path in self._plain:
            plain = self._plain[path].get((domain, method, websocket))
            if plain is not None:
                return plain, (dict(plain.defaults) if plain.defaults else {})
        below = path.lstrip("/")
        parts = [domain, "", *below.split("/")] if path else [domain, ""]
        passed: list[Node] = []
        rule, texts = walk(self._root, parts, method, websocket, passed)
        if rule is None:
            return None if passed or "//" in below else NOWHERE
        if rule is NEEDS_SLASH:
            return None
        args: dict[str, Any] = {}
        try:
            # PERF: Rule.read in place, and the plainest converters in C: 2 calls fewer. There are
            # as many texts as readers: for zip to see to that takes 0.15 µs.
            for (name, convert), text in zip(rule._readers, texts):  # noqa: B905  # see above
                args[name] = convert(text)
        except ValueError:
            return None
        return (rule, args) if rule._is_direct else self._complete(rule, args, method)

    def _complete(
        self, rule: Rule, args: dict[str, Any], method: str
    ) -> tuple[Rule, dict[str, Any]] | None:
        """The rule with its defaults; None where the request is redirected."""
        if rule.redirect_to is not None or (rule.alias and self.redirect_defaults):
            return None
        args.update(rule.defaults or {})
        return None if self.find_rival(rule, args, method) is not None else (rule, args)

    def find_plain(self, domain: str, path: str, method: str) -> Rule | None:
        """The rule without variables that a path always leads to, if there is one."""
        self.update()
        return self._plain.get(path, {}).get((domain, method, False))

    def resolve(self, domain: str, path: str, method: str, websocket: bool) -> Match:
        """Match a path that is empty or starts with one slash, and say what is wrong if it fails.

        Raises:
            RequestPath: a path with other slashes matches.
            RequestAliasRedirect: an alias matches.
            NoMatch: nothing does.
        """
        self.update()
        miss = Miss(method, websocket)
        rule, texts = self._walk(domain, path, miss)
        if rule is None:
            self._merge_slashes(domain, path, miss)
            raise NoMatch(*miss.explain())
        if rule is NEEDS_SLASH:
            raise RequestPath(f"{path}/")
        try:
            args = rule.read(texts)
        except ValidationError:
            raise NoMatch(*miss.explain()) from None
        if rule.alias and self.redirect_defaults:
            raise RequestAliasRedirect(args, rule.endpoint)
        return Match(rule, args)

    def _walk(self, domain: str, path: str, miss: Miss) -> Found:
        parts = [domain, *path.split("/")]
        return walk(self._root, parts, miss.method, miss.websocket, miss.passed)

    def _merge_slashes(self, domain: str, path: str, miss: Miss) -> None:
        """Raise RequestPath if the path matches once its double slashes are single."""
        merged = path.replace("//", "/")
        if not self.merge_slashes or merged == path:
            return
        rule, _ = self._walk(domain, merged, miss)
        if rule is NEEDS_SLASH:
            raise RequestPath(f"{merged}/")
        if rule is not None and rule.merge_slashes is not False:
            raise RequestPath(merged)

    def find_rival(self, rule: Rule, args: Mapping[str, Any], method: str) -> Rule | None:
        """The shorter rule of the endpoint whose defaults `args` spells out."""
        if not self.redirect_defaults:
            return None
        suitable = (rival for rival in rule._rivals if rival.suitable_for(args, method))
        return next(suitable, None)

    def is_endpoint_expecting(self, endpoint: Any, *arguments: str) -> bool:
        """Whether one rule of the endpoint has all `arguments`.

        Raises:
            KeyError: there is no such endpoint.
        """
        self.update()
        expected = set(arguments)
        return any(expected <= rule.arguments for rule in self._rules_by_endpoint[endpoint])

    @property
    def _rules(self) -> list[Rule]:
        return [rule for rules in self._rules_by_endpoint.values() for rule in rules]

    def iter_rules(self, endpoint: Any | None = None) -> Iterator[Rule]:
        """Iterate over all rules, or those of an endpoint.

        Raises:
            KeyError: there is no such endpoint.
        """
        self.update()
        return iter(self._rules if endpoint is None else self._rules_by_endpoint[endpoint])

    def bind(
        self,
        server_name: str,
        script_name: str | None = None,
        subdomain: str | None = None,
        url_scheme: str = "http",
        default_method: str = "GET",
        path_info: str | None = None,
        query_args: Mapping[str, Any] | str | None = None,
    ) -> MapAdapter:
        """Return an adapter that matches and builds for a server.

        Args:
            server_name: the host, with its port unless that is the scheme's own.
            script_name: the path that the application is mounted at.
            query_args: kept on redirects: encoded, or to be encoded.
        Raises:
            BadHost: the name is no host name.
            RuntimeError: a subdomain is given though `host_matching` is set.
        """
        if self.host_matching and subdomain is not None:
            raise RuntimeError(
                f"host matching enabled and a subdomain was provided: {subdomain!r}."
                " With host matching the whole host counts; leave the subdomain out."
            )
        if subdomain is None and not self.host_matching:
            subdomain = self.default_subdomain
        return MapAdapter(
            self,
            _to_ascii(server_name.lower()),
            "/" if script_name is None else script_name,
            subdomain,
            url_scheme,
            "/" if path_info is None else path_info,
            default_method,
            query_args,
        )

    def bind_to_scope(
        self,
        scope: Mapping[str, Any],
        server_name: str | None = None,
        subdomain: str | None = None,
    ) -> MapAdapter:
        """Return an adapter for a request, given its ASGI scope.

        Args:
            server_name: the name of which the request's host is a subdomain; None for its host.
            subdomain: overrides what the host says.
        Raises:
            BadHost: the Host header is no host.
        """
        return self._bind_to(read_scope(scope, server_name, subdomain, self.host_matching))

    def bind_to_environ(
        self,
        environ: Any,
        server_name: str | None = None,
        subdomain: str | None = None,
    ) -> MapAdapter:
        """Do the same for a WSGI environ, or for a request object.

        Raises:
            BadHost: the Host header is no host.
        """
        scope = getattr(environ, "scope", None)
        if scope is None:
            scope = to_scope(getattr(environ, "environ", environ))
        return self.bind_to_scope(scope, server_name, subdomain)

    def _bind_to(self, origin: Origin) -> MapAdapter:
        return self.bind(
            origin.server_name,
            origin.script_name,
            origin.subdomain,
            origin.url_scheme,
            origin.default_method,
            origin.path_info,
            origin.query_args,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({pformat(list(self.iter_rules()))})"


def _sort_for_building(rules: list[Rule]) -> list[Rule]:
    """A sorted copy, each rule told which come before it and provide its defaults."""
    ordered = sorted(rules, key=lambda rule: rule.build_compare_key())
    givers: list[Rule] = []
    for rule in ordered:
        rule._rivals = tuple(giver for giver in givers if giver.provides_defaults_for(rule))
        if rule.defaults:
            givers.append(rule)
    return ordered


def _find_plain(root: Node) -> dict[str, dict[tuple[str, str, bool], Rule]]:
    """What `Map.find` looks up: rules that static ways lead to and that ask for no redirect."""
    plain: dict[str, dict[tuple[str, str, bool], Rule]] = {}
    for domain, top in root.static.items():
        if "" in top.static:
            for path, method, websocket, rule in _find_plain_below(top.static[""], ""):
                plain.setdefault(path, {})[domain, method, websocket] = rule
    return plain


def _find_plain_below(node: Node, path: str) -> Iterator[tuple[str, str, bool, Rule]]:
    for websocket, answers in ((False, node.answers[0]), (True, node.answers[1])):
        for method, rule in answers.items():
            if path and _is_plain(rule):
                yield path, method, websocket, rule
    # A path with two slashes at its start is taken for one with a single slash.
    if path == "/":
        return
    for segment, child in node.static.items():
        yield from _find_plain_below(child, f"{path}/{segment}")


def _is_plain(rule: Rule | Ending | None) -> TypeGuard[Rule]:
    if rule is None or rule is NEEDS_SLASH:
        return False
    return not (rule.alias or rule.redirect_to is not None or rule._rivals)


def _to_ascii(server_name: str) -> str:
    """Encode an international host name; the port is no part of it."""
    name, colon, port = server_name.partition(":")
    try:
        return f"{name.encode('idna').decode('ascii')}{colon}{port}"
    except UnicodeError as exc:
        raise BadHost(f"The host {server_name!r} is not a valid host name.") from exc
