"""Whole programs built by hand: by mouse, by fingers on a phone, with keys alone, and in the list,
without the canvas and without scripts."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import Axe
from tests.browser.conftest import PHONE
from tests.browser.hand import Hand, middle
from tests.browser.large import STEPS, WIRES, large, wires
from tests.browser.test_canvas import drawn, hand_at, two_steps_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from optimizer.core.programs.program import Program as Core
    from promptlab.programs.models import Program
    from tests.browser.conftest import Visit
    from tests.browser.lab import Lab

OPTIONS: dict[str, dict[str, Any]] = {
    "mouse": {},
    "fingers": {"viewport": PHONE, "has_touch": True},
    "keys": {},
    "keys on a phone": {"viewport": PHONE},
}


def builder(visit: Visit, lab: Lab, program: Program, way: str) -> Hand:
    hand = hand_at(visit, lab, program, **OPTIONS[way])
    hand.keys = way.startswith("keys")
    return hand


def saved_core(hand: Hand, program: Program) -> Core:
    hand.saved()
    core = type(program).objects.get(pk=program.pk).core
    assert core.problems() == []
    return core


def begun(hand: Hand, kind: str, name: str) -> None:
    """A step of this kind, behind the box that is chosen; its form is there."""
    hand.act(hand.kind(kind))
    expect(hand.beside.locator("form")).to_have_attribute("data-beside", name)
    hand.saved()


def told(hand: Hand, step: str, instruction: str, wanted: str = "") -> None:
    """An instruction; what it speaks of and is not there yet is taken where it is offered."""
    hand.enter(hand.beside.get_by_role("textbox", name="Instruction"), instruction)
    if wanted:
        hand.act(hand.beside.get_by_role("button", name=f"Input {wanted}"))
        expect(hand.box(step).locator(f"[title={wanted}]")).to_be_visible()
        hand.saved()


@pytest.mark.parametrize("way", ["mouse", "fingers", "keys on a phone"])
def test_two_hops_through_a_corpus_are_built(visit: Visit, lab: Lab, way: str) -> None:
    """HotPotQA's program."""
    corpus = passages(lab)
    program = drawn(lab)
    hand = builder(visit, lab, program, way)
    begun(hand, "Retrieve", "retrieve")
    hand.choose(hand.beside.get_by_role("combobox", name="Corpus"), corpus, "Facts")
    hand.saved()
    begun(hand, "Chain of thought", "chain_of_thought")
    told(
        hand,
        "chain_of_thought",
        "Say what else is to be looked up for the {query}, given {passages}.",
        "query",
    )
    begun(hand, "Retrieve", "retrieve_2")
    hand.choose(hand.beside.get_by_role("combobox", name="Corpus"), corpus, "Facts")
    begun(hand, "Predict", "predict")
    told(hand, "predict", "Answer the {query} from the {passages}.", "query")
    hand.connect("predict.answer", "@output.passages")
    expect(hand.port("@output.passages")).to_contain_text("predict.answer")
    core = saved_core(hand, program)
    assert {c.name: c.inputs for c in core.calls} == {
        "retrieve": {"query": "input.query"},
        "chain_of_thought": {"passages": "retrieve.passages", "query": "input.query"},
        "retrieve_2": {"answer": "chain_of_thought.answer"},
        "predict": {"passages": "retrieve_2.passages", "query": "input.query"},
    }
    looks = [m for m in core.modules if m.kind == "retrieve"]
    assert [getattr(m, "corpus", "") for m in looks] == [corpus, corpus]
    assert "?view=graph" in hand.page.url


