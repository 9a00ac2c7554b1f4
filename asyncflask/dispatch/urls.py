"""URLs as the app builds them: in a request, and outside of one where SERVER_NAME is set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..ctx import current
from ..exceptions import HTTPException
from ..routing import BuildError
from ..setup.application import Application

if TYPE_CHECKING:
    from ..ctx import Connection
    from ..routing import MapAdapter

# SPEC: RFC 3986 section 3.5, less what quote() leaves alone anyway.
_SAFE_IN_ANCHOR = "%!#$&'()*+,/:;=?@"


class URLMethods(Application):
    """The methods of an app that know addresses."""

    def create_url_adapter(self, request: Connection | None) -> MapAdapter | None:
        """What matches and builds URLs in a request, or outside of one where SERVER_NAME is set.

        Raises:
            SecurityError: the request's Host header is not valid, or not trusted.
        """
        server_name = self.config["SERVER_NAME"]
        if request is not None:
            subdomain = None
            if self.url_map.host_matching:
                server_name = None
            elif not self.subdomain_matching:
                subdomain = self.url_map.default_subdomain or ""
            # Asked for first: it raises where the host is not valid, or not trusted.
            _ = request.host
            return self.url_map.bind_to_scope(request.scope, server_name, subdomain)
        if server_name is None:
            return None
        return self.url_map.bind(
            server_name,
            script_name=self.config["APPLICATION_ROOT"],
            url_scheme=self.config["PREFERRED_URL_SCHEME"],
        )

    def url_for(
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,
    ) -> str:
        """The URL of an endpoint; values that its rule does not know become query arguments.

        Args:
            endpoint: one that begins with a dot is relative to the current blueprint.
        Raises:
            BuildError: no rule fits, and no build-error handler gave a URL.
            RuntimeError: outside of a request, and SERVER_NAME is not set.
            ValueError: `_scheme` was given with `_external=False`.
        """
        adapter, endpoint, in_request = self._adapter_for(endpoint)
        if _external is None:
            _external = _scheme is not None if in_request else True
        if _scheme is not None and not _external:
            raise ValueError(
                "When specifying '_scheme', '_external' must be True. Leave out _external=False, or"
                f" _scheme={_scheme!r}."
            )
        self.inject_url_defaults(endpoint, values)
        try:
            url = adapter.build(
                endpoint, values, method=_method, url_scheme=_scheme, force_external=_external
            )
        except BuildError as error:
            values.update(_anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external)
            return self.handle_url_build_error(error, endpoint, values)
        if _anchor is None:
            return url
        return f"{url}#{quote(_anchor, safe=_SAFE_IN_ANCHOR)}"

    def _adapter_for(self, endpoint: str) -> tuple[MapAdapter, str, bool]:
        """The adapter to build with, the full endpoint, and whether a client asks for it."""
        ctx = current()
        if ctx is not None and ctx.connection is not None:
            if endpoint.startswith("."):
                blueprint = ctx.connection.blueprint
                endpoint = endpoint[1:] if blueprint is None else blueprint + endpoint
            try:
                adapter = ctx.url_adapter
            except HTTPException:
                adapter = self._adapter_without_host(ctx.connection)
        else:
            adapter = self.create_url_adapter(None) if ctx is None else ctx.url_adapter
        if adapter is None:
            raise RuntimeError(
                f"The URL of {endpoint!r} cannot be built: Unable to build URLs outside an active"
                " request without 'SERVER_NAME' configured. Also configure 'APPLICATION_ROOT' and"
                " 'PREFERRED_URL_SCHEME' as needed."
            )
        return adapter, endpoint, ctx is not None and ctx.connection is not None

    def _adapter_without_host(self, request: Connection) -> MapAdapter:
        """The adapter of a request whose Host is refused: the page that says so may have links."""
        return self.url_map.bind(
            self.config["SERVER_NAME"] or "localhost",
            script_name=request.root_path or "/",
            url_scheme=request.scheme,
        )
