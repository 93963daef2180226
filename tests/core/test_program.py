"""Programs: what keeps one from running, and the order in which its calls are made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.problems import Refused
from optimizer.core.programs.calls import INPUT, Call, fits
from optimizer.core.programs.demo import Demo, digest_of
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature
from tests.core.programs import (
    CLASSIFY,
    INTENT,
    MULTI_HOP,
    ONE_STEP,
    SUMMARIZE,
    TWO_STEPS,
    layered_programs,
)
from tests.fakes.telling import all_told, places

TEXT_SOURCE = "input.message"


def problems(program: Program) -> list[tuple[str, str]]:
    """Parts by name, "" for the program and its ends."""
    return [(place.partition(".")[2], said) for place, said in places(program.problems())]


@pytest.mark.parametrize("program", [ONE_STEP, TWO_STEPS, MULTI_HOP], ids=lambda p: p.name)
def test_a_sound_program_has_no_problem(program: Program) -> None:
    assert program.problems() == []
    assert program.warnings() == []


def test_calls_wait_for_what_they_need() -> None:
    assert [[c.name for c in wave] for wave in TWO_STEPS.waves()] == [["summarize"], ["judge"]]
    assert [[c.name for c in wave] for wave in MULTI_HOP.waves()] == [["hop1"], ["hop2"]]


@given(layered_programs())
def test_every_call_is_in_one_wave_after_all_it_needs(program: Program) -> None:
    done = {INPUT}
    waves = program.waves()
    for wave in waves:
        for call in wave:
            assert {source.partition(".")[0] for source in call.inputs.values()} <= done
        done |= {call.name for call in wave}

    assert program.problems() == []
    assert sorted(c.name for wave in waves for c in wave) == sorted(c.name for c in program.calls)


@given(layered_programs(), st.data())
def test_a_circle_is_found_wherever_it_is_closed(program: Program, data: st.DataObject) -> None:
    last = program.calls[-1]
    for call in program.calls:
        if f"{call.name}.out" in last.inputs.values():
            last = call
    first = data.draw(st.sampled_from(program.calls))
    closed = replace(first, inputs=dict.fromkeys(first.inputs, f"{first.name}.out"))
    calls = tuple(closed if c.name == first.name else c for c in program.calls)

    with pytest.raises(Refused) as circle:
        replace(program, calls=calls).waves()

    assert "need one another's outputs: remove" in all_told(circle.value)[0]


def test_a_circle_is_a_problem_of_one_of_its_calls() -> None:
    calls = (
        Call("judge", "judge", {"summary": "summarize.summary"}),
        Call("summarize", "summarize", {"message": "judge.intent"}),
    )

    assert problems(replace(TWO_STEPS, calls=calls)) == [
        (
            "judge",
            "judge, summarize need one another's outputs: remove one connection of the circle.",
        )
    ]


def test_a_blank_program_says_what_is_missing() -> None:
    assert problems(Program("new", (), (), (), {})) == [
        ("", "The program needs at least one input."),
        ("", "The program has no call yet: add a module."),
        ("", "The program has no output: choose which call's output it gives."),
    ]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (
            {"calls": (Call("classify", "classify", {}),)},
            ("classify", "Input “message” is not connected: choose where it comes from."),
        ),
        (
            {"calls": (Call("classify", "classify", {"message": ""}),)},
            ("classify", "Input “message” is not connected: choose where it comes from."),
        ),
        (
            {"calls": (Call("classify", "clasify", {"message": "input.message"}),)},
            ("classify", "There is no module “clasify”."),
        ),
        (
            {"calls": (Call("classify", "classify", {"message": "input.text"}),)},
            ("classify", "“input.text”, the source of “message”, does not exist."),
        ),
        (
            {"calls": (Call("classify", "classify", {"message": TEXT_SOURCE, "x": TEXT_SOURCE}),)},
            ("classify", "Module “classify” has no input “x”."),
        ),
        (
            {"calls": (Call(INPUT, "classify", {"message": "input.message"}),)},
            (INPUT, "A call cannot be called “input”: that name is the program's input."),
        ),
        (
            {"calls": (Call("a.b", "classify", {"message": "input.message"}),)},
            (
                "a.b",
                "“a.b” is not a call name: use letters, digits and _ (64 at most), "
                "and begin with a letter.",
            ),
        ),
        (
            {"modules": (CLASSIFY, CLASSIFY)},
            ("classify", "Two modules are called “classify”: rename one."),
        ),
        (
            {"calls": ONE_STEP.calls * 2},
            ("classify", "Two calls are called “classify”: rename one."),
        ),
        (
            {"inputs": ONE_STEP.inputs * 2},
            ("", "Two inputs are called “message”: rename one."),
        ),
        (
            {"outputs": {"intent": "classify.label"}},
            ("", "Output “intent” comes from “classify.label”, which does not exist."),
        ),
        (
            {"outputs": {"intent": "input.message"}},
            (
                "",
                "Output “intent” is an input passed on, as all outputs are: choose a call's output "
                "for one of them.",
            ),
        ),
        (
            {"outputs": {"the intent": "classify.intent"}},
            (
                "",
                "“the intent” is not an output name: use letters, digits and _ (64 at most), "
                "and begin with a letter.",
            ),
        ),
    ],
)
def test_each_fault_is_told_beside_its_part(
    changed: dict[str, object], problem: tuple[str, str]
) -> None:
    assert problem in problems(replace(ONE_STEP, **changed))  # type: ignore[arg-type]


def test_a_value_of_another_type_is_refused() -> None:
    wanted = replace(
        SUMMARIZE, signature=Signature((Field("message", FieldType.NUMBER),), (Field("summary"),))
    )
    program = replace(TWO_STEPS, modules=(wanted, TWO_STEPS.modules[1]))

    assert ("summarize", "“message” takes number, but input.message gives text.") in problems(
        program
    )


def test_anything_may_be_written_as_text_and_a_whole_number_is_a_number() -> None:
    for kind in FieldType:
        assert fits(Field("x", kind), Field("y"))
        assert fits(Field("x", kind), Field("y", kind))
    assert fits(Field("x", FieldType.INTEGER), Field("y", FieldType.NUMBER))
    assert not fits(Field("x", FieldType.NUMBER), Field("y", FieldType.INTEGER))
    assert not fits(Field("x"), Field("y", FieldType.LIST))


def test_faults_of_a_module_are_told_with_its_name() -> None:
    module = replace(CLASSIFY, signature=replace(CLASSIFY.signature, outputs=()))
    told = problems(replace(ONE_STEP, modules=(module,)))

    assert ("classify", "A module needs at least one output.") in told


def test_braces_that_name_no_field_keep_nobody_from_running() -> None:
    module = replace(CLASSIFY, signature=replace(CLASSIFY.signature, instruction="Read {text}."))
    program = replace(ONE_STEP, modules=(module,))

    assert problems(program) == []
    assert [(p.place, p.code) for p in program.warnings()] == [
        ("modules.classify", "instruction.no_such_field")
    ]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"message": "Hi", "intent": "praise"}, "Demo 1: intent: “praise” is none of the choices"),
        ({"message": "Hi", "label": "other"}, "Demo 1: “label” is no field of this module."),
        ({"message": "Hi"}, "Demo 1: it gives no output."),
    ],
)
def test_a_demo_that_cannot_be_shown_is_a_problem(values: dict[str, str], problem: str) -> None:
    module = replace(CLASSIFY, demos=(Demo({**values}),))

    assert any(problem in message for _, message in problems(replace(ONE_STEP, modules=(module,))))


def test_a_demo_may_leave_inputs_and_reasoning_out_or_hold_them() -> None:
    demos = (Demo({"intent": "other"}), Demo({"reasoning": "…", "message": "?", "intent": "other"}))

    assert replace(ONE_STEP, modules=(replace(CLASSIFY, demos=demos),)).problems() == []


def test_a_locked_phrase_that_is_not_in_the_instruction_is_a_problem() -> None:
    assert replace(CLASSIFY, locked=("Classify", "the {message}")).problems() == []
    assert all_told(replace(CLASSIFY, locked=("classify the",)).problems()) == [
        "The locked phrase “classify the” is not in the instruction: write it there word for "
        "word, or unlock it."
    ]
    assert all_told(replace(CLASSIFY, locked=(" ",)).problems()) == [
        "A locked phrase is empty: write one or remove it."
    ]


def test_parts_that_change_nothing_are_warned_of() -> None:
    idle = Call("idle", "classify", {"message": "input.message"})
    program = replace(ONE_STEP, modules=(CLASSIFY, SUMMARIZE), calls=(*ONE_STEP.calls, idle))

    assert program.problems() == []
    assert places(program.warnings()) == [
        ("modules.summarize", "No call uses module “summarize”."),
        ("calls.idle", "Nothing uses what “idle” gives."),
    ]


def test_sources_are_found_by_name() -> None:
    assert ONE_STEP.source_field("classify.intent") == INTENT
    assert ONE_STEP.source_field("input.message") == CLASSIFY.signature.inputs[0]
    assert [ONE_STEP.source_field(s) for s in ("", "input", "classify.x", "x.intent")] == [None] * 4
    assert ONE_STEP.output_fields() == {"intent": INTENT}


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=5))
def test_a_digest_does_not_depend_on_the_order_of_keys(content: dict[str, object]) -> None:
    turned = dict(reversed(content.items()))

    assert digest_of(content) == digest_of(turned)


def test_a_problem_says_what_kind_of_part_it_is_about() -> None:
    module = replace(CLASSIFY, signature=replace(CLASSIFY.signature, outputs=()))
    broken = replace(ONE_STEP, inputs=(), modules=(module,))

    assert [p.place for p in broken.problems()] == [
        "inputs",
        "modules.classify",
        "calls.classify",
        "outputs",
    ]