@pytest.mark.parametrize("way", ["mouse", "fingers", "keys"])
def test_three_doctors_and_a_vote_are_built(visit: Visit, lab: Lab, way: str) -> None:
    """Heart Disease's program, from the columns of its data."""
    program = drawn(lab, one_doctor())
    hand = builder(visit, lab, program, way)
    hand.act(hand.box("doctor").locator("header") if not hand.keys else hand.box("doctor"))
    expect(hand.beside.locator("form")).to_have_attribute("data-beside", "doctor")
    hand.enter(hand.beside.get_by_label("Temperature"), "0.7")
    for name in ("doctor_2", "doctor_3"):
        hand.act(hand.page.get_by_role("button", name="Use a module again"))
        expect(hand.page.get_by_role("menuitem", name="doctor")).to_be_focused()
        hand.act(hand.page.get_by_role("menuitem", name="doctor"))
        expect(hand.beside.locator("form")).to_have_attribute("data-beside", name)
        hand.saved()
    begun(hand, "Vote", "vote")
    for name in ("second", "third"):
        rows = hand.beside.locator("[name^=inputs][data-field-name]")
        there = rows.count()
        hand.act(hand.beside.get_by_role("button", name="Add input"))
        expect(rows).to_have_count(there + 1)
        hand.enter(rows.last, name)
        expect(hand.port(f"vote.{name}")).to_be_visible()
        hand.saved()
    hand.connect("doctor.disease", "vote.second")
    hand.connect("doctor_2.disease", "vote.third")
    hand.connect("vote.answer", "@output.disease")
    expect(hand.port("@output.disease")).to_contain_text("vote.answer")
    core = saved_core(hand, program)
    assert [c.module for c in core.calls] == ["doctor", "doctor", "doctor", "vote"]
    assert all(len(c.inputs) == 13 for c in core.calls[:3])
    assert core.calls[3].inputs == {
        "disease": "doctor_3.disease",
        "second": "doctor.disease",
        "third": "doctor_2.disease",
    }
    assert getattr(core.modules[0], "temperature", 0) == 0.7
    if way == "fingers":
        hand.page.evaluate("scrollTo(0, 0)")  # nothing is half below the bar above
        assert Axe(hand.page).violations() == []


def test_three_programs_are_built_in_the_list_without_scripts(visit: Visit, lab: Lab) -> None:
    """Three steps, HotPotQA's program, Heart Disease's."""
    corpus = passages(lab)
    steps, hops, heart = drawn(lab), drawn(lab, name="Hops"), drawn(lab, one_doctor(), "Heart")
    page = visit(lab.alice, "", viewport=PHONE, java_script_enabled=False)

    page.goto(f"{lab.path}/programs/{steps.pk}/")
    listed(page, "summarize", "predict", "Summarize {text}.", ["text"], "summary")
    listed(page, "judge", "predict", "Judge {summary}.", ["summary"], "verdict")
    listed(page, "reply", "chain_of_thought", "Reply to {verdict}.", ["verdict"], "answer")
    gives(page, "answer", "reply.answer")
    assert wires_of(steps) == {
        "summarize": ["input.text"], "judge": ["summarize.summary"], "reply": ["judge.verdict"],
    }  # fmt: skip

    page.goto(f"{lab.path}/programs/{hops.pk}/")
    look = {"gives": "passages", "of": "list", "corpus": corpus}
    listed(page, "retrieve", "retrieve", "", ["query"], **look)
    takes = ["query", "passages"]
    listed(page, "think", "chain_of_thought", "Look up what {query} needs.", takes, "next")
    listed(page, "retrieve_2", "retrieve", "", ["next"], **look)
    listed(page, "answer", "predict", "Answer {query} from {passages}.", takes, "answer")
    form = page.locator("form", has=page.locator("#answer-passages"))
    form.locator("#answer-passages").select_option("retrieve_2.passages")
    form.get_by_role("button", name="Save connections").click()
    gives(page, "answer", "answer.answer")
    assert wires_of(hops) == {
        "retrieve": ["input.query"], "think": ["input.query", "retrieve.passages"],
        "retrieve_2": ["think.next"], "answer": ["input.query", "retrieve_2.passages"],
    }  # fmt: skip

    for _ in range(2):
        page.goto(f"{lab.path}/programs/{heart.pk}/")
        page.locator("summary", has_text="Use a module again").click()
        page.get_by_role("button", name="doctor", exact=True).click()
    page.goto(f"{lab.path}/programs/{heart.pk}/")
    names = ["first", "second", "third"]
    listed(page, "vote", "vote", "", names, "disease", "choice", choices="yes\nno")
    for name, call in zip(names, ("doctor", "doctor_2", "doctor_3"), strict=True):
        page.locator(f"#vote-{name}").select_option(f"{call}.disease")
    form = page.locator("form", has=page.locator("#vote-first"))
    form.get_by_role("button", name="Save connections").click()
    gives(page, "disease", "vote.disease")
    voted = wires_of(heart)
    assert sorted(voted["vote"]) == ["doctor.disease", "doctor_2.disease", "doctor_3.disease"]
    assert [len(voted[name]) for name in ("doctor", "doctor_2", "doctor_3")] == [13] * 3


