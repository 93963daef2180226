"""The surrogate believes what scores say, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.core.search.arms import Factor
from optimizer.core.search.surrogate import Surrogate


def surrogate(*sizes: int, examples: int = 60) -> Surrogate:
    return Surrogate(tuple(Factor(p, np.eye(n)) for p, n in enumerate(sizes)), examples)


def told(model: Surrogate, means: dict[tuple[int, ...], float], count: int, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0, 0.3, model.size)
    for arm, mean in means.items():
        chance = np.clip(mean + difficulty[:count], 0.02, 0.98)
        model.observe(arm, range(count), (rng.random(count) < chance).astype(float))
    model.learn()


def test_an_arm_seen_often_is_believed_near_its_mean():
    model = surrogate(2, 2, examples=400)
    told(model, {(0, 0): 0.3, (1, 1): 0.6}, 400)
    found = model.posterior([(0, 0), (1, 1)])
    assert found.mean == pytest.approx([0.3, 0.6], abs=0.06)


def test_the_lucky_maximum_of_equal_arms_is_pulled_back():
    arms = {(i, d): 0.5 for i in range(3) for d in range(4)}
    model = surrogate(3, 4)
    told(model, arms, 20)
    raw = [float(np.nanmean(row)) for row in model._rows]
    believed = model.posterior(model.arms).mean
    assert believed.max() - believed.mean() < 0.5 * (max(raw) - np.mean(raw))


def test_an_untried_combination_of_good_options_is_expected_to_be_good():
    model = surrogate(2, 2, examples=200)
    told(model, {(0, 0): 0.2, (1, 0): 0.45, (0, 1): 0.45}, 200)
    found = model.posterior([(0, 0), (1, 1)])
    assert found.mean[1] > found.mean[0] + 0.2


def test_demo_sets_that_share_demos_share_what_is_known():
    overlap = np.eye(6)
    overlap[1, 2] = overlap[2, 1] = 0.8
    alike = Surrogate((Factor(0, np.eye(6)), Factor(0, overlap)), 100)
    apart = Surrogate((Factor(0, np.eye(6)),), 100)
    for model in (alike, apart):
        told(model, {(0,): 0.2, (1,): 0.7, (3,): 0.2, (4,): 0.25, (5,): 0.3}, 100)
    assert alike.posterior([(2,)]).mean[0] > apart.posterior([(2,)]).mean[0] + 0.01


def test_a_second_look_at_an_example_with_the_same_demos_tells_less_than_a_first():
    model = surrogate(2, 2, examples=40)
    rng = np.random.default_rng(3)
    by_demos = (rng.random((2, 40)) < 0.5).astype(float)
    model.observe((0, 0), range(40), by_demos[0])
    model.observe((0, 1), range(20), by_demos[1][:20])
    model.observe((1, 0), range(40), by_demos[0])
    model.learn()
    pool = [(0, 0), (0, 1), (1, 0), (1, 1)]
    seen = model.outlook(pool, [(), (), (), tuple(range(10))])
    fresh = model.outlook(pool, [(), (), (), tuple(range(20, 30))])
    effect = np.array([0, 1, 0, 1]) / 2
    assert abs(seen.functionals[3] @ effect) < abs(fresh.functionals[3] @ effect)


def test_examples_without_a_score_are_left_out():
    model = surrogate(2, examples=10)
    model.observe((0,), [0, 1, 5], [1.0, 1.0, 0.0])
    model.observe((1,), [], [])
    model.learn()
    found = model.posterior([(0,), (1,)])
    assert np.isfinite(found.mean).all()
    assert np.isfinite(found.covariance).all()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 25))
def test_beliefs_are_proper_whatever_was_seen(seed, kind, count):
    rng = np.random.default_rng(seed)
    model = surrogate(3, 3, examples=25)
    for arm in {(int(a), int(b)) for a, b in rng.integers(0, 3, (6, 2))}:
        scores = {1: np.zeros(count), 2: np.ones(count), 3: rng.random(count)}[kind]
        model.observe(arm, range(count), list(scores))
    model.learn()
    pool = [(a, b) for a in range(3) for b in range(3)]
    found = model.posterior(pool)
    assert np.linalg.eigvalsh(found.covariance).min() > -1e-9
    assert (found.mean > -0.3).all()
    assert (found.mean < 1.3).all()
    assert (np.diag(found.covariance) < 1.5).all()


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.permutations(range(5)))
def test_the_order_in_which_scores_come_changes_nothing(order):
    rng = np.random.default_rng(1)
    answers = {(arm,): (rng.random(12) < 0.5).astype(float) for arm in range(5)}
    model = surrogate(5, examples=12)
    for arm in order:
        model.observe((arm,), range(12), list(answers[(arm,)]))
    model.learn()
    first = surrogate(5, examples=12)
    for arm in range(5):
        first.observe((arm,), range(12), list(answers[(arm,)]))
    first.learn()
    pool = [(arm,) for arm in range(5)]
    assert model.posterior(pool).mean == pytest.approx(first.posterior(pool).mean, abs=1e-9)
