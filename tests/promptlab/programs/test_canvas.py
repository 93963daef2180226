"""The canvas: what it holds, what it sends back, and what the server makes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.core.problems import Refused
from optimizer.core.programs.calls import Call, When
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType
from optimizer.files import program_file
from optimizer.sentences import reasons
from promptlab.accounts.models import User
from promptlab.programs import edits, services
from promptlab.programs import models as rows
from promptlab.programs.canvas import graph_of, palette, sketch_of
from promptlab.programs.history import Drawn, drawn_of, newest
from promptlab.programs.pasting import part_of, pasted
from promptlab.programs.starters import blank
from promptlab.programs.tidy import tidy
from tests.core.programs import HOP, INTENT, MULTI_HOP, ONE_STEP, TWO_STEPS
from tests.promptlab.programs.by_hand import Browser, address, fresh, module_data, text_of
from tests.promptlab.programs.by_hand import rows as typed_rows

SENT = {"HX-Request": "true"}


def graph(program: rows.Program) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(graph_of(program, drawn_of(newest(program))))
    return found


def draw(client: Any, program: rows.Program, document: dict[str, Any], revision: int = 0) -> Any:
    data = {"graph": json.dumps(document), "revision": revision or document["revision"]}
    return client.post(address("graph", program), data, headers=SENT)


def begun(name: str, **changed: Any) -> dict[str, Any]:
    """A module from the palette, as the canvas sends it."""
    module = json.loads(program_file.write(replace(ONE_STEP, modules=(palette()[0],))))
    made = {**module["modules"][0], "name": name, **changed}
    signature = made["signature"]
    ends = {"inputs": signature["inputs"], "outputs": signature["outputs"]}
    return {"name": name, "kind": made["kind"], **ends, "fresh": made}


def test_what_is_not_changed_is_not_saved(
    client_of: Browser, erin: User, two_steps: rows.Program
) -> None:
    answer = draw(client_of(erin), two_steps, graph(two_steps))
    assert answer.status_code == 200
    assert fresh(two_steps).revision == 1
    assert two_steps.changes.count() == 1  # as it was


def test_a_box_is_moved_without_touching_the_program(
    client_of: Browser, erin: User, two_steps: rows.Program
) -> None:
    before = program_file.write(two_steps.core)
    moved = {**graph(two_steps), "places": {"judge": [40, 60], "odd": ["x"], "far": [1e9, 0]}}
    draw(client_of(erin), two_steps, moved)
    assert (fresh(two_steps).revision, program_file.write(fresh(two_steps).core)) == (1, before)
    assert graph(two_steps)["places"] == {"judge": [40, 60]}


def test_a_wire_is_drawn_and_taken_off(
    client_of: Browser, erin: User, two_steps: rows.Program
) -> None:
    document = graph(two_steps)
    document["calls"][1]["inputs"]["summary"] = "input.message"
    answer = draw(client_of(erin), two_steps, document)
    assert answer.status_code == 200
    assert fresh(two_steps).core.calls[0].inputs == {"summary": "input.message"}

    document["calls"][1]["inputs"]["summary"] = ""
    answer = draw(client_of(erin), two_steps, document, revision=2)
    assert graph(fresh(two_steps))["problems"]["judge.summary"].startswith("Input “summary” is not")


@pytest.mark.parametrize(
    ("source", "told"),
    [("judge.intent", "circle"), ("hop.count", "takes"), ("nowhere.at_all", "")],
)
def test_a_new_wire_that_cannot_be_is_refused_at_its_port_and_nothing_is_saved(
    client_of: Browser, erin: User, make_program: Callable[..., rows.Program], source: str,
    told: str,
) -> None:  # fmt: skip
    count = Field("count", FieldType.LIST)
    hop = replace(HOP, signature=replace(HOP.signature, outputs=(count,)))
    core = replace(
        TWO_STEPS,
        modules=(*TWO_STEPS.modules, hop),
        calls=(*TWO_STEPS.calls, Call("hop", "hop", {})),
    )
    number = Field("n", FieldType.NUMBER)
    first = core.modules[0]
    first = replace(first, signature=replace(first.signature, inputs=(number,)))
    core = replace(core, modules=(first, *core.modules[1:]))
    program = make_program(core, "Mixed")
    document = graph(program)
    wanted = next(c for c in document["calls"] if c["name"] == "summarize")
    wanted["inputs"] = {"n": source}
    answer = draw(client_of(erin), program, document)
    if not told:  # what is not there any more is no wire
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    assert fresh(program).revision == 1
    shown = json.loads(re.findall(r"<textarea[^>]*>(.*?)</textarea>", text_of(answer))[0])
    assert told in shown["problems"]["summarize.n"]


def test_the_first_step_brings_inputs_and_outputs_along(
    client_of: Browser, erin: User, make_program: Callable[..., rows.Program]
) -> None:
    program = make_program(blank("Empty"))
    document = graph(program)
    document["modules"].append(begun("answer"))
    document["calls"].append({"name": "answer", "module": "answer", "inputs": {}})
    document["places"] = {"answer": [300, 40]}
    assert draw(client_of(erin), program, document).status_code == 200
    core = fresh(program).core
    assert core.problems() == []
    assert core.modules[0].signature.instruction == "Read the {text} and give the answer."
    assert core.outputs == {"answer": "answer.answer"}
    assert graph(fresh(program))["guessed"] == ["answer.text"]


def test_inputs_of_the_same_name_connect_by_themselves_until_they_are_touched(
    client_of: Browser, erin: User, two_steps: rows.Program
) -> None:
    document = graph(two_steps)
    document["modules"].append(
        begun("tone", signature={"inputs": [{"name": "message"}], "outputs": [{"name": "tone"}]})
    )
    document["calls"].append({"name": "tone", "module": "tone", "inputs": {}})
    draw(client_of(erin), two_steps, document)
    document = graph(fresh(two_steps))
    assert document["guessed"] == ["tone.message"]
    assert fresh(two_steps).core.calls[-1].inputs == {"message": "input.message"}
    draw(client_of(erin), two_steps, {**document, "guessed": []})
    assert graph(fresh(two_steps))["guessed"] == []

    document = graph(fresh(two_steps))
    document["inputs"].append({"name": "summary"})
    document["calls"][-1]["inputs"]["message"] = ""
    judge = next(c for c in document["calls"] if c["name"] == "judge")
    judge["inputs"]["summary"] = ""
    draw(client_of(erin), two_steps, document)
    assert graph(fresh(two_steps))["guessed"] == ["judge.summary"]


def test_a_removed_step_takes_its_wires_along_and_comes_back_with_them(
    client_of: Browser, erin: User, two_steps: rows.Program
) -> None:
    client = client_of(erin)
    before = program_file.write(fresh(two_steps).core)
    document = graph(two_steps)
    document["calls"] = [c for c in document["calls"] if c["name"] != "summarize"]
    document["modules"] = [m for m in document["modules"] if m["name"] != "summarize"]
    draw(client, two_steps, document)
    assert fresh(two_steps).core.calls[0].inputs == {"summary": ""}
    undone = client.post(address("undo", two_steps), {"revision": 2}, headers=SENT)
    assert undone.status_code == 200
    assert program_file.write(fresh(two_steps).core) == before
    again = client.post(address("redo", two_steps), {"revision": 3}, headers=SENT)
    assert again.status_code == 200
    assert [m.name for m in fresh(two_steps).core.modules] == ["judge"]
    assert client.post(address("redo", two_steps), {"revision": 4}, headers=SENT).status_code == 422
    assert client.post(address("undo", two_steps), {"revision": 4}).status_code == 302


def test_who_draws_over_somebody_elses_change_is_told_and_chooses(
    client_of: Browser, erin: User, alice: User, two_steps: rows.Program
) -> None:
    document = graph(two_steps)
    other = replace(TWO_STEPS.modules[1], description="by Alice")
    services.save_definition(
        two_steps, edits.replace_module(TWO_STEPS, "judge", other, {}, {}), 1, alice
    )
    document["calls"][1]["inputs"]["summary"] = "input.message"
    refused = draw(client_of(erin), two_steps, document)
    assert refused.status_code == 409
    page = text_of(refused)
    assert "Alice changed this program while you were drawing" in page
    assert "changed settings of judge" in page
    assert fresh(two_steps).revision == 2
    over = draw(client_of(erin), two_steps, document, revision=2)
    assert over.status_code == 200
    assert fresh(two_steps).core.modules[1].description == "by Alice"


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"calls": 1}', '{"inputs":[1],"modules":[],"calls":[],"outputs":[]}']
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        sketch_of(ONE_STEP, text)


def test_a_document_is_bounded() -> None:
    document = {"inputs": [], "modules": [], "outputs": []}
    calls = [{"name": f"c{n}", "module": "classify", "inputs": {}} for n in range(300)]
    with pytest.raises(Refused, match="many_entries"):
        sketch_of(ONE_STEP, json.dumps({**document, "calls": calls}))


def test_steps_are_copied_as_a_program_file(
    client_of: Browser, erin: User, make_program: Callable[..., rows.Program]
) -> None:
    program = make_program(MULTI_HOP)
    copied = client_of(erin).get(address("part", program), {"calls": "hop1,hop2"})
    part = program_file.read(copied.content.decode())
    assert [c.name for c in part.calls] == ["hop1", "hop2"]
    assert part.calls[1].inputs == {"question": "", "context": "hop1.query"}
    assert part_of(MULTI_HOP, []) == MULTI_HOP


def test_steps_are_pasted_beside_those_that_are_there_under_free_names(
    client_of: Browser, erin: User, two_steps: rows.Program
) -> None:
    services.arrange(two_steps, Drawn({"judge": [40, 60]}), erin)
    part = program_file.write(replace(TWO_STEPS, outputs={}))
    sent = {"part": part, "left": 500, "top": 90, "revision": 1}
    answer = client_of(erin).post(address("paste", two_steps), sent, headers=SENT)
    assert answer.status_code == 200
    core = fresh(two_steps).core
    assert [m.name for m in core.modules] == ["summarize", "judge", "summarize_2", "judge_2"]
    assert core.outputs == TWO_STEPS.outputs
    wired = {c.name: c.inputs for c in core.calls}
    assert wired["judge_2"] == {"summary": "summarize_2.summary"}
    assert wired["summarize_2"] == {"message": "input.message"}  # by its name
    places = graph(fresh(two_steps))["places"]
    assert places["judge"] == [40, 60]
    assert places["summarize_2"] == [500, 90]
    assert places["judge_2"][0] > 500
    undone = client_of(erin).post(address("undo", two_steps), {"revision": 2}, headers=SENT)
    assert undone.status_code == 200
    assert fresh(two_steps).core == two_steps.core


@pytest.mark.parametrize("part", ["", "{", "[1]", '{"name": 3}'])
def test_what_is_no_program_file_is_not_pasted(
    client_of: Browser, erin: User, two_steps: rows.Program, part: str
) -> None:
    sent = {"part": part, "revision": 1}
    answer = client_of(erin).post(address("paste", two_steps), sent, headers=SENT)
    assert answer.status_code == 422
    assert "That was not done." in text_of(answer)
    assert fresh(two_steps).revision == 1


def test_pasted_steps_are_bounded() -> None:
    calls = tuple(Call(f"c{n}", "classify", {}) for n in range(100))
    with pytest.raises(Refused, match="many_entries"):
        pasted(ONE_STEP, Drawn({}), program_file.write(replace(ONE_STEP, calls=calls)), 0, 0)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("input.kind", ""),
        ("input.note", ""),
        ("input.sure", ""),
        ("input.parts", "choose a choice"),
        ("judge.intent", "circle"),
    ],
)
def test_a_condition_is_drawn_where_something_can_decide_it(source: str, told: str) -> None:
    asked = (
        Field("kind", FieldType.CHOICE, choices=("a", "b")),
        Field("note"),
        Field("sure", FieldType.BOOLEAN),
        Field("parts", FieldType.LIST),
    )
    core = replace(TWO_STEPS, inputs=(*TWO_STEPS.inputs, *asked))
    judge, summarize = core.calls[0], core.calls[1]
    assert summarize.name == "summarize"
    when = When(source, ("a",))
    drawn = replace(core, calls=(judge, replace(summarize, when=when)))
    document = json.loads(program_file.write(drawn))
    document["outputs"] = [list(pair) for pair in document["outputs"].items()]
    text = json.dumps({**document, "places": {}, "guessed": []})
    if not told:
        assert sketch_of(core, text).core.calls[1].when == when
        return
    with pytest.raises(Refused) as refusal:
        sketch_of(core, text)
    assert told in reasons(refusal.value)


def test_boxes_that_nobody_moved_stand_tidy_with_what_goes_the_same_way_as_one_port() -> None:
    signs = tuple(Field(f"sign_{n}") for n in range(13))
    doctor = replace(HOP, name="doctor", signature=replace(HOP.signature, inputs=signs))
    given = {f.name: f"input.{f.name}" for f in signs}
    calls = tuple(Call(f"doctor_{n}", "doctor", given) for n in range(3))
    core = Program("Heart", signs, (doctor,), calls, {"query": "doctor_0.query"})
    places = tidy(core)
    assert {places[c.name][0] for c in calls} == {places["doctor_0"][0]}
    tops = [places[c.name][1] for c in calls]
    assert {b - a for a, b in pairwise(tops)} == {117}  # a box of one row, and a gap
    assert places["input"][0] < places["doctor_0"][0] < places["@output"][0]


def test_a_form_beside_the_canvas_saves_itself_and_answers_with_the_canvas(
    client_of: Browser, erin: User, one_step: rows.Program
) -> None:
    client = client_of(erin)
    here = f"{address('module', one_step, 'classify')}?beside=classify"
    assert "about" in text_of(client.get(here, headers=SENT))
    data = module_data(name="sort", instruction="Sort the {message} by {tone}.")
    answer = client.post(here, data, headers=SENT)
    page = text_of(answer)
    assert answer.status_code == 200
    assert 'data-beside="sort"' in page
    assert "modules/at/sort/?beside=sort" in page
    assert 'hx-target="#canvas-state"' in page
    assert "Input tone" in page
    assert fresh(one_step).core.calls[0].name == "sort"

    wrong = client.post(here.replace("at/classify", "at/sort"), {**data, "name": "", "revision": 2})
    assert wrong.status_code == 422
    stale = client.post(here.replace("at/classify", "at/sort"), {**data, "revision": 1})
    assert stale.status_code == 409
    assert "data-held" in text_of(stale)


def test_ends_of_the_program_are_edited_beside_the_canvas(
    client_of: Browser, erin: User, one_step: rows.Program
) -> None:
    client = client_of(erin)
    row = {"name": "text", "type": "text", "was": "message", "description": "", "choices": ""}
    here = f"{address('inputs', one_step)}?beside=input"
    answer = client.post(here, {"revision": 1, **typed_rows("inputs", row)}, headers=SENT)
    assert answer.status_code == 200
    assert 'name="inputs-0-was" value="text"' in text_of(answer)
    assert fresh(one_step).core.calls[0].inputs == {"message": "input.text"}
    here = f"{address('outputs', one_step)}?beside=@output"
    data = {"revision": 2, **typed_rows("outputs", {"name": "team", "source": "classify.intent"})}
    assert client.post(here, data, headers=SENT).status_code == 200
    assert fresh(one_step).core.outputs == {"team": "classify.intent"}


def test_new_wires_of_a_form_are_marked_as_guessed(
    client_of: Browser, erin: User, two_steps: rows.Program
) -> None:
    inputs = typed_rows(
        "inputs",
        {"name": "message", "type": "text", "was": "message", "description": "", "choices": ""},
        {"name": "intent", "type": "text", "was": "", "description": "", "choices": ""},
    )
    core = replace(TWO_STEPS, inputs=(*TWO_STEPS.inputs, INTENT))
    services.save_definition(two_steps, core, 1, erin)
    data = module_data(
        name="summarize", instruction="", revision=2, **inputs,
        **typed_rows("outputs", {"name": "summary", "type": "text", "was": "summary",
                                 "description": "", "choices": ""}),
    )  # fmt: skip
    here = f"{address('module', two_steps, 'summarize')}?beside=summarize"
    assert client_of(erin).post(here, data, headers=SENT).status_code == 200
    assert graph(fresh(two_steps))["guessed"] == ["summarize.intent"]


wires = st.sampled_from(["input.message", "summarize.summary", "judge.intent", ""])


@settings(max_examples=40, deadline=None)
@given(wires, wires, wires)
def test_what_the_canvas_may_connect_the_server_accepts(a: str, b: str, c: str) -> None:
    document = {
        "inputs": [{"name": "message"}],
        "modules": [{"name": "summarize"}, {"name": "judge"}],
        "calls": [
            {"name": "summarize", "module": "summarize", "inputs": {"message": a}},
            {"name": "judge", "module": "judge", "inputs": {"summary": b}},
        ],
        "outputs": [["intent", c]] if c else [],
    }
    circle = (
        a == "summarize.summary"
        or b == "judge.intent"
        or (a == "judge.intent" and b == "summarize.summary")
    )
    try:
        made = sketch_of(TWO_STEPS, json.dumps(document)).core
    except Refused:
        assert circle
        return
    assert not circle
    assert made.calls[1].inputs == {"message": a}


def test_the_drawing_is_kept_apart_from_the_program(one_step: rows.Program, erin: User) -> None:
    services.arrange(one_step, Drawn({"classify": [1, 2]}, ("classify.message",)), erin)
    assert "places" not in program_file.write(fresh(one_step).core)
    found = newest(one_step)
    assert found is not None
    assert drawn_of(found).guessed == ("classify.message",)
