"""Rules: what a user says of a route, compiled for the tree and for URLs when a map binds it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .building import compile_template
from .converters import ValidationError, reader_of
from .parsing import Variable, parse_converter_args, parse_rule
from .quoting import encode_query
from .redirects import check_redirect_template
from .steps import compile_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .building import Template
    from .converters import BaseConverter
    from .map import Map
    from .parsing import Piece
    from .steps import Step

_WEBSOCKET_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class RuleFactory:
    """Anything that gives rules to a map; a rule is its own factory."""

    def get_rules(self, map: Map) -> Iterable[Rule]:
        """Return unbound rules for `map`."""
        raise NotImplementedError(f"{type(self).__name__} has to define get_rules().")


class Rule(RuleFactory):
    """A pattern for URLs, and the endpoint it leads to.

    Args:
        string: the path, such as `/user/<int:id>`. Where it ends in a slash, a request without
            the slash is redirected.
        defaults: values for variables that this rule does not have, but others of its endpoint.
        subdomain: the rule of the subdomain; None for the map's default.
        methods: the HTTP methods; HEAD comes with GET. None for all.
        build_only: never matches, only builds URLs.
        endpoint: what the match returns and `build` is asked for; usually a str.
        strict_slashes: whether the slash at the end counts; None for the map's setting.
        merge_slashes: whether repeated slashes count as one; None for the map's setting.
        redirect_to: where matching requests are sent: a path, in which `<name>` stands for a
            value, or a function of the adapter and the values.
        alias: another rule of the endpoint is the canonical one; requests are redirected to it.
        host: the rule of the host, for maps with `host_matching`.
        websocket: matches WebSockets (and only these).
    """

    # Set by Flask's `add_url_rule`: whether OPTIONS is answered without a view.
    provide_automatic_options: bool | None = None
    stream_body: bool = False
    max_content_length: Any = ...
    timeout: Any = ...
    cancel_on_disconnect: bool = False

    # Set by `add_websocket`: the origins whose pages may connect; `...` where the app decides.
    origins: Any = ...

    def __init__(
        self,
        string: str,
        defaults: Mapping[str, Any] | None = None,
        subdomain: str | None = None,
        methods: Iterable[str] | None = None,
        build_only: bool = False,
        endpoint: Any = None,
        strict_slashes: bool | None = None,
        merge_slashes: bool | None = None,
        redirect_to: str | Callable[..., str] | None = None,
        alias: bool = False,
        host: str | None = None,
        websocket: bool = False,
    ) -> None:
        if not string.startswith("/"):
            raise ValueError(
                f"URL rule {string!r} must start with a slash. Write {f'/{string}'!r}."
            )
        self.rule = string
        self.is_leaf = not string.endswith("/")
        self.is_branch = not self.is_leaf
        self.map: Map | None = None
        self.strict_slashes = strict_slashes
        self.merge_slashes = merge_slashes
        self.subdomain = subdomain
        self.host = host
        self.defaults = defaults
        self.build_only = build_only
        self.alias = alias
        self.websocket = websocket
        self.methods = _check_methods(methods, websocket=websocket)
        self.endpoint = endpoint
        self.redirect_to = redirect_to
        self.arguments: set[str] = set(defaults or ())
        self._required: set[str] = set()
        self._pieces: tuple[list[Piece], list[Piece]] = ([], [])
        self._converters: dict[str, BaseConverter] = {}
        self._readers: list[tuple[str, Callable[[str], Any]]] = []
        self._steps: list[Step] = []
        self._templates: tuple[Template, Template] | None = None
        # The endpoint's rules that take over a request for their own defaults; set by the map.
        self._rivals: tuple[Rule, ...] = ()
        # Whether its variables are all there is to it: no defaults, rivals or redirect.
        self._is_direct = False

    def empty(self) -> Rule:
        """Return an unbound copy, for use in another map."""
        return type(self)(self.rule, **self.get_empty_kwargs())

    def get_empty_kwargs(self) -> dict[str, Any]:
        """Return what `empty` passes to the constructor; override it with your own parameters."""
        return {
            "defaults": dict(self.defaults) if self.defaults else None,
            "subdomain": self.subdomain,
            "methods": self.methods,
            "build_only": self.build_only,
            "endpoint": self.endpoint,
            "strict_slashes": self.strict_slashes,
            "merge_slashes": self.merge_slashes,
            "redirect_to": self.redirect_to,
            "alias": self.alias,
            "host": self.host,
            "websocket": self.websocket,
        }

    def get_rules(self, map: Map) -> Iterator[Rule]:
        """Yield this rule."""
        yield self

    def refresh(self) -> None:
        """Compile anew, after an attribute was changed. Follow it with `map.update()`."""
        if self.map is not None:
            self.bind(self.map, rebind=True)

    def bind(self, map: Map, rebind: bool = False) -> None:
        """Take what was left open from `map`, and compile.

        Raises:
            RuntimeError: the rule is bound to a map and `rebind` is False.
            ValueError: the rule is malformed.
            LookupError: it names a converter that the map does not have.
        """
        if self.map is not None and not rebind:
            raise RuntimeError(
                f"URL rule {self!r} is already bound to {self.map!r}."
                " Add a copy instead: rule.empty()."
            )
        self.map = map
        if self.strict_slashes is None:
            self.strict_slashes = map.strict_slashes
        if self.merge_slashes is None:
            self.merge_slashes = map.merge_slashes
        if self.subdomain is None:
            self.subdomain = map.default_subdomain
        self.compile()

    def compile(self) -> None:
        """Compile for matching and building. Called by `bind`."""
        self._pieces = self._parse()
        self._converters = self._make_converters()
        if isinstance(self.redirect_to, str):
            check_redirect_template(self.redirect_to, self._converters, self.rule)
        self._required = self.arguments - set(self.defaults or ())
        self._readers = [(name, reader_of(used)) for name, used in self._converters.items()]
        self._steps = [
            step for part in self._pieces for step in compile_steps(part, self._converters)
        ]
        domain, path = self._pieces
        defaults = self.defaults or {}
        self._templates = (
            compile_template(domain, self._converters, defaults),
            compile_template(path, self._converters, defaults),
        )

    def _parse(self) -> tuple[list[Piece], list[Piece]]:
        assert self.map is not None
        domain = self.host if self.map.host_matching else self.subdomain
        path = self.rule.replace("//", "/") if self.merge_slashes else self.rule
        return parse_rule(domain or ""), parse_rule(path)

    def _make_converters(self) -> dict[str, BaseConverter]:
        converters: dict[str, BaseConverter] = {}
        domain, path = self._pieces
        for piece in (*domain, *path):
            if not isinstance(piece, Variable):
                continue
            if piece.name in converters:
                raise ValueError(
                    f"URL rule {self.rule!r} uses the variable {piece.name!r} twice. Rename one."
                )
            args, kwargs = parse_converter_args(piece.arguments)
            converters[piece.name] = self.get_converter(piece.name, piece.converter, args, kwargs)
        self.arguments |= converters.keys()
        return converters

    def get_converter(
        self,
        variable_name: str,
        converter_name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> BaseConverter:
        """Make the converter of a variable.

        Raises:
            LookupError: the map has no such converter.
        """
        assert self.map is not None
        if converter_name not in self.map.converters:
            raise LookupError(
                f"The converter {converter_name!r} of {self.rule!r} does not exist. Add it to the"
                " map's converters (app.url_map.converters) before the rule."
            )
        return self.map.converters[converter_name](self.map, *args, **kwargs)

    @property
    def _trace(self) -> list[tuple[bool, str]]:
        """The rule in pieces, the domain's first: whether each is a variable; its text or name."""
        # COMPAT: extensions that describe an API, as flask-smorest, read Werkzeug's private list.
        if self.map is None:
            return []
        domain, path = self._pieces
        return [pair for piece in (*domain, "|", *path) for pair in _trace_piece(piece)]

    def read(self, texts: tuple[str, ...]) -> dict[str, Any]:
        """Convert the texts of the variables, and add the defaults.

        Raises:
            ValidationError: a converter refuses its text.
        """
        named = zip(self._converters.items(), texts, strict=False)
        args = {name: converter.to_python(text) for (name, converter), text in named}
        args.update(self.defaults or {})
        return args

    def build(
        self, values: Mapping[str, Any], append_unknown: bool = True
    ) -> tuple[str, str] | None:
        """Return the host's or subdomain's name and the path with its query.

        Args:
            append_unknown: whether values that are no arguments of the rule go to the query.
        Returns:
            None if a converter refuses a value.
        """
        assert self._templates is not None
        domain, path = self._templates
        try:
            host, url = domain.fill(values), path.fill(values)
        except ValidationError:
            return None
        if not append_unknown or values.keys() <= self.arguments:
            return host, url
        query = self._build_query(values)
        return host, f"{url}?{query}" if query else url

    def _build_query(self, values: Mapping[str, Any]) -> str:
        assert self.map is not None
        unknown = {name: value for name, value in values.items() if name not in self.arguments}
        return encode_query(unknown, sort=self.map.sort_parameters, key=self.map.sort_key)

    def provides_defaults_for(self, rule: Rule) -> bool:
        """Whether this rule is the shorter form of `rule` for certain values."""
        if self.build_only or not self.defaults:
            return False
        same = self.endpoint == rule.endpoint and self.arguments == rule.arguments
        return same and self != rule

    def suitable_for(self, values: Mapping[str, Any], method: str | None = None) -> bool:
        """Whether a URL can be built from `values`, and answers `method`."""
        if method is not None and self.methods is not None and method not in self.methods:
            return False
        if not self._required <= values.keys():
            return False
        if not self.defaults:
            return True
        return all(values.get(name, value) == value for name, value in self.defaults.items())

    def build_compare_key(self) -> tuple[int, int, int]:
        """The order in which rules are tried for building: with more arguments first."""
        return (1 if self.alias else 0, -len(self.arguments), -len(self.defaults or ()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._pieces == other._pieces

    __hash__ = None  # type: ignore[assignment]  # COMPAT: rules are mutable, as in Werkzeug

    def __str__(self) -> str:
        return self.rule

    def __repr__(self) -> str:
        if self.map is None:
            return f"<{type(self).__name__} (unbound)>"
        domain, path = ("".join(map(_show, part)) for part in self._pieces)
        shown = f"{domain}|{path}" if domain else path
        methods = "" if self.methods is None else f" ({', '.join(sorted(self.methods))})"
        return f"<{type(self).__name__} {shown!r}{methods} -> {self.endpoint}>"


def _show(piece: Piece) -> str:
    return f"<{piece.name}>" if isinstance(piece, Variable) else piece


def _trace_piece(piece: Piece) -> list[tuple[bool, str]]:
    if isinstance(piece, Variable):
        return [(True, piece.name)]
    return [(False, text) for text in re.findall("/|[^/]+", piece)]


def _check_methods(methods: Iterable[str] | None, *, websocket: bool) -> set[str] | None:
    if methods is None:
        return None
    if isinstance(methods, str):
        raise TypeError(f"'methods' should be a list of strings: write [{methods!r}].")
    checked = {method.upper() for method in methods}
    if "GET" in checked:
        checked.add("HEAD")
    if websocket and checked - _WEBSOCKET_METHODS:
        raise ValueError(
            "WebSocket rules can only use 'GET', 'HEAD', and 'OPTIONS' methods."
            f" Leave out {sorted(checked - _WEBSOCKET_METHODS)}."
        )
    return checked
