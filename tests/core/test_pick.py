"""A model picks one of several values: that value is given, as it is, and of its own type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.evaluation.execute import predict
from optimizer.core.evaluation.outcome import Prediction
from optimizer.core.modules.pick import Pick
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.calls import Call, When
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.layouts import Layout
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature, Value
from optimizer.files.program_file import read, write
from tests.fakes.steps import held

QUESTION = Field("question")
NUMBERS = Field("draws", FieldType.LIST, items=FieldType.INTEGER)


def picking(**changes: Any) -> Pick:
    inputs = (QUESTION, Field("first"), Field("more", FieldType.LIST))
    made = Pick(
        "judge", Signature(inputs, (Field("best"),), "Pick the best answer to the {question}."),
        among=("first", "more"),
    )  # fmt: skip
    return replace(made, **changes)


def ran(module: Pick, values: dict[str, Value], *replies: str) -> tuple[Prediction, list[Prompt]]:
    assert module.problems() == []
    call = Call("judge", "judge", {name: f"input.{name}" for name in values})
    inputs = module.signature.inputs
    program = Program("P", inputs, (module,), (call,), {"best": "judge.best"})
    assert program.problems() == []
    assert read(write(program)) == program
    said: list[Prompt] = []

    def answer(prompt: Prompt) -> Reply:
        said.append(prompt)
        return Reply(replies[len(said) - 1])

    return held(predict(program, baseline_of(program), values), answer), said


def number(n: object) -> str:
    return f'{{"reasoning": "so", "number": {n}}}'


GIVEN: dict[str, Value] = {"question": "Q?", "first": "Oslo", "more": ["Rome", "oslo ", "A\nB"]}


def test_the_model_sees_what_differs_by_number_and_its_choice_is_given_as_it_is() -> None:
    prediction, said = ran(picking(), GIVEN, number(3))
    assert said[0].messages[-1].content == (
        "question: Q?\n\nCandidates:\n1. Oslo\n2. Rome\n3. A\n   B"
    )
    assert prediction.outputs == {"best": "A\nB"}
    assert prediction.trace[0].outputs == {"reasoning": "so", "best": "A\nB"}


def test_the_value_keeps_its_type() -> None:
    signature = Signature((NUMBERS,), (Field("best", FieldType.INTEGER),), "Pick.")
    module = picking(signature=signature, among=("draws",), layout=Layout.TAGS)
    prediction, said = ran(module, {"draws": [7, 9, 7]}, number('"2"'))
    assert prediction.outputs == {"best": 9}
    assert said[0].messages[-1].content.startswith("Candidates:\n1. 7\n2. 9\n\nAnswer with")


@pytest.mark.parametrize(
    ("more", "best"), [(["Oslo"], "Oslo"), ([" oslo", "OSLO"], "Oslo"), ([], "Oslo")]
)
def test_of_one_value_no_model_is_asked(more: list[Value], best: str) -> None:
    prediction, said = ran(picking(), GIVEN | {"more": more})
    assert (prediction.outputs, said) == ({"best": best}, [])


def test_of_none_there_is_none() -> None:
    nullable = (QUESTION, Field("first", nullable=True), Field("more", FieldType.LIST))
    module = picking(signature=Signature(nullable, (Field("best"),), "Pick."))
    prediction, _ = ran(module, {"question": "Q?", "first": None, "more": []})
    assert prediction.outputs == {"best": None}


@pytest.mark.parametrize("reply", [number(0), number(4), number(-1), "{}", "The second."])
def test_a_number_that_is_none_is_a_reply_that_cannot_be_read(reply: str) -> None:
    prediction, _ = ran(picking(), GIVEN, reply)
    assert prediction.problem
    assert prediction.answered
    assert prediction.outputs == {}


def test_several_judges_are_several_samples() -> None:
    module = picking(samples=3, temperature=0.7)
    prediction, said = ran(module, GIVEN, number(1), number(9), number(2))
    assert (prediction.outputs, len(said)) == ({"best": ["Oslo", "Rome"]}, 3)
    assert ran(module, GIVEN | {"more": []})[0].outputs == {"best": ["Oslo"] * 3}


def test_it_goes_on_without_a_path_that_did_not_run() -> None:
    kind = Field("kind", FieldType.CHOICE, choices=("a", "b"))
    answer = Predict("answer", Signature((QUESTION,), (Field("answer"),), "Answer."))
    judge = picking(
        signature=Signature((QUESTION, Field("x"), Field("y")), (Field("best"),), "Pick."),
        among=("x", "y"),
    )
    calls = (
        Call("one", "answer", {"question": "input.question"}, when=When("input.kind", ("a",))),
        Call("two", "answer", {"question": "input.question"}),
        Call(
            "judge", "judge", {"question": "input.question", "x": "one.answer", "y": "two.answer"}
        ),
    )
    program = Program("P", (QUESTION, kind), (answer, judge), calls, {"best": "judge.best"})
    assert program.problems() == []
    given: dict[str, Value] = {"question": "Q?", "kind": "b"}
    steps = predict(program, baseline_of(program), given)
    prediction = held(steps, lambda _: Reply('{"answer": "only"}'))
    assert prediction.outputs == {"best": "only"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"among": ()}, "pick.among_none"),
        ({"among": ("first", "gone")}, "pick.no_such_input"),
        ({"signature": Signature((Field("first"),), (Field("a"), Field("b")))}, "pick.one_output"),
        (
            {
                "signature": Signature(
                    (Field("first"), Field("more")), (Field("best", FieldType.INTEGER),)
                )
            },
            "pick.other_type",
        ),
    ],
)
def test_what_it_needs_is_told(change: dict[str, Any], code: str) -> None:
    assert code in [p.code for p in picking(**change).problems()]


def test_names_of_candidates_follow_their_inputs() -> None:
    renamed = picking().renamed({"more": "others", "question": "asked"})
    assert isinstance(renamed, Pick)
    assert renamed.among == ("first", "others")
    assert [f.name for f in picking().gives] == ["reasoning", "best"]
    assert not picking().takes_new_demos
