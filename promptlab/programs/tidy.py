"""Where the boxes of a program stand on its canvas while nobody moved them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from optimizer.core.programs.program import Program
from promptlab.programs.outline import edges_of, given_by, nodes_of, ports_of
from promptlab.ui.graph import Edge, Node, layout

FOLD_FROM = 4
"""So many inputs that go the same way are one port, as pipeline-graph-model.js folds them."""
EYE_LEVEL, MOST_DOWN = 620, 160
"""Pixels: a small program stands where one looks first."""

Ways = Mapping[tuple[str, str], Hashable]
"""By box and port, where its wires go; nothing for a port that is shown by itself."""


def tidy(core: Program) -> dict[str, list[float]]:
    """By box, left and top in pixels: columns by the longest way to each, level wires."""
    gives = {c.name: given_by(m) for c in core.calls for m in core.modules if m.name == c.module}
    nodes, edges = nodes_of(core), edges_of(core)
    nodes = [
        replace(node, outputs=ports_of(gives[node.id])) if node.id in gives else node
        for node in nodes
    ]
    into, out = _ways(nodes, edges)
    shown = {n.id: (_shown(n.id, n.inputs, into), _shown(n.id, n.outputs, out)) for n in nodes}
    folded = [
        replace(node, inputs=_ports(node.inputs, inputs), outputs=_ports(node.outputs, outputs))
        for node, (inputs, outputs) in ((node, shown[node.id]) for node in nodes)
    ]
    there = [edge for edge in edges if edge.source in shown and edge.target in shown]
    moved = (
        replace(
            edge,
            output=shown[edge.source][1].get(edge.output, ""),
            input=shown[edge.target][0].get(edge.input, ""),
        )
        for edge in there
    )
    drawing = layout(folded, list(dict.fromkeys(moved)))
    down = min(max((EYE_LEVEL - drawing.height) // 3, 0), MOST_DOWN)
    ends = {"output": "@output"}
    return {ends.get(b.node.kind, b.node.id): [b.x, b.y + down] for b in drawing.boxes}


def _ways(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[Ways, Ways]:
    """Of inputs and of outputs."""
    ends = {node.id for node in nodes if node.kind == "output"}
    many = Counter((edge.source, edge.target) for edge in edges if edge.target not in ends)
    folds = {way for way, n in many.items() if n >= FOLD_FROM}
    into = {(e.target, e.input): e.source for e in edges if (e.source, e.target) in folds}
    led: dict[tuple[str, str], set[str]] = defaultdict(set)
    for edge in edges:
        way = (edge.source, edge.target)
        led[edge.source, edge.output].add(edge.target if way in folds else "")
    return into, {port: frozenset(to) for port, to in led.items() if "" not in to}


def _shown(box: str, ports: Sequence[tuple[str, str]], ways: Ways) -> dict[str, str]:
    """By port, the one that is drawn for it."""
    way_of = {name: ways.get((box, name)) for name, _type in ports}
    many = Counter(way_of.values())
    first = {way: name for name, way in reversed(way_of.items())}
    return {
        name: first[way] if way is not None and many[way] >= FOLD_FROM else name
        for name, way in way_of.items()
    }


def _ports(
    ports: Sequence[tuple[str, str]], shown: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    drawn = set(shown.values())
    return tuple((name, type_) for name, type_ in ports if name in drawn)
