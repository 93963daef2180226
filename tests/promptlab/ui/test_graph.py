"""A program's drawing: nothing overlaps, wires go from left to right, mistakes can be drawn too."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptlab.ui import graph
from promptlab.ui.graph import Edge, Node
from promptlab.ui.layering import Link, layers_of, spread

INPUT = Node("input", "input", "dataset row", outputs=[("message", "text")], kind="input")
OUTPUT = Node("output", "output", "scored", inputs=[("reply", "text")], kind="output")


def module(name: str) -> Node:
    return Node(name, name, "Predict", [("message", "text"), ("hint", "text")], [("reply", "text")])


def triage() -> tuple[list[Node], list[Edge]]:
    nodes = [INPUT, module("a"), module("b"), OUTPUT]
    edges = [
        Edge("input", "message", "a", "message"),
        Edge("a", "reply", "b", "hint"),
        Edge("input", "message", "b", "message"),
        Edge("b", "reply", "output", "reply"),
    ]
    return nodes, edges


def overlap(one: graph.Box, other: graph.Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def test_modules_stand_in_the_order_of_their_work() -> None:
    drawing = graph.layout(*triage())
    assert [box.node.id for box in sorted(drawing.boxes, key=lambda box: box.x)] == [
        "input",
        "a",
        "b",
        "output",
    ]
    assert drawing.modules == 2


def test_no_two_boxes_overlap_and_all_lie_inside() -> None:
    nodes = [INPUT, *(module(f"m{n}") for n in range(6)), OUTPUT]
    edges = [Edge("input", "message", f"m{n}", "message") for n in range(6)]
    drawing = graph.layout(nodes, edges)
    assert not any(overlap(*pair) for pair in combinations(drawing.boxes, 2))
    assert all(box.x >= 0 and box.y >= 0 for box in drawing.boxes)
    assert max(box.x + box.width for box in drawing.boxes) <= drawing.width
    assert max(box.y + box.height for box in drawing.boxes) <= drawing.height


def test_a_chain_is_drawn_with_level_wires() -> None:
    nodes = [INPUT, module("a"), OUTPUT]
    edges = [Edge("input", "message", "a", "message"), Edge("a", "reply", "output", "reply")]
    tops = {box.y for box in graph.layout(nodes, edges).boxes}
    assert len(tops) == 1


def test_a_wire_that_passes_a_module_keeps_its_own_level() -> None:
    drawing = graph.layout(*triage())
    passing = next(
        w for w in drawing.wires if (w.source, w.target) == ("input.message", "b.message")
    )
    assert "H" in passing.d
    level = float(passing.d.split("H")[0].split()[-1])
    box = next(box for box in drawing.boxes if box.node.id == "a")
    assert not box.y <= level <= box.y + box.height


def test_ports_know_what_they_are_connected_to() -> None:
    boxes = {box.node.id: box for box in graph.layout(*triage()).boxes}
    assert boxes["b"].inputs[1].peers == ("a.reply",)
    assert boxes["a"].inputs[1].peers == ()
    assert boxes["input"].outputs[0].peers == ("a.message", "b.message")


def test_a_cycle_is_drawn_all_the_same() -> None:
    edges = [Edge("a", "reply", "b", "message"), Edge("b", "reply", "a", "message")]
    drawing = graph.layout([module("a"), module("b")], edges)
    assert len(drawing.wires) == 2


def test_edges_to_ports_that_are_not_there_are_left_out() -> None:
    edges = [Edge("input", "message", "gone", "message"), Edge("input", "nothing", "a", "message")]
    assert graph.layout([INPUT, module("a")], edges).wires == ()


def test_a_program_without_modules_can_be_drawn() -> None:
    assert graph.layout([], []).boxes == ()
    assert len(graph.layout([INPUT, OUTPUT], []).boxes) == 2


def test_long_names_are_cut_in_the_drawing_and_whole_in_its_words() -> None:
    name = "the_previous_question_and_everything_that_was_answered_to_it"
    node = Node("m", name, "Predict", [(name, "text")], [])
    box = graph.layout([node], []).boxes[0]
    assert box.title.endswith("…")
    assert box.inputs[0].text.endswith("…")
    assert box.inputs[0].name == name
    assert box.width <= graph.MOST_WIDTH


def test_outputs_stand_below_inputs_where_both_names_have_no_room_side_by_side() -> None:
    short, long = (
        ("message", "text"),
        ("message_as_it_was_received_with_what_it_quotes", "text"),
    )
    beside, below = (
        graph.layout([Node("m", "classify", "Predict", [port], [port])], []).boxes[0]
        for port in (short, long)
    )
    assert beside.outputs[0].y == beside.inputs[0].y
    assert below.outputs[0].y > below.inputs[0].y
    assert below.height > below.outputs[0].y


@pytest.mark.parametrize("type_", ["list", "choice", "integer", "number", "boolean", "object"])
def test_only_text_is_a_circle(type_: str) -> None:
    assert graph.port_shape(type_).kind == "path"
    assert graph.port_shape("text").kind == "circle"


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(1, 200)), max_size=12))
def test_spreading_keeps_the_order_and_lets_nothing_overlap(
    boxes: list[tuple[float, float]],
) -> None:
    wishes, sizes = [w for w, _ in boxes], [s for _, s in boxes]
    places = spread(wishes, sizes)
    for place, size, following in zip(places, sizes, places[1:], strict=False):
        assert following >= place + size - 1e-6


@given(st.lists(st.floats(-500, 500), min_size=1, max_size=8))
def test_wishes_that_fit_are_granted(steps: list[float]) -> None:
    wishes = [1000.0 * n + step for n, step in enumerate(steps)]
    assert spread(wishes, [0.0] * len(wishes)) == pytest.approx(wishes)


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=24))
def test_every_link_of_an_acyclic_graph_leads_to_a_later_layer(pairs: set[tuple[int, int]]) -> None:
    links = [Link(a, b) for a, b in pairs if a < b]
    layer = layers_of(range(8), links)
    assert all(layer[link.source] < layer[link.target] for link in links)
