"""The winner's estimate: what it will score on new examples, not what luck has added."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.evaluation.outcome import Outcome, Score
from optimizer.core.evaluation.shrinkage import expected_score, own_variance, shrunken
from optimizer.core.evaluation.stats import FullScore, full_score

rights = st.lists(st.integers(0, 60), min_size=1, max_size=12)


def scored(right: int, n: int = 60) -> FullScore:
    return full_score(
        [Outcome(str(i), Score(float(i < right)), {}, ()) for i in range(n)],
    )


def world(rng: random.Random, candidates: int, examples: int, spread: float):
    """True scores, and outcomes on one draw of examples that are hard or easy for all."""
    skills = [0.6 + spread * rng.gauss(0, 1) for _ in range(candidates)]
    hard = [rng.gauss(0, 0.35) for _ in range(examples)]
    table = {}
    for number, skill in enumerate(skills):
        chances = [min(max(skill + h, 0.0), 1.0) for h in hard]
        table[number] = [
            Outcome(str(i), Score(float(rng.random() < p)), {}, ()) for i, p in enumerate(chances)
        ]
    new = [rng.gauss(0, 0.35) for _ in range(1500)]
    truth = [sum(min(max(s + h, 0.0), 1.0) for h in new) / len(new) for s in skills]
    return truth, table


def chosen(table) -> tuple[dict[int, FullScore], int]:
    full = {number: full_score(outcomes) for number, outcomes in table.items()}
    return full, max(full, key=lambda number: full[number].mean)


@given(rights)
def test_the_winner_is_never_expected_to_score_more_than_it_did(found: list[int]) -> None:
    scores = [scored(right) for right in found]
    which = max(range(len(scores)), key=lambda i: scores[i].mean)

    estimate = shrunken(scores, which)

    assert estimate.mean <= scores[which].mean + 1e-9
    assert 0.0 <= estimate.low <= estimate.mean <= estimate.high <= 1.0


@given(rights, st.floats(0, 0.01), st.data())
def test_every_estimate_lies_among_the_scores(
    found: list[int], own: float, data: st.DataObject
) -> None:
    scores = [scored(right) for right in found]
    which = data.draw(st.integers(0, len(scores) - 1))

    estimate = shrunken(scores, which, own)

    assert min(s.mean for s in scores) - 1e-9 <= estimate.mean
    assert estimate.mean <= max(s.mean for s in scores) + 1e-9
    assert (estimate.n, estimate.errors) == (scores[which].n, scores[which].errors)


@given(st.integers(0, 60))
def test_a_candidate_alone_keeps_its_score(right: int) -> None:
    score = scored(right)
    estimate = shrunken([score], 0)

    assert (estimate.mean, estimate.low, estimate.high) == (score.mean, score.low, score.high)


def test_candidates_without_a_score_say_nothing() -> None:
    score, nothing = scored(40), full_score([])

    assert shrunken([nothing, score], 1).mean == score.mean
    assert shrunken([nothing, score], 0).n == 0


def test_more_candidates_of_the_same_kind_make_the_winner_luckier() -> None:
    few = shrunken([scored(30), scored(36)], 1)
    many = shrunken([*(scored(n) for n in range(24, 36)), scored(36)], 12)
    crowd = shrunken([*[scored(30)] * 20, scored(36)], 20)

    assert crowd.mean < few.mean
    assert crowd.mean < many.mean  # these differ in truth, the crowd does not


def test_a_winner_far_ahead_on_many_examples_keeps_nearly_all() -> None:
    scores = [scored(1000, 2000), scored(1020, 2000), scored(1600, 2000)]

    assert shrunken(scores, 2).mean == pytest.approx(0.8, abs=0.005)


def test_what_is_hard_for_all_is_no_luck_of_one() -> None:
    same = [1.0, 0.0] * 30
    outcomes = {
        name: [Outcome(str(i), Score(s), {}, ()) for i, s in enumerate([*extra, *same])]
        for name, extra in (("a", [0.0] * 6), ("b", [1.0] * 6))
    }
    full = {name: full_score(found) for name, found in outcomes.items()}

    paired = expected_score(full, outcomes, "b")
    alone = shrunken(list(full.values()), 1)

    assert alone.mean < paired.mean <= full["b"].mean


def test_a_share_that_cannot_be_told_is_not_guessed() -> None:
    assert own_variance([{"1": 1.0, "2": 0.0}]) is None
    assert own_variance([{"1": 1.0}, {"2": 0.0}]) is None
    assert own_variance([]) is None


@pytest.mark.parametrize(
    ("candidates", "examples", "spread"), [(3, 60, 0.03), (8, 60, 0.03), (12, 100, 0.06)]
)
def test_the_reported_score_is_near_the_true_one_where_the_raw_one_promises_too_much(
    candidates: int, examples: int, spread: float
) -> None:
    rng = random.Random(f"{candidates}:{examples}")
    raw_error, error, held, squares, raw_squares = 0.0, 0.0, 0, 0.0, 0.0
    rounds = 60
    for _ in range(rounds):
        truth, table = world(rng, candidates, examples, spread)
        full, best = chosen(table)
        estimate = expected_score(full, table, best)
        raw_error += (full[best].mean - truth[best]) / rounds
        error += (estimate.mean - truth[best]) / rounds
        raw_squares += (full[best].mean - truth[best]) ** 2
        squares += (estimate.mean - truth[best]) ** 2
        held += estimate.low <= truth[best] <= estimate.high

    assert raw_error > 0.015
    assert abs(error) < raw_error / 2
    assert squares < raw_squares
    assert held / rounds >= 0.87
