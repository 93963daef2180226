"""Where the boxes of a program stand on its canvas while nobody moved them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from optimizer.core.programs.program import Program
from promptlab.programs.groups import Group, folded
from promptlab.programs.outline import edges_of, given_by, nodes_of, ports_of
from promptlab.ui.graph import Edge, Node, layout

FOLD_FROM = 4
"""So many ports that go the same way are drawn as one."""
EYE_LEVEL, MOST_DOWN = 620, 160
"""Pixels: a small program stands where one looks first."""

Ways = Mapping[tuple[str, str], Hashable]
"""By box and port, where its wires go; nothing for a port that is shown by itself."""


def tidy(core: Program, groups: Sequence[Group] = ()) -> dict[str, list[float]]:
    """By box, left and top in pixels: columns by the longest way to each, level wires. Of `groups`
    there is a box each, and none of their steps.
    """
    nodes, edges = folded(groups, *_drawn(core))
    into, out = _ways(nodes, edges)
    shown = {n.id: (_shown(n.id, n.inputs, into), _shown(n.id, n.outputs, out)) for n in nodes}
    seen = [
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
    drawing = layout(seen, list(dict.fromkeys(moved)))
    down = min(max((EYE_LEVEL - drawing.height) // 3, 0), MOST_DOWN)
    ends = {"output": "@output"}
    return {ends.get(b.node.kind, b.node.id): [b.x, b.y + down] for b in drawing.boxes}


def unfolded(core: Program, groups: Sequence[Group]) -> dict[str, list[float]]:
    """Where boxes stand when all groups are open; that of a group is where its steps begin."""
    stand = tidy(core)
    corners = {
        group.box: [min(stand[call][side] for call in group.calls) for side in (0, 1)]
        for group in groups
    }
    return stand | corners


def folds(core: Program) -> dict[str, str]:
    """By port and side (`doctor.age/in`), the one port that is drawn for it and others that go the
    same way.
    """
    nodes, edges = _drawn(core)
    into, out = _ways(nodes, edges)
    found: dict[str, str] = {}
    for node in nodes:
        for side, ports, ways in (("in", node.inputs, into), ("out", node.outputs, out)):
            shown = _shown(node.id, ports, ways)
            many = Counter(shown.values())
            found |= {
                f"{node.id}.{port}/{side}": f"{node.id}.{first}/{side}"
                for port, first in shown.items()
                if many[first] >= FOLD_FROM
            }
    return found


def _drawn(core: Program) -> tuple[list[Node], list[Edge]]:
    """Boxes with all that can be taken of them, and wires."""
    gives = {c.name: given_by(m) for c in core.calls for m in core.modules if m.name == c.module}
    nodes = [
        replace(node, outputs=ports_of(gives[node.id])) if node.id in gives else node
        for node in nodes_of(core)
    ]
    return nodes, edges_of(core)


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
