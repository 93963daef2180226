"""Running a program from one of its calls on: what came before is taken as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer import codec
from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.conversation.requests import Purpose
from optimizer.core.evaluation.again import reused
from optimizer.core.evaluation.execute import predict
from optimizer.core.evaluation.outcome import CallTrace, Prediction
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.program import Program
from tests.core.programs import TWO_STEPS, layered_programs
from tests.fakes.flows import branches
from tests.fakes.steps import held


def ran(
    program: Program, answer: str, kept: tuple[CallTrace, ...] = (), **inputs: str
) -> tuple[Prediction, list[str]]:
    said: list[str] = []

    def reply(prompt: Prompt) -> Reply:
        said.append(prompt.messages[-1].content)
        return Reply(answer, 10, 5, 7, 0.5)

    return held(predict(program, baseline_of(program), dict(inputs), kept=kept), reply), said


def test_only_the_steps_from_the_chosen_one_on_are_asked_and_paid() -> None:
    summary = CallTrace(
        "summarize", "summarize", {"message": "Hi"}, {"summary": "late"}, "…", cost=9
    )
    judged = CallTrace("judge", "judge", {"summary": "late"}, {"intent": "other"}, "…", cost=9)
    kept = reused(TWO_STEPS, "judge", (summary, judged))
    prediction, said = ran(TWO_STEPS, '{"intent": "delivery"}', kept, message="Where is it?")
    assert said == ["summary: late"]
    assert prediction.outputs == {"intent": "delivery"}
    assert [(t.call, t.cost, t.cached) for t in prediction.trace] == [
        ("summarize", 0, True), ("judge", 7, False),
    ]  # fmt: skip
    assert reused(TWO_STEPS, "summarize", (summary, judged)) == ()


@given(layered_programs(), st.data())
def test_from_any_step_on_the_rest_is_asked_once_and_the_end_is_the_same(
    program: Program, data: st.DataObject
) -> None:
    first, _said = ran(program, '{"out": "y"}', x="1")
    call = data.draw(st.sampled_from([c.name for c in program.calls]))
    kept = reused(program, call, first.trace)
    again, said = ran(program, '{"out": "y"}', kept, x="1")
    assert again.outputs == first.outputs
    assert len(said) == len(program.calls) - len(kept)
    assert sorted(t.call for t in again.trace) == sorted(t.call for t in first.trace)
    assert call not in {t.call for t in kept}


def test_a_path_that_did_not_run_is_not_run_for_the_rest() -> None:
    first, _said = ran(branches(), '{"reasoning": "-", "kind": "delivery"}', message="Hi")
    trace = tuple(replace(t, problem="") for t in first.trace)
    kept = {t.call: t.made for t in reused(branches(), "others", trace)}
    assert kept["refund"] is False
    assert "merge" not in kept


@pytest.mark.parametrize(
    "changed",
    [
        CallTrace("summarize", "other", {}, {"summary": "late"}, ""),
        CallTrace("summarize", "summarize", {}, {"subject": "late"}, ""),
        CallTrace("summarize", "summarize", {}, {}, "", problem="no JSON"),
    ],
    ids=["another module", "other outputs", "unread"],
)
def test_what_is_another_step_by_now_or_failed_runs_anew(changed: CallTrace) -> None:
    assert reused(TWO_STEPS, "judge", (changed,)) == ()


def test_what_was_several_uses_of_a_module_runs_anew() -> None:
    once = CallTrace("summarize", "summarize", {}, {"summary": "late"}, "")
    assert reused(TWO_STEPS, "judge", (once, once)) == ()


def test_a_spec_that_keeps_nothing_is_written_as_it_always_was() -> None:
    spec = EvaluationSpec(TWO_STEPS, (), (), Purpose.TRYOUT, "p")
    assert "kept" not in codec.to_json(spec)
    kept = replace(spec, kept=(CallTrace("summarize", "summarize", {}, {"summary": "x"}, ""),))
    assert codec.from_json(EvaluationSpec, codec.to_json(kept)) == kept
