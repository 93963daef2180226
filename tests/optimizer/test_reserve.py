"""What is kept back of a run's caps for the last full evaluation of who leads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.core.conversation.requests import Ask, Evaluate, Purpose
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.core.programs.candidate import baseline_of
from optimizer.lm.accounts import NOTHING, KeptBack
from optimizer.running.evaluator import Open
from optimizer.running.reserve import TO_SPARE, Reserve
from tests.fakes.world import messages, one_module_program

BASELINE = baseline_of(one_module_program())
CALL = CallTrace("classify", "classify", {}, {}, "{}", cost=30)


def answered(count: int, purpose: Purpose = Purpose.BASELINE, call: CallTrace = CALL) -> Open:
    examples = messages(count)
    known = {i: Outcome(e.id, Score(1.0), {}, (call, call)) for i, e in enumerate(examples)}
    return Open(Evaluate(BASELINE, examples, purpose), 1, known)


def asked(purpose: Purpose) -> Open:
    return replace(answered(5, purpose), known={})


@pytest.fixture
def reserve() -> Reserve:
    return Reserve(examples=40, calls_each=2)


def test_calls_are_kept_from_the_first(reserve: Reserve) -> None:
    assert reserve.kept_from([asked(Purpose.MINIBATCH)]) == KeptBack(calls=80)
    assert reserve.kept_from([Open(Ask((), "instructions"), 1)]) == KeptBack(calls=80)


@pytest.mark.parametrize("purpose", sorted(set(Purpose)))
def test_everything_that_a_result_is_made_of_may_take_all(
    reserve: Reserve, purpose: Purpose
) -> None:
    explores = purpose in (Purpose.MINIBATCH, Purpose.BOOTSTRAP, Purpose.REFLECTION)
    assert (reserve.kept_from([asked(purpose)]) is NOTHING) is not explores


def test_money_is_kept_as_for_the_dearest_so_far(reserve: Reserve) -> None:
    reserve.learn(answered(40))
    reserve.learn(answered(5, call=replace(CALL, cost=50)))
    reserve.learn(answered(5, call=replace(CALL, cost=10)))
    assert reserve.kept_from([asked(Purpose.MINIBATCH)]).cost == TO_SPARE * 40 * 2 * 50


def test_what_judges_take_is_kept_too(reserve: Reserve) -> None:
    judged = answered(40)
    for position, outcome in judged.known.items():
        judged.known[position] = replace(outcome, score=Score(1.0, cost=200))
    reserve.learn(judged)
    assert reserve.kept_from([asked(Purpose.MINIBATCH)]).cost == TO_SPARE * 40 * (2 * 30 + 200)


def test_one_bill_by_mistake_is_not_expected_again(reserve: Reserve) -> None:
    reserve.learn(answered(40))
    reserve.learn(answered(1, call=replace(CALL, cost=1_000_000)))
    assert reserve.kept_from([asked(Purpose.MINIBATCH)]).cost <= TO_SPARE * 40 * 2 * 4 * 30


def test_time_is_kept_as_evaluations_took_it_without_those_that_were_paid_for_before(
    reserve: Reserve,
) -> None:
    assert reserve.kept_from([asked(Purpose.MINIBATCH)]).seconds == 0
    reserve.time([answered(30)], known=10, seconds=8.0)
    reserve.time([answered(30, call=replace(CALL, cached=True))], known=0, seconds=0.1)
    assert reserve.kept_from([asked(Purpose.MINIBATCH)]).seconds == TO_SPARE * 40 * 8.0 / 20


def test_what_is_no_search_keeps_nothing() -> None:
    assert Reserve().kept_from([asked(Purpose.MINIBATCH)]) == NOTHING
