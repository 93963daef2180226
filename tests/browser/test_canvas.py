"""Programs drawn by hand: with the mouse, with fingers, with keys alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import Axe
from tests.browser.conftest import DESK, PHONE
from tests.browser.hand import Hand, middle

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize

    from optimizer.core.programs.program import Program as Core
    from promptlab.programs.models import Program
    from tests.browser.conftest import Visit
    from tests.browser.lab import Lab
    from tests.fakes.openai_server import OpenAIServer

MOST_GESTURES = 40
STEPS = ("summarize", "judge", "reply")


def drawn(lab: Lab, core: Core | None = None, name: str = "Drawn") -> Program:
    from promptlab.programs.services import create_program
    from promptlab.programs.starters import blank

    return create_program(lab.project, lab.alice, name, core or blank(name))


def hand_at(visit: Visit, lab: Lab, program: Program, **options: Any) -> Hand:
    path = f"{lab.path}/programs/{program.pk}/?view=graph"
    return Hand(visit(lab.alice, path, **options), touch=options.get("has_touch", False))


def check_three_steps(hand: Hand, program: Program) -> None:
    hand.saved()
    program = type(program).objects.get(pk=program.pk)
    core = program.core
    assert [m.name for m in core.modules] == list(STEPS)
    assert core.problems() == []
    last = core.module("reply").signature.outputs[0].name
    assert list(core.outputs.values()) == [f"reply.{last}"]
    assert {c.name: next(iter(c.needs)) for c in core.calls} == {
        "summarize": "input", "judge": "summarize", "reply": "judge",
    }  # fmt: skip
    assert hand.gestures < MOST_GESTURES, hand.gestures
    assert "?view=graph" in hand.page.url


def name_step(hand: Hand, was: str, name: str) -> None:
    """In the form beside the canvas, which the new step has once it is saved."""
    expect(hand.beside.locator("form")).to_have_attribute("data-beside", was)
    hand.fill(hand.beside.get_by_label("Name", exact=True).first, name)
    expect(hand.box(name)).to_be_visible()
    hand.saved()


def test_three_steps_are_drawn_with_the_mouse(visit: Visit, lab: Lab) -> None:
    program = drawn(lab)
    hand = hand_at(visit, lab, program)
    hand.press(hand.kind("Predict"))
    name_step(hand, "predict", "summarize")
    # From the loose end of a wire.
    hand.drag(hand.port("summarize.answer"), hand.port("summarize.answer"), dx=40, dy=130)
    hand.press(hand.page.get_by_role("menuitem", name="Predict"))
    name_step(hand, "predict", "judge")
    hand.drag(hand.kind("Chain of thought"), hand.port("judge.answer_2"), dx=-180, dy=110)
    name_step(hand, "chain_of_thought", "reply")
    hand.drag(hand.port("judge.answer_2"), hand.box("reply").locator(".in .port:not(.when)"))
    hand.press(hand.page.get_by_role("button", name="Tidy"))
    hand.press(hand.page.get_by_role("button", name="Fit"))
    hand.drag(hand.port("reply.answer"), hand.port("@output.answer"))
    expect(hand.port("@output.answer")).to_contain_text("reply.answer")
    check_three_steps(hand, program)


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "fingers"])
def test_three_steps_are_drawn_on_a_phone(visit: Visit, lab: Lab, touch: bool) -> None:
    program = drawn(lab)
    hand = hand_at(visit, lab, program, viewport=PHONE, has_touch=touch)
    hand.press(hand.kind("Predict"))
    name_step(hand, "predict", "summarize")
    hand.press(hand.kind("Predict"))  # after the one that is chosen
    name_step(hand, "predict", "judge")
    hand.press(hand.kind("Chain of thought"))
    name_step(hand, "chain_of_thought", "reply")
    # One press begins a wire, another ends it.
    hand.press(hand.port("reply.answer"))
    hand.press(hand.port("@output.answer"))
    expect(hand.port("@output.answer")).to_contain_text("reply.answer")
    check_three_steps(hand, program)


def test_a_finger_draws_wires_and_moves_boxes(visit: Visit, lab: Lab) -> None:
    program = lab.program()
    hand = hand_at(visit, lab, program, has_touch=True)
    hand.drag(hand.port("classify.team"), hand.port("classify.team"), dx=30, dy=160)
    expect(hand.page.get_by_role("menuitem").first).to_be_focused()
    hand.key("Enter")  # Chromium takes a tap right after such a fling for the end of it
    expect(hand.port("predict.team")).to_contain_text("classify.team")
    hand.saved()
    before = middle(hand.box("predict"))
    header = hand.box("predict").locator("header")
    hand.drag(header, header, dx=-120, dy=60)
    hand.saved()
    after = middle(hand.box("predict"))
    assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((-120, 60), abs=6)


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_three_steps_are_drawn_with_keys_alone(
    visit: Visit, lab: Lab, viewport: ViewportSize
) -> None:
    program = drawn(lab)
    hand = hand_at(visit, lab, program, viewport=viewport)
    page = hand.page
    hand.key("Tab")
    hand.key("Enter")  # to the content
    while not hand.kind("Predict").evaluate("(button) => button === document.activeElement"):
        hand.key("Tab")
        assert hand.gestures < MOST_GESTURES
    hand.key("Enter")
    for name in STEPS:
        expect(page.locator(".gbox:focus")).to_be_visible()
        hand.key("Enter")
        expect(hand.beside.get_by_label("Name", exact=True).first).to_be_focused()
        hand.type(name)
        hand.key("Escape")
        expect(hand.box(name)).to_be_focused()
        hand.saved()
        if name != STEPS[-1]:
            hand.key("+")
            expect(page.get_by_role("menuitem").first).to_be_focused()
            hand.key("Enter")
    hand.key("Tab")
    hand.key("Tab")
    expect(hand.port("reply.answer")).to_be_focused()
    hand.key("Enter")
    expect(hand.port("@output.answer")).to_be_focused()
    hand.key("Enter")
    expect(page.locator("[data-live]")).to_have_text("Connected reply.answer to output.answer.")
    check_three_steps(hand, program)


def test_a_wire_that_cannot_be_is_refused_with_its_reason_before_it_is_let_go(
    visit: Visit, lab: Lab
) -> None:
    from tests.core.programs import MULTI_HOP

    hand = hand_at(visit, lab, drawn(lab, MULTI_HOP))
    mouse = hand.page.mouse
    mouse.move(*middle(hand.port("hop2.query")))
    mouse.down()
    mouse.move(*middle(hand.port("hop1.context")), steps=3)
    expect(hand.page.locator(".graph-hint")).to_have_text("That would make a circle.")
    mouse.up()
    expect(hand.page.locator("[data-live]")).to_have_text("That would make a circle.")
    hand.saved()
    expect(hand.port("hop1.context")).to_contain_text("connected to input.context")


def test_a_step_that_is_dropped_on_a_wire_goes_between_and_all_of_it_is_undone_after_a_reload(
    visit: Visit, lab: Lab
) -> None:
    program = lab.program()
    before = program.core
    hand = hand_at(visit, lab, program)
    out, into = middle(hand.port("input.message")), middle(hand.port("classify.message"))
    on_the_wire = (out[0] + into[0]) / 2 - 10, (out[1] + into[1]) / 2
    hand.draw(middle(hand.kind("Chain of thought")), on_the_wire)
    expect(hand.port("classify.message")).to_contain_text("chain_of_thought")
    hand.saved()
    hand.page.reload()
    hand.press(hand.page.get_by_role("button", name="Undo"))
    expect(hand.box("chain_of_thought")).to_have_count(0)
    hand.saved()
    program.refresh_from_db()
    assert type(program).objects.get(pk=program.pk).core == before


def test_a_field_in_the_instruction_is_offered_where_it_is_typed(visit: Visit, lab: Lab) -> None:
    program = lab.program()
    hand = hand_at(visit, lab, program)
    hand.press(hand.box("classify").locator("header"))
    hand.beside.get_by_role("textbox", name="Instruction").fill("Sort the {message} by {tone}.")
    hand.press(hand.beside.get_by_role("button", name="Input tone"))
    expect(hand.port("classify.tone")).to_be_visible()
    hand.saved()
    # Led from there into the empty: what begins is an input of the program.
    hand.drag(hand.port("classify.tone"), hand.port("classify.tone"), dx=-40, dy=150)
    hand.press(hand.page.get_by_role("menuitem", name="New input tone"))
    expect(hand.port("classify.tone")).to_contain_text("input.tone")
    hand.saved()
    assert type(program).objects.get(pk=program.pk).core.problems() == []


def test_two_people_at_one_program_overwrite_nothing(visit: Visit, lab: Lab, watch: Any) -> None:
    from promptlab.programs import edits, services

    watch.allow("status of 409")
    program = lab.program()
    hand = hand_at(visit, lab, program)
    carl = lab.person("carl", "editor")
    module = program.core.modules[0]
    theirs = replace(module, description="Carl was here.")
    core = edits.replace_module(program.core, module.name, theirs, {}, {})
    hand.press(hand.box("classify").locator("header"))
    instruction = hand.beside.get_by_role("textbox", name="Instruction")
    expect(instruction).to_be_visible()
    services.save_definition(program, core, 1, carl)
    instruction.fill("Mine: sort the {message}.")
    expect(hand.beside.get_by_role("alert")).to_contain_text("Carl saved this program")
    expect(instruction).to_have_value("Mine: sort the {message}.")
    hand.press(hand.beside.get_by_role("button", name="Take what stands"))
    expect(hand.beside.get_by_label("Note")).to_have_value("Carl was here.")
    assert type(program).objects.get(pk=program.pk).revision == 2

    # On the sheet, too: what stands is told, and one chooses.
    now = type(program).objects.get(pk=program.pk)
    services.describe(now, now.name, "Carl's words.", 2, carl)
    hand.press(hand.kind("Vote"))
    told = hand.page.locator("#canvas-state").get_by_role("alert")
    expect(told).to_contain_text("Carl changed this program while you were drawing")
    expect(told).to_contain_text("changed the description")
    hand.press(told.get_by_role("button", name="Put mine over it"))
    hand.saved()
    now = type(program).objects.get(pk=program.pk)
    assert (now.core.description, len(now.core.modules)) == ("Carl's words.", 2)


def test_what_stands_beside_the_canvas_is_accessible(visit: Visit, lab: Lab) -> None:
    lab.provider()
    hand = hand_at(visit, lab, lab.program(), reduced_motion="reduce")
    hand.press(hand.box("classify").locator("header"))
    expect(hand.beside.locator("form")).to_have_attribute("data-beside", "classify")
    assert Axe(hand.page).violations() == []
    hand.press(hand.beside.get_by_role("link", name="Demos"))
    hand.press(hand.beside.get_by_role("button", name="Add demo"))
    hand.fill(hand.beside.get_by_label("message"), "Where is it?")
    expect(hand.page.locator("[data-state]")).to_have_attribute("data-state", "invalid")
    hand.press(hand.beside.get_by_role("link", name="Wires and conditions"))
    expect(hand.beside.get_by_label("message")).to_have_value("Where is it?")  # nothing is lost
    hand.beside.get_by_label("team").select_option("delivery")
    hand.saved()
    hand.press(hand.beside.get_by_role("link", name="Wires and conditions"))
    hand.fill(hand.beside.get_by_label("Name of this call"), "sort")
    expect(hand.box("sort")).to_be_visible()
    hand.saved()
    assert Axe(hand.page).violations() == []
    hand.press(hand.page.get_by_role("button", name="Try", exact=True))
    expect(hand.beside.get_by_role("button", name="Run", exact=True)).to_be_visible()
    hand.page.set_viewport_size(PHONE)
    assert Axe(hand.page).violations() == []


def test_thirteen_inputs_that_go_the_same_way_are_one_port_and_one_wire(
    visit: Visit, lab: Lab
) -> None:
    hand = hand_at(visit, lab, drawn(lab, three_doctors()))
    page = hand.page
    expect(page.locator(".hit")).to_have_count(7)
    # At first all of it is seen; what is chosen is seen beside the form, too.
    assert all(is_whole(hand, box) for box in ("input", "doctor_2", "@output"))
    hand.press(hand.box("@output").locator("header"))
    expect(hand.beside).to_be_visible()
    page.wait_for_function("() => document.querySelector('.stage').scrollLeft > 0")
    assert is_whole(hand, "@output")
    hand.page.locator(".stage").click(position={"x": 20, "y": 20})
    fold = hand.box("doctor_2").get_by_role("button", name="13 inputs")
    hand.press(fold)
    expect(hand.port("doctor_2.sign_7")).to_be_visible()
    hand.press(hand.box("doctor_2").get_by_role("button", name="13 inputs"))
    expect(hand.port("doctor_2.sign_7")).to_have_count(0)


def test_steps_light_up_while_they_run_and_show_what_they_gave(
    visit: Visit, lab: Lab, model: OpenAIServer
) -> None:
    lab.provider()
    model.seconds = 1.2
    hand = hand_at(visit, lab, drawn(lab, two_steps_of(lab)))
    hand.press(hand.page.get_by_role("button", name="Try", exact=True))
    hand.press(hand.beside.get_by_role("button", name="Run", exact=True))
    first, second = hand.box("summarize"), hand.box("classify")
    expect(first).to_have_class(re.compile("running"))
    expect(first).to_have_class(re.compile("done"))
    expect(first.locator(".given")).to_contain_text("summary: Some thoughts")
    expect(second).to_have_class(re.compile("running"))
    expect(second.locator(".given")).to_contain_text("team: ")
    expect(hand.beside.locator(".answer")).to_be_visible()
    # From a step on: what came before is taken from there, and what is typed is saved before.
    hand.press(second.locator("header"))
    hand.beside.get_by_role("textbox", name="Instruction").fill("Choose the team for {message}.")
    hand.press(hand.beside.get_by_role("button", name="Run from here"))
    expect(hand.beside.locator(".answer")).to_be_visible()
    kept = hand.beside.locator(".call-trace", has_text="taken from the try before")
    expect(kept.get_by_role("heading", level=2)).to_have_text("summarize")
    expect(hand.beside.locator(".transcript")).to_contain_text("Choose the team for")


def test_a_failure_stands_on_its_step(visit: Visit, lab: Lab, model: OpenAIServer) -> None:
    lab.provider()
    model.fault = lambda body, number: "401"
    hand = hand_at(visit, lab, drawn(lab, two_steps_of(lab)))
    hand.press(hand.page.get_by_role("button", name="Try", exact=True))
    hand.press(hand.beside.get_by_role("button", name="Run", exact=True))
    expect(hand.box("summarize")).to_have_class(re.compile("failed"))
    expect(hand.box("summarize").locator(".given")).to_be_visible()
    expect(hand.box("classify")).not_to_have_class(re.compile("failed|done"))


def test_steps_are_copied_from_one_program_into_another(visit: Visit, lab: Lab) -> None:
    full, program = lab.program(), drawn(lab)
    hand = hand_at(visit, lab, full, permissions=["clipboard-read", "clipboard-write"])
    hand.press(hand.box("classify").locator("header"))
    hand.key("Control+c")
    expect(hand.page.locator("[data-live]")).to_have_text("Copied classify.")
    copied = json.loads(hand.page.evaluate("navigator.clipboard.readText()"))
    assert [m["name"] for m in copied["modules"]] == ["classify"]
    hand.page.goto(f"{lab.path}/programs/{program.pk}/?view=graph")
    hand.page.locator(".stage").focus()
    hand.key("Control+v")
    expect(hand.box("classify")).to_be_visible()
    hand.key("Control+v")
    expect(hand.box("classify_2")).to_be_visible()
    hand.saved()
    assert len(type(program).objects.get(pk=program.pk).core.modules) == 2


def is_whole(hand: Hand, name: str) -> bool:
    """Whether all of a box is seen on the sheet."""
    stage, box = hand.page.locator(".stage").bounding_box(), hand.box(name).bounding_box()
    assert stage is not None
    assert box is not None
    return all(
        stage[at] <= box[at] and box[at] + box[size] <= stage[at] + stage[size]
        for at, size in (("x", "width"), ("y", "height"))
    )


def two_steps_of(lab: Lab) -> Core:
    from promptlab.datasets.queries import fields
    from promptlab.programs.starters import FirstStep, two_steps

    inputs, expected = fields(lab.dataset())
    return two_steps("Drawn", FirstStep.SUMMARIZE, inputs, expected)


def three_doctors() -> Core:
    from optimizer.core.modules.chain_of_thought import ChainOfThought
    from optimizer.core.modules.predict import Predict
    from optimizer.core.programs.calls import Call
    from optimizer.core.programs.program import Program
    from optimizer.core.programs.signature import Field, Signature

    signs = tuple(Field(f"sign_{n}") for n in range(13))
    names = ("first", "second", "third")
    opinions = tuple(Field(name) for name in names)
    doctor = ChainOfThought("doctor", Signature(signs, (Field("opinion"),), "Say what it is."))
    decide = Predict("decide", Signature(opinions, (Field("answer"),), "Decide."))
    calls = tuple(
        Call(f"doctor_{n}", "doctor", {f.name: f"input.{f.name}" for f in signs}) for n in (1, 2, 3)
    )
    taken = {name: f"doctor_{n}.opinion" for n, name in enumerate(names, 1)}
    last = Call("decide", "decide", taken)
    return Program("Heart", signs, (doctor, decide), (*calls, last), {"answer": "decide.answer"})
