"""What matching and building raise.

RoutingException
├── RequestRedirect         (an HTTPException: it answers with a redirect)
├── RequestPath             (within routing: the path is to be corrected)
├── RequestAliasRedirect    (within routing: another rule is the canonical one)
└── BuildError              (a LookupError)
NoMatch                     (within routing: becomes a 404, 405 or WebsocketMismatch)
WebsocketMismatch           (a BadRequest)
"""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..exceptions import BadRequest, HTTPException
from ..wrappers.redirects import redirect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .adapter import MapAdapter
    from .rules import Rule


class RoutingException(Exception):
    """The base of the exceptions with which routing asks for something else than a view."""


class RequestRedirect(HTTPException, RoutingException):
    """The request is to be repeated, unchanged, at `new_url`, which is a whole URL."""

    code = 308

    def __init__(self, new_url: str) -> None:
        super().__init__(new_url)
        self.new_url = new_url

    def get_response(self, environ: Any = None, scope: Mapping[str, Any] | None = None) -> Any:
        """Return the redirect."""
        return redirect(self.new_url, self.code)


class RequestPath(RoutingException):
    """The path is to be corrected to `path_info`, which is not quoted."""

    def __init__(self, path_info: str) -> None:
        super().__init__(path_info)
        self.path_info = path_info


class RequestAliasRedirect(RoutingException):
    """An alias has matched: redirect to the canonical rule of the endpoint."""

    def __init__(self, matched_values: Mapping[str, Any], endpoint: Any) -> None:
        super().__init__()
        self.matched_values = matched_values
        self.endpoint = endpoint


class NoMatch(Exception):
    """No rule answers; `have_match_for` has the methods that the path's rules do answer."""

    def __init__(self, have_match_for: set[str], websocket_mismatch: bool) -> None:
        super().__init__()
        self.have_match_for = have_match_for
        self.websocket_mismatch = websocket_mismatch


class WebsocketMismatch(BadRequest):
    """The only rules that match are for WebSockets and the request is none, or the reverse."""


class BuildError(RoutingException, LookupError):
    """No URL can be built for the endpoint with these values."""

    def __init__(
        self,
        endpoint: Any,
        values: Mapping[str, Any],
        method: str | None,
        adapter: MapAdapter | None = None,
    ) -> None:
        super().__init__(endpoint, values, method)
        self.endpoint = endpoint
        self.values = values
        self.method = method
        self.adapter = adapter

    @cached_property
    def suggested(self) -> Rule | None:
        """The rule that was probably meant."""
        return self.closest_rule(self.adapter)

    def closest_rule(self, adapter: MapAdapter | None) -> Rule | None:
        """The rule with the most similar endpoint; arguments and methods decide between equals."""
        if adapter is None:
            return None
        return max(adapter.map.iter_rules(), key=self._closeness, default=None)

    def _closeness(self, rule: Rule) -> tuple[float, int]:
        ratio = SequenceMatcher(None, str(rule.endpoint), str(self.endpoint)).ratio()
        has_values = set(self.values or ()) <= rule.arguments
        has_method = bool(rule.methods and self.method in rule.methods)
        return ratio, has_values + has_method

    def __str__(self) -> str:
        message = f"Could not build url for endpoint {self.endpoint!r}"
        if self.method:
            message += f" ({self.method!r})"
        if self.values:
            message += f" with values {sorted(self.values)!r}"
        return f"{message}.{self._advice()}"

    def _advice(self) -> str:
        rule = self.suggested
        if rule is None:
            return ""
        if rule.endpoint != self.endpoint:
            return f" Did you mean {rule.endpoint!r} instead?"
        return self._advice_on_methods(rule) + self._advice_on_values(rule)

    def _advice_on_methods(self, rule: Rule) -> str:
        if not self.method or rule.methods is None or self.method in rule.methods:
            return ""
        return f" Did you mean to use methods {sorted(rule.methods)!r}?"

    def _advice_on_values(self, rule: Rule) -> str:
        missing = rule.arguments - set(rule.defaults or ()) - set(self.values or ())
        return f" Did you forget to specify values {sorted(missing)!r}?" if missing else ""
