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


class Lost(Enum):
    """What is found for a path that no rule has, whatever the method."""

    NOWHERE = auto()


NEEDS_SLASH: Final = Ending.NEEDS_SLASH
NOWHERE: Final = Lost.NOWHERE

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

    __slots__ = ("answers", "edges", "rules", "sole", "static")

    def __init__(self) -> None:
        self.static: dict[str, Node] = {}
        self.edges: list[Edge] = []
        # The only edge, where it goes over one segment that is the variable's text.
        self.sole: Edge | None = None
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
    """A request that no rule answers, and the nodes that its path ends at."""

    method: str
    websocket: bool
    passed: list[Node] = field(default_factory=list)

    def explain(self) -> tuple[set[str], bool]:
        """What the path's rules want instead: the methods, and whether one wants a WebSocket.

        For a WebSocket, whether one wants a request.
        """
        allowed: set[str] = set()
        is_mismatch = False
        for node in self.passed:
            # Those that come before the one that answers, if one does.
            for rule in node.rules:
                if rule.methods is not None and self.method not in rule.methods:
                    allowed |= rule.methods
                elif rule.websocket != self.websocket:
                    is_mismatch = True
                else:
                    break
        return allowed, is_mismatch


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
    first = node.edges[0] if len(node.edges) == 1 else None
    if first is not None and first.groups is None and not first.is_final:
        node.sole = first


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
    passed: list[Node],
) -> Found:
    """Find the rule for a domain and a path, by the static ways first, then by weight.

    Args:
        parts: the domain, and the path split at its slashes.
        passed: takes up the nodes with rules that the path ends at, until one answers.
    Returns:
        (None, ()) if no rule matches. With NEEDS_SLASH, a rule would with a slash at the end.
    """
    last = len(parts)
    # The edges that are left to try when a way fails, the latest first.
    # PERF: one loop in place of recursion saves a call for each segment.
    ways: list[tuple[Iterator[Edge], int, tuple[str, ...]]] = []
    node, index = root, 0
    values: tuple[str, ...] = ()
    while True:
        while index < last and (child := node.static.get(parts[index])) is not None:
            if node.edges:
                ways.append((iter(node.edges), index, values))
            node = child
            index += 1
        if index == last:
            if node.rules:
                passed.append(node)
            answer = node.answers[websocket][method]
            if answer is not None:
                return answer, values
        elif node.sole is not None and node.sole.fits(parts[index]):
            # PERF: where there is no choice, nothing is kept to come back to: 0.2 µs less.
            values += (parts[index],)
            node = node.sole.node
            index += 1
            continue
        elif node.edges:
            ways.append((iter(node.edges), index, values))
        found = _take_way(ways, parts)
        if found is None:
            return None, ()
        node, index, values = found


def _take_way(
    ways: list[tuple[Iterator[Edge], int, tuple[str, ...]]], parts: Sequence[str]
) -> tuple[Node, int, tuple[str, ...]] | None:
    """Follow the next edge that fits: where it leads to, the next part, the texts so far."""
    while ways:
        edges, index, values = ways[-1]
        for edge in edges:
            target = "/".join(parts[index:]) if edge.is_final else parts[index]
            found = edge.fits(target)
            if found:
                texts = (target,) if edge.groups is None else found.group(*edge.groups)[2:]
                # The slash that a suffixed edge leaves is the last part, an empty one.
                is_left = edge.is_suffixed and target.endswith("/")
                after = len(parts) - is_left if edge.is_final else index + 1
                return edge.node, after, values + texts
        ways.pop()
    return None
