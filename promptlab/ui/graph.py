"""A program as a drawing: boxes in columns, typed ports, wires. parts/graph.html draws it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest
from typing import Literal

from django.utils.translation import gettext as _

from promptlab.ui.layering import Link, layers_of, ordered, tops

Kind = Literal["input", "module", "output"]

LEAST_WIDTH, MOST_WIDTH = 216, 320
HEADER, ROW, PADDING = 51, 26, 6
COLUMN_GAP, ROW_GAP, MARGIN = 64, 28, 24
# Widths of a letter: names in 13 px Geist, titles in 13 px Geist Mono, types in 11 px Geist.
NAME_PX, TITLE_PX, TYPE_PX = 7.2, 7.9, 5.9
PASSING = 10  # the height that a passing wire keeps free


@dataclass(frozen=True, slots=True)
class Node:
    """One box. `inputs` and `outputs` are (name, type); `url` leads to its form; `state` is a class
    of the drawing: "", "selected" or "failed"; `labels` are shown in place of names."""

    id: str
    title: str
    subtitle: str
    inputs: Sequence[tuple[str, str]] = ()
    outputs: Sequence[tuple[str, str]] = ()
    kind: Kind = "module"
    url: str = ""
    state: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def labelled(self, name: str) -> str:
        return self.labels.get(name, name)

    @property
    def outputs_begin(self) -> int:
        """The row of the first output: beside the inputs, or below them where both have no room."""
        facing = zip(self.inputs, self.outputs, strict=False)
        fits = all(_row_width([one], [other]) <= MOST_WIDTH for one, other in facing)
        return 0 if fits else len(self.inputs)

    @property
    def rows(self) -> int:
        return max(len(self.inputs), self.outputs_begin + len(self.outputs), 1)

    @property
    def height(self) -> int:
        return HEADER + 2 * PADDING + ROW * self.rows

    @property
    def width(self) -> int:
        lone = [()] * self.outputs_begin
        outputs = [*lone, *([port] for port in self.outputs)]
        inputs = [[port] for port in self.inputs]
        rows = [_row_width(*pair) for pair in zip_longest(inputs, outputs, fillvalue=())] or [0.0]
        wished = max(28 + TITLE_PX * len(self.title), 28 + TYPE_PX * len(self.subtitle), *rows)
        return int(min(max(wished, LEAST_WIDTH), MOST_WIDTH))


@dataclass(frozen=True, slots=True)
class Edge:
    """From an output of one node to an input of another."""

    source: str
    output: str
    target: str
    input: str


@dataclass(frozen=True, slots=True)
class Port:
    """A typed end, placed from the corner of its box. `text` is the name as it fits; `peers` are
    the ports at the other ends of its wires."""

    name: str
    text: str
    type: str
    x: float
    y: float
    peers: tuple[str, ...]

    @property
    def told(self) -> dict[str, str]:
        return {"name": self.name, "type": self.type, "peers": ", ".join(self.peers)}


@dataclass(frozen=True, slots=True)
class Box:
    node: Node
    x: float
    y: float
    width: float
    height: float
    title: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @property
    def words(self) -> str:
        """What the drawing shows of it, for those who hear the page."""
        return "; ".join(
            filter(None, [f"{self.node.title}, {self.node.subtitle}", self.connections])
        )

    @property
    def connections(self) -> str:
        """What it takes and gives, and from and to where, as a sentence."""
        takes = [
            _("takes %(name)s, %(type)s, from %(peers)s") % port.told
            if port.peers
            else _("takes %(name)s, %(type)s, not connected") % port.told
            for port in self.inputs
        ]
        gives = [
            _("gives %(name)s, %(type)s, to %(peers)s") % port.told
            if port.peers
            else _("gives %(name)s, %(type)s, not connected") % port.told
            for port in self.outputs
        ]
        return "; ".join([*takes, *gives])


@dataclass(frozen=True, slots=True)
class Wire:
    """`d` is SVG path data."""

    d: str
    type: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Drawing:
    width: float
    height: float
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]

    @property
    def modules(self) -> int:
        return sum(box.node.kind == "module" for box in self.boxes)


@dataclass(frozen=True, slots=True)
class _Bend:
    """The place that a wire keeps in a layer it passes."""

    edge: Edge
    layer: int


def layout(nodes: Sequence[Node], edges: Sequence[Edge]) -> Drawing:
    """Places for everything. Edges to nodes or ports that are not there are left out, so that a
    program with mistakes can be drawn beside their messages."""
    by_id = {node.id: node for node in nodes}
    drawn = [edge for edge in edges if _exists(edge, by_id)]
    layer = layers_of(list(by_id), [_link(edge, by_id) for edge in drawn])
    layer = _ends_last(layer, by_id)
    chains = {edge: _chain(edge, layer) for edge in drawn}
    places: dict[Hashable, int] = dict(layer)
    places.update({bend: bend.layer for chain in chains.values() for bend in chain})
    links = [link for edge in drawn for link in _chain_links(edge, chains[edge], by_id)]
    rows = ordered(list(places), places, links)
    heights = {box: by_id[box].height if isinstance(box, str) else PASSING for box in places}
    top = tops(rows, heights, links, ROW_GAP)
    columns = _columns(rows, by_id)
    return _drawing(by_id, drawn, chains, rows, columns, _from_margin(top), heights)


def _exists(edge: Edge, by_id: Mapping[str, Node]) -> bool:
    source, target = by_id.get(edge.source), by_id.get(edge.target)
    return (
        source is not None
        and target is not None
        and edge.output in dict(source.outputs)
        and edge.input in dict(target.inputs)
    )


def _link(edge: Edge, by_id: Mapping[str, Node]) -> Link:
    outputs = [name for name, _ in by_id[edge.source].outputs]
    inputs = [name for name, _ in by_id[edge.target].inputs]
    return Link(
        edge.source,
        edge.target,
        _port_y(by_id[edge.source].outputs_begin + outputs.index(edge.output)),
        _port_y(inputs.index(edge.input)),
    )


def _port_y(row: int) -> float:
    return HEADER + PADDING + ROW * row + ROW / 2


def _ends_last(layer: dict[Hashable, int], by_id: Mapping[str, Node]) -> dict[Hashable, int]:
    """Outputs stand behind everything, also where nothing leads to them yet."""
    last = max((n for box, n in layer.items() if by_id[str(box)].kind != "output"), default=0)
    return {
        box: last + 1 if by_id[str(box)].kind == "output" and len(by_id) > 1 else n
        for box, n in layer.items()
    }


def _chain(edge: Edge, layer: Mapping[Hashable, int]) -> list[_Bend]:
    return [_Bend(edge, n) for n in range(layer[edge.source] + 1, layer[edge.target])]


def _chain_links(edge: Edge, chain: Sequence[_Bend], by_id: Mapping[str, Node]) -> list[Link]:
    whole = _link(edge, by_id)
    stops: list[tuple[Hashable, float, float]] = [
        (edge.source, 0.0, whole.source_offset),
        *((bend, PASSING / 2, PASSING / 2) for bend in chain),
        (edge.target, whole.target_offset, 0.0),
    ]
    return [Link(a, b, leaves, enters) for (a, _, leaves), (b, enters, _) in pairwise(stops)]


def _columns(
    rows: Sequence[Sequence[Hashable]], by_id: Mapping[str, Node]
) -> list[tuple[float, int]]:
    """Left edge and width of each column."""
    found, x = [], float(MARGIN)
    for row in rows:
        width = max((by_id[box].width for box in row if isinstance(box, str)), default=LEAST_WIDTH)
        found.append((x, width))
        x += width + COLUMN_GAP
    return found


def _from_margin(top: Mapping[Hashable, float]) -> dict[Hashable, float]:
    highest = min(top.values(), default=0.0)
    # Whole pixels: hairlines stay sharp.
    return {box: float(round(y - highest + MARGIN)) for box, y in top.items()}


def _drawing(
    by_id: Mapping[str, Node],
    edges: Sequence[Edge],
    chains: Mapping[Edge, list[_Bend]],
    rows: Sequence[Sequence[Hashable]],
    columns: Sequence[tuple[float, int]],
    top: Mapping[Hashable, float],
    heights: Mapping[Hashable, float],
) -> Drawing:
    boxes = {
        box: _box(by_id[box], *columns[n], top[box], edges)
        for n, row in enumerate(rows)
        for box in row
        if isinstance(box, str)
    }
    wires = tuple(_wire(edge, chains[edge], boxes, columns, top) for edge in edges)
    right = columns[-1][0] + columns[-1][1] if columns else 0.0
    bottom = max((top[box] + heights[box] for box in top), default=0.0)
    return Drawing(right + MARGIN, bottom + MARGIN, tuple(boxes.values()), wires)


def _box(node: Node, x: float, width: int, y: float, edges: Sequence[Edge]) -> Box:
    inputs = tuple(
        Port(
            name,
            _name(node.labelled(name), type_, width),
            type_,
            0,
            _port_y(row),
            _sources(edges, node, name),
        )
        for row, (name, type_) in enumerate(node.inputs)
    )
    outputs = tuple(
        Port(
            name,
            _name(node.labelled(name), type_, width),
            type_,
            width,
            _port_y(row),
            _targets(edges, node, name),
        )
        for row, (name, type_) in enumerate(node.outputs, node.outputs_begin)
    )
    title = _fitting(node.title, width - 28, TITLE_PX)
    return Box(node, x, y, width, node.height, title, inputs, outputs)


def _name(name: str, type_: str, width: int) -> str:
    return _fitting(name, width - 60 - TYPE_PX * len(type_), NAME_PX)


def _sources(edges: Sequence[Edge], node: Node, name: str) -> tuple[str, ...]:
    return tuple(f"{e.source}.{e.output}" for e in edges if (e.target, e.input) == (node.id, name))


def _targets(edges: Sequence[Edge], node: Node, name: str) -> tuple[str, ...]:
    return tuple(f"{e.target}.{e.input}" for e in edges if (e.source, e.output) == (node.id, name))


def _wire(
    edge: Edge,
    chain: Sequence[_Bend],
    boxes: Mapping[str, Box],
    columns: Sequence[tuple[float, int]],
    top: Mapping[Hashable, float],
) -> Wire:
    source, target = boxes[edge.source], boxes[edge.target]
    start = next(port for port in source.outputs if port.name == edge.output)
    end = next(port for port in target.inputs if port.name == edge.input)
    x, y = source.x + start.x, source.y + start.y
    d = [f"M{x:g} {y:g}"]
    for bend in chain:
        (left, width), level = columns[bend.layer], top[bend] + PASSING / 2
        d += [_curve(x, y, left, level), f"H{left + width:g}"]
        x, y = left + width, level
    d.append(_curve(x, y, target.x + end.x, target.y + end.y))
    ends = f"{edge.source}.{edge.output}", f"{edge.target}.{edge.input}"
    return Wire("".join(d), start.type, *ends)


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    reach = max(32.0, abs(x2 - x1) / 2)
    return f"C{x1 + reach:g} {y1:g} {x2 - reach:g} {y2:g} {x2:g} {y2:g}"


def _row_width(inputs: Sequence[tuple[str, str]], outputs: Sequence[tuple[str, str]]) -> float:
    ports = [*inputs, *outputs]
    return sum(NAME_PX * len(name) + TYPE_PX * len(type_) + 24 for name, type_ in ports) + 12


def _fitting(text: str, room: float, letter: float) -> str:
    letters = max(int(room / letter), 4)
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


@dataclass(frozen=True, slots=True)
class Shape:
    """A port's shape around 0, 0: a circle of radius `r`, or the path `d`."""

    kind: Literal["circle", "path"]
    r: float = 0.0
    d: str = ""


