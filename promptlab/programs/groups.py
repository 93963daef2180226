"""Steps that belong together, drawn as one box until it is opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from django.utils.translation import ngettext

from optimizer.core.programs.calls import Call, owner_of
from optimizer.core.programs.program import Module, Program
from promptlab.programs.wires import in_order
from promptlab.ui.graph import Edge, Node

MARK = ":"
"""The box of a group is called like the first of its calls, with this before it."""
WHEN, CONDITION = "@when", "when"
"""The port at which a call is told whether it is made, on the canvas and in drawings."""


@dataclass(frozen=True)
class Group:
    """Some calls of a program. `box` is what its box is called. `takes`: ports
    (`classify.message`) that are given something from elsewhere, or nothing yet; those of one
    source are one port. `gives`: ports of which something elsewhere takes, and of steps of which
    nothing does.
    """

    name: str
    box: str
    calls: tuple[str, ...]
    takes: tuple[tuple[str, ...], ...]
    gives: tuple[str, ...]

    @property
    def told(self) -> str:
        return ngettext("%d step", "%d steps", len(self.calls)) % len(self.calls)


def groups_of(core: Program) -> list[Group]:
    """The groups in the order of their first steps."""
    members: dict[str, list[Call]] = defaultdict(list)
    for call in in_order(core):
        if call.group:
            members[call.group].append(call)
    modules = {module.name: module for module in core.modules}
    return [_group(core, name, calls, modules) for name, calls in members.items()]


def _group(core: Program, name: str, calls: Sequence[Call], modules: Mapping[str, Module]) -> Group:
    own = {call.name for call in calls}
    taken: dict[str, list[str]] = defaultdict(list)
    for port, source in _inputs(calls, modules):
        if owner_of(source) not in own:
            taken[source or port].append(port)
    inside = {s for call in calls for s in call.sources}
    outside = {s for call in core.calls if call.name not in own for s in call.sources}
    outside |= set(core.outputs.values())
    first = next(call.name for call in core.calls if call.name in own)
    return Group(
        name,
        f"{MARK}{first}",
        tuple(call.name for call in calls),
        tuple(map(tuple, taken.values())),
        tuple(_given(calls, modules, inside, outside)),
    )


def _inputs(calls: Sequence[Call], modules: Mapping[str, Module]) -> Iterator[tuple[str, str]]:
    """Ports that are no constants, and their sources."""
    for call in calls:
        module = modules.get(call.module)
        for field in module.signature.inputs if module else ():
            source = call.inputs.get(field.name, "")
            if source or field.name not in call.constants:
                yield f"{call.name}.{field.name}", source
        if call.when:
            yield f"{call.name}.{WHEN}", call.when.source


def _given(
    calls: Sequence[Call], modules: Mapping[str, Module],
    inside: Collection[str], outside: Collection[str],
) -> Iterator[str]:  # fmt: skip
    for call in calls:
        module = modules.get(call.module)
        if module is None:
            continue
        used = any(owner_of(source) == call.name for source in inside)
        wanted = {field.name for field in module.signature.outputs} if not used else set()
        for field in module.gives:
            port = f"{call.name}.{field.name}"
            if port in outside or field.name in wanted:
                yield port


def folded(
    groups: Sequence[Group], nodes: Sequence[Node], edges: Sequence[Edge], url: str = ""
) -> tuple[list[Node], list[Edge]]:
    """The drawing with a box for each group in the place of its steps; `url` and the group's name
    lead to where it is opened.
    """
    box_of = {call: group.box for group in groups for call in group.calls}
    by_id = {node.id: node for node in nodes}
    boxes = {group.box: _box(group, by_id, url) for group in groups}
    shown = [boxes.get(box_of.get(node.id, ""), node) for node in nodes]
    first = {port: ports[0] for group in groups for ports in group.takes for port in ports}

    def moved(edge: Edge) -> Edge:
        out, into = f"{edge.source}.{edge.output}", f"{edge.target}.{edge.input}"
        if edge.input == CONDITION and into not in first:
            into = f"{edge.target}.{WHEN}"
        return Edge(
            box_of.get(edge.source, edge.source),
            out if edge.source in box_of else edge.output,
            box_of.get(edge.target, edge.target),
            first.get(into, into) if edge.target in box_of else edge.input,
        )

    between = [edge for edge in map(moved, edges) if edge.source != edge.target]
    return list({node.id: node for node in shown}.values()), list(dict.fromkeys(between))


def _box(group: Group, nodes: Mapping[str, Node], url: str) -> Node:
    """Its ports have the names of the steps' ports, and are shown by those of the fields."""
    takes = [ports[0] for ports in group.takes]
    parts = {port: _parted(port) for port in (*takes, *group.gives)}
    labels = {port: nodes[call].labelled(name) for port, (call, name) in parts.items()}

    def types(ports: Sequence[str], side: str) -> tuple[tuple[str, str], ...]:
        known = {port: dict(getattr(nodes[parts[port][0]], side)) for port in ports}
        return tuple((port, known[port].get(parts[port][1], "?")) for port in ports)

    return Node(
        group.box, group.name, group.told, types(takes, "inputs"), types(group.gives, "outputs"),
        url=f"{url}{quote(group.name)}" if url else "", labels=labels,
        state="failed" if any(nodes[call].state for call in group.calls) else "",
    )  # fmt: skip


def _parted(port: str) -> tuple[str, str]:
    call, _dot, name = port.partition(".")
    return call, CONDITION if name == WHEN else name
