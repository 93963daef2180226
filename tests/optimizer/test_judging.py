"""A run that is judged by a model: its calls in ledger, caps and estimate; never twice, never 0."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.program_metric import Level
from optimizer.core.metrics.llm_judge import FRAME, LlmJudge
from optimizer.core.optimizers.estimate import calls_per_evaluation
from optimizer.core.problems import Problem
from optimizer.core.programs.lm import OwnModel
from optimizer.jobs import checks
from optimizer.jobs.checks import CALLS
from optimizer.jobs.forecast import forecast
from optimizer.lm.call import LMCall
from optimizer.lm.failures import PromptRefused, Unreachable
from optimizer.models import Completion, Outcome, Provider
from tests.fakes.scripted_lm import Killed, ScriptedLM, by_skill
from tests.fakes.world import messages
from tests.optimizer.conftest import Create, carry_on

LEVELS = (Level("good", 1.0), Level("poor", 0.0))


@pytest.fixture
def judge(provider: Provider) -> LlmJudge:
    strict = Provider.objects.create(
        namespace="test", name="Strict", kind=Provider.Kind.OPENAI_COMPATIBLE,
        api_base="http://127.0.0.1:2/v1", concurrency=4, input_price=3_000_000,
        output_price=3_000_000,
    )  # fmt: skip
    own = OwnModel(strict.pk, "strict")
    return LlmJudge("label", "label", model=own, rubric="Is the label right?", levels=LEVELS)


def is_judging(call: LMCall) -> bool:
    return FRAME in call.messages[0].content


def verdict(call: LMCall) -> str:
    """Good where the answer is what was expected."""
    said = call.messages[-1].content
    answer, wanted = (said.split(f"<{n}>\n")[1].split("\n")[0] for n in ("answer", "expected"))
    level = "good" if answer == wanted else "poor"
    return json.dumps({"reason": f"It says {answer}.", "verdict": level})


def judging(call: LMCall) -> str:
    return verdict(call) if is_judging(call) else by_skill(call)


def test_its_calls_are_the_judges_at_its_price_and_the_reason_is_kept(
    create: Create, judge: LlmJudge
) -> None:
    lm = ScriptedLM(judging)
    run = carry_on(create(metric=judge), lm)
    assert run.status == "finished"
    judged = [call for call in lm.calls if is_judging(call)]
    assert judged
    assert {(call.role, call.model) for call in judged} == {("judge", "strict")}
    paid = Completion.objects.filter(role="judge")
    assert paid.count() == len(judged)
    assert set(paid.values_list("cost", flat=True)) == {150}  # 50 tokens
    assert run.used_calls == len(lm.calls)
    scored = Outcome.objects.exclude(score=None)
    reasons = set(scored.values_list("data__score__reason", flat=True))
    assert {"good: It says ham.", "poor: It says ham."} <= reasons
    assert max(lm.sent().values()) == 1
    assert set(scored.values_list("data__score__cost", flat=True)) == {150}


def test_a_run_killed_between_verdicts_ends_as_if_it_had_not_been_and_pays_none_twice(
    create: Create, judge: LlmJudge
) -> None:
    whole = carry_on(create(metric=judge), ScriptedLM(judging))
    story = (whole.status, whole.best_score, whole.test_result, whole.used_calls)
    Completion.objects.all().delete()

    def dying(call: LMCall) -> str:
        if is_judging(call) and sum(map(is_judging, lm.calls)) >= 20:
            raise Killed
        return judging(call)

    lm, row = ScriptedLM(dying), create(metric=judge)
    with pytest.raises(Killed):
        carry_on(row, lm)
    settled = Completion.objects.filter(state="settled")
    kept = set(settled.values_list("key", "settled_at"))
    lm.script, lm.calls = judging, []
    row = carry_on(row, lm)
    lost = row.used_calls - whole.used_calls  # in doubt: sent, and never answered
    assert (row.status, row.best_score, row.test_result) == story[:3]
    assert 0 < lost <= places()
    assert kept <= set(settled.values_list("key", "settled_at"))
    assert len(lm.calls) == whole.used_calls - len(kept)


def places() -> int:
    """Calls that may be out at once, of both providers."""
    return sum(Provider.objects.values_list("concurrency", flat=True))


def test_a_verdict_that_cannot_be_had_is_an_error_of_its_example_and_no_score(
    create: Create, judge: LlmJudge
) -> None:
    def failing(call: LMCall) -> str | Exception:
        if is_judging(call) and "v message 3" in call.messages[-1].content:
            return PromptRefused("too long")
        if is_judging(call) and "v message 4" in call.messages[-1].content:
            return "I would rather not say."
        return judging(call)

    run = carry_on(create(metric=judge), ScriptedLM(failing))
    assert run.status == "finished"
    for example, told in (("v3", "too long"), ("v4", "judge")):
        found = Outcome.objects.filter(example=example)
        assert {outcome.score for outcome in found} == {None}
        assert all(told in outcome.error for outcome in found)


def test_a_judge_that_is_down_is_named_and_not_the_task_model(
    create: Create, judge: LlmJudge
) -> None:
    def failing(call: LMCall) -> str | Exception:
        return Unreachable("nobody there") if is_judging(call) else by_skill(call)

    run = create(metric=judge, validation=messages(3, "v"), test=())
    run = carry_on(run, ScriptedLM(failing), attempts=1)
    assert run.status == "paused"
    assert isinstance(run.message, Problem)
    assert run.message.values["provider"] == "Strict"


def test_estimate_caps_and_checks_know_of_it(spec: RunSpec, judge: LlmJudge) -> None:
    judged = replace(spec, metric=judge)
    plain, dear = forecast(spec), forecast(judged)
    assert plain is not None
    assert dear is not None
    assert plain.cost is not None
    assert dear.cost is not None
    assert dear.cost[1] > 2 * plain.cost[1]
    assert dear.calls[1] == plain.calls[1] + dear.counts.judge_calls[1]
    few = replace(judged, limits=replace(judged.limits, max_calls=plain.counts.baseline_calls + 8))
    assert CALLS in {p.place for p in checks._limits(few.limits, 44, dear)}
    Provider.objects.filter(name="Strict").delete()
    wrong = checks._models(judged, checks.OPTIMIZERS["mipro"])
    assert ("models.provider_gone", "metric") in [(p.code, p.place) for p in wrong]
    assert dear.cost != plain.cost


def test_of_each_example_its_call_is_kept_back_from_a_cap_as_well(
    spec: RunSpec, judge: LlmJudge
) -> None:
    assert calls_per_evaluation(spec) == 1
    assert calls_per_evaluation(replace(spec, metric=judge)) == 2
