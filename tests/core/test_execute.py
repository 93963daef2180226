"""Running a program on one example, with replies sent by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given

from optimizer.core.evaluation.execute import Prediction, judged, predict
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.calls import Call
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.program import ModulePrompt, Program
from optimizer.core.programs.signature import Field, FieldType, Signature, Value
from optimizer.core.programs.steps import alone
from tests.core.programs import MULTI_HOP, ONE_STEP, TWO_STEPS, layered_programs

METRIC = ChoiceAccuracy("intent", "intent")


def answered(
    program: Program, inputs: dict[str, Value], answer: Callable[[Prompt], Reply]
) -> tuple[Prediction, list[int]]:
    """The prediction, and how many prompts each wave had."""
    calls, sizes = predict(program, baseline_of(program), inputs), []
    try:
        prompts = next(calls)
        while True:
            sizes.append(len(prompts))
            prompts = calls.send(tuple(answer(call.prompt) for call in prompts))
    except StopIteration as end:
        return end.value, sizes


def test_what_one_module_gives_is_what_the_next_is_given() -> None:
    replies = iter(['{"summary": "parcel late"}', '{"intent": "delivery"}'])
    seen = []

    def answer(prompt: Prompt) -> Reply:
        seen.append(prompt.messages[-1].content)
        return Reply(next(replies), 10, 5, 7, 0.5)

    prediction, sizes = answered(TWO_STEPS, {"message": "Where is my parcel?"}, answer)

    assert sizes == [1, 1]
    assert seen == ["message: Where is my parcel?", "summary: parcel late"]
    assert prediction.outputs == {"intent": "delivery"}
    assert [(t.call, t.inputs, t.outputs) for t in prediction.trace] == [
        ("summarize", {"message": "Where is my parcel?"}, {"summary": "parcel late"}),
        ("judge", {"summary": "parcel late"}, {"intent": "delivery"}),
    ]
    assert [
        (t.prompt_tokens, t.completion_tokens, t.cost, t.seconds) for t in prediction.trace
    ] == [(10, 5, 7, 0.5)] * 2


def test_two_calls_of_one_module_share_its_prompt() -> None:
    candidate = baseline_of(MULTI_HOP).with_module("hop", ModulePrompt("Ask again."))
    calls = predict(MULTI_HOP, candidate, {"question": "Who?", "context": "-"})

    first = next(calls)[0].prompt
    second = calls.send((Reply('{"query": "found"}'),))[0].prompt

    assert first.messages[0] == second.messages[0]
    assert first.messages[0].content.startswith("Ask again.")
    assert second.messages[-1].content == "question: Who?\ncontext: found"


@given(layered_programs())
def test_every_call_is_asked_once_and_leaves_a_trace(program: Program) -> None:
    prediction, sizes = answered(program, {"x": "1"}, lambda _: Reply('{"out": "y"}'))

    assert sizes == [len(wave) for wave in program.waves()]
    assert sorted(t.call for t in prediction.trace) == sorted(c.name for c in program.calls)
    assert prediction.outputs == {"answer": "y"}


def test_it_stops_at_the_first_reply_that_cannot_be_read() -> None:
    prediction, sizes = answered(TWO_STEPS, {"message": "?"}, lambda _: Reply('{"wrong": 1}'))

    assert sizes == [1]
    assert prediction.outputs == {}
    assert prediction.problem.startswith("summarize: The reply lacks “summary”")
    assert prediction.trace[0].reply == '{"wrong": 1}'


@pytest.mark.parametrize(
    ("finish", "text", "told"),
    [
        ("length", '{"intent": "ref', "was cut off at its limit of tokens (length): “{"),
        ("MAX_TOKENS", '{"intent": "refund"}', "was cut off at its limit of tokens (MAX_TOKENS)"),
        ("content_filter", "", "was withheld by the provider's filter (content_filter)"),
        ("SAFETY", "", "was withheld by the provider's filter (SAFETY)"),
        ("refusal", "I cannot help.", "refused to answer (refusal): “I cannot help.”"),
        ("only_thoughts", "Is it money?", "gave no answer (only_thoughts): “Is it money?”"),
    ],
)
def test_a_reply_that_did_not_end_as_an_answer_is_an_error_and_no_score(
    finish: str, text: str, told: str
) -> None:
    reply = Reply(text, 10, 5, cost=7, finish_reason=finish)
    prediction, _ = answered(ONE_STEP, {"message": "?"}, lambda _: reply)
    for metric in (METRIC, None):
        example = Example("1", {"message": "?"}, {"intent": "refund"})
        outcome = alone(judged(metric, example, prediction))
        assert outcome.score is None
        assert outcome.error.startswith("classify: the ")
        assert told in outcome.error
        assert (outcome.cost, outcome.outputs) == (7, {})  # it is paid all the same


@pytest.mark.parametrize("finish", ["stop", "STOP", "end_turn", "stop_sequence", "tool_calls"])
def test_other_endings_are_those_of_an_answer(finish: str) -> None:
    reply = Reply('{"intent": "refund"}', finish_reason=finish)
    prediction, _ = answered(ONE_STEP, {"message": "?"}, lambda _: reply)
    assert prediction.outputs == {"intent": "refund"}


def test_values_of_any_type_go_into_a_text_input_as_text() -> None:
    count = Predict("count", Signature((Field("x"),), (Field("n", FieldType.INTEGER),)))
    tell = Predict("tell", Signature((Field("n"),), (Field("text"),)))
    program = Program(
        "types",
        (Field("x"),),
        (count, tell),
        (Call("count", "count", {"x": "input.x"}), Call("tell", "tell", {"n": "count.n"})),
        {"text": "tell.text", "n": "count.n"},
    )
    replies = iter(['{"n": 3}', '{"text": "three"}'])
    prediction, _ = answered(program, {"x": "…"}, lambda _: Reply(next(replies)))

    assert prediction.trace[1].inputs == {"n": "3"}
    assert prediction.outputs == {"text": "three", "n": 3}


def test_a_prediction_is_scored_by_the_metric() -> None:
    example = Example("1", {"message": "?"}, {"intent": "refund"})
    right, _ = answered(ONE_STEP, example.inputs, lambda _: Reply('{"intent": "refund"}'))
    wrong, _ = answered(ONE_STEP, example.inputs, lambda _: Reply('{"intent": "other"}'))

    assert alone(judged(METRIC, example, right)).score.value == 1.0  # type: ignore[union-attr]
    assert alone(judged(METRIC, example, wrong)).score.reason == (  # type: ignore[union-attr]
        "expected “refund”, got “other”"
    )


def test_an_unreadable_reply_is_the_model_s_answer_and_scores_nothing() -> None:
    example = Example("1", {"message": "?"}, {"intent": ""})
    prediction, _ = answered(ONE_STEP, example.inputs, lambda _: Reply("hm"))
    outcome = alone(judged(METRIC, example, prediction))

    assert outcome is not None
    assert outcome.score is not None
    assert outcome.score.value == 0.0
    assert outcome.score.reason.startswith("the reply could not be read: classify: ")
    assert outcome.error == ""


def test_a_candidate_is_its_content() -> None:
    one = baseline_of(ONE_STEP)
    same = baseline_of(replace(ONE_STEP, name="another name"))
    other = one.with_module("classify", ModulePrompt("Otherwise."))

    assert one == same
    assert len({one, same, other}) == 2
