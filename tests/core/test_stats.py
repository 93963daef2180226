"""Intervals and paired comparisons: exact where theory is exact, honest everywhere."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.evaluation.outcome import Outcome, Score
from optimizer.core.evaluation.stats import (
    Comparison,
    FullScore,
    MinibatchScore,
    compare,
    compare_differences,
    full_score,
    mean_interval,
    minibatch_score,
    sign_test,
)

unit = st.floats(0, 1)


def outcomes(scores: list[float | None], first: int = 0) -> list[Outcome]:
    return [
        Outcome(str(i), None if s is None else Score(s), {}, (), "timeout" if s is None else "")
        for i, s in enumerate(scores, first)
    ]


@given(st.lists(unit, min_size=1, max_size=200))
def test_the_interval_holds_the_mean_and_stays_within_0_and_1(scores: list[float]) -> None:
    mean, low, high = mean_interval(scores)

    assert 0.0 <= low <= mean <= high <= 1.0
    assert mean == pytest.approx(sum(scores) / len(scores))


def test_without_scores_nothing_is_known() -> None:
    assert mean_interval([]) == (0.0, 0.0, 1.0)


@given(st.integers(1, 300), st.data())
def test_scores_of_0_and_1_have_wilsons_interval(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    z, p = 1.959964, right / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))

    _, low, high = mean_interval([1.0] * right + [0.0] * (n - right))

    assert low == pytest.approx(max(0, centre - half), abs=1e-9)
    assert high == pytest.approx(min(1, centre + half), abs=1e-9)


@given(st.lists(unit, min_size=1, max_size=100))
def test_turning_the_scores_around_turns_the_interval_around(scores: list[float]) -> None:
    mean, low, high = mean_interval(scores)
    turned = mean_interval([1 - s for s in scores])

    assert turned == pytest.approx((1 - mean, 1 - high, 1 - low), abs=1e-6)


@given(st.integers(1, 50), st.integers(0, 50))
def test_more_examples_of_the_same_kind_narrow_the_interval(right: int, wrong: int) -> None:
    few = [1.0] * right + [0.0] * wrong
    _, low, high = mean_interval(few)
    _, narrow_low, narrow_high = mean_interval(few * 4)

    assert narrow_high - narrow_low < high - low


def test_the_interval_holds_the_truth_about_95_times_in_100() -> None:
    rng = random.Random(7)
    for p, n in ((0.1, 25), (0.5, 100), (0.9, 50)):
        held = 0
        for _ in range(1000):
            _, low, high = mean_interval([float(rng.random() < p) for _ in range(n)])
            held += low <= p <= high
        assert 0.92 <= held / 1000 <= 0.98


def test_graded_scores_are_known_better_than_right_and_wrong() -> None:
    _, low, high = mean_interval([0.4, 0.5, 0.6] * 10)
    _, wide_low, wide_high = mean_interval([0.0, 1.0] * 15)

    assert high - low < wide_high - wide_low


def test_errors_are_counted_and_never_scored() -> None:
    score = full_score(outcomes([1.0, None, 0.0]))

    assert (score.mean, score.n, score.errors) == (0.5, 2, 1)


def test_minibatch_and_full_scores_are_of_different_kinds() -> None:
    found = outcomes([1.0, 0.0])

    assert type(full_score(found)) is FullScore
    assert type(minibatch_score(found)) is MinibatchScore
    assert full_score(found) != minibatch_score(found)


@given(st.lists(st.floats(-1, 1), max_size=200))
def test_a_comparison_counts_every_example_once(differences: list[float]) -> None:
    found = compare_differences(differences)

    assert found.wins + found.losses + found.ties == found.n == len(differences)
    assert -1.0 <= found.low <= found.gain <= found.high <= 1.0
    assert 0.0 <= found.p <= 1.0
    assert found.verdict in {"better", "no_worse", "worse", "tied", "unknown"}


@given(st.lists(st.tuples(unit, unit), min_size=1, max_size=100))
def test_swapping_the_two_swaps_wins_and_losses(pairs: list[tuple[float, float]]) -> None:
    before, after = outcomes([a for a, _ in pairs]), outcomes([b for _, b in pairs])
    there, back = compare(before, after), compare(after, before)

    assert (there.wins, there.losses, there.p) == (back.losses, back.wins, back.p)
    assert there.gain == pytest.approx(-back.gain)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_only_examples_with_both_scores_are_compared() -> None:
    found = compare(outcomes([1.0, 0.0, None, 0.0]), outcomes([1.0, 1.0, 1.0], first=1))

    assert (found.n, found.wins) == (2, 2)


def test_nothing_in_common_is_unknown() -> None:
    found = compare(outcomes([1.0]), outcomes([1.0], first=5))

    assert found == Comparison(0, 0, 0, 0, 0.0, 0.0, 0.0, 1.0)
    assert found.verdict == "unknown"


@pytest.mark.parametrize(
    ("wins", "losses", "verdict"),
    [
        (31, 15, "better"),
        (15, 31, "worse"),
        (8, 7, "tied"),
        (5, 0, "no_worse"),
        (5, 4, "tied"),
        (0, 5, "tied"),
        (0, 0, "tied"),
        (12, 0, "better"),
    ],
)
def test_the_verdict_needs_both_the_interval_and_the_sign_test(
    wins: int, losses: int, verdict: str
) -> None:
    ties = [0.0] * 50

    assert compare_differences([1.0] * wins + [-1.0] * losses + ties).verdict == verdict


@pytest.mark.parametrize("wins", range(1, 6))
def test_a_few_wins_of_as_many_examples_prove_nothing(wins: int) -> None:
    assert compare_differences([1.0] * wins).verdict == "tied"


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_sign_test_is_the_exact_binomial_one(wins: int, losses: int) -> None:
    n, k = wins + losses, min(wins, losses)
    tail = sum(math.comb(n, i) for i in range(k + 1)) / 2**n

    assert sign_test(wins, losses) == pytest.approx(min(1.0, 2 * tail))


def test_the_sign_test_is_quick_for_many_examples() -> None:
    assert sign_test(10_000, 10_000) == 1.0
    assert 0.0 < sign_test(5_400, 5_000) < 0.001
