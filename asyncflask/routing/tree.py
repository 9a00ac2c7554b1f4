"""The tree that a path is walked down to find its rule. Knows steps and methods, not values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from .steps import Dynamic, compile_check, find_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from .rules import Rule


class Ending(Enum):
    """What a walk may end in, other than a rule."""

    NEEDS_SLASH = auto()


NEEDS_SLASH: Final = Ending.NEEDS_SLASH

# What a walk finds: a rule, and the texts of its variables.
Found = tuple["Rule | Ending | None", tuple[str, ...]]


class Answers(dict[str, "Rule | Ending | None"]):
    """What a path that ends at a node finds, by method; `otherwise` for methods not listed."""

    __slots__ = ("otherwise",)

    def __init__(
        self, found: Mapping[str, Rule | Ending | None], otherwise: Rule | Ending | None
    ) -> None:
        super().__init__(found)
        self.otherwise = otherwise

    def __missing__(self, method: str) -> Rule | Ending | None:
        return self.otherwise


class Node:
    """A place between two slashes; `edges` lead on where no static segment does."""

    __slots__ = ("answers", "edges", "rules", "static")

    def __init__(self) -> None:
        self.static: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.rules: list[Rule] = []
        # For HTTP at False, for WebSockets at True.
        self.answers = (Answers({}, None), Answers({}, None))


@dataclass(slots=True)
class Edge:
    """A way to `node` for all segments (or rests of a path) that `fits` finds true."""

    fits: Callable[[str], Any]
    groups: tuple[int, ...] | None
    node: Node
    is_final: bool = False
    is_suffixed: bool = False
    step: Dynamic | None = None


@dataclass(slots=True)
class Miss:
    """Why no rule answers: those of the path want another method, or another protocol."""

    method: str
    websocket: bool
    allowed: set[str] = field(default_factory=set)
    is_websocket_mismatch: bool = False

    def note(self, rules: Iterable[Rule]) -> None:
        """Take up what those of `rules` that come before the one that answers would answer."""
        for rule in rules:
            if rule.methods is not None and self.method not in rule.methods:
                self.allowed |= rule.methods
            elif rule.websocket != self.websocket:
                self.is_websocket_mismatch = True
            else:
                return


def plant(rules: Iterable[Rule]) -> Node:
    """Grow the tree of `rules`, whose order decides between equals. Returns the root."""
    root = Node()
    for rule in rules:
        if not rule.build_only:
            _add(root, rule)
    _settle(root)
    return root


def _add(root: Node, rule: Rule) -> None:
    node = root
    for depth, step in enumerate(rule._steps):
        if isinstance(step, str):
            node = node.static.setdefault(step, Node())
        else:
            node = _follow(node, step, in_path=depth > 0)
    node.rules.append(rule)


def _follow(node: Node, step: Dynamic, *, in_path: bool) -> Node:
    for edge in node.edges:
        if edge.step == step:
            return edge.node
    edge = Edge(
        fits=compile_check(step, in_path=in_path),
        groups=find_groups(step),
        node=Node(),
        is_final=step.is_final,
        is_suffixed=step.is_suffixed,
        step=step,
    )
    node.edges.append(edge)
    return edge.node


def _settle(node: Node) -> None:
    """Sort the edges and work out the answers, of `node` and of all nodes under it."""
    for child in (*node.static.values(), *(edge.node for edge in node.edges)):
        _settle(child)
    node.edges.sort(key=_weight)
    node.answers = (_answers_of(node, websocket=False), _answers_of(node, websocket=True))
    lenient = [rule for rule in node.rules if not rule.strict_slashes]
    if lenient:
        node.edges.append(_slash_edge(lenient))


def _weight(edge: Edge) -> Any:
    return edge.step.weight if edge.step is not None else ()


def _slash_edge(rules: list[Rule]) -> Edge:
    """The way over a slash too many, tried when all others fail."""
    node = Node()
    node.rules = rules
    node.answers = (_answers_of(node, websocket=False), _answers_of(node, websocket=True))
    return Edge(fits=re.compile("").fullmatch, groups=(0, 0), node=node)


def _answers_of(node: Node, *, websocket: bool) -> Answers:
    slashed = node.static[""].rules if "" in node.static else []
    own = [rule for rule in node.rules if rule.websocket == websocket]
    others = [rule for rule in slashed if rule.websocket == websocket]
    methods = {method for rule in own + others for method in rule.methods or ()}
    found = {method: _answer(own, others, method) for method in methods}
    return Answers(found, _answer(own, others, None))


def _answer(own: list[Rule], slashed: list[Rule], method: str | None) -> Rule | Ending | None:
    """The first rule for `method`, if need be one a slash away; None is any unlisted method."""
    for rule in own:
        if rule.methods is None or method in rule.methods:
            return rule
    for rule in slashed:
        if rule.methods is None or method in rule.methods:
            return NEEDS_SLASH if rule.strict_slashes else rule
    return None


def walk(
    root: Node,
    parts: Sequence[str],
    method: str,
    websocket: bool,
    miss: Miss | None = None,
) -> Found:
    """Find the rule for a domain and a path, by the static ways first, then by weight.

    Args:
        parts: the domain, and the path split at its slashes.
        miss: takes up the rules of the path that do not answer the method or protocol.
    Returns:
        (None, ()) if no rule matches. With NEEDS_SLASH, a rule would with a slash at the end.
    """
    last = len(parts)
    # Where to go on when a way fails, the latest first; edges is None at a node not yet entered.
    # PERF: one loop in place of recursion saves a call for each segment.
    ways: list[tuple[Node, int, tuple[str, ...], Iterator[Edge] | None]] = [(root, 0, (), None)]
    while ways:
        node, index, values, edges = ways.pop()
        if edges is None:
            while index < last and (child := node.static.get(parts[index])) is not None:
                if node.edges:
                    ways.append((node, index, values, iter(node.edges)))
                node = child
                index += 1
            if index == last:
                if miss is not None:
                    miss.note(node.rules)
                answer = node.answers[websocket][method]
                if answer is not None:
                    return answer, values
                continue
            edges = iter(node.edges)
        for edge in edges:
            target = "/".join(parts[index:]) if edge.is_final else parts[index]
            found = edge.fits(target)
            if found:
                # The slash that a suffixed edge leaves is the last part, an empty one.
                after = last - (edge.is_suffixed and target.endswith("/"))
                texts = (target,) if edge.groups is None else found.group(*edge.groups)[2:]
                ways.append((node, index, values, edges))
                ways.append(
                    (edge.node, after if edge.is_final else index + 1, values + texts, None)
                )
                break
    return None, ()
