"""A reply that was cut off at its limit of tokens is a failed answer of its prompt; what a provider
withheld is none.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from optimizer.core.conversation.spec import Effort, Settings
from optimizer.core.evaluation.execute import judged, predict
from optimizer.core.evaluation.outcome import Outcome, Prediction
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Reply
from optimizer.core.programs.steps import alone
from optimizer.core.search.race import Race, Step
from tests.core.programs import ONE_STEP
from tests.fakes.steps import held
from tests.fakes.world import one_module_program

METRIC = ChoiceAccuracy("intent", "intent")
EXAMPLE = Example("1", {"message": "?"}, {"intent": "refund"})


def ended(finish: str, text: str = '{"intent": "ref') -> Prediction:
    steps = predict(ONE_STEP, baseline_of(ONE_STEP), EXAMPLE.inputs)
    return held(steps, lambda _: Reply(text, 10, 5, cost=7, finish_reason=finish))


def judged_in_a_new_run(prediction: Prediction, metric: ChoiceAccuracy | None = METRIC) -> Outcome:
    outcome = alone(judged(metric, EXAMPLE, prediction, cut_off_fails=True))
    assert outcome is not None
    return outcome


@pytest.mark.parametrize("finish", ["length", "MAX_TOKENS", "max_output_tokens"])
@pytest.mark.parametrize("metric", [METRIC, None])
def test_a_reply_that_was_cut_off_scores_nothing_and_says_why(finish, metric):
    outcome = judged_in_a_new_run(ended(finish), metric)
    assert outcome.score is not None
    assert outcome.score.value == 0.0
    assert "was cut off at its limit of tokens" in outcome.score.reason
    assert (outcome.cost, outcome.outputs, outcome.error) == (7, {}, "")


@pytest.mark.parametrize("finish", ["content_filter", "refusal", "only_thoughts", "error"])
def test_what_was_refused_withheld_or_broken_off_stays_an_error(finish):
    outcome = judged_in_a_new_run(ended(finish))
    assert outcome.score is None
    assert outcome.error


def test_a_run_from_before_leaves_it_out_as_it_did():
    outcome = alone(judged(METRIC, EXAMPLE, ended("length")))
    assert outcome is not None
    assert outcome.score is None
    assert not Settings().cut_off_fails


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_new_run_counts_it(name):
    settings = [OPTIMIZERS[name].settings(effort, one_module_program()) for effort in Effort]
    assert all(each.cut_off_fails for each in settings)


@pytest.mark.parametrize("endings", [("length", "content_filter"), ("content_filter", "length")])
def test_where_another_call_was_withheld_the_prompt_is_not_blamed(endings):
    calls = tuple(replace(ONE_STEP.calls[0], name=name) for name in ("first", "second"))
    program = replace(ONE_STEP, calls=calls, outputs={"intent": "first.intent"})
    replies = iter(Reply("", finish_reason=finish) for finish in endings)
    steps = predict(program, baseline_of(program), EXAMPLE.inputs)
    prediction = held(steps, lambda _: next(replies))
    assert (prediction.answered, prediction.cut_off) == (False, False)


def winner(cut_off: float | None, seed: int) -> tuple[int, ...]:
    """Who wins a race between a prompt that is right on seven in ten, and one that is right on
    three quarters of what it answers and cut off on one in ten: 68 in 100 in all.
    """
    rng, race = random.Random(seed), Race((2,), 400, 2_000, 40, str(seed))
    steady = [float(rng.random() < 0.70) for _ in range(400)]
    rambling: list[float | None] = [
        cut_off if rng.random() < 0.10 else float(rng.random() < 0.755) for _ in range(400)
    ]
    race.tell(Step((0,), tuple(range(400))), steady)
    while (step := race.next()) is not None:
        race.tell(step, [rambling[p] for p in step.positions])
    return race.leader().arm


def test_missing_outcomes_favoured_a_prompt_that_is_often_cut_off():
    left_out = [winner(None, seed) for seed in range(20)]
    failed = [winner(0.0, seed) for seed in range(20)]
    assert left_out.count((1,)) >= 15
    assert failed.count((1,)) <= 8
