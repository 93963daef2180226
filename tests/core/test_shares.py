"""How much of one gain another one is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.evaluation.shares import share_of


def test_a_part_of_half_the_gain_is_told_as_half() -> None:
    whole = [1.0] * 60 + [0.0] * 40
    part = [1.0] * 30 + [0.0] * 70
    found = share_of(part, whole)
    assert found is not None
    assert found.value == pytest.approx(0.5)
    assert 0.25 < found.low < 0.5 < found.high < 0.75


def test_where_the_gain_may_be_nothing_no_share_is_told() -> None:
    assert share_of([1.0, 0.0, 0.0], [1.0, -1.0, 0.0]) is None
    assert share_of([0.0] * 50, [1.0] + [0.0] * 49) is None
    assert share_of([0.5] * 50, [-1.0] * 50) is None
    assert share_of([], []) is None


@given(st.integers(0, 10_000))
def test_an_interval_holds_its_value(seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = rng.choice([-1.0, 0.0, 1.0], 80, p=[0.05, 0.4, 0.55])
    part = whole * rng.choice([0.0, 1.0], 80)
    found = share_of(list(part), list(whole))
    assert found is not None
    assert found.low <= found.value <= found.high


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        whole = rng.choice([-1.0, 0.0, 1.0], 100, p=[0.1, 0.4, 0.5])
        part = whole * rng.choice([0.0, 1.0], 100, p=[0.4, 0.6])
        found = share_of(list(part), list(whole))
        held += found is not None and found.low <= 0.6 <= found.high
    assert 0.92 <= held / 400 <= 0.995
