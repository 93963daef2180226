"""Programs to begin with can run as they are, whatever the columns are called."""

from __future__ import annotations

import pytest

from optimizer.core.programs.signature import Field, FieldType
from promptlab.programs.starters import FirstStep, two_steps

CHOICE = Field("label", FieldType.CHOICE, choices=("a", "b"))


@pytest.mark.parametrize("first", FirstStep)
@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ((Field("text"),), (Field("answer"),)),
        ((Field("text"), Field("topic")), (CHOICE, Field("summary"))),
        ((Field("draft_answer"), Field("facts")), (Field("answer"), Field("draft_answer_of_it"))),
        ((Field("x" * 64),), (Field("y" * 64),)),
    ],
)
def test_a_program_in_two_steps_has_no_problem(
    first: FirstStep, inputs: tuple[Field, ...], outputs: tuple[Field, ...]
) -> None:
    made = two_steps("Two", first, inputs, outputs)
    assert made.problems() == []
    assert tuple(made.outputs) == tuple(f.name for f in outputs)
    assert len(made.modules) == 2


def test_a_draft_is_checked_against_the_inputs() -> None:
    made = two_steps("Two", FirstStep.DRAFT, (Field("text"),), (CHOICE,))
    check = made.modules[1]
    assert [f.name for f in check.signature.inputs] == ["text", "draft_label"]
    assert "{draft_label}" in check.signature.instruction
    assert made.calls[1].inputs["draft_label"] == f"{made.calls[0].name}.label"