def listed(
    page: Page, name: str, kind: str, instruction: str, takes: list[str],
    gives: str, of: str = "text", corpus: str = "", choices: str = "",
) -> None:  # fmt: skip
    """A module, by its form; what a kind asks of its own comes once it is saved."""
    page.get_by_role("link", name="Add module").first.click()
    page.get_by_label("Name", exact=True).first.fill(name)
    page.locator(f"[name=kind][value={kind}]").check()
    page.locator("[name=instruction]").fill(instruction)
    for number, field in enumerate(takes):
        if number:
            page.get_by_role("button", name="Add input").click()
        page.locator(f"[name=inputs-{number}-name]").fill(field)
        page.locator(f"[name=inputs-{number}-type]").select_option(
            "list" if field == "passages" else of if kind == "vote" else "text"
        )
        if choices:
            page.locator(f"[name=inputs-{number}-choices]").fill(choices)
    page.locator("[name=outputs-0-name]").fill(gives)
    page.locator("[name=outputs-0-type]").select_option(of)
    if choices:
        page.locator("[name=outputs-0-choices]").fill(choices)
    save = page.get_by_role("button", name="Save module")
    save.click()
    if corpus:
        page.locator("[name=corpus]").select_option(corpus)
        save.click()


def gives(page: Page, name: str, source: str) -> None:
    page.get_by_role("link", name="Edit outputs").click()
    page.locator("[name=outputs-0-name]").fill(name)
    page.locator("[name=outputs-0-source]").select_option(source)
    page.get_by_role("button", name="Save outputs").click()
    expect(page.locator("#outputs")).to_contain_text(source)


def wires_of(program: Program) -> dict[str, list[str]]:
    core = type(program).objects.get(pk=program.pk).core
    assert core.problems() == []
    return {call.name: sorted(call.inputs.values()) for call in core.calls}


