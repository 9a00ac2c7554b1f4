"""A map bound to a server: matches paths, explains what fails, and builds URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import urlunsplit

from ..datastructures import MultiDict
from ..exceptions import HTTPException, MethodNotAllowed, NotFound
from .exceptions import (
    BuildError,
    NoMatch,
    RequestAliasRedirect,
    RequestPath,
    RequestRedirect,
    WebsocketMismatch,
)
from .quoting import encode_query, quote_path, quote_url
from .redirects import follow_function, follow_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .map import Map, Match
    from .rules import Rule

    QueryArgs = Mapping[str, Any] | str

_SECURE_SCHEMES = frozenset({"https", "wss"})
_WEBSOCKET_SCHEMES = frozenset({"ws", "wss"})


class MapAdapter:
    """A map as one server, and usually one request, sees it. Made by `Map.bind` and its kin."""

    def __init__(
        self,
        map: Map,
        server_name: str,
        script_name: str,
        subdomain: str | None,
        url_scheme: str,
        path_info: str,
        default_method: str,
        query_args: QueryArgs | None = None,
    ) -> None:
        self.map = map
        self.server_name = server_name
        self.script_name = script_name if script_name.endswith("/") else f"{script_name}/"
        self.subdomain = subdomain
        self.url_scheme = url_scheme
        self.path_info = path_info
        self.default_method = default_method
        self.query_args = query_args
        self.websocket = url_scheme in _WEBSOCKET_SCHEMES

    def dispatch(
        self,
        view_func: Callable[[Any, dict[str, Any]], Any],
        path_info: str | None = None,
        method: str | None = None,
        catch_http_exceptions: bool = False,
    ) -> Any:
        """Match, and return what `view_func` gives for the endpoint and its values.

        A redirect is returned, and with `catch_http_exceptions` every HTTPException: it is an
        application that answers with its own page.
        """
        try:
            try:
                endpoint, values = self.match(path_info, method)
            except RequestRedirect as exc:
                return exc
            return view_func(endpoint, values)
        except HTTPException as exc:
            if catch_http_exceptions:
                return exc
            raise

    @overload
    def match(
        self,
        path_info: str | None = None,
        method: str | None = None,
        return_rule: Literal[False] = False,
        query_args: QueryArgs | None = None,
        websocket: bool | None = None,
    ) -> tuple[Any, dict[str, Any]]: ...

    @overload
    def match(
        self,
        path_info: str | None = None,
        method: str | None = None,
        return_rule: Literal[True] = True,
        query_args: QueryArgs | None = None,
        websocket: bool | None = None,
    ) -> tuple[Rule, dict[str, Any]]: ...

    def match(
        self,
        path_info: str | None = None,
        method: str | None = None,
        return_rule: bool = False,
        query_args: QueryArgs | None = None,
        websocket: bool | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Find the rule for a path; what is not given comes from the adapter.

        Args:
            path_info: decoded and below the application's root.
            query_args: kept on redirects.
        Returns:
            The endpoint, or with `return_rule` the rule, and the values of its arguments.
        Raises:
            RequestRedirect: another URL is to be asked.
            NotFound: no rule matches.
            MethodNotAllowed: only rules for other methods do.
            WebsocketMismatch: only rules for the other protocol do.
        """
        path = self.path_info if path_info is None else path_info
        query = (self.query_args or {}) if query_args is None else query_args
        method = (method or self.default_method).upper()
        match = self._resolve(
            f"/{path.lstrip('/')}" if path else "",
            method,
            query,
            self.websocket if websocket is None else websocket,
        )
        self._redirect_if_asked(match, method, query)
        return match.rule if return_rule else match.rule.endpoint, match.args

    def _resolve(self, path: str, method: str, query: QueryArgs, websocket: bool) -> Match:
        domain = self._domain()
        try:
            return self.map.resolve(domain, path, method, websocket)
        except RequestPath as exc:
            url = self.make_redirect_url(quote_path(exc.path_info), query)
            raise RequestRedirect(url) from None
        except RequestAliasRedirect as exc:
            raise self._follow_alias(f"{domain}|{path}", exc, method, query) from None
        except NoMatch as exc:
            raise explain(exc) from None

    def _domain(self) -> str:
        if self.map.host_matching or self.subdomain is None:
            return self.server_name
        return self.subdomain

    def _follow_alias(
        self, path: str, alias: RequestAliasRedirect, method: str, query: QueryArgs
    ) -> HTTPException:
        try:
            return RequestRedirect(
                self.make_alias_redirect_url(
                    path, alias.endpoint, alias.matched_values, method, query
                )
            )
        except (BuildError, ValueError):
            # The canonical rule has no place for what the alias has taken.
            return NotFound()

    def _redirect_if_asked(self, match: Match, method: str, query: QueryArgs) -> None:
        """Raise RequestRedirect if the rule's defaults or its `redirect_to` say so."""
        rule, args = match.rule, match.args
        url = self.get_default_redirect(rule, method, args, query)
        if url is None and rule.redirect_to is not None:
            url = self._follow_redirect_to(rule, args)
        if url is not None:
            raise RequestRedirect(url)

    def _follow_redirect_to(self, rule: Rule, args: Mapping[str, Any]) -> str:
        host = f"{self.subdomain}.{self.server_name}" if self.subdomain else self.server_name
        base = f"{self.url_scheme or 'http'}://{host}/{self.script_name.lstrip('/')}"
        if isinstance(rule.redirect_to, str):
            return follow_template(base, rule.redirect_to, rule._converters, args)
        assert rule.redirect_to is not None
        return follow_function(base, rule.redirect_to(self, **args))

    def test(self, path_info: str | None = None, method: str | None = None) -> bool:
        """Whether a rule matches, be it for a redirect."""
        try:
            self.match(path_info, method)
        except RequestRedirect:
            return True
        except HTTPException:
            return False
        return True

    def allowed_methods(self, path_info: str | None = None) -> list[str]:
        """Return the methods that the rules of a path answer; empty if they answer all."""
        try:
            # No method has this name, so that no rule with methods answers it.
            self.match(path_info, method="--")
        except MethodNotAllowed as exc:
            return list(exc.valid_methods or ())
        except HTTPException:
            pass
        return []

    def get_host(self, domain_part: str | None) -> str:
        """Return the whole host for a subdomain (or host, if the map has hosts); None for ours."""
        if self.map.host_matching:
            return self.server_name if domain_part is None else domain_part
        subdomain = self.subdomain if domain_part is None else domain_part
        return f"{subdomain}.{self.server_name}" if subdomain else self.server_name

    def get_default_redirect(
        self, rule: Rule, method: str, values: Mapping[str, Any], query_args: QueryArgs
    ) -> str | None:
        """Return the URL of the shorter rule whose defaults `values` spells out, if any."""
        rival = self.map.find_rival(rule, values, method)
        try:
            built = rival and rival.build({**values, **(rival.defaults or {})})
        except ValueError:
            # The shorter rule cannot spell the value: its converter is another one.
            return None
        if not built:
            return None
        domain_part, path = built
        return self.make_redirect_url(path, query_args, domain_part=domain_part)

    def encode_query_args(self, query_args: QueryArgs) -> str:
        """Return a query, encoded unless it was given so."""
        return query_args if isinstance(query_args, str) else encode_query(query_args)

    def make_redirect_url(
        self,
        path_info: str,
        query_args: QueryArgs | None = None,
        domain_part: str | None = None,
    ) -> str:
        """Return the whole URL of a quoted path on our host, or on that of `domain_part`."""
        query = self.query_args if query_args is None else query_args
        path = "/".join((self.script_name.strip("/"), path_info.lstrip("/")))
        return quote_url(
            urlunsplit(
                (
                    self.url_scheme or "http",
                    self.get_host(domain_part),
                    path,
                    self.encode_query_args(query) if query else "",
                    "",
                )
            )
        )

    def make_alias_redirect_url(
        self,
        path: str,
        endpoint: Any,
        values: Mapping[str, Any],
        method: str,
        query_args: QueryArgs,
    ) -> str:
        """Return the whole URL of the endpoint's canonical rule."""
        url = self.build(endpoint, values, method, append_unknown=False, force_external=True)
        return quote_url(f"{url}?{self.encode_query_args(query_args)}" if query_args else url)

    def build(
        self,
        endpoint: Any,
        values: Mapping[str, Any] | None = None,
        method: str | None = None,
        force_external: bool = False,
        append_unknown: bool = True,
        url_scheme: str | None = None,
    ) -> str:
        """Build the URL of an endpoint: its path if it is on our host, else the whole of it.

        Args:
            values: for the variables; None counts as missing.
            method: one that the rule must answer.
            force_external: whether to build the whole URL in any case, as for WebSockets.
            append_unknown: whether values that are no variables become the query; lists, and
                all values of a MultiDict, as repeated parameters.
            url_scheme: in place of our own; "" for a URL that starts with `//`.
        Raises:
            BuildError: no rule of the endpoint can be built.
        """
        if self.map._remap:
            self.map.update()
        given = _plain_values(values) if values else {}
        built = self._build_path(endpoint, given, method, append_unknown)
        if built is None:
            raise BuildError(endpoint, given, method, self)
        domain_part, path, websocket = built
        scheme = _fit_scheme(self.url_scheme if url_scheme is None else url_scheme, websocket)
        path = path.lstrip("/")
        if not (force_external or websocket) and self._is_ours(domain_part):
            return f"{self.script_name.rstrip('/')}/{path}"
        colon = ":" if scheme else ""
        return f"{scheme}{colon}//{self.get_host(domain_part)}{self.script_name[:-1]}/{path}"

    def _is_ours(self, domain_part: str) -> bool:
        if self.map.host_matching:
            return self.get_host(domain_part) == self.server_name
        return domain_part == self.subdomain

    def _build_path(
        self, endpoint: Any, values: Mapping[str, Any], method: str | None, append_unknown: bool
    ) -> tuple[str, str, bool] | None:
        """The domain part, the path, and whether it is for WebSockets."""
        if method is None:
            built = self._build_for(endpoint, values, self.default_method, append_unknown)
            if built is not None:
                return built
        return self._build_for(endpoint, values, method, append_unknown)

    def _build_for(
        self, endpoint: Any, values: Mapping[str, Any], method: str | None, append_unknown: bool
    ) -> tuple[str, str, bool] | None:
        """The same by the first rule that can, but preferably one on our host."""
        elsewhere = None
        for rule in self.map._rules_by_endpoint.get(endpoint, ()):
            if not rule.suitable_for(values, method):
                continue
            built = rule.build(values, append_unknown)
            if built is None:
                continue
            if not self.map.host_matching or built[0] == self.server_name:
                return (*built, rule.websocket)
            elsewhere = elsewhere or (*built, rule.websocket)
        return elsewhere


def explain(miss: NoMatch) -> HTTPException:
    """The error that answers a request that no rule does."""
    if miss.have_match_for:
        return MethodNotAllowed(valid_methods=sorted(miss.have_match_for))
    return WebsocketMismatch() if miss.websocket_mismatch else NotFound()


def _plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` without those that are None; lists only where a MultiDict has several."""
    if isinstance(values, MultiDict):
        lists = ((name, found) for name, found in values.lists() if found)
        values = {name: found[0] if len(found) == 1 else found for name, found in lists}
    return {name: value for name, value in values.items() if value is not None}


def _fit_scheme(scheme: str, websocket: bool) -> str:
    """The scheme of the same security for the protocol."""
    is_secure = scheme in _SECURE_SCHEMES
    if websocket:
        return "wss" if is_secure else "ws"
    return ("https" if is_secure else "http") if scheme else ""
