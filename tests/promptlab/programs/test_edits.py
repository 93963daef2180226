"""Changes to a program keep its wires, names and demos together."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.modules.predict import Predict
from optimizer.core.programs.calls import Call
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field, FieldType, Signature
from promptlab.programs import edits, starters
from promptlab.programs.kinds import KINDS, prompt_choices
from promptlab.programs.starters import FirstStep
from promptlab.programs.wires import Misfit, in_order, output_sources, sources_for
from tests.core.programs import (
    CLASSIFY,
    INTENT,
    MESSAGE,
    MULTI_HOP,
    ONE_STEP,
    SUMMARIZE,
    TWO_STEPS,
    fields,
    layered_programs,
)


def wires(program: Program) -> dict[str, dict[str, str]]:
    return {call.name: call.inputs for call in program.calls}


def renamed_field(module: Module, old: str, new: str) -> Module:
    def changed(given_: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple(replace(f, name=new) if f.name == old else f for f in given_)

    signature = module.signature
    return replace(
        module,
        signature=replace(
            signature, inputs=changed(signature.inputs), outputs=changed(signature.outputs)
        ),
    )


def test_the_first_module_makes_a_blank_program_whole() -> None:
    program = edits.add_module(starters.blank("new"), CLASSIFY)

    assert program.problems() == []
    assert program.inputs == (MESSAGE,)
    assert program.outputs == {"intent": "classify.intent"}


def test_a_further_module_is_wired_where_it_is_obvious() -> None:
    by_name = Predict("check", Signature((INTENT, MESSAGE), (Field("ok", FieldType.BOOLEAN),)))
    alone = Predict("shorten", Signature((Field("long"),), (Field("short"),)))

    assert wires(edits.add_module(ONE_STEP, by_name))["check"] == {
        "intent": "classify.intent",
        "message": "input.message",
    }
    assert wires(edits.add_module(ONE_STEP, alone))["shorten"] == {"long": "classify.intent"}


def test_what_is_not_obvious_is_left_open() -> None:
    module = Predict("join", Signature((Field("left"), Field("right")), (Field("both"),)))

    assert wires(edits.add_module(ONE_STEP, module))["join"] == {"left": "", "right": ""}


def test_a_second_call_of_a_module_gets_a_name_of_its_own() -> None:
    program = edits.add_call(edits.add_call(ONE_STEP, "classify"), "classify")

    assert [c.name for c in program.calls] == ["classify", "classify_2", "classify_3"]
    assert program.problems() == []


def test_wires_demos_and_placeholders_follow_a_renamed_input() -> None:
    before = replace(CLASSIFY, demos=(Demo({"message": "Hi", "intent": "other"}),))
    program = replace(ONE_STEP, modules=(before,))
    after = renamed_field(before, "message", "text")
    program = edits.replace_module(program, "classify", after, {"message": "text"}, {})

    assert program.problems() == []
    assert wires(program) == {"classify": {"text": "input.message"}}
    assert program.modules[0].demos[0].values == {"text": "Hi", "intent": "other"}
    assert program.modules[0].signature.instruction == "Classify the {text}."


def test_locked_phrases_follow_a_renamed_input() -> None:
    before = replace(CLASSIFY, locked=("the {message}",))
    program = replace(ONE_STEP, modules=(before,))
    after = renamed_field(before, "message", "text")
    program = edits.replace_module(program, "classify", after, {"message": "text"}, {})

    assert program.problems() == []
    assert program.modules[0].locked == ("the {text}",)


def test_wires_and_outputs_follow_a_renamed_output() -> None:
    after = renamed_field(SUMMARIZE, "summary", "gist")
    program = edits.replace_module(TWO_STEPS, "summarize", after, {}, {"summary": "gist"})

    assert wires(program)["judge"] == {"summary": "summarize.gist"}
    assert program.problems() == []

    label = renamed_field(TWO_STEPS.modules[1], "intent", "label")
    program = edits.replace_module(program, "judge", label, {}, {"intent": "label"})

    assert program.outputs == {"intent": "judge.label"}


def test_two_fields_can_swap_their_names() -> None:
    swapped = replace(
        MULTI_HOP.modules[0],
        signature=replace(
            MULTI_HOP.modules[0].signature, inputs=(Field("context"), Field("question"))
        ),
    )
    program = edits.replace_module(
        MULTI_HOP, "hop", swapped, {"question": "context", "context": "question"}, {}
    )

    assert wires(program)["hop2"] == {"context": "input.question", "question": "hop1.query"}


def test_the_call_of_a_module_takes_its_new_name() -> None:
    program = edits.replace_module(
        TWO_STEPS, "summarize", replace(SUMMARIZE, name="shorten"), {}, {}
    )

    assert wires(program) == {
        "judge": {"summary": "shorten.summary"},
        "shorten": {"message": "input.message"},
    }
    assert program.problems() == []


def test_a_removed_field_takes_its_wire_and_its_demo_values_along() -> None:
    module = replace(
        MULTI_HOP.modules[0], demos=(Demo({"question": "?", "context": "c", "query": "q"}),)
    )
    narrower = replace(module, signature=replace(module.signature, inputs=(Field("question"),)))
    program = edits.replace_module(replace(MULTI_HOP, modules=(module,)), "hop", narrower, {}, {})

    assert wires(program)["hop2"] == {"question": "input.question"}
    assert program.modules[0].demos[0].values == {"question": "?", "query": "q"}


def test_a_removed_module_leaves_its_followers_unconnected() -> None:
    program = edits.remove_module(TWO_STEPS, "summarize")

    assert [m.name for m in program.modules] == ["judge"]
    assert wires(program) == {"judge": {"summary": ""}}
    assert [p.place for p in program.problems()] == ["calls.judge"]


def test_a_removed_call_takes_the_program_s_outputs_of_it_along() -> None:
    program = edits.remove_call(MULTI_HOP, "hop2")

    assert program.outputs == {}
    assert [m.name for m in program.modules] == ["hop"]


def test_program_inputs_can_be_renamed_and_removed() -> None:
    renamed = edits.change_inputs(ONE_STEP, (Field("text"),), {"message": "text"})
    removed = edits.change_inputs(ONE_STEP, (Field("text"),), {})

    assert wires(renamed) == {"classify": {"message": "input.text"}}
    assert wires(removed) == {"classify": {"message": ""}}


@given(layered_programs(), st.data())
def test_no_offered_source_closes_a_circle(program: Program, data: st.DataObject) -> None:
    call = data.draw(st.sampled_from(program.calls))
    name = data.draw(st.sampled_from(sorted(call.inputs)))
    offered = sources_for(program, call.name, Field(name))

    for source in offered:
        changed = edits.connect(program, call.name, {**call.inputs, name: source.name})
        if source.misfit is Misfit.NONE:
            assert changed.problems() == []
        else:
            assert any(p.code == "program.circle" for p in changed.problems())


@given(layered_programs(), st.data())
def test_removing_any_call_leaves_a_program_without_loose_ends(
    program: Program, data: st.DataObject
) -> None:
    call = data.draw(st.sampled_from(program.calls))
    left = edits.remove_call(program, call.name)

    assert not any(problem.code.endswith("no_such_source") for problem in left.problems())
    assert call.name not in str(left.outputs)


@given(layered_programs())
def test_calls_are_shown_in_the_order_they_are_made(program: Program) -> None:
    made = [call.name for wave in program.waves() for call in wave]

    assert {c.name for c in in_order(program)} == set(made)
    seen = {"input"}
    for call in in_order(program):
        assert {source.partition(".")[0] for source in call.inputs.values()} <= seen
        seen.add(call.name)


def test_calls_of_a_circle_are_still_shown() -> None:
    calls = (
        Call("judge", "judge", {"summary": "summarize.summary"}),
        Call("summarize", "summarize", {"message": "judge.intent"}),
    )

    assert [c.name for c in in_order(replace(TWO_STEPS, calls=calls))] == ["judge", "summarize"]


def test_an_input_offers_what_fits_and_says_why_the_rest_does_not() -> None:
    offered = sources_for(TWO_STEPS, "summarize", Field("n", FieldType.NUMBER))

    assert [(s.name, s.misfit) for s in offered] == [
        ("input.message", Misfit.TYPE),
        ("summarize.summary", Misfit.CIRCLE),
        ("judge.intent", Misfit.CIRCLE),
    ]
    assert [s.name for s in output_sources(TWO_STEPS)] == [
        "summarize.summary", "judge.intent", "input.message",
    ]  # fmt: skip


columns = st.lists(fields(), min_size=1, max_size=4, unique_by=lambda f: f.name)


PROMPTS = [KINDS[name].core for name, _choice in prompt_choices()]


@given(columns, columns, st.sampled_from(PROMPTS), st.sampled_from(FirstStep))
def test_every_starter_is_a_sound_program(
    inputs: list[Field], outputs: list[Field], kind: type[Module], first: FirstStep
) -> None:
    taken = {f.name for f in inputs}
    expected = tuple(f for f in outputs if f.name not in taken) or (Field("zz"),)

    for program in (
        starters.one_module("x", tuple(inputs), expected, kind),
        starters.two_steps("x", first, tuple(inputs), expected),
    ):
        assert program.problems() == []
        assert program.warnings() == []


def test_a_starter_says_in_plain_words_what_to_do() -> None:
    one = starters.one_module("x", (MESSAGE,), (INTENT,))
    two = starters.two_steps("x", FirstStep.SUMMARIZE, (MESSAGE,), (INTENT,))

    assert one.modules[0].name == "classify"
    assert one.modules[0].signature.instruction == (
        "Read the {message} and choose the intent that fits."
    )
    assert [m.signature.instruction for m in two.modules] == [
        "Summarize the {message} in one or two sentences: keep what matters for intent.",
        "Read the {message} and {summary} and choose the intent that fits.",
    ]