def test_sixty_steps_stand_apart_and_come_back_as_they_were(visit: Visit, lab: Lab) -> None:
    from optimizer.files import program_file

    core = large()
    assert (len(core.calls), wires(core)) == (STEPS, WIRES)
    program = drawn(lab, program_file.read(program_file.write(core)))
    written = program_file.write(program.core)
    hand = hand_at(visit, lab, program)
    expect(hand.page.locator(".minimap")).to_be_visible()
    # Neither is asserted tightly: a quiet machine takes a tenth of it.
    canvas = hand.page.locator("pipeline-graph")
    drawing = "(canvas) => { const began = performance.now(); canvas.tidy(); canvas.offsetHeight; "
    assert canvas.evaluate(drawing + "return performance.now() - began; }") < 1000
    boxes = canvas.evaluate(
        "(canvas) => [...canvas.sizes].map(([box, size]) => [...canvas.places[box], ...size])"
    )
    assert len(boxes) == STEPS + 2
    apart = [
        x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
        for (x, y, w, h), (x2, y2, w2, h2) in combinations(boxes, 2)
    ]
    assert all(apart)
    hand.saved()
    assert program_file.write(type(program).objects.get(pk=program.pk).core) == written
    # There and back through the page, a box taken and brought back.
    canvas.evaluate("(canvas) => canvas.select('step_20')")
    expect(hand.beside.locator("form")).to_have_attribute("data-beside", "step_20")
    hand.box("step_20").focus()
    hand.key("Delete")
    expect(hand.box("step_20")).to_have_count(0)
    hand.key("Control+z")
    expect(hand.box("step_20")).to_have_count(1)
    hand.saved()
    assert program_file.write(type(program).objects.get(pk=program.pk).core) == written


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_a_program_within_another_is_one_box_that_opens_and_is_wired_like_any(
    visit: Visit, lab: Lab, way: str
) -> None:
    from promptlab.programs.history import Drawn
    from promptlab.programs.pasting import inserted
    from promptlab.programs.services import save_definition

    program = drawn(lab, one_doctor())
    before = program.core
    part = inserted(before, Drawn({}), replace(two_steps_of(lab), name="Triage v1.2, 名前"))
    save_definition(program, part.core, 1, lab.alice)
    hand = builder(visit, lab, program, way)
    box = hand.box(":summarize")
    expect(box.locator("header b")).to_have_text("Triage v1.2, 名前")
    expect(hand.box("summarize")).to_have_count(0)
    hand.connect("doctor.disease", "summarize.message")
    expect(hand.port("summarize.message")).to_contain_text("connected to doctor.disease")
    hand.saved()
    # Opened, and folded by any of its steps.
    hand.act(box.get_by_role("button", name="2 steps"))
    expect(hand.box("classify")).to_be_visible()
    expect(box).to_have_count(0)
    expect(hand.port("classify.summary")).to_contain_text("connected to summarize.summary")
    hand.act(hand.box("classify").get_by_role("button", name="Triage"))
    expect(box).to_be_focused()
    if way == "mouse":
        hand.press(box.locator("header b"))
        hand.fill(hand.beside.get_by_label("Name", exact=True), "Sorting")
        expect(box.locator("header b")).to_have_text("Sorting")
        hand.saved()
        assert Axe(hand.page).violations() == []
        box.focus()
    hand.key("Delete")
    expect(box).to_have_count(0)
    hand.saved()
    for _ in range(3 if way == "keys" else 4):  # the box, the name, the wire, the steps
        hand.key("Control+z")
        hand.saved()
    expect(hand.box("doctor")).to_be_visible()
    assert type(program).objects.get(pk=program.pk).core == before


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_a_wire_to_the_head_of_a_box_makes_it_wait_for_a_value(
    visit: Visit, lab: Lab, way: str
) -> None:
    from optimizer.core.programs.calls import When
    from tests.fakes.flows import branches

    core = branches()
    core = replace(core, calls=tuple(replace(c, when=None) for c in core.calls))
    program = drawn(lab, core)
    hand = builder(visit, lab, program, way)
    expect(hand.port("refund.@when")).to_be_hidden()
    if way == "keys":
        hand.connect("sort.kind", "refund.@when")
    else:
        mouse = hand.page.mouse
        mouse.move(*middle(hand.port("sort.kind")))
        mouse.down()
        mouse.move(*middle(hand.box("refund").locator("header")), steps=2)
        expect(hand.port("refund.@when")).to_be_visible()
        mouse.move(*middle(hand.port("refund.@when")), steps=2)
        mouse.up()
    choice = hand.page.get_by_role("menuitem", name="Make refund only when sort.kind is refund")
    expect(choice).to_be_focused()
    hand.key("Enter")
    expect(hand.port("refund.@when")).to_contain_text("when refund")
    assert {c.name: c.when for c in saved_core(hand, program).calls if c.when} == {
        "refund": When("sort.kind", ("refund",))
    }
    hand.port("refund.@when").focus()
    hand.key("Delete")
    expect(hand.port("refund.@when")).to_be_hidden()
    assert not any(c.when for c in saved_core(hand, program).calls)


