"""Evaluations without a search, held by the one runner: several models, draws, beside a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.core.conversation.spec import ModelRef, RunSpec
from optimizer.core.optimizers.evaluation import as_evaluation
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import ModulePrompt
from optimizer.jobs import besides, starting
from optimizer.jobs.forecast import forecast
from optimizer.lm.call import LMCall
from optimizer.models import Completion, Outcome, Provider, Run
from optimizer.running.prompts import prompts_of
from tests.fakes.scripted_lm import Killed, ScriptedLM, by_skill
from tests.fakes.telling import refused
from tests.optimizer.conftest import Create, again, carry_on

ONE = Candidate({"classify": ModulePrompt("Say spam or ham.")})
TWO = Candidate({"classify": ModulePrompt("Is it spam? Look at who sent it.")})


def started(spec: RunSpec) -> Run:
    starting.checked(spec)
    return starting.enqueue_run(spec)


@pytest.fixture
def other(provider: Provider) -> ModelRef:
    return ModelRef(provider.pk, "other", max_tokens=50)


def test_candidates_meet_models_and_each_trial_says_which(spec: RunSpec, other: ModelRef) -> None:
    lm = ScriptedLM()
    asked = as_evaluation(replace(spec, given=(ONE,), further_task_models=(other,)))
    row = carry_on(started(asked), lm)
    assert (row.status, row.stop_reason) == ("finished", "completed")
    trials = row.trials.order_by("number").values_list(
        "candidate__number", "exchange__model", "size"
    )
    assert list(trials) == [(0, 0, 16), (0, 1, 16), (1, 0, 16), (1, 1, 16)]
    assert {call.model for call in lm.calls} == {"scripted", "other"}
    own = Outcome.objects.filter(exchange__run=row, exchange__candidate__number=0)
    scores = [o.score for o in own.filter(exchange__purpose="baseline", exchange__model=0)]
    assert row.baseline_score["mean"] == pytest.approx(sum(scores) / 16)
    assert row.test_result["best"]["n"] == 8


def test_what_was_paid_for_is_not_paid_again(create: Create, spec: RunSpec) -> None:
    before = carry_on(create(), ScriptedLM())
    lm = ScriptedLM()
    row = carry_on(started(as_evaluation(replace(spec, test=()))), lm)
    assert lm.calls == []
    assert row.used_calls == 0
    assert row.baseline_score == before.baseline_score


def test_draws_are_calls_of_their_own_where_the_temperature_is_above_0(spec: RunSpec) -> None:
    warm = {**spec.models, Role.TASK: replace(spec.models[Role.TASK], temperature=0.7)}
    lm = ScriptedLM()
    row = carry_on(started(as_evaluation(replace(spec, models=warm, test=(), draws=3))), lm)
    assert row.trials.count() == 3
    assert len(lm.calls) == 48
    assert sorted(row.exchanges.values_list("sample", flat=True)) == [0, 1, 2]


def test_a_candidate_that_somebody_edited_joins_its_run(create: Create, spec: RunSpec) -> None:
    run = carry_on(create(), ScriptedLM())
    trials, last = run.trials.count(), run.candidates.count()
    lm = ScriptedLM()
    row = carry_on(besides.start(run, besides.beside(run, (ONE,))), lm)
    assert row.status == "finished"
    assert len(lm.calls) == 16, "the baseline's calls are in the ledger"
    joined = run.trials.order_by("number").last()
    assert run.trials.count() == trials + 1
    assert (joined.full, joined.size, joined.candidate.number) == (True, 16, last)
    assert prompts_of(joined.candidate) == ONE
    assert joined.exchange.run_id == row.pk
    assert joined.mean == row.trials.get(candidate__number=1).mean
    assert again(run).best_candidate_id == run.best_candidate_id


def test_a_candidate_of_minibatches_is_scored_fully(create: Create) -> None:
    run = carry_on(create(), ScriptedLM())
    full = run.trials.filter(full=True).values("candidate")
    known = run.candidates.exclude(pk__in=full).filter(trials__isnull=False).first()
    assert known is not None
    count = run.candidates.count()
    carry_on(besides.start(run, besides.beside(run, (prompts_of(known),))), ScriptedLM())
    assert known.trials.get(full=True).size == 16
    assert run.candidates.count() == count


def test_what_joins_comes_whole_or_not_at_all(create: Create) -> None:
    """The cap is too low for the candidate: nothing of it stands beside the others."""
    run = carry_on(create(), ScriptedLM())
    trials = run.trials.count()
    wanted = besides.beside(run, (ONE, TWO))
    low = replace(wanted, limits=replace(wanted.limits, max_calls=10))
    row = besides.start(run, wanted)
    Run.objects.filter(pk=row.pk).update(max_calls=low.limits.max_calls)
    row = carry_on(row, ScriptedLM())
    assert (row.status, row.stop_reason) == ("finished", "budget")
    assert run.trials.count() == trials


def test_two_evaluations_at_once_number_their_candidates_apart(create: Create) -> None:
    run = carry_on(create(), ScriptedLM())
    rows = [besides.start(run, besides.beside(run, (each,))) for each in (ONE, TWO)]
    for row in rows:
        carry_on(row, ScriptedLM())
    numbers = list(run.candidates.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(len(numbers)))
    assert run.trials.order_by("-number").first().candidate.number == numbers[-1]


def test_a_run_that_goes_on_or_rests_takes_nobody_in(create: Create) -> None:
    run = create()
    with refused("has not ended"):
        besides.beside(run, (ONE,))


def test_a_cap_in_money_covers_every_model(spec: RunSpec) -> None:
    single = as_evaluation(replace(spec, given=(ONE,), test=()))
    dear = Provider.objects.create(
        namespace="test", name="Dear", kind=Provider.Kind.OPENAI_COMPATIBLE,
        api_base="http://127.0.0.1:2/v1", input_price=3_000_000, output_price=6_000_000,
    )  # fmt: skip
    double = replace(single, further_task_models=(ModelRef(dear.pk, "dear", max_tokens=50),))
    one, two = forecast(single), forecast(as_evaluation(double))
    assert one is not None
    assert one.cost is not None
    assert two is not None
    assert two.cost is not None
    assert two.cost[1] == pytest.approx(4 * one.cost[1], rel=0.02)
    assert Completion.objects.count() == 0


def test_the_provider_of_a_further_model_is_looked_for_first(spec: RunSpec) -> None:
    gone = as_evaluation(replace(spec, further_task_models=(ModelRef(10**6, "gone"),)))
    with refused("provider of the task model is gone", "further_task_models"):
        starting.checked(gone)


def test_a_suggested_cap_outlives_a_killed_worker(spec: RunSpec) -> None:
    """Calls that were out count and are made again: a cap to the call would end it unscored."""
    single = as_evaluation(replace(spec, given=(ONE,), test=()))
    found = forecast(single)
    assert found is not None
    assert found.calls == (32, 32)
    limits = replace(single.limits, max_calls=found.suggested_calls)
    row = started(replace(single, limits=limits))
    lm = ScriptedLM()

    def dying(call: LMCall) -> str:
        if lm.answering == 20:
            raise Killed
        return by_skill(call)

    lm.script = dying
    with pytest.raises(Killed):
        carry_on(row, lm)
    row = carry_on(row, ScriptedLM())
    assert (row.status, row.stop_reason) == ("finished", "completed")
