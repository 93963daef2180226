"""Whether two models agree on which prompts are better."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.core.evaluation.ranks import agreement, kendall

ORDER = np.array([0.1, 0.3, 0.5, 0.9])


def test_the_same_order_is_one_the_opposite_minus_one() -> None:
    assert kendall(ORDER, ORDER * 2 - 1) == 1.0
    assert kendall(ORDER, -ORDER) == -1.0
    swapped = np.array([0.1, 0.5, 0.3, 0.9])
    assert kendall(ORDER, swapped) == pytest.approx(4 / 6)


def test_ties_are_no_order_and_none_at_all_cannot_be_compared() -> None:
    assert kendall(np.array([0.5, 0.5, 0.9]), np.array([0.1, 0.2, 0.3])) == pytest.approx(
        2 / 6**0.5
    )
    assert kendall(np.ones(4), ORDER) is None
    assert kendall(np.array([0.3]), np.array([0.4])) is None
    assert agreement(np.zeros((0, 0)), np.zeros((0, 0))) is None


def test_few_examples_leave_much_open_and_many_do_not() -> None:
    rng = np.random.default_rng(3)
    chances = np.linspace(0.2, 0.8, 6)[:, None]
    wide = agreement(rng.random((6, 20)) < chances, rng.random((6, 20)) < chances)
    narrow = agreement(rng.random((6, 2000)) < chances, rng.random((6, 2000)) < chances)
    assert wide is not None
    assert narrow is not None
    assert narrow.tau == pytest.approx(1.0)
    assert narrow.high - narrow.low < wide.high - wide.low
    for found in (wide, narrow):
        assert -1 <= found.low <= found.tau <= found.high <= 1