def port_shape(type_: str, r: float = 6.0) -> Shape:
    """Text is a circle, a list a square, a choice a diamond, a number a triangle, a boolean one
    that stands on its head; anything else a hexagon."""
    s, h = round(r * 0.87, 2), round(r * 0.5, 2)
    if type_ == "text":
        return Shape("circle", r=round(r * 0.92, 2))
    paths = {
        "list": f"M{-s:g} {-s:g}H{s:g}V{s:g}H{-s:g}Z",
        "choice": f"M0 {-r * 1.15:g}L{r * 1.15:g} 0L0 {r * 1.15:g}L{-r * 1.15:g} 0Z",
        "number": f"M0 {-r * 1.05:g}L{r:g} {s:g}H{-r:g}Z",
        "integer": f"M0 {-r * 1.05:g}L{r:g} {s:g}H{-r:g}Z",
        "boolean": f"M0 {r * 1.05:g}L{r:g} {-s:g}H{-r:g}Z",
    }
    hexagon = f"M{-r:g} 0L{-h:g} {-s:g}H{h:g}L{r:g} 0L{h:g} {s:g}H{-h:g}Z"
    return Shape("path", d=paths.get(type_, hexagon))


def path_of(shape: Shape) -> str:
    """A shape as SVG path data, also where it is a circle."""
    if shape.kind == "path":
        return shape.d
    r = shape.r
    return f"M{-r:g} 0a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0 {-2 * r:g} 0Z"
