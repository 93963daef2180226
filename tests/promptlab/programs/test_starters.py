"""Programs to begin with can run as they are, whatever the columns are called."""

from __future__ import annotations

import pytest

from optimizer.core.programs.signature import Field, FieldType
from promptlab.programs.kinds import beginnings
from promptlab.programs.starters import FirstStep, two_steps

CHOICE = Field("label", FieldType.CHOICE, choices=("a", "b"))


FIELDS = pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ((Field("text"),), (Field("answer"),)),
        ((Field("text"), Field("topic")), (CHOICE, Field("summary"))),
        ((Field("draft_answer"), Field("facts")), (Field("answer"), Field("draft_answer_of_it"))),
        ((Field("passages"), Field("query")), (Field("first"), Field("third"))),
        ((Field("x" * 64),), (Field("y" * 64),)),
    ],
)


@FIELDS
@pytest.mark.parametrize("kind", beginnings())
def test_a_program_that_begins_with_a_kind_of_its_own_has_no_problem(
    kind: str, inputs: tuple[Field, ...], outputs: tuple[Field, ...]
) -> None:
    """Without a corpus it says that it wants one, and nothing else."""
    made = beginnings()[kind].make(inputs, outputs, "c" * 64)
    assert made.problems() == []
    assert tuple(made.outputs) == tuple(f.name for f in outputs)
    bare = beginnings()[kind].make(inputs, outputs, "").problems()
    assert all("corpus" in str(told) for told in bare)


def test_three_opinions_are_three_draws_of_one_module() -> None:
    made = beginnings()["vote"].make((Field("text"),), (CHOICE,), "")
    opinion, vote = made.modules
    assert [call.module for call in made.calls] == [opinion.name] * 3 + [vote.name]
    assert getattr(opinion, "temperature", 0) > 0
    assert made.lm_calls == 3


@pytest.mark.parametrize("first", FirstStep)
@FIELDS
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
