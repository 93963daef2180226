"""Steps of a program that was inserted are one box until it is opened, and mean what they meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.core.modules.predict import Predict
from optimizer.core.problems import Refused
from optimizer.core.programs.calls import Call, When
from optimizer.core.programs.program import Program as Core
from optimizer.core.programs.signature import Field, Signature
from optimizer.files import program_file
from promptlab.accounts.models import User
from promptlab.programs import edits, services
from promptlab.programs.canvas import graph_of, sketch_of
from promptlab.programs.changes import in_words
from promptlab.programs.groups import Group, folded, groups_of
from promptlab.programs.history import Drawn, drawn_of, newest
from promptlab.programs.models import Program
from promptlab.programs.outline import draw, edges_of, nodes_of
from promptlab.programs.pasting import inserted, part_of, pasted
from promptlab.programs.tidy import tidy, unfolded
from tests.core.programs import MULTI_HOP, ONE_STEP, TWO_STEPS, layered_programs
from tests.fakes.every_kind import of_every_kind
from tests.promptlab.programs.by_hand import Browser, address, fresh, text_of

Make = Callable[..., Program]


def as_group(core: Core, name: str, *calls: str) -> Core:
    chosen = calls or tuple(call.name for call in core.calls)
    return replace(
        core, calls=tuple(replace(c, group=name) if c.name in chosen else c for c in core.calls)
    )


GROUPED = as_group(TWO_STEPS, "Gist")


def test_its_ports_are_those_that_lead_in_and_out() -> None:
    (group,) = groups_of(GROUPED)
    assert group == Group(
        "Gist", ":judge", ("summarize", "judge"), (("summarize.message",),), ("judge.intent",)
    )
    assert group.told == "2 steps"


def test_what_comes_from_one_source_is_one_port_and_constants_are_none() -> None:
    both = Predict("both", Signature((Field("a"), Field("b"), Field("c")), (Field("d"),), "Do."))
    calls = (
        Call("one", "both", {"a": "input.x", "b": "input.x", "c": ""}),
        Call("two", "both", {"a": "input.x", "b": "one.d"}, {"c": 1}, When("input.x", ("y",))),
    )
    core = Core("P", (Field("x"),), (both,), calls, {"d": "one.d"})
    (group,) = groups_of(as_group(core, "Both"))
    assert group.takes == (("one.a", "one.b", "two.a", "two.@when"), ("one.c",))
    assert group.gives == ("one.d", "two.d")


@settings(deadline=None, max_examples=40)
@given(layered_programs(), st.data())
def test_folded_a_drawing_has_every_wire_but_those_inside(core: Core, data: st.DataObject) -> None:
    names = [call.name for call in core.calls]
    core = as_group(core, "G", *data.draw(st.sets(st.sampled_from(names), min_size=1)))
    (group,) = groups = groups_of(core)
    nodes, edges = folded(groups, nodes_of(core), edges_of(core))
    ids = {node.id: node for node in nodes}
    assert ids.keys() == {"input", "output", *names, group.box} - {*group.calls}
    for edge in edges:
        assert edge.output in dict(ids[edge.source].outputs)
        assert edge.input in dict(ids[edge.target].inputs)
    inside = {*group.calls}
    leads = {(e.source, e.target) for e in edges_of(core)}
    box = {name: group.box if name in inside else name for name in ("input", "output", *names)}
    wanted = {(box[a], box[b]) for a, b in leads if not {a, b} <= inside}
    assert {(e.source, e.target) for e in edges} == wanted
    assert tidy(core, groups).keys() == {"@output" if n == "output" else n for n in ids}
    assert unfolded(core, groups).keys() >= tidy(core).keys() | {group.box}


@settings(deadline=None, max_examples=40)
@given(layered_programs(), st.sampled_from(["Gist", "名前", "مجموعة", "👩‍🔬", "x" * 80, "v1.2: a"]))
def test_a_group_changes_nothing_but_the_drawing_and_comes_back_from_its_file(
    core: Core, name: str
) -> None:
    marked = as_group(core, name)
    assert program_file.read(program_file.write(marked)) == marked
    assert edits.rename_group(marked, name, "") == core
    assert '"group"' not in program_file.write(core)
    assert marked.problems() == core.problems()
    assert marked.waves() == [
        tuple(replace(call, group=name) for call in wave) for wave in core.waves()
    ]


def test_a_name_that_is_too_long_is_told_at_its_step() -> None:
    found = as_group(ONE_STEP, "x" * 81).problems()
    assert [(p.code, p.place) for p in found] == [("call.long_group", "calls.classify")]


def test_what_is_inserted_is_a_group_of_a_free_name_and_stands_below() -> None:
    once = inserted(ONE_STEP, Drawn({"classify": [10, 20]}), replace(TWO_STEPS, name="Gist"))
    twice = inserted(once.core, once.drawn, replace(GROUPED, name="Gist"))
    assert [c.group for c in twice.core.calls] == ["", "Gist", "Gist", "Gist_2", "Gist_2"]
    assert once.drawn.places[":judge"][1] > 20
    alone = inserted(TWO_STEPS, Drawn({}), ONE_STEP)
    assert not any(call.group for call in alone.core.calls), "one step is no group"


def test_a_group_is_copied_as_one_and_one_of_its_steps_as_a_step() -> None:
    whole = program_file.write(part_of(GROUPED, ("summarize", "judge")))
    again = pasted(GROUPED, Drawn({}), whole, 0, 0).core
    assert [c.group for c in again.calls] == ["Gist", "Gist", "Gist_2", "Gist_2"]
    one = program_file.write(part_of(GROUPED, ("judge",)))
    assert pasted(GROUPED, Drawn({}), one, 0, 0).core.calls[-1].group == ""


def test_it_goes_with_its_last_step() -> None:
    left = edits.remove_module(GROUPED, "summarize")
    assert [group.told for group in groups_of(left)] == ["1 step"]
    assert groups_of(edits.remove_module(left, "judge")) == []


def test_the_drawing_without_scripts_opens_what_is_asked_for() -> None:
    core = as_group(MULTI_HOP, "Hops")
    assert [box.node.title for box in draw(core).boxes] == ["input", "Hops", "output"]
    assert len(draw(core, opened=("Hops",)).boxes) == 4


def test_history_tells_of_it_in_words() -> None:
    assert in_words(TWO_STEPS, GROUPED) == ["grouped judge, summarize as “Gist”"]
    assert in_words(GROUPED, TWO_STEPS) == ["took judge, summarize out of their group"]


@pytest.mark.django_db
def test_the_canvas_sends_groups_back_as_they_are_and_shows_what_is_wrong_inside(
    make_program: Make,
) -> None:
    program = make_program(as_group(edits.connect(TWO_STEPS, "judge", {"summary": ""}), "Gist"))
    drawn = json.loads(graph_of(program, Drawn({})))
    assert drawn["groups"] == {
        ":judge": {
            "in": [["judge.summary"], ["summarize.message"]],
            "out": [["judge.intent"], ["summarize.summary"]],
        }
    }
    assert [call["box"] for call in drawn["calls"]] == [":judge"] * 2
    assert ":judge" not in drawn["problems"], "its port shows it"
    assert sketch_of(program.core, json.dumps(drawn)).core == program.core
    broken = replace(program.core, calls=(replace(program.core.calls[0], module="gone"),))
    shown = json.loads(graph_of(make_program(broken, "Broken"), Drawn({})))
    assert "gone" in shown["problems"][":judge"]


@pytest.mark.django_db
def test_a_group_is_renamed_and_dissolved_and_each_is_undone(
    client_of: Browser, erin: User, make_program: Make
) -> None:
    program, client = make_program(GROUPED), client_of(erin)
    services.arrange(program, Drawn({":judge": [7, 8]}), erin)
    page = address("group", program, "judge")
    assert "summarize" in text_of(client.get(page))
    answer = client.post(f"{page}?beside=group", {"name": "الخلاصة", "revision": 1})
    assert 'data-beside=":judge"' in text_of(answer)
    assert {c.group for c in fresh(program).core.calls} == {"الخلاصة"}
    assert drawn_of(newest(program)).places == {":judge": [7, 8]}
    for wrong in ({"name": ""}, {"name": "x" * 81}, {"name": "a\u202eb"}):
        assert client.post(page, {"revision": 2, **wrong}).status_code == 422
    assert client.post(page, {"name": "Old", "revision": 1}).status_code == 409
    assert client.post(page, {"ungroup": "1", "revision": 2}).status_code == 302
    assert fresh(program).core == replace(TWO_STEPS, name=program.name)
    assert client.get(page).status_code == 404
    for revision, name in ((3, "الخلاصة"), (4, "Gist")):
        services.undo(fresh(program), revision, erin)
        assert {c.group for c in fresh(program).core.calls} == {name}


@pytest.mark.django_db
def test_steps_of_every_kind_and_groups_come_back_by_undoing_whatever_was_done(
    erin: User, make_program: Make
) -> None:
    """Drawn, inserted, renamed, dissolved, pasted and removed; undone one by one, each file the
    same.
    """
    program = make_program(of_every_kind())
    part = program_file.write(as_group(TWO_STEPS, "Gist 👩‍🔬"))

    def put(core: Core) -> Core:
        return inserted(core, Drawn({}), replace(MULTI_HOP, name="名前 {{x}}")).core

    changes: list[Callable[[Core], Core]] = [
        put,
        lambda core: edits.rename_group(core, "名前 {{x}}", "مجموعة" * 10),
        lambda core: pasted(core, Drawn({}), part, 0, 0).core,
        *(
            lambda core, name=module.name: edits.remove_module(core, name)
            for module in program.core.modules[:3]
        ),
        put,
        lambda core: edits.rename_group(core, "Gist 👩‍🔬", ""),
        lambda core: edits.remove_call(core, "hop1"),
    ]
    written = []
    for change in changes:
        written.append(program_file.write(program.core))
        services.edit(program, change, erin)
        program = fresh(program)
        json.loads(graph_of(program, drawn_of(newest(program))))
    for before in reversed(written):
        services.undo(program, program.revision, erin)
        program = fresh(program)
        assert program_file.write(program.core) == before


@pytest.mark.parametrize("group", [1, None, ["a"], {"a": 1}, True])
def test_a_group_that_is_no_text_is_refused_where_it_stands(group: object) -> None:
    data = json.loads(program_file.write(ONE_STEP))
    data["calls"][0]["group"] = group
    with pytest.raises(Refused) as refusal:
        pasted(TWO_STEPS, Drawn({}), json.dumps(data), 0, 0)
    assert "calls[0].group" in str(refusal.value.problems)