def test_nothing_that_was_typed_is_lost_when_another_box_is_chosen(visit: Visit, lab: Lab) -> None:
    program = lab.program()
    hand = hand_at(visit, lab, program)
    hand.press(hand.box("classify").locator("header"))
    name = hand.beside.get_by_label("Name", exact=True).first
    name.fill("no name!")
    hand.press(hand.box("input").locator("header"))
    expect(hand.page.locator("[data-state]")).to_have_attribute("data-state", "invalid")
    expect(name).to_have_value("no name!")
    expect(name).to_be_focused()
    expect(hand.box("classify")).to_have_class(re.compile("chosen"))
    hand.box("input").focus()
    hand.key("Control+z")
    expect(name).to_have_value("no name!")
    # Corrected, and left at once, while the server is slow.
    hand.page.route(
        "**/modules/**", lambda route: (hand.page.wait_for_timeout(300), route.continue_())
    )
    name.fill("sort")
    hand.press(hand.box("@output").locator("header"))
    expect(hand.beside.get_by_role("heading", name="Outputs of the program")).to_be_visible()
    expect(hand.box("sort")).to_be_visible()
    assert [c.name for c in saved_core(hand, program).calls] == ["sort"]


def test_what_the_canvas_connects_the_server_takes_and_nothing_else(visit: Visit, lab: Lab) -> None:
    """Every output with every input, conditions and steps of every kind among them."""
    from optimizer.core.problems import Refused
    from promptlab.programs.canvas import graph_of, sketch_of
    from promptlab.programs.history import Drawn
    from tests.fakes.every_kind import of_every_kind

    program = drawn(lab, of_every_kind())
    hand = hand_at(visit, lab, program)
    answers = hand.page.locator("pipeline-graph").evaluate(EVERY_PAIR)
    assert len(answers) > 300
    standing = json.loads(graph_of(program, Drawn({})))
    wrong = []
    for out, into, refusal in answers[::PART]:
        text = json.dumps(wired(standing, out, into))
        try:
            sketch_of(program.core, text)
            taken = True
        except Refused:
            taken = False
        if taken == bool(refusal):
            wrong.append((out, into, refusal))
    assert wrong == []


PART = 3
"""One pair in so many is asked of the server, too."""
EVERY_PAIR = """(canvas) => {
  const { graph } = canvas;
  const outs = graph.boxes.flatMap((box) => graph.outs(box).map(({ name }) => `${box}.${name}`));
  const ins = graph.boxes.flatMap((box) => graph.ins(box).map(({ name }) => `${box}.${name}`));
  return outs.flatMap((out) => ins.map((into) => [out, into, graph.refusal(out, into)?.[0] ?? ""]));
}"""


def wired(standing: dict[str, Any], out: str, into: str) -> dict[str, Any]:
    """The document with that wire."""
    document: dict[str, Any] = copy.deepcopy(standing)
    box, name = into.split(".")
    if box == "@output":
        document["outputs"] = [[n, out if n == name else s] for n, s in document["outputs"]]
        return document
    call = next(c for c in document["calls"] if c["name"] == box)
    if name == "@when":
        call["when"] = {"source": out, "values": ["true"]}
    else:
        call["inputs"][name] = out
    return document


def passages(lab: Lab) -> str:
    """The digest of a corpus called Facts."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from promptlab.programs import corpora

    text = b"text\nLyon lies in France.\nFrance's president is elected for five years.\n"
    return corpora.make(lab.project, lab.alice, "Facts", SimpleUploadedFile("f.csv", text)).digest


def one_doctor() -> Core:
    from optimizer.core.modules.chain_of_thought import ChainOfThought
    from optimizer.core.programs.signature import Field, FieldType
    from promptlab.programs.starters import one_module

    signs = tuple(Field(f"sign_{n}") for n in range(13))
    disease = Field("disease", FieldType.CHOICE, choices=("yes", "no"))
    core = one_module("Heart", signs, (disease,), ChainOfThought)
    module, call = core.modules[0], core.calls[0]
    return replace(
        core,
        modules=(replace(module, name="doctor"),),
        calls=(replace(call, name="doctor", module="doctor"),),
        outputs={"disease": "doctor.disease"},
    )
